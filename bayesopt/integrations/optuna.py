"""A sampler for Optuna studies, and studies that move from Optuna to here and back.

>>> import optuna
>>> from bayesopt.integrations.optuna import BayesOptSampler, from_optuna, to_optuna
>>> study = optuna.create_study(sampler=BayesOptSampler(seed=0))
>>> here = from_optuna(study, storage="study.db")
>>> there = to_optuna(here, "sqlite:///optuna.db")
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from bayesopt.checks import require_flag
from bayesopt.errors import (
    MissingDependencyError,
    SettingsError,
    SpaceExhausted,
    StudyError,
    StudyExistsError,
    short_repr,
)
from bayesopt.host import Sampler, make_sampler, propose
from bayesopt.integrations.optuna_mirror import Mirror
from bayesopt.integrations.optuna_space import to_external
from bayesopt.rng import named_rng, new_seed

try:
    from optuna.samplers import BaseSampler, PartialFixedSampler, RandomSampler
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
    from optuna.pruners import BasePruner
    from optuna.storages import BaseStorage
    from optuna.study import Study
    from optuna.trial import FrozenTrial, TrialState

    from bayesopt.history import History
    from bayesopt.schedulers.base import Scheduler
    from bayesopt.space import Space
    from bayesopt.study import Study as OurStudy
    from bayesopt.study.factory import StorageLike

__all__ = ["BayesOptSampler", "from_optuna", "to_optuna"]

ConstraintsFunc = Callable[["FrozenTrial"], Sequence[float]]


class BayesOptSampler(BaseSampler):
    """Let a sampler of this package propose the trials of an Optuna study.

    All parameters that any trial had are proposed together. A parameter that some trials lack is
    modelled as conditional: the trials show beside which values of a choice (or of an integer)
    before it it exists. A range that is narrowed or moved in mid-study is followed once three
    trials agree on it; ranges that differ from trial to trial are joined. Running trials count as
    pending, pruned ones by their last step. Drawn at random is only what no trial had yet, what
    exists against what the trials showed, and what was proposed outside a trial's range. Beside
    values that are fixed (``PartialFixedSampler``, ``enqueue_trial``) the others are proposed from
    the trials that share them.

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
        If there is no such sampler, or a setting is of the wrong kind.
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
        self._seed = new_seed() if seed is None else _checked_seed(seed)
        self._constraints_func = _checked_function(constraints_func)
        require_flag("noisy", noisy)
        self._noisy = noisy
        self._forget()

    def _forget(self) -> None:
        self._mirrors: WeakKeyDictionary[Study, dict[int | None, Mirror]] = WeakKeyDictionary()
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
        """Return what the trials before this one had, in their ranges by now; O(changes)."""
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
            history = mirror.given(_fixed_values(study, trial))
            proposed = self._proposed(history, trial.number)
        return {
            name: to_external(distribution, proposed[name])
            for name, distribution in search_space.items()
            if name in proposed
        }

    def _proposed(self, history: History, number: int) -> dict[str, Any]:
        try:
            return propose(self._sampler, history, number=number)[0].config
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
        """Return the history of what the study shows, up to a trial; O(changes)."""
        whole, bracket = _unfiltered(study)
        mirrors = self._mirrors.setdefault(whole, {})
        trials, mirror = study.get_trials(deepcopy=False), mirrors.get(bracket)
        if mirror is None or not mirror.goes_on(trials, trial.number):
            directions = [each.name.lower() for each in study.directions]
            mirror = mirrors[bracket] = Mirror(directions, seed=self._seed, noisy=self._noisy)
        mirror.follow(trials, trial.number)
        return mirror


def _unfiltered(study: Study) -> tuple[Study, int | None]:
    """Return the study behind what Hyperband's pruner makes of it at each ask, and the bracket."""
    bracket = getattr(study, "_bracket_id", None)
    return (study, None) if bracket is None else (getattr(study, "_study", study), bracket)


def _fixed_values(study: Study, trial: FrozenTrial) -> dict[str, Any]:
    """Return what a trial's parameters are fixed to: as it was enqueued, else by the sampler."""
    fixed: dict[str, Any] = {}
    sampler = study.sampler
    while isinstance(sampler, PartialFixedSampler):  # another Optuna may name its fields otherwise
        fixed = {**getattr(sampler, "_fixed_params", {}), **fixed}
        sampler = getattr(sampler, "_base_sampler", None)
    return {**fixed, **trial.system_attrs.get("fixed_params", {})}


