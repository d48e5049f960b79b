"""Who plays: our samplers, Optuna's, BoTorch; values and constraints told as each wants them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Protocol

import numpy as np

import bayesopt as bo
from benchmarks.contestants.base import Config
from benchmarks.contestants.tools.suggesting import suggest
from benchmarks.contestants.translate import config_of, describe
from benchmarks.pareto.botorch_loops import Botorchs
from benchmarks.pareto.cases import Case, F


class Player(Protocol):
    """An optimiser of one run; everything is minimised."""

    def ask(self) -> Config:
        """Return the next configuration."""

    def tell(self, values: F, constraints: F) -> None:
        """Take values [m], NaN if the evaluation failed, and constraints [c], met at <= 0."""


class Ours:
    """A study in memory."""

    def __init__(self, case: Case, seed: int, sampler: str) -> None:
        self._study = bo.create_study(
            case.problem.space,
            directions=["minimize"] * len(case.objectives),
            sampler=sampler,
            seed=seed,
        )

    def ask(self) -> Config:
        self._trial = self._study.ask()
        return dict(self._trial.params)

    def tell(self, values: F, constraints: F) -> None:
        if np.isnan(values).any():
            self._study.tell(self._trial, state="fail")
        else:
            self._study.tell(self._trial, values.tolist(), constraints=constraints.tolist())


class Optunas:
    """A study in memory; a failed evaluation counts as the worst values so far."""

    def __init__(self, case: Case, seed: int, sampler: str) -> None:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self._space, self._flat = case.problem.space, describe(case.problem.space)
        self._worst = np.ones(len(case.objectives))
        self._n_told = 0
        options: dict[str, Any] = {}
        if case.n_constraints:
            options["constraints_func"] = lambda trial: trial.user_attrs["constraints"]
        if sampler == "GPSampler":
            options["warn_independent_sampling"] = False
        self._study = optuna.create_study(
            directions=["minimize"] * len(case.objectives),
            sampler=getattr(optuna.samplers, sampler)(seed=seed, **options),
        )

    def ask(self) -> Config:
        self._trial = self._study.ask()
        config, _ = config_of(self._space, suggest(self._trial, self._flat))
        return config

    def tell(self, values: F, constraints: F) -> None:
        if not np.isnan(values).any():
            self._worst = values if not self._n_told else np.maximum(self._worst, values)
            self._n_told += 1
        self._trial.set_user_attr("constraints", constraints.tolist())
        told = np.where(np.isnan(values), self._worst, values)
        self._study.tell(self._trial, told.tolist())


PLAYERS: Mapping[str, Callable[[Case, int], Player]] = {
    "random": partial(Ours, sampler="random"),
    "ours-gp": partial(Ours, sampler="gp"),
    "ours-tpe": partial(Ours, sampler="tpe"),
    "optuna-tpe": partial(Optunas, sampler="TPESampler"),
    "optuna-gp": partial(Optunas, sampler="GPSampler"),
    "optuna-nsga2": partial(Optunas, sampler="NSGAIISampler"),
    "botorch": Botorchs,
}
