"""The belief about an objective: from what is known to everything a climb needs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bayesopt.space.domain import Domain
from bayesopt.surrogates.base import Engine, Process
from bayesopt.surrogates.compiled import COMPILED
from bayesopt.surrogates.fit import Mode, distinct
from bayesopt.surrogates.hyper import log_prior
from bayesopt.surrogates.outcome import Outcome, fit_outcome
from bayesopt.surrogates.schedule import FitCache, digest, refit_size
from bayesopt.surrogates.settings import GPSettings
from bayesopt.surrogates.subset import Subset
from bayesopt.surrogates.success import SuccessModel, learn_success
from bayesopt.surrogates.training import Task, current_modes, grown_factor, new_task, prior_only

__all__ = ["Belief", "FitCache", "GPSettings", "build_belief"]

F = npt.NDArray[np.float64]
B = npt.NDArray[np.bool_]

_TEMPERATURE = 2.0  # of the modes' weights: their posteriors' heights say little of their volumes


@dataclass(frozen=True, eq=False)
class Belief:
    """What is believed of the objective, in transformed units, minimised.

    Attributes
    ----------
    members : tuple of Process
        One posterior for each mode of the hyperparameters.
    weights : float64 array [m]
        How much each counts; they sum to 1.
    X, y : float64 arrays [n, d], [n]
        Rows of finished and successful trials, and their outcomes transformed.
    incumbent : float
        The value to improve on: the best outcome, or the best posterior mean at a row where the
        objective is noisy. 0 while nothing is known.
    incumbent_row : float64 array [d] or None
        Where that is.
    noise : float
        Variance of the noise.
    is_noisy : bool
        Whether it matters.
    success : SuccessModel or None
        Where trials succeed, once one has failed.
    outcome : Outcome
        The transform.
    """

    members: tuple[Process, ...]
    weights: F
    X: F
    y: F
    incumbent: float
    incumbent_row: F | None
    noise: float
    is_noisy: bool
    success: SuccessModel | None
    outcome: Outcome

    def to_outcome(self, t: F) -> F:
        """Return transformed values as outcomes, minimised, in the user's units."""
        return self.outcome.to_outcome(t)

    def from_outcome(self, y: F) -> F:
        """Return outcomes, minimised, in transformed units."""
        return self.outcome.from_outcome(y)


def build_belief(
    domain: Domain,
    X: F,
    y: F,
    failed: B,
    settings: GPSettings,
    cache: FitCache | None = None,
    most: int | None = None,
    objectives: F | None = None,
    engine: Engine = COMPILED,
) -> Belief:
    """Return the belief after n finished trials; a pure function of all but the cache.

    Parameters
    ----------
    domain : Domain
    X : float64 array [n, d]
        Snapped rows of the unit cube, by trial number.
    y : float64 array [n]
        Outcomes, minimised; what is not finite counts as failed.
    failed : bool array [n]
        Trials without an outcome.
    settings : GPSettings
    cache : FitCache or None
        Remembers fits; the result is the same bits with any or none.
    most : int or None
        How many trials are learned from at most (``subset``); None for all.
    objectives : float64 array [n, k] or None
        Where y is made of several objectives, in a new way each time: these. Hyperparameters are
        fitted to each of them, and those count that explain y best.
    engine : Engine
        What computes.

    Notes
    -----
    O(n³) where hyperparameters are fitted, else O(n²) for each new row (``schedule``).
    """
    cache = FitCache() if cache is None else cache
    failed = np.asarray(failed, dtype=np.bool_) | ~np.isfinite(y)
    X, y = np.asarray(X, dtype=np.float64), np.asarray(y, dtype=np.float64)
    Y = np.where(failed[:, None], np.nan, y[:, None] if objectives is None else objectives)
    with np.errstate(all="ignore"):
        success = None
        if failed.any() and settings.failures != "impute":
            success = learn_success(domain, X, failed, settings, cache, Subset(X, Y, most), engine)
        if failed.any() and settings.failures != "probability":
            y, Y = _imputed(y, failed), _imputed(Y, failed)
        else:
            X, y, Y = np.ascontiguousarray(X[~failed]), y[~failed], Y[~failed]
        task = new_task(domain, X, settings, cache, Subset(X, Y, most), engine)
        return _learn(task, X, y, Y, success)