def from_optuna(
    optuna_study: Study,
    *,
    storage: StorageLike = None,
    name: str | None = None,
    space: Space | Mapping[str, Any] | None = None,
    sampler: Sampler | str | None = None,
    scheduler: Scheduler | str | None = None,
    seed: int | None = None,
    noisy: bool | None = None,
    lease_s: float | None = 60.0,
) -> OurStudy:
    """Return a new study with all trials of an Optuna study, under the numbers that they have.

    Numbers, parameters, values, constraints, intermediate values, attributes and times come along,
    and what a trial took is its cost. What is waiting or running there is queued here: those who
    evaluate a running trial tell it to Optuna, so stop them first or let it run twice. A complete
    trial whose value is infinite counts as failed, as everywhere here. The Optuna study is only
    read; system attributes of other samplers and names of metrics stay behind.

    Parameters
    ----------
    optuna_study : optuna.Study
        In any of Optuna's storages.
    storage, scheduler, lease_s
        As for :func:`bayesopt.create_study`.
    name : str, optional
        By default that of the Optuna study.
    space : Space or mapping, optional
        What to search from now on; trials outside it stay on record. None: objectives go on to
        declare their parameters (``trial.suggest_float`` ...), within the ranges seen so far.
    sampler, seed, noisy : optional
        By default those of a `BayesOptSampler` that the Optuna study has.

    Raises
    ------
    StudyError
        If it is no Optuna study.
    StudyExistsError
        If the name is taken.
    SpaceError
        If a parameter has no counterpart here: an integer beyond 2**53, a choice that is an object.
    InvalidValueError
        If an attribute cannot be stored. Nothing is left behind then.
    """
    from bayesopt.integrations.optuna_import import import_trials
    from bayesopt.study import create_study

    _require_study(optuna_study, "sampler", "an Optuna study (optuna.load_study opens one)")
    given = optuna_study.sampler
    ours = given if isinstance(given, BayesOptSampler) else None
    study = create_study(
        space,
        directions=[each.name.lower() for each in optuna_study.directions],
        sampler=ours._sampler if sampler is None and ours else sampler,
        scheduler=scheduler,
        storage=storage,
        name=optuna_study.study_name if name is None else name,
        seed=ours._seed if seed is None and ours else seed,
        noisy=ours._noisy if noisy is None and ours else noisy,
        lease_s=lease_s,
    )
    try:
        for key, value in optuna_study.user_attrs.items():
            study.set_user_attr(key, value)
        import_trials(study, optuna_study.get_trials(deepcopy=False))
    except BaseException:
        study.storage.delete_study(study._context.study_id)
        study.close()
        raise
    return study


def to_optuna(
    study: OurStudy,
    optuna_storage: str | BaseStorage | None = None,
    *,
    study_name: str | None = None,
    sampler: BaseSampler | None = None,
    pruner: BasePruner | None = None,
) -> Study:
    """Return a new Optuna study with all trials of a study, under the numbers that they have.

    Complete, pruned and failed trials stay so; a paused one becomes pruned at what it last
    reported, one that was struck out becomes failed, and whatever is queued or under evaluation
    waits. What Optuna has no place for (who made a trial, costs, errors, steps that are no
    integers, reports of several objectives) is kept in the system attribute "bayesopt", where
    :func:`from_optuna` finds it. Constraints between parameters stay behind, and so does the order
    of choices.

    Parameters
    ----------
    study : Study
        It is only read.
    optuna_storage : str or optuna.storages.BaseStorage, optional
        Such as "sqlite:///optuna.db"; None keeps the Optuna study in memory.
    study_name : str, optional
        By default that of `study`.
    sampler : optuna.samplers.BaseSampler, optional
        By default a `BayesOptSampler` with the sampler and the seed of `study`.
    pruner : optuna.pruners.BasePruner, optional
        By default one that never prunes.

    Raises
    ------
    StudyError
        If it is no study of this package.
    StudyExistsError
        If the name is taken.
    """
    import optuna

    from bayesopt.integrations.optuna_export import optuna_trials

    _require_study(study, "storage", "a study of this package (load_study opens one)")
    trials, name = optuna_trials(study), study.name if study_name is None else study_name
    aims: list[Any] = list(study.directions)
    ours = BayesOptSampler(study.sampler, seed=study.seed, noisy=study.noisy)
    try:
        made = optuna.create_study(
            storage=optuna_storage,
            sampler=ours if sampler is None else sampler,
            pruner=optuna.pruners.NopPruner() if pruner is None else pruner,
            study_name=name,
            directions=aims,
        )
    except optuna.exceptions.DuplicatedStudyError as error:
        raise StudyExistsError(
            f"Optuna study {name!r}", expected="a name that is free", got="one that is taken"
        ) from error
    try:
        for key, value in study.user_attrs.items():
            made.set_user_attr(key, value)
        made.add_trials(trials)
    except BaseException:
        optuna.delete_study(study_name=name, storage=made._storage)
        raise
    return made


def _require_study(given: object, attribute: str, expected: str) -> None:
    if not hasattr(given, attribute):
        raise StudyError("study to move", expected=expected, got=short_repr(given))


def _checked_seed(seed: Any) -> int:
    whole = getattr(seed, "__index__", None)
    if whole is None or isinstance(seed, bool) or int(whole()) < 0:
        raise SettingsError("seed", expected="a whole number >= 0, or None", got=short_repr(seed))
    return int(whole())


def _checked_function(given: ConstraintsFunc | None) -> ConstraintsFunc | None:
    if given is not None and not callable(given):
        raise SettingsError("constraints_func", expected="a callable", got=short_repr(given))
    return given
