"""Suite "bbob_constrained": COCO's functions under constraints, through its own code.

Instances 1-10 only: higher ones are kept for checking and are refused here. A function of nine
shapes times six numbers of constraints (Dufossé, Hansen, Brockhoff,
Sampaio, Atamna and Auger, "Building scalable test problems for benchmarking constrained
optimizers", 2022).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import bayesopt as bo
from benchmarks.problems.base import NUMERIC, Outcome, Problem

N_FUNCTIONS = 54
N_INSTANCES = 10
DIMENSIONS = (2, 3, 5, 10)
_NAME = re.compile(r"bbob_constrained/f(\d+)-i(\d+)-d(\d+)")


def names(suite: str) -> list[str]:
    """Return the names of all problems."""
    return [
        f"{suite}/f{function}-i{instance}-d{d}"
        for d in DIMENSIONS
        for function in range(1, N_FUNCTIONS + 1)
        for instance in range(1, N_INSTANCES + 1)
    ]


def load(name: str, data: str | Path | None = None) -> Problem:
    """Return one problem; of each constraint an evaluation tells by how much it is violated.

    Raises
    ------
    KeyError
        If the name is none of `names`.
    ModuleNotFoundError
        Without coco-experiment.
    """
    match = _NAME.fullmatch(name)
    if match is None or name not in names("bbob_constrained"):
        raise KeyError(
            f"no problem {name!r}; names look like bbob_constrained/f2-i1-d5, instances 1-10"
        )
    function, instance, d = int(match[1]), int(match[2]), int(match[3])
    coco = _function(function, d, instance)

    def evaluate(
        config: Mapping[str, Any], seed: int = 0, fidelity: float | None = None
    ) -> Outcome:
        x = [config[f"x{j}"] for j in range(d)]
        constraints = {f"g{j}": float(g) for j, g in enumerate(coco.constraint(x))}
        return Outcome({"value": float(coco(x))}, constraints=constraints)

    return Problem(
        name=name,
        kind=NUMERIC,
        space=bo.Space({f"x{j}": bo.Float(-5.0, 5.0) for j in range(d)}),
        evaluate=evaluate,
        objectives={"value": "minimize"},
        objective="value",
        source="COCO (numbbo), BSD-3-Clause",
    )


def _function(function: int, d: int, instance: int) -> Any:
    from cocoex import Suite

    suite: Any = Suite("bbob-constrained", f"instances: 1-{N_INSTANCES}", f"dimensions: {d}")
    return suite.get_problem_by_function_dimension_instance(function, d, instance)
