"""SMAC's facades for hyperparameters, black boxes and budgets, through `ask` and `tell`."""

from __future__ import annotations

import tempfile
from typing import Any

from ConfigSpace import (
    AndConjunction,
    Categorical,
    ConfigurationSpace,
    Float,
    InCondition,
    Integer,
    OrdinalHyperparameter,
)
from smac import BlackBoxFacade, HyperparameterOptimizationFacade, MultiFidelityFacade, Scenario
from smac.facade import AbstractFacade
from smac.runhistory.dataclasses import TrialInfo, TrialValue

from benchmarks.contestants.flat import Flat, Number, Parameter, Values
from benchmarks.contestants.tools import Order
from benchmarks.contestants.tools.grid import is_indexed


class SmacTool:
    """A facade with its defaults, told that equal configurations have equal losses."""

    def __init__(self, facade: type[AbstractFacade], space: Flat, seed: int, budget: int) -> None:
        self._space = space
        self._folder = tempfile.TemporaryDirectory()  # SMAC writes its history after each trial
        scenario = Scenario(
            configspace(space, seed),
            n_trials=budget,
            deterministic=True,
            seed=seed,
            output_directory=self._folder.name,
        )
        self._smac = facade(
            scenario,
            _never_called,
            intensifier=facade.get_intensifier(scenario, max_config_calls=1),
            overwrite=True,
            logging_level=False,
        )

    def ask(self) -> Values:
        """Return the next configuration, active parameters only."""
        self._trial = self._smac.ask()
        return _values(self._space, self._trial)

    def tell(self, loss: float, failed: bool) -> None:
        """Take the result; of a failed evaluation the penalty."""
        self._smac.tell(self._trial, TrialValue(cost=loss))


class SmacBudgetTool:
    """The facade for budgets with its defaults: Hyperband, a random forest."""

    def __init__(self, space: Flat, seed: int, budget: int, steps: tuple[float, float]) -> None:
        self._space = space
        self._folder = tempfile.TemporaryDirectory()  # SMAC makes a folder, wanted or not
        self._keys: dict[Any, int] = {}
        self._running: dict[int, TrialInfo] = {}
        scenario = Scenario(
            configspace(space, seed),
            n_trials=budget,
            deterministic=True,
            seed=seed,
            min_budget=steps[0],
            max_budget=steps[1],
            output_directory=self._folder.name,
        )
        self._smac = MultiFidelityFacade(
            scenario, _never_called, overwrite=True, logging_level=False
        )

    def begin(self) -> Order:
        """Return the configuration and the budget of the next trial."""
        trial = self._smac.ask()
        key = self._keys.setdefault(trial.config, len(self._keys))
        self._running[key] = trial
        return Order(key, _values(self._space, trial), float(trial.budget))

    def end(self, key: int, loss: float) -> None:
        """Take the loss at that budget."""
        self._smac.tell(self._running.pop(key), TrialValue(cost=loss), save=False)


def configspace(space: Flat, seed: int) -> ConfigurationSpace:
    """Return the space with its conditions."""
    made = ConfigurationSpace(seed=seed)
    made.add([_hyperparameter(p) for p in space])
    parameters = {p.name: p for p in space}
    for p in space:
        terms = [
            InCondition(made[p.name], made[parent], [_own(parameters[parent], v) for v in allowed])
            for parent, allowed in p.when
        ]
        if terms:
            made.add(terms[0] if len(terms) == 1 else AndConjunction(*terms))
    return made


def _hyperparameter(p: Parameter) -> Any:
    if not isinstance(p, Number):
        if p.ordered:
            return OrdinalHyperparameter(p.name, list(range(p.count)))
        return Categorical(p.name, list(range(p.count)))
    if is_indexed(p):
        return Integer(p.name, (0, int(p.count) - 1))
    if p.integer:
        return Integer(p.name, (int(p.low), int(p.high)), log=p.log)
    return Float(p.name, (p.low, p.high), log=p.log)


def _own(p: Parameter, value: float) -> float:
    """Return SMAC's value for one of ours."""
    if isinstance(p, Number) and is_indexed(p):
        return round((value - p.low) / p.step)
    return value


def _value(p: Parameter, drawn: float) -> float:
    if not isinstance(p, Number):
        return int(drawn)
    return p.nearest(p.low + drawn * p.step if is_indexed(p) else drawn)


def _values(space: Flat, trial: TrialInfo) -> Values:
    """Return a trial's values, active parameters only."""
    drawn = dict(trial.config)
    return {p.name: _value(p, drawn[p.name]) for p in space if p.name in drawn}


def _never_called(config: object, seed: int = 0, budget: float = 0.0) -> float:
    raise RuntimeError("trials are asked for and told, not run")


def make_hpo(space: Flat, seed: int, budget: int) -> SmacTool:
    """Return the facade for hyperparameters: a random forest, log expected improvement."""
    return SmacTool(HyperparameterOptimizationFacade, space, seed, budget)


def make_black_box(space: Flat, seed: int, budget: int) -> SmacTool:
    """Return the facade for black boxes of few parameters: a Gaussian process."""
    return SmacTool(BlackBoxFacade, space, seed, budget)


def make_multi_fidelity(
    space: Flat, seed: int, budget: int, steps: tuple[float, float]
) -> SmacBudgetTool:
    """Return the facade for budgets between two steps."""
    return SmacBudgetTool(space, seed, budget, steps)
