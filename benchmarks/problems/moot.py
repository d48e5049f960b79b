"""Suite "moot": a stream processor (Storm) measured over grids of its settings.

Source: the MOOT collection (Menzies), MIT; measured by Jamshidi and Casale (2016) and others.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

import bayesopt as bo
from benchmarks.problems.base import MIXED, Outcome, Problem
from benchmarks.problems.data import data_file
from benchmarks.problems.tables import Axes, Config, best_of

WORKLOADS = ("SS-A", "SS-C", "SS-E", "SS-I", "SS-J", "SS-K")
_DIRECTIONS = {"+": "maximize", "-": "minimize"}


def names(suite: str) -> list[str]:
    """Return the names of all problems."""
    return [f"{suite}/{workload}" for workload in WORKLOADS]


def load(name: str, data: str | Path | None = None) -> Problem:
    """Return one problem: throughput, with latency measured beside it.

    A cell that nobody measured is a failed evaluation.
    """
    if name not in names("moot"):
        raise KeyError(f"no problem {name!r}; there are {', '.join(names('moot'))}")
    key = name.split("/")[1]
    with np.load(data_file(name, "moot/moot.npz", data)) as stored:
        table = stored[key].astype(np.float64)
        about = json.loads(str(stored["meta"]))[key]
    axes = Axes(dict(zip(about["xs"], about["choices"], strict=True)))
    objectives = {text[:-1]: _DIRECTIONS[text[-1]] for text in about["ys"]}
    objective = next(iter(objectives))

    def evaluate(config: Config, seed: int = 0, fidelity: float | None = None) -> Outcome:
        row = table[axes.cell(config)].tolist()
        return Outcome(dict(zip(objectives, row, strict=True)) if np.isfinite(row).all() else {})

    return Problem(
        name=name,
        kind=MIXED,
        space=bo.Space(axes.parameters),
        evaluate=evaluate,
        objectives=objectives,
        objective=objective,
        best=best_of(table[..., 0], objectives[objective]),
        source="MOOT, MIT",
    )
