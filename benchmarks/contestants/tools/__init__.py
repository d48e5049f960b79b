"""Adapters that run inside the peers' environments; they know `flat` spaces only."""

from __future__ import annotations

import importlib
from typing import Protocol

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


def load(name: str, space: Flat, seed: int, budget: int) -> Tool:
    """Return a new tool; ImportError where it is not installed."""
    module, function = MAKERS[name].split(":")
    make = getattr(importlib.import_module(f"{__name__}.{module}"), function)
    return make(space, seed, budget)
