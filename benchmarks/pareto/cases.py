"""What is contested: a problem, which of its objectives, and the outcomes minimised."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.problems import registry
from benchmarks.problems.base import Problem

F = npt.NDArray[np.float64]

SETS = {
    "pareto": (
        "fronts/zdt1-d8-m2",
        "fronts/zdt2-d8-m2",
        "fronts/zdt3-d8-m2",
        "fronts/dtlz2-d6-m2",
        "fronts/dtlz2-d6-m3",
        "iaml_glmnet/40981:mmce+nf",
        "iaml_xgboost/40981:mmce+nf",
        "iaml_xgboost/40981:mmce+nf+rammodel",
        "iaml_super/40981:mmce+rammodel",
        "moot/SS-C",
        "moot/SS-J",
        "moot/SS-K",
    ),
    "constrained": tuple(
        f"bbob_constrained/f{function}-i{instance}-d{d}"
        for function, instance, d in (
            (2, 1, 3),
            (3, 2, 5),
            (8, 3, 3),
            (14, 4, 5),
            (20, 5, 3),
            (26, 6, 5),
            (32, 7, 3),
            (38, 8, 5),
            (44, 9, 3),
            (50, 10, 5),
        )
    ),
}


@dataclass(frozen=True, eq=False)
class Case:
    """One contest.

    Attributes
    ----------
    name : str
        That of the problem, and behind a colon the objectives if not all count.
    problem : Problem
    objectives : tuple of str
    n_constraints : int
    """

    name: str
    problem: Problem
    objectives: tuple[str, ...]
    n_constraints: int

    def outcome(self, config: Mapping[str, Any]) -> tuple[F, F]:
        """Return what was measured, minimised, [m] (NaN if it failed), and constraints [c]."""
        found = self.problem.evaluate(config)
        constraints = np.array(list(found.constraints.values()), dtype=np.float64)
        if found.failed:
            return np.full(len(self.objectives), np.nan), constraints
        signs = [-1.0 if self._is_up(name) else 1.0 for name in self.objectives]
        return np.array([found.values[name] for name in self.objectives]) * signs, constraints

    def _is_up(self, name: str) -> bool:
        return self.problem.objectives[name] == "maximize"


def load(name: str, data: str | None = None) -> Case:
    """Return the case of that name; raises what ``registry.load`` does."""
    base, _, chosen = name.partition(":")
    problem = registry.load(base, data)
    objectives = tuple(chosen.split("+")) if chosen else tuple(problem.objectives)
    middle = problem.space.decode(problem.space.snap(np.full((1, problem.space.d), 0.5)))[0]
    return Case(name, problem, objectives, len(problem.evaluate(middle).constraints))
