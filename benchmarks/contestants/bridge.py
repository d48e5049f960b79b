"""Our samplers inside an Optuna study: the same engine, asked through `BayesOptSampler`.

Beside ``ours-gp`` and ``ours-tpe`` on the same problems and seeds these show what the way through
Optuna costs. Conditions are define-by-run, as for Optuna's own samplers, so the sampler has to
learn them from the trials; ordinals are integers, constraints between parameters are unknown.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

import bayesopt as bo
from benchmarks.contestants.base import Config, Entry
from benchmarks.contestants.remote import MAX_TRIES
from benchmarks.contestants.tools.suggesting import finished, suggest
from benchmarks.contestants.translate import config_of, describe, values_of

PREFIX = "bridge-"
SAMPLERS = ("gp", "tpe")


class Bridge:
    """An Optuna study in memory with a sampler of ours.

    A configuration that violates a constraint of the space costs no evaluation: its trial has
    failed, and the study is asked again. After `MAX_TRIES` of them a random feasible configuration
    is taken, of which the study hears nothing.

    Parameters
    ----------
    space : bayesopt.Space
    seed, budget : int
        The budget is not made use of.
    sampler : str or optuna.samplers.BaseSampler
        A short name of ours, or one of Optuna's.
    clock : callable
        Returns seconds.

    Attributes
    ----------
    ask_s, tell_s : float
        Seconds that the last ask and the last tell took in Optuna, translations left out.

    Raises
    ------
    ImportError
        If Optuna is not installed.
    """

    def __init__(
        self,
        space: bo.Space,
        seed: int,
        budget: int,
        sampler: Any,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        import optuna

        from bayesopt.integrations.optuna import BayesOptSampler

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self._optuna, self._space, self._flat = optuna, space, describe(space)
        self._rng = np.random.default_rng(seed)
        made = BayesOptSampler(sampler, seed=seed) if isinstance(sampler, str) else sampler
        self._study = optuna.create_study(sampler=made)
        self._clock = clock
        self.ask_s = self.tell_s = 0.0

    def ask(self) -> Config:
        """Return the next configuration that satisfies the constraints."""
        self.ask_s = 0.0
        for _ in range(MAX_TRIES):
            began = self._clock()
            self._trial: Any = self._study.ask()
            values = suggest(self._trial, self._flat)
            self.ask_s += self._clock() - began
            config, feasible = config_of(self._space, values)
            if feasible:
                return config
            self._fail()
        self._trial = None
        return self._space.decode(self._space.sample(1, self._rng))[0]

    def tell(self, config: Config, loss: float, failed: bool) -> None:
        """Tell what came of it, a failure as such."""
        if self._trial is None:
            return
        began = self._clock()
        if failed:
            self._fail()
        else:
            self._study.tell(self._trial, loss)
        self.tell_s = self._clock() - began

    def prefill(self, configs: list[Config], losses: list[float]) -> None:
        """Take trials evaluated elsewhere, all at once."""
        points = [values_of(self._space, config) for config in configs]
        pairs = zip(points, losses, strict=True)
        self._study.add_trials([finished(self._optuna, self._flat, *pair) for pair in pairs])

    def _fail(self) -> None:
        self._study.tell(self._trial, state=self._optuna.trial.TrialState.FAIL)


def _version() -> str:
    from importlib.metadata import version

    return f"{bo.__version__}, optuna {version('optuna')}"


ENTRIES = {
    f"{PREFIX}{sampler}": Entry(
        f"{PREFIX}{sampler}",
        partial(Bridge, sampler=sampler),
        _version,
        notes=f'BayesOptSampler("{sampler}") in an Optuna study; conditions by define-by-run',
    )
    for sampler in SAMPLERS
}
