"""Every benchmark problem by name, and the fixed selections that results are reported on.

Nothing of a suite is imported before one of its problems is asked for.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.problems.base import Problem
from benchmarks.problems.data import MissingData
from benchmarks.problems.sets import SETS

__all__ = ["SETS", "MissingData", "load", "problem_names", "suites"]

Data = str | Path | None


@dataclass(frozen=True)
class Suite:
    """A family of problems.

    Attributes
    ----------
    about : str
        One line for people.
    module : str
        The module below ``benchmarks.problems`` with ``names(suite)`` and
        ``load(name, data)``.
    package : str
        What to install with pip; "" if nothing beyond the project itself.
    needs_data : bool
        Whether it reads the folder of benchmark data.
    """

    about: str
    module: str
    package: str = ""
    needs_data: bool = False


def _yahpo(about: str) -> Suite:
    return Suite(f"learned from trainings: {about}", "yahpo", "onnxruntime", needs_data=True)


def _table(about: str, module: str) -> Suite:
    return Suite(f"measured: {about}", module, needs_data=True)


_SUITES = {
    "bbob": Suite("COCO's 24 noiseless functions, instances 1-10", "coco", "coco-experiment"),
    "bbob_constrained": Suite("the same under constraints", "coco_constrained", "coco-experiment"),
    "mixint": Suite("the same with four fifths of the columns integer", "coco", "coco-experiment"),
    "classic": Suite("textbook functions; noisy, mixed, conditional and wide ones", "classic"),
    "failing": Suite("textbook functions of which a part of the evaluations fails", "failing"),
    "switches": Suite(
        "many choices or integers: flags, features, schedules", "switches", "scikit-learn"
    ),
    "fronts": Suite("textbook functions of several objectives: ZDT, DTLZ", "fronts"),
    "sklearn": Suite("trainings of scikit-learn models", "trainings", "scikit-learn"),
    "lcbench": _yahpo("networks on tables, trained for up to 52 epochs"),
    "rbv2_xgboost": _yahpo("boosted trees, conditional on the booster"),
    "rbv2_rpart": _yahpo("one decision tree"),
    "iaml_xgboost": _yahpo("boosted trees, several objectives"),
    "iaml_super": _yahpo("choice among four learners with all their parameters"),
    "iaml_glmnet": _yahpo("a regularised linear model"),
    "hpobench": _table("grids of networks trained five times each", "hpo_grids"),
    "fcnet": _table("grids of two-layer networks trained four times each", "hpo_grids"),
    "nasbench201": _table("grids of cells of networks for images", "hpo_grids"),
    "kernel_tuner": _table("run times of a GPU kernel; constraints, failures", "kernel_tuner"),
    "moot": _table("settings of a stream processor", "moot"),
    "olympus": _table("measured chemistry and materials", "olympus"),
}


def suites() -> dict[str, str]:
    """Return every suite with a line about it."""
    return {name: suite.about for name, suite in _SUITES.items()}


def problem_names(suite: str, data: Data = None) -> list[str]:
    """Return the names of a suite's problems, whether or not what they need is installed.

    Raises
    ------
    KeyError
        If there is no such suite.
    """
    return list(_module(suite).names(suite))


def load(name: str, data: Data = None) -> Problem:
    """Return the problem of that name.

    Parameters
    ----------
    name : str
        Such as "bbob/f15-i3-d5".
    data : path, optional
        The folder of benchmark data; default: the environment variable ``BAYESOPT_BENCH_DATA``.

    Raises
    ------
    KeyError
        If there is no such problem.
    MissingData
        If it needs data that is not there.
    ImportError
        If it needs a package that is not installed; the message says which.
    """
    suite = name.split("/", 1)[0]
    maker: Callable[..., Problem] = _module(suite).load
    try:
        return maker(name, data)
    except ModuleNotFoundError as error:
        package = _SUITES[suite].package
        raise ImportError(f"{name}: needs {error.name}; pip install {package}") from error


def _module(suite: str) -> Any:
    if suite not in _SUITES:
        raise KeyError(f"no suite {suite!r}; there are {', '.join(_SUITES)}")
    return importlib.import_module(f"benchmarks.problems.{_SUITES[suite].module}")
