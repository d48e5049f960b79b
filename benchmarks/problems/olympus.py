"""Suite "olympus": measured chemistry and materials.

Complete grids of choices are looked up; of continuous sets the nearest measured point is taken.

Source: Olympus (Haese, Aldeghi, Hickman et al. 2021), MIT.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import bayesopt as bo
from benchmarks.problems.base import MIXED, NUMERIC, Outcome, Problem
from benchmarks.problems.data import data_file
from benchmarks.problems.tables import Axes, Config, Floats, Pool, best_of

SETS = ("buchwald_a", "buchwald_c", "buchwald_e", "crossed_barrel", "lnp3", "photo_pce10")


def names(suite: str) -> list[str]:
    """Return the names of all problems."""
    return [f"{suite}/{key}" for key in SETS]


def load(name: str, data: str | Path | None = None) -> Problem:
    """Return one problem: the first measurement, with any others beside it."""
    if name not in names("olympus"):
        raise KeyError(f"no problem {name!r}; there are {', '.join(names('olympus'))}")
    with gzip.open(data_file(name, "olympus/olympus.json.gz", data), "rt") as file:
        stored = json.load(file)[name.split("/")[1]]
    objectives = dict(zip(stored["meas"], stored["goal"], strict=True))
    objective = next(iter(objectives))
    is_grid = stored["params"][0]["t"] == "c"
    space, value, measured = _grid(stored) if is_grid else _continuous(stored)

    def evaluate(config: Config, seed: int = 0, fidelity: float | None = None) -> Outcome:
        return Outcome(dict(zip(objectives, value(config).tolist(), strict=True)))

    return Problem(
        name=name,
        kind=MIXED if is_grid else NUMERIC,
        space=space,
        evaluate=evaluate,
        objectives=objectives,
        objective=objective,
        best=best_of(measured[..., 0], objectives[objective]),
        source="Olympus, MIT",
    )


Read = tuple[bo.Space, Callable[[Config], Floats], Floats]
"""The space, the measurements f64[m] of a configuration, and all that can come out, f64[...,m]."""


def _grid(stored: dict[str, Any]) -> Read:
    columns = [column["choices"] for column in stored["params"]]
    shape = tuple(len(choices) for choices in columns)
    rows = np.array(stored["rows"], dtype=np.float64)
    table = np.full((*shape, len(stored["meas"])), np.nan)
    cells = rows[:, : len(shape)].astype(int)
    orders, labels = zip(*map(_ordered, columns), strict=True)
    where = tuple(np.argsort(order)[cells[:, j]] for j, order in enumerate(orders))
    table[where] = rows[:, len(shape) :]
    names_ = [column["name"] for column in stored["params"]]
    axes = Axes(dict(zip(names_, labels, strict=True)))

    def value(config: Config) -> Floats:
        found: Floats = table[axes.cell(config)]
        return found

    return bo.Space(axes.parameters), value, table


def _ordered(choices: list[str]) -> tuple[list[int], list[Any]]:
    """Return the order of a column's choices and the ordered choices: numbers by size."""
    try:
        numbers = [float(choice) for choice in choices]
    except ValueError:
        return list(range(len(choices))), choices
    order = sorted(range(len(choices)), key=numbers.__getitem__)
    return order, [numbers[i] for i in order]


def _continuous(stored: dict[str, Any]) -> Read:
    columns = stored["params"]
    rows = np.array(stored["rows"], dtype=np.float64)
    points, values = rows[:, : len(columns)], rows[:, len(columns) :]
    low = np.minimum([column["lo"] for column in columns], points.min(axis=0))
    high = np.maximum([column["hi"] for column in columns], points.max(axis=0))
    pool = Pool.of(points, values, low, high)
    is_mixture = stored["con"] == "simplex"
    names_ = [column["name"] for column in columns]
    free = names_[:-1] if is_mixture else names_
    bounds = zip(free, low.tolist(), high.tolist(), strict=False)
    constraints = [f"{' + '.join(free)} <= 1"] if is_mixture else []

    def value(config: Config) -> Floats:
        x = [config[column] for column in free]
        return pool.nearest(np.array([*x, 1.0 - sum(x)] if is_mixture else x))

    space = bo.Space({name: bo.Float(a, b) for name, a, b in bounds}, constraints=constraints)
    return space, value, pool.values
