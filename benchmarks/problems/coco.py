"""BBOB and its mixed-integer relative, through COCO's own code (pip: coco-experiment).

Instances 1-10 only: higher ones are kept for checking and are refused here.

References
----------
Hansen, Finck, Ros, Auger: Real-parameter black-box optimization benchmarking 2009 (RR-6829).
Tusar, Brockhoff, Hansen: Mixed-integer benchmark problems for single- and bi-objective
optimization (GECCO 2019): of every five columns one each has 2, 4, 8 and 16 values.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import bayesopt as bo
from benchmarks.problems.base import MIXED, NUMERIC, Outcome, Problem

Function = Callable[[list[float]], float]

N_FUNCTIONS = 24
N_INSTANCES = 10
DIMENSIONS = {"bbob": (2, 3, 5, 10, 20), "mixint": (5, 10, 20)}
_NAME = re.compile(r"(bbob|mixint)/f(\d+)-i(\d+)-d(\d+)")
_N_VALUES = (2, 4, 8, 16)  # of the integer columns of the mixed suite, a fifth of the columns each
# By what the mixed suite multiplies the function of that number; 1 where it is not listed. COCO
# tells the least value of a function of the numeric suite only.
_SCALES = {
    2: 1e-3, 3: 0.1, 4: 0.1, 6: 0.01, 8: 0.01, 9: 0.01, 10: 1e-3, 11: 0.01, 12: 1e-4, 13: 0.1,
    15: 0.1, 17: 10.0, 19: 10.0, 20: 0.1, 23: 10.0, 24: 0.1,
}  # fmt: skip


def names(suite: str) -> list[str]:
    """Return the names of all problems of "bbob" or "mixint"."""
    return [
        f"{suite}/f{function}-i{instance}-d{d}"
        for d in DIMENSIONS[suite]
        for function in range(1, N_FUNCTIONS + 1)
        for instance in range(1, N_INSTANCES + 1)
    ]


def load(name: str, data: str | Path | None = None) -> Problem:
    """Return one problem.

    Raises
    ------
    KeyError
        If the name is none of `names`.
    ModuleNotFoundError
        Without coco-experiment.
    """
    suite, function, instance, d = _parsed(name)
    value, best = _numeric(function, instance, d)
    if suite == "mixint":
        value, best = _mixed(function, instance, d), best * _SCALES.get(function, 1.0)

    def evaluate(
        config: Mapping[str, Any], seed: int = 0, fidelity: float | None = None
    ) -> Outcome:
        return Outcome({"value": float(value([config[column] for column in space]))})

    space = bo.Space(_numeric_space(d) if suite == "bbob" else _mixed_space(d))
    return Problem(
        name=name,
        kind=NUMERIC if suite == "bbob" else MIXED,
        space=space,
        evaluate=evaluate,
        objectives={"value": "minimize"},
        objective="value",
        best=best,
        source="COCO (numbbo), BSD-3-Clause",
    )


def _parsed(name: str) -> tuple[str, int, int, int]:
    match = _NAME.fullmatch(name)
    if match is None:
        raise KeyError(f"no problem {name!r}; names look like bbob/f15-i3-d5")
    suite, function, instance, d = match[1], int(match[2]), int(match[3]), int(match[4])
    if not 1 <= instance <= N_INSTANCES:
        raise KeyError(f"{name}: only instances 1-{N_INSTANCES}; the others are for checking")
    if not 1 <= function <= N_FUNCTIONS or d not in DIMENSIONS[suite]:
        raise KeyError(f"{name}: functions are 1-{N_FUNCTIONS}, dimensions {DIMENSIONS[suite]}")
    return suite, function, instance, d


def _numeric(function: int, instance: int, d: int) -> tuple[Function, float]:
    """Return the function and its least value."""
    from cocoex import BareProblem

    # A bare problem has no observer and no log, and keeps no count of evaluations.
    bare = BareProblem("bbob", function, d, instance)
    return bare, float(bare.best_value())


def _mixed(function: int, instance: int, d: int) -> Function:
    """Return the function; there are no bare problems of this suite."""
    from cocoex import Suite

    suite: Any = Suite("bbob-mixint", f"instances: 1-{N_INSTANCES}", f"dimensions: {d}")
    problem: Function = suite.get_problem_by_function_dimension_instance(function, d, instance)
    return problem


def _numeric_space(d: int) -> dict[str, bo.Float]:
    return {f"x{i}": bo.Float(-5.0, 5.0) for i in range(d)}


def _mixed_space(d: int) -> dict[str, bo.Int | bo.Float]:
    group = d // 5
    space: dict[str, bo.Int | bo.Float] = {
        f"k{i}": bo.Int(0, _N_VALUES[i // group] - 1) for i in range(4 * group)
    }
    return space | {f"x{i}": bo.Float(-5.0, 5.0) for i in range(4 * group, d)}
