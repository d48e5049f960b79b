"""A sampler for Optuna studies.

>>> import optuna
>>> from bayesopt.integrations.optuna import BayesOptSampler
>>> study = optuna.create_study(sampler=BayesOptSampler(seed=0))
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from bayesopt.errors import MissingDependencyError, SpaceExhausted
from bayesopt.host import Sampler, make_sampler, propose
from bayesopt.integrations.optuna_mirror import Mirror
from bayesopt.integrations.optuna_space import to_external
from bayesopt.rng import named_rng, new_seed

try:
    from optuna.samplers import BaseSampler, RandomSampler
    from optuna.samplers._base import _process_constraints_after_trial
except ImportError as error:
    raise MissingDependencyError(
        "bayesopt.integrations.optuna",
        expected="the package optuna",
        got="an environment without it",
        remedy="pip install 'optuna>=5.0'",
    ) from error

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.study import Study
    from optuna.trial import FrozenTrial, TrialState

ConstraintsFunc = Callable[["FrozenTrial"], Sequence[float]]


class BayesOptSampler(BaseSampler):
    """Let a sampler of this package propose the trials of an Optuna study.

    All parameters that any trial had are proposed together. The model knows which of them each
    trial had, so conditional parameters are modelled, not drawn. Running trials count as pending,
    pruned ones by their last step. Only a parameter that no trial had yet, or whose proposal is
    outside a range that was narrowed since, is drawn at random.

    Parameters
    ----------
    sampler : str or Sampler
        "auto", "gp", "tpe", ..., or a sampler object.
    seed : int, optional
        Randomness is keyed by (seed, number of the trial); None draws a seed.
    constraints_func : callable, optional
        Takes a frozen trial and returns its outcome constraints, met at <= 0.
    noisy : bool
        Whether evaluating a configuration again tells something new.

    Raises
    ------
    SettingsError
        If there is no such sampler.
    """

    def __init__(
        self,
        sampler: Sampler | str = "auto",
        *,
        seed: int | None = None,
        constraints_func: ConstraintsFunc | None = None,
        noisy: bool = False,
    ) -> None:
        self._sampler = make_sampler(sampler)
        self._seed = new_seed() if seed is None else seed
        self._constraints_func = constraints_func
        self._noisy = noisy
        self._forget()

    def _forget(self) -> None:
        self._mirrors: WeakKeyDictionary[Study, Mirror] = WeakKeyDictionary()
        self._lock = threading.Lock()

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what is read again from the study."""
        return {k: v for k, v in vars(self).items() if k not in ("_mirrors", "_lock")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._forget()

    def reseed_rng(self) -> None:
        """Do nothing: randomness is keyed by trial number, so workers never share any."""

    def infer_relative_search_space(
        self, study: Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """Return the union of what the trials before this one had; O(changes)."""
        with self._lock:
            return dict(self._followed(study, trial).distributions)

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Return values for all of `search_space`, proposed together."""
        if not search_space:
            return {}
        with self._lock:
            mirror = self._followed(study, trial)
            mirror.learn(search_space)
            proposed = self._proposed(mirror, trial.number)
        return {
            name: to_external(distribution, proposed[name])
            for name, distribution in search_space.items()
            if name in proposed
        }

    def _proposed(self, mirror: Mirror, number: int) -> dict[str, Any]:
        try:
            return propose(self._sampler, mirror.history, number=number)[0].config
        except SpaceExhausted:  # Optuna decides when to stop: what follows are repeats
            return {}

    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """Return a random value of a parameter for which there is no proposal."""
        rng = named_rng(self._seed, trial.number, param_name)
        drawn = RandomSampler(seed=int(rng.integers(2**32)))
        return drawn.sample_independent(study, trial, param_name, param_distribution)

    def after_trial(
        self,
        study: Study,
        trial: FrozenTrial,
        state: TrialState,
        values: Sequence[float] | None,
    ) -> None:
        """Store the outcome constraints, where Optuna's samplers do."""
        if self._constraints_func is not None:
            _process_constraints_after_trial(self._constraints_func, study, trial, state)

    def _followed(self, study: Study, trial: FrozenTrial) -> Mirror:
        mirror = self._mirrors.get(study)
        if mirror is None:
            directions = [each.name.lower() for each in study.directions]
            mirror = Mirror(directions, seed=self._seed, noisy=self._noisy)
            self._mirrors[study] = mirror
        mirror.follow(study.get_trials(deepcopy=False), trial.number)
        return mirror
