"""Adapters that run inside the peers' environments; they know `flat` spaces only."""

from __future__ import annotations

import importlib
from typing import Any, NamedTuple, Protocol

from benchmarks.contestants.flat import Flat, Values


class Tool(Protocol):
    """A peer in the middle of a run; it minimises.

    A tool that can take finished evaluations also has ``prefill(points, losses)``, with values of
    active parameters only; it serves the measurements of speed.
    """

    def ask(self) -> Values:
        """Return the next point; what it holds for inactive parameters does not matter."""

    def tell(self, loss: float, failed: bool) -> None:
        """Take the result of the point that was last asked for (see `base.Contestant`)."""


class BudgetTool(Protocol):
    """A peer that says how long each configuration is trained, with any number under way."""

    def begin(self) -> Order:
        """Return what is trained next, and up to which step."""

    def end(self, key: int, loss: float) -> None:
        """Take the loss of a configuration at the step of its last order."""


class Order(NamedTuple):
    """A configuration to train up to a step; of a known `key`, to train on."""

    key: int
    values: Values
    step: float


MAKERS = {
    "optuna-tpe": "optuna:make_tpe",
    "optuna-tpe-group": "optuna:make_group_tpe",
    "optuna-gp": "optuna:make_gp",
    "optuna-cmaes": "optuna:make_cmaes",
    "optuna-random": "optuna:make_random",
    "rustuna-tpe": "rustuna:make_tpe",
    "hyperopt-tpe": "hyperopt:make_tpe",
    "botorch": "botorch:make_textbook",
    "ax": "ax:make_default",
    "hebo": "hebo:make_default",
    "smac": "smac:make_hpo",
    "smac-bb": "smac:make_black_box",
    "nevergrad": "nevergrad:make_ngopt",
    "bayes-opt": "bayes_opt:make_gp",
    "skopt": "skopt:make_gp",
}
"""Module in this package and function ``make(space, seed, budget) -> Tool``, by name."""

BUDGET_MAKERS = {"smac-mf": "smac:make_multi_fidelity"}
"""The same of ``make(space, seed, budget, steps) -> BudgetTool``: the first rung's and the last."""


def load(name: str, space: Flat, seed: int, budget: int, *more: Any) -> Any:
    """Return a new tool, made with `more` as well; ImportError where it is not installed."""
    module, function = {**MAKERS, **BUDGET_MAKERS}[name].split(":")
    make = getattr(importlib.import_module(f"{__name__}.{module}"), function)
    return make(space, seed, budget, *more)
