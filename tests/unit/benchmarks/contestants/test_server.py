"""The protocol, request by request, with a tool in the same process."""

from __future__ import annotations

import numpy as np

from benchmarks.contestants.server import Server
from benchmarks.contestants.tools import Order

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


class Budgets:
    def __init__(self, name, space, seed, budget, steps):
        self.steps, self.ended = steps, []

    def begin(self):
        return Order(4, {"x": np.float64(0.25)}, 3.0)

    def end(self, key, loss):
        self.ended.append((key, loss))


def test_a_run_of_a_tool_that_decides_on_budgets():
    server = Server(Budgets)
    server.answer(START | {"steps": [1.0, 9.0]})
    assert server._tool.steps == [1.0, 9.0]
    order = server.answer({"do": "begin"})
    assert (order["key"], order["values"], order["step"]) == (4, {"x": 0.25}, 3.0)
    assert set(server.answer({"do": "end", "key": 4, "loss": 0.5})) == {"seconds"}
    assert server._tool.ended == [(4, 0.5)]
    assert server.answer(START)["error"] == "crashed"  # it was not told of the budgets


def test_global_generators_start_from_the_seed_whatever_ran_before():
    server = Server(Numpyish)
    firsts = []
    for seed in (3, 3, 4):
        server.answer(START | {"seed": seed})
        firsts.append(server._tool.first)
    assert firsts[0] == firsts[1] != firsts[2]
