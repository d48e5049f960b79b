"""The belief about an objective: from what is known to everything a climb needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import repeat
from typing import Protocol

import numpy as np
import numpy.typing as npt

from bayesopt.space.domain import Domain
from bayesopt.surrogates.base import Engine, Process
from bayesopt.surrogates.compiled import COMPILED
from bayesopt.surrogates.fit import Mode
from bayesopt.surrogates.hyper import noise_free
from bayesopt.surrogates.outcome import Outcome, fit_outcome
from bayesopt.surrogates.schedule import FitCache, digest, refit_size
from bayesopt.surrogates.settings import GPSettings
from bayesopt.surrogates.subset import Choose, Subset, best_and_nearest
from bayesopt.surrogates.success import SuccessModel, learn_success
from bayesopt.surrogates.training import (
    Noise,
    Task,
    current_modes,
    grown_factor,
    new_task,
    no_noise,
    prior_only,
)

__all__ = ["Belief", "FitCache", "GPSettings", "build_belief"]

F = npt.NDArray[np.float64]
B = npt.NDArray[np.bool_]

_LEVEL = 3  # trials with exactly the best outcome: what tells of steps
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
        Variance of the noise of one more outcome.
    is_noisy : bool
        Whether it matters.
    success : SuccessModel or None
        Where trials succeed, once one has failed.
    outcome : Outcome
        The transform.
    half_step : float
        Half the way from the best outcome to the next, where the objective moves in steps; else 0.
    learned : int64 array [n]
        Of which trials these are the outcomes, by their place among those given.
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
    half_step: float = 0.0
    learned: npt.NDArray[np.int64] = field(default_factory=lambda: np.empty(0, dtype=np.int64))

    def mean(self, X: F) -> F:
        """Return the posterior mean [m] at rows X [m, d], averaged over the members."""
        return np.asarray(self.weights @ [member.posterior(X)[0] for member in self.members])

    def to_outcome(self, t: F) -> F:
        """Return transformed values as outcomes, minimised, in the user's units."""
        return self.outcome.to_outcome(t)

    def from_outcome(self, y: F) -> F:
        """Return outcomes, minimised, in transformed units."""
        return self.outcome.from_outcome(y)


class PriorMean(Protocol):
    """What is believed of rows before any outcome, where that is not the same everywhere."""

    def value(self, X: F) -> F:
        """Return it at rows X [m, d], [m], in transformed units."""

    def about(self, process: Process, base: F) -> Process:
        """Return a process of what it leaves as one of the outcomes; `base` [n] is its value."""


