"""Outcomes as the model wants them: no bad outliers, near normal, mean 0, variance 1."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from bayesopt._kernels import power as kernels
from bayesopt.surrogates.settings import GPSettings

F = npt.NDArray[np.float64]

_LARGEST = float(np.finfo(np.float64).max)
_MOST_VARIANCE = 1e8  # of an outcome's noise, beside a variance of 1 of them all
_CONSTANT = 1e-14  # a spread that rounding explains, relative to the largest outcome
_LEAST_SPREAD = 0.5  # of what Yeo-Johnson gives from a spread of 1
_FEW = 4  # outcomes that have no outliers


@dataclass(frozen=True, eq=False)
class Outcome:
    """An increasing map from outcomes (minimised) to the model's units, and back.

    ``t = (yj((min(y / unit, ceiling) - center) / spread, power) - shift) / scale``, or through
    `knots` (of y / unit, and what they become) where that would not do.
    """

    unit: float
    ceiling: float = np.inf
    center: float = 0.0
    spread: float = 1.0
    power: float = 1.0
    shift: float = 0.0
    scale: float = 1.0
    knots: F = field(default_factory=lambda: np.empty((2, 0)))

    def from_outcome(self, y: F) -> F:
        """Return outcomes in the model's units; monotone, finite for finite y."""
        with np.errstate(all="ignore"):
            u = np.clip(y / self.unit, -_LARGEST, _LARGEST)
            if self.knots.size:
                return _interpolate(u, *self.knots)
            z = (np.minimum(u, self.ceiling) - self.center) / self.spread
            return (_raise(z, self.power) - self.shift) / self.scale

    def to_outcome(self, t: F) -> F:
        """Return the outcomes of which `t` are the model's values; finite.

        What was cut off comes back as the value it was cut at.
        """
        with np.errstate(all="ignore"):
            if self.knots.size:
                u = _interpolate(t, *self.knots[::-1])
            else:
                z = _lower(np.asarray(t) * self.scale + self.shift, self.power)
                u = np.minimum(z * self.spread + self.center, self.ceiling)
            return np.clip(u * self.unit, -_LARGEST, _LARGEST)

    def variance_of(self, y: F, variance: F) -> F:
        """Return the variances of outcomes y [n] in the model's units, given those in the user's.

        By the slope of the line through a standard deviation to either side: where the map bends,
        or was cut off, a tangent would say too much or nothing. No more than what tells nothing
        beside outcomes of variance 1, since more would drown the arithmetic.
        """
        reach = np.sqrt(variance)
        half = 0.5 * (self.from_outcome(y + reach) - self.from_outcome(y - reach))
        return np.asarray(np.minimum(half * half, _MOST_VARIANCE))


def fit_outcome(y: F, settings: GPSettings) -> Outcome:
    """Return the transform of finite outcomes y [n], n >= 0; O(n log n)."""
    with np.errstate(all="ignore"):
        unit = float(np.abs(y).max(initial=0.0)) or 1.0
        u = y / unit
        if not u.size or u.std() <= _CONSTANT:
            return Outcome(unit, center=float(u.mean()) if u.size else 0.0)
        if settings.transform == "rank":
            return _by_rank(u, unit)
        ceiling = _ceiling(u, settings.winsorize_iqr)
        u = np.minimum(u, ceiling)
        if u.std() <= _CONSTANT:
            return _by_rank(y / unit, unit)
        center, spread = float(u.mean()), float(u.std())
        if settings.transform == "standardize":
            return Outcome(unit, ceiling, center, spread)
        z = (u - center) / spread
        power = float(kernels.best_power(z))
        p = _raise(z, power)
        if not np.isfinite(p).all() or not p.std() >= _LEAST_SPREAD:
            return _by_rank(y / unit, unit)
        return Outcome(unit, ceiling, center, spread, power, float(p.mean()), float(p.std()))


def _ceiling(u: F, n_iqr: float) -> float:
    """Return where outliers on the bad side are cut off (Tukey's fence)."""
    low, high = np.quantile(u, [0.25, 0.75])
    return float(high + n_iqr * (high - low)) if u.size >= _FEW and high > low else np.inf


def _by_rank(u: F, unit: float) -> Outcome:
    """Return the transform to normal scores (ties share theirs), standardised."""
    knots, place, count = np.unique(u, return_inverse=True, return_counts=True)
    middle = (np.cumsum(count) - 0.5 * count) / u.size
    scores = ndtri(middle)
    t = scores[place]
    return Outcome(unit, knots=np.stack([knots, (scores - t.mean()) / t.std()]))


def _raise(z: F, power: float) -> F:
    return z if power == 1.0 else kernels.transform(z, power)


def _lower(p: F, power: float) -> F:
    """Return the inverse of Yeo-Johnson; the end of its range for what is beyond."""
    if power == 1.0:
        return p
    above, below = (
        _lower_half(np.maximum(p, 0.0), power),
        _lower_half(-np.minimum(p, 0.0), 2 - power),
    )
    return above - below


def _lower_half(p: F, power: float) -> F:
    if abs(power) < 1e-9:
        return np.expm1(p)
    return np.expm1(np.log1p(np.maximum(power * p, -1.0)) / power)


def _interpolate(x: F, at: F, values: F) -> F:
    """Return the piecewise linear function through (at, values), its end pieces continued."""
    found = np.interp(x, at, values)
    for inner, outer in ((1, 0), (-2, -1)):
        slope = (values[outer] - values[inner]) / (at[outer] - at[inner])
        beyond = x < at[0] if outer == 0 else x > at[-1]
        found = np.where(beyond, values[outer] + slope * (x - at[outer]), found)
    return np.clip(found, -_LARGEST, _LARGEST)
