"""The belief about an objective: from what is known to everything a climb needs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bayesopt.space.domain import Domain
from bayesopt.surrogates.base import Fitted
from bayesopt.surrogates.exact_gp import ExactGP, Factor, Kernel, factorise, observe
from bayesopt.surrogates.fit import Mode, cold_modes, warm_modes
from bayesopt.surrogates.hyper import Frame, default_theta, to_hyper
from bayesopt.surrogates.inputs import Inputs, column_rules, to_inputs
from bayesopt.surrogates.outcome import Outcome, fit_outcome
from bayesopt.surrogates.schedule import FitCache, anchor_size, digest, refit_size
from bayesopt.surrogates.settings import GPSettings
from bayesopt.surrogates.success import SuccessModel

__all__ = ["Belief", "FitCache", "GPSettings", "build_belief"]

F = npt.NDArray[np.float64]
B = npt.NDArray[np.bool_]

_TEMPERATURE = 2.0  # of the modes' weights: their posteriors' heights say little of their volumes


@dataclass(frozen=True, eq=False)
class Belief:
    """What is believed of the objective, in transformed units, minimised.

    Attributes
    ----------
    members : tuple of Fitted
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

    members: tuple[Fitted, ...]
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
    domain: Domain, X: F, y: F, failed: B, settings: GPSettings, cache: FitCache | None = None
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

    Notes
    -----
    O(n³) where hyperparameters are fitted, else O(n²) for each new row (``schedule``).
    """
    cache = FitCache() if cache is None else cache
    failed = np.asarray(failed, dtype=np.bool_) | ~np.isfinite(y)
    with np.errstate(all="ignore"):
        frame = Frame(column_rules(domain), np.flatnonzero(domain.varies), settings)
        known = np.ascontiguousarray(X[~failed]), np.asarray(y, dtype=np.float64)[~failed]
        outcome = fit_outcome(known[1], settings)
        t = outcome.from_outcome(known[1])
        modes, members = _members(domain, frame, *known, t, cache)
        return _belief(known[0], t, frame, modes, members, None, outcome)


def _members(
    domain: Domain, frame: Frame, X: F, y: F, t: F, cache: FitCache
) -> tuple[tuple[Mode, ...], tuple[ExactGP, ...]]:
    """Return the modes of the hyperparameters and the posterior of each."""
    inputs = to_inputs(domain, X)
    base = digest(frame.rules, *domain.arrays), frame.settings
    modes = _modes(inputs, y, frame, base, cache)
    size = refit_size(len(X))
    factors = [
        _grown(inputs, size, Kernel(frame, to_hyper(m.theta, frame)), base, cache) for m in modes
    ]
    usable = [factor for factor in factors if factor is not None]
    if not usable:
        return _without_data(domain, frame)
    kept = tuple(m for m, factor in zip(modes, factors, strict=True) if factor is not None)
    return kept, tuple(observe(domain, factor, t) for factor in usable)


def _modes(
    inputs: Inputs, y: F, frame: Frame, base: tuple[object, ...], cache: FitCache
) -> tuple[Mode, ...]:
    """Return the hyperparameters that are in force after these rows."""

    def fitted(size: int, from_modes: tuple[Mode, ...] | None) -> tuple[Mode, ...]:
        t = fit_outcome(y[:size], frame.settings).from_outcome(y[:size])
        rows = inputs.first(size)
        if from_modes is None:
            return cold_modes(rows, t, frame)
        return warm_modes(rows, t, frame, from_modes)

    if not inputs.n:
        return (Mode(default_theta(frame), 0.0),)
    anchor, refit = anchor_size(inputs.n), refit_size(inputs.n)
    at_anchor = digest(inputs.Z[:, :anchor], y[:anchor])
    modes = cache.get_or_make((*base, at_anchor), lambda: fitted(anchor, None))
    if refit == anchor:
        return modes
    at_refit = digest(inputs.Z[:, :refit], y[:refit])
    return cache.get_or_make((*base, at_refit, "warm"), lambda: fitted(refit, modes))


def _grown(
    inputs: Inputs, size: int, kernel: Kernel, base: tuple[object, ...], cache: FitCache
) -> Factor | None:
    """Return the factor of all rows: of the first `size` at once, then row by row."""
    hyper = kernel.hyper
    shape = np.array([hyper.signal, hyper.noise, hyper.gap])
    key = *base, digest(hyper.weight, shape), size
    kept: Factor | None = cache.get(key)
    if kept is None or not _begins_with(inputs, kept.inputs):
        kept = factorise(kernel, inputs.first(size))
        if kept is None:
            return None
    grown = kept.grown(inputs.after(kept.inputs.n))
    cache.put(key, grown)
    return grown


def _begins_with(inputs: Inputs, known: Inputs) -> bool:
    return np.array_equal(inputs.Z[:, : known.n], known.Z) and np.array_equal(
        inputs.A[:, : known.n], known.A
    )


def _without_data(domain: Domain, frame: Frame) -> tuple[tuple[Mode, ...], tuple[ExactGP, ...]]:
    """Return the prior with default hyperparameters, where no factor could be had."""
    mode = Mode(default_theta(frame), 0.0)
    nothing = to_inputs(domain, np.empty((0, domain.d)))
    factor = Factor(Kernel(frame, to_hyper(mode.theta, frame)), nothing, np.empty((0, 0)), 1.0)
    return (mode,), (observe(domain, factor, np.empty(0)),)


def _belief(
    X: F,
    t: F,
    frame: Frame,
    modes: tuple[Mode, ...],
    members: tuple[ExactGP, ...],
    success: SuccessModel | None,
    outcome: Outcome,
) -> Belief:
    weights = _weights(modes)
    noise = float(weights @ [member.hyper.noise for member in members])
    is_noisy = noise > frame.settings.noisy_above
    values = t
    if is_noisy and len(t):
        values = weights @ [member.fitted_means() for member in members]
    best = int(values.argmin()) if len(t) else None
    incumbent = 0.0 if best is None else float(values[best])
    row = None if best is None else X[best]
    return Belief(members, weights, X, t, incumbent, row, noise, is_noisy, success, outcome)


def _weights(modes: tuple[Mode, ...]) -> F:
    heights = np.array([mode.log_posterior for mode in modes])
    if not np.isfinite(heights).all():
        heights = np.zeros(heights.size)
    shares = np.exp((heights - heights.max()) / _TEMPERATURE)
    return np.asarray(shares / shares.sum())