def build_belief(
    domain: Domain,
    X: F,
    y: F,
    failed: B,
    settings: GPSettings,
    cache: FitCache | None = None,
    most: int | None = None,
    engine: Engine = COMPILED,
    by: F | None = None,
    deterministic: bool = False,
    noise: F | None = None,
    mean: PriorMean | None = None,
    start: tuple[F, F] | None = None,
    choose: Choose = best_and_nearest,
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
    engine : Engine
        What computes.
    by : float64 array [n, k] or None
        What those are chosen by, minimised; the outcomes by default.
    deterministic : bool
        Whether the objective gives the same outcome again, so that nothing is left to learn at
        rows that were evaluated (see `interpolating`).
    noise : float64 array [n] or None
        How noisy outcomes are, as variances, where that was told; NaN elsewhere. It is added to the
        noise that is learned of all.
    mean : PriorMean or None
        What earlier studies say; the process is that of what it leaves unexplained.
    start : tuple of float64 arrays [k, d] and [k], or None
        Rows and outcomes to fit from nothing where the first ones of `X` and `y` are not those of
        an earlier call; the fit to all starts from what that gives.
    choose : callable
        Which are learned from, of more than `most`.

    Notes
    -----
    O(n³) where hyperparameters are fitted, else O(n²) for each new row (``schedule``).
    """
    cache = FitCache() if cache is None else cache
    failed = np.asarray(failed, dtype=np.bool_) | ~np.isfinite(y)
    X, y = np.asarray(X, dtype=np.float64), np.asarray(y, dtype=np.float64)
    with np.errstate(all="ignore"):
        success = None
        if failed.any() and settings.failures != "impute":
            ranked = np.where(failed, np.nan, y)[:, None]
            subset = Subset(X, ranked, most, choose)
            success = learn_success(domain, X, failed, settings, cache, subset, engine)
        places = np.arange(len(X))
        if failed.any() and settings.failures != "probability":
            y = _imputed(y, failed)
        else:
            places = places[~failed]
            X, y = np.ascontiguousarray(X[~failed]), y[~failed]
            by = None if by is None else by[~failed]
            noise = None if noise is None else noise[~failed]
        subset = Subset(X, y[:, None] if by is None else by, most, choose)
        known = _known_noise(y, noise, subset, settings)
        task = new_task(domain, X, settings, cache, subset, engine, known)
        begun = None if start is None else _start(start, most, settings)
        belief = _learn(task, X, y, success, deterministic, mean, begun)
        return replace(belief, learned=places[subset.at(len(X))])


def _start(start: tuple[F, F], most: int | None, settings: GPSettings) -> tuple[F, F]:
    """Return rows and outcomes, transformed, that a fit begins with; as many as may be."""
    X, y = start
    rows = Subset(X, y[:, None], most).at(len(X))
    return X[rows], fit_outcome(y[rows], settings).from_outcome(y[rows])


def _known_noise(y: F, noise: F | None, subset: Subset, settings: GPSettings) -> Noise:
    """Return what is known of the noise of outcomes, in the units that a fit gives them."""
    if noise is None or not (noise > 0.0).any():
        return no_noise
    variance = np.where(noise > 0.0, noise, 0.0)

    def known(n: int) -> F:
        rows = subset.at(n)
        return fit_outcome(y[rows], settings).variance_of(y[rows], variance[rows])

    return known


def _imputed(y: F, failed: B) -> F:
    """Return outcomes with the worst one seen in place of what failed."""
    return np.where(failed, y[~failed].max(initial=-np.inf) if not failed.all() else 0.0, y)


def _learn(
    task: Task,
    X: F,
    y: F,
    success: SuccessModel | None,
    deterministic: bool,
    mean: PriorMean | None,
    start: tuple[F, F] | None,
) -> Belief:
    rows = task.subset.at(len(X))
    outcome = fit_outcome(y[rows], task.frame.settings)
    t = outcome.from_outcome(y[rows])
    base = np.zeros(t.size) if mean is None else mean.value(X[rows])
    modes, members = _members(
        task, current_modes(task, _targets(task, X, y, mean), start), t - base
    )
    weights = _weights(modes)
    noise = float(weights @ [member.hyper.noise for member in members])
    known = task.inputs.known_noise
    is_noisy = noise + known.max(initial=0.0) > task.frame.settings.noisy_above
    noise += float(np.median(known[known > 0.0])) if known.any() else 0.0
    is_fitted = all(member.y.size == t.size for member in members)
    values = t
    if is_noisy and is_fitted:
        values = weights @ [member.fitted_means() for member in members] + base
    best = int(values.argmin()) if len(t) else -1
    if deterministic and is_fitted:
        members = tuple(map(interpolating, repeat(task), modes, members))
    if mean is not None:
        members = tuple(mean.about(one, base[: one.y.size]) for one in members)
    return Belief(
        members=members,
        weights=weights,
        X=X[rows],
        y=t,
        incumbent=float(values[best]) if len(t) else 0.0,
        incumbent_row=X[rows[best]] if len(t) else None,
        noise=noise,
        is_noisy=is_noisy,
        success=success,
        outcome=outcome,
        half_step=half_step(t) if deterministic else 0.0,
    )


def _targets(
    task: Task, X: F, y: F, mean: PriorMean | None
) -> Callable[[int], tuple[Callable[[], F], bytes]]:
    """Return what tells how to make, from the first n outcomes, what is fitted, and its digest."""
    settings = task.frame.settings

    def targets(n: int) -> tuple[Callable[[], F], bytes]:
        rows = task.subset.at(n)
        told = y[rows]
        if mean is None:
            return lambda: fit_outcome(told, settings).from_outcome(told), digest(told)
        base = mean.value(X[rows])
        return lambda: fit_outcome(told, settings).from_outcome(told) - base, digest(told, base)

    return targets


def half_step(y: F) -> float:
    """Return half the way from the best of outcomes [n] to the next; 0 unless three are the best.

    An objective that gives the same number again at other configurations moves in steps, as an
    accuracy on a hundred samples does, and so does what is left to gain. Half of a step is where
    rounding to the next level begins.
    """
    best = y.min(initial=np.inf)
    above = y[y > best]
    is_level = above.size and y.size - above.size >= _LEVEL
    return 0.5 * float(above.min() - best) if is_level else 0.0


def _members(
    task: Task, modes: tuple[Mode, ...], t: F
) -> tuple[tuple[Mode, ...], tuple[Process, ...]]:
    """Return the posterior of each mode that has one, and these modes; the prior if none has."""
    size = _size_at_once(task)
    factors = [(mode, grown_factor(task, mode, size)) for mode in modes]
    usable = [(mode, factor) for mode, factor in factors if factor is not None]
    if not usable:
        return modes[:1], (prior_only(task),)
    kept, grown = zip(*usable, strict=True)
    return kept, tuple(task.engine.observe(task.domain, factor, t) for factor in grown)


def _size_at_once(task: Task) -> int:
    """Return how many rows a factor is made of before others are added one by one."""
    n = task.known.n
    return task.subset.n_at_once(n, refit_size(n))


def interpolating(task: Task, mode: Mode, member: Process) -> Process:
    """Return the process of a function that is known where it was evaluated.

    Its outcomes are the fitted means and there is no noise: the mean stays, and the variance is 0
    at the rows. What looks like noise to the model is what it cannot explain of a function that
    gives the same value again, so going back there teaches nothing (re-interpolation: Forrester,
    Keane and Bressloff, AIAA Journal 44, 2006). The process itself where no factor can be had.
    """
    exact = Mode(noise_free(mode.theta, task.frame), mode.log_posterior)
    factor = grown_factor(task, exact, _size_at_once(task))
    if factor is None:
        return member
    return task.engine.observe(task.domain, factor, member.fitted_means())


def _weights(modes: tuple[Mode, ...]) -> F:
    heights = np.array([mode.log_posterior for mode in modes])
    if not np.isfinite(heights).all():
        heights = np.zeros(heights.size)
    shares = np.exp((heights - heights.max()) / _TEMPERATURE)
    return np.asarray(shares / shares.sum())