def _imputed(y: F, failed: B) -> F:
    """Return outcomes [n] or [n, k] with the worst one seen in place of what failed."""
    worst = y[~failed].max(axis=0, initial=-np.inf) if not failed.all() else np.zeros(y.shape[1:])
    return np.where(failed.reshape(-1, *[1] * (y.ndim - 1)), worst, y)


def _learn(task: Task, X: F, y: F, Y: F, success: SuccessModel | None) -> Belief:
    settings = task.frame.settings
    rows = task.subset.at(len(X))
    X, y = X[rows], y[rows]
    outcome = fit_outcome(y, settings)
    t = outcome.from_outcome(y)
    modes, members = _members(task, _candidates(task, Y), t)
    if Y.shape[1] > 1:
        modes, members = _most_likely(task, modes, members)
    weights = _weights(modes)
    noise = float(weights @ [member.hyper.noise for member in members])
    is_noisy = noise > settings.noisy_above
    is_fitted = all(member.y.size == t.size for member in members)
    values = t
    if is_noisy and is_fitted:
        values = weights @ [member.fitted_means() for member in members]
    best = int(values.argmin()) if len(t) else -1
    return Belief(
        members=members,
        weights=weights,
        X=X,
        y=t,
        incumbent=float(values[best]) if len(t) else 0.0,
        incumbent_row=X[best] if len(t) else None,
        noise=noise,
        is_noisy=is_noisy,
        success=success,
        outcome=outcome,
    )


def _candidates(task: Task, Y: F) -> tuple[Mode, ...]:
    """Return the hyperparameters in force, of outcomes in several columns the best of each."""

    def modes_of(column: F) -> tuple[Mode, ...]:
        def targets(n: int) -> tuple[F, bytes]:
            y = column[task.subset.at(n)]
            return fit_outcome(y, task.frame.settings).from_outcome(y), digest(y)

        return current_modes(task, targets)

    if Y.shape[1] == 1:
        return modes_of(Y[:, 0])
    return tuple(modes_of(column)[0] for column in Y.T)


def _members(
    task: Task, modes: tuple[Mode, ...], t: F
) -> tuple[tuple[Mode, ...], tuple[Process, ...]]:
    """Return the posterior of each mode that has one, and these modes; the prior if none has."""
    n = task.known.n
    size = task.subset.n_at_once(n, refit_size(n))
    factors = [(mode, grown_factor(task, mode, size)) for mode in modes]
    usable = [(mode, factor) for mode, factor in factors if factor is not None]
    if not usable:
        return modes[:1], (prior_only(task),)
    kept, grown = zip(*usable, strict=True)
    return kept, tuple(task.engine.observe(task.domain, factor, t) for factor in grown)


def _most_likely(
    task: Task, modes: tuple[Mode, ...], members: tuple[Process, ...]
) -> tuple[tuple[Mode, ...], tuple[Process, ...]]:
    """Return the modes that explain the members' outcomes best, their densities made anew."""
    heights = [
        member.log_likelihood() + log_prior(mode.theta, task.frame)[0]
        for mode, member in zip(modes, members, strict=True)
    ]
    judged = [Mode(mode.theta, height) for mode, height in zip(modes, heights, strict=True)]
    kept = distinct(judged, task.frame)
    return kept, tuple(members[judged.index(mode)] for mode in kept)


def _weights(modes: tuple[Mode, ...]) -> F:
    heights = np.array([mode.log_posterior for mode in modes])
    if not np.isfinite(heights).all():
        heights = np.zeros(heights.size)
    shares = np.exp((heights - heights.max()) / _TEMPERATURE)
    return np.asarray(shares / shares.sum())
