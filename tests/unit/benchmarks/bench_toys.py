"""Two problems and some contestants that misbehave, for the tests of the runner."""

from __future__ import annotations

import os
import signal
import time

import bayesopt as bo
from benchmarks.contestants import ours, plain
from benchmarks.contestants.base import Entry, UnsupportedSpace
from benchmarks.problems.base import MEAN, MIXED, NUMERIC, Outcome, Problem


class MissingData(Exception):
    pass


def sphere(config, seed=0, fidelity=None):
    return Outcome({"y": sum(value**2 for value in config.values())})


def wobbly(config, seed=0, fidelity=None):
    """Fail in a corner; the seed moves the optimum; the noise is always the same."""
    if config["kind"] == "bad" and config["x"] > 0.8:
        return Outcome({})
    mean = -((config["x"] - 0.1 * seed) ** 2) - 0.1 * config["n"]
    return Outcome({"gain": mean - 0.01, MEAN: mean})


PROBLEMS = {
    "toy/sphere": Problem(
        "toy/sphere",
        NUMERIC,
        bo.Space({"a": bo.Float(-2.0, 1.0), "b": bo.Float(-1.0, 3.0)}),
        sphere,
        {"y": "minimize"},
        "y",
        best=0.0,
    ),
    "toy/wobbly": Problem(
        "toy/wobbly",
        MIXED,
        bo.Space(
            {
                "x": bo.Float(0.0, 1.0),
                "n": bo.Int(0, 3),
                "kind": bo.Categorical(["good", "bad"]),
            }
        ),
        wobbly,
        {"gain": "maximize"},
        "gain",
        noisy=True,
    ),
}
SETS = {"quick": tuple(PROBLEMS), "both": tuple(PROBLEMS), "lost": ("toy/lost", "toy/sphere")}


def suites():
    return {"toy": "for tests"}


def problem_names(suite, data=None):
    return list(PROBLEMS)


def load(name, data=None):
    if name not in PROBLEMS:
        raise MissingData(f"{name}: no folder of tables was given")
    return PROBLEMS[name]


class Misbehaving:
    """Random search that does something at its fourth ask."""

    def __init__(self, space, seed, budget, act):
        self._inner = plain.ENTRIES["random"].make(space, seed, budget)
        self._act, self._n = act, 0

    def ask(self):
        self._n += 1
        if self._n == 4:
            self._act()
        return self._inner.ask()

    def tell(self, config, loss, failed):
        self._inner.tell(config, loss, failed)


def misbehaving(name, act):
    def make(space, seed, budget):
        return Misbehaving(space, seed, budget, act)

    return Entry(name, make, lambda: "1")


def boom():
    raise RuntimeError("no more ideas")


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def hang():
    time.sleep(60)


def chat():
    os.write(1, b'["end", "done", "a tool that prints on stdout"]\n')


def absent(space, seed, budget):
    raise ImportError("no module named 'absent'")


def choosy(space, seed, budget):
    raise UnsupportedSpace("no choices")


_ENTRIES = {
    **ours.ENTRIES,
    **plain.ENTRIES,
    **{act.__name__: misbehaving(act.__name__, act) for act in (boom, die, hang, chat)},
    "absent": Entry("absent", absent, lambda: "1"),
    "choosy": Entry("choosy", choosy, lambda: "1"),
}


def entries():
    return _ENTRIES
