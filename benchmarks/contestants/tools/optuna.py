"""Optuna, through `Study.ask` and `Study.tell`."""

from __future__ import annotations

from collections.abc import Sequence

import optuna

from benchmarks.contestants.flat import Flat, Values
from benchmarks.contestants.tools.suggesting import finished, suggest


class OptunaTool:
    """A study in memory."""

    def __init__(self, space: Flat, sampler: optuna.samplers.BaseSampler) -> None:
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self._space = space
        self._study = optuna.create_study(sampler=sampler)

    def ask(self) -> Values:
        """Return the suggestions of a new trial."""
        self._trial = self._study.ask()
        return suggest(self._trial, self._space)

    def tell(self, loss: float, failed: bool) -> None:
        """Finish the trial; a failed one with the penalty."""
        self._study.tell(self._trial, loss)

    def prefill(self, points: Sequence[Values], losses: Sequence[float]) -> None:
        """Take finished trials."""
        pairs = zip(points, losses, strict=True)
        made = [finished(optuna, self._space, values, loss) for values, loss in pairs]
        self._study.add_trials(made)


def make_random(space: Flat, seed: int, budget: int) -> OptunaTool:
    """Return random search."""
    return OptunaTool(space, optuna.samplers.RandomSampler(seed=seed))


def make_tpe(space: Flat, seed: int, budget: int) -> OptunaTool:
    """Return TPE as it is by default."""
    return OptunaTool(space, optuna.samplers.TPESampler(seed=seed))


def make_group_tpe(space: Flat, seed: int, budget: int) -> OptunaTool:
    """Return TPE with a joint model of each group of parameters that appear together."""
    sampler = optuna.samplers.TPESampler(multivariate=True, group=True, seed=seed)
    return OptunaTool(space, sampler)


def make_gp(space: Flat, seed: int, budget: int) -> OptunaTool:
    """Return the Gaussian process sampler as it is by default."""
    sampler = optuna.samplers.GPSampler(seed=seed, warn_independent_sampling=False)
    return OptunaTool(space, sampler)


def make_cmaes(space: Flat, seed: int, budget: int) -> OptunaTool:
    """Return CMA-ES as it is by default."""
    sampler = optuna.samplers.CmaEsSampler(seed=seed, warn_independent_sampling=False)
    return OptunaTool(space, sampler)
