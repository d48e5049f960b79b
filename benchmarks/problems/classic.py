"""Suite "classic": textbook functions, with noise, with idle columns, mixed, and conditional."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import bayesopt as bo
from benchmarks.problems import functions as fn
from benchmarks.problems import synthetic
from benchmarks.problems.base import MEAN, Outcome, Problem, from_formula


def _turned_hartmann(seed: int) -> fn.Function:
    return fn.turned(fn.hartmann(6), seed)


_FUNCTIONS: dict[str, Callable[[], fn.Function]] = {
    "branin": fn.branin,
    "six_hump_camel": fn.six_hump_camel,
    "beale": fn.beale,
    "hartmann3": partial(fn.hartmann, 3),
    "hartmann6": partial(fn.hartmann, 6),
    **{
        f"{function.__name__}-d{d}": partial(function, d)
        for function in (fn.ackley, fn.rosenbrock, fn.levy, fn.griewank, fn.styblinski_tang)
        for d in (2, 5, 10, 20)
    },
    **{f"hartmann6-turned{k}": partial(_turned_hartmann, k) for k in (1, 2, 3, 4)},
    **{f"wells-d{d}-{k}": partial(fn.wells, d, k) for d in (2, 3, 4, 6) for k in (0, 1, 2)},
    "hartmann6-in60": lambda: fn.embedded(fn.hartmann(6), 60, seed=1),
    "branin-in100": lambda: fn.embedded(fn.branin(), 100, seed=2),
    "levy5-in50": lambda: fn.embedded(fn.levy(5), 50, seed=3),
}
_NOISY = ("branin", "hartmann6", "levy-d5", "ranks-d7", "branches-d12")
_NOISE = {"-noise5": 0.05, "-noise20": 0.20}

N_PROBES = 1000


def names(suite: str) -> list[str]:
    """Return the names of all problems."""
    plain = [*_FUNCTIONS, *synthetic.MAKERS]
    noisy = [name + suffix for name in _NOISY for suffix in _NOISE]
    return [f"{suite}/{name}" for name in plain + noisy]


def load(name: str, data: str | Path | None = None) -> Problem:
    """Return one problem; KeyError if the name is none of `names`."""
    if name not in names("classic"):
        raise KeyError(f"no problem {name!r}; see problem_names('classic')")
    for suffix, share in _NOISE.items():
        if name.endswith(suffix):
            return replace(with_noise(load(name.removesuffix(suffix)), share), name=name)
    short = name.removeprefix("classic/")
    if short in _FUNCTIONS:
        return numeric(name, _FUNCTIONS[short]())
    return synthetic.MAKERS[short](name)


def numeric(name: str, function: fn.Function) -> Problem:
    """Return a problem of a function on a box."""
    columns = [f"x{i}" for i in range(function.d)]
    box = zip(columns, function.low.tolist(), function.high.tolist(), strict=True)

    space = bo.Space({column: bo.Float(low, high) for column, low, high in box})

    def value(config: Mapping[str, Any]) -> float:
        return function.value(np.array([config[column] for column in columns]))

    return from_formula(name, space, value, function.best)


def with_noise(problem: Problem, share: float) -> Problem:
    """Return the problem with normal noise, the same for equal configurations and seeds.

    Its standard deviation is `share` of what lies between the least value and the median of random
    configurations. The value without noise is measured as "mean".
    """
    scale = share * (_median(problem) - (problem.best or 0.0))

    def evaluate(
        config: Mapping[str, Any], seed: int = 0, fidelity: float | None = None
    ) -> Outcome:
        mean = problem.evaluate(config).values["value"]
        code = zlib.crc32(repr(sorted(config.items())).encode())
        noise = np.random.default_rng([seed, code]).standard_normal()
        return Outcome({"value": mean + scale * float(noise), MEAN: mean})

    objectives = {"value": "minimize", MEAN: "minimize"}
    return replace(problem, evaluate=evaluate, objectives=objectives, noisy=True)


def _median(problem: Problem) -> float:
    rows = problem.space.sample(N_PROBES, np.random.default_rng(0))
    return float(np.median([problem.loss(config) for config in problem.space.decode(rows)]))
