"""The protocol, request by request, with a tool in the same process."""

from __future__ import annotations

import numpy as np

from benchmarks.contestants.server import Server

SPACE = [{"kind": "Number", "name": "x", "low": 0.0, "high": 1.0, "when": []}]
START = {"do": "start", "tool": "toy", "space": SPACE, "seed": 3, "budget": 5}


class Numpyish:
    def __init__(self, name, space, seed, budget):
        self.made = (name, space[0].name, seed, budget)
        self.first = np.random.random()  # noqa: NPY002
        self.told = []

    def ask(self):
        return {"x": np.float32(0.5), "n": np.int64(3), "flag": np.array(1)}

    def tell(self, loss, failed):
        self.told.append((loss, failed))


def test_a_run():
    server = Server(Numpyish)
    assert server.answer(START)["seconds"] > 0
    assert server._tool.made == ("toy", "x", 3, 5)
    asked = server.answer({"do": "ask"})
    assert asked["values"] == {"x": 0.5, "n": 3, "flag": 1}
    assert set(map(type, asked["values"].values())) == {float, int}
    assert set(server.answer({"do": "tell", "loss": 2.5, "failed": True})) == {"seconds"}
    assert server._tool.told == [(2.5, True)]


def test_global_generators_start_from_the_seed_whatever_ran_before():
    server = Server(Numpyish)
    firsts = []
    for seed in (3, 3, 4):
        server.answer(START | {"seed": seed})
        firsts.append(server._tool.first)
    assert firsts[0] == firsts[1] != firsts[2]
