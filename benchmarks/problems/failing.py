"""Suite "failing": textbook functions of which a part of the evaluations yields nothing.

The space says nothing of it, only an evaluation does: a choice that never works, a part of the box
with an edge near the best value, islands, failures at random.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import bayesopt as bo
from benchmarks.problems import classic
from benchmarks.problems.base import Outcome, Problem, kind_of

Config = Mapping[str, Any]

_PENALTY = 0.1  # of each further choice that works


def names(suite: str) -> list[str]:
    """Return the names of all problems."""
    return [f"{suite}/{name}" for name in _MAKERS]


def load(name: str, data: str | Path | None = None) -> Problem:
    """Return one problem; KeyError if the name is none of `names`."""
    if name not in names("failing"):
        raise KeyError(f"no problem {name!r}; there are {', '.join(names('failing'))}")
    return replace(_MAKERS[name.removeprefix("failing/")](), name=name)


def where(base: str, fails: Callable[[Config], bool]) -> Problem:
    """Return a textbook problem that fails where `fails` says so."""
    problem = classic.load(f"classic/{base}")

    def evaluate(config: Config, seed: int = 0, fidelity: float | None = None) -> Outcome:
        return Outcome({}) if fails(config) else problem.evaluate(config, seed=seed)

    return replace(problem, evaluate=evaluate)


def with_choice(base: str, n: int, broken: set[int]) -> Problem:
    """Return a textbook problem with one more column, a choice of n; the `broken` always fail."""
    problem = classic.load(f"classic/{base}")
    space = bo.Space({**problem.space.parameters, "choice": bo.Categorical(list(range(n)))})

    def evaluate(config: Config, seed: int = 0, fidelity: float | None = None) -> Outcome:
        choice = config["choice"]
        if choice in broken:
            return Outcome({})
        rest = {key: value for key, value in config.items() if key != "choice"}
        return Outcome({"value": problem.loss(rest) + _PENALTY * choice})

    return replace(problem, space=space, kind=kind_of(space), evaluate=evaluate)


def _on_a_ring(config: Config) -> bool:
    """Whether x0 is on every second strip of width 2; the best value, at x0 = 1, is on none."""
    return round(abs(config["x0"] - 1.0) / 2.0) % 2 == 1


def _by_chance(config: Config) -> bool:
    """Whether a configuration is one of three in ten that nothing explains; the best is none."""
    return zlib.crc32(repr(sorted(config.items())).encode()) > 0.7 * 2**32


_MAKERS: dict[str, Callable[[], Problem]] = {
    "branin-choice3": lambda: with_choice("branin", 3, {1, 2}),
    "levy-d5-choice4": lambda: with_choice("levy-d5", 4, {1, 3}),
    "hartmann6-half": lambda: where("hartmann6", lambda c: c["x0"] + c["x1"] > 0.5),
    "branin-island": lambda: where(
        "branin", lambda c: (c["x0"] - 2.0) ** 2 + (c["x1"] - 5.0) ** 2 > 36.0
    ),
    "rosenbrock-d5-edge": lambda: where("rosenbrock-d5", lambda c: sum(c.values()) > 5.05),
    "levy-d5-rings": lambda: where("levy-d5", _on_a_ring),
    "ackley-d5-chance": lambda: where("ackley-d5", _by_chance),
}
