"""Hyperparameters of the Gaussian process, and the vector that a fit moves."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bayesopt._kernels.matern import CONDITIONAL, MATERN32, MATERN52, NOMINAL, RBF
from bayesopt.space.domain import Domain
from bayesopt.surrogates import priors
from bayesopt.surrogates.inputs import column_rules
from bayesopt.surrogates.settings import GPSettings

F = npt.NDArray[np.float64]

KERNELS = {"matern52": MATERN52, "matern32": MATERN32, "rbf": RBF}
_DEFAULT_LENGTHSCALE = 0.5
_REAL_SPREAD = 1.0 / 6.0
_SHORTEST, _LONGEST = 0.025, 50.0  # the latter times √d
_SIGNAL_BOUNDS = (0.05, 20.0)
_EXCESS_BOUNDS = (1e-9, 2.0)
_GAP_BOUNDS = (1e-3, 20.0)
_WARP_BOUNDS = (0.2, 5.0)


@dataclass(frozen=True, eq=False)
class Frame:
    """What a fit does not move.

    Attributes
    ----------
    rules : int8 array [d]
        How columns are compared, see ``bayesopt._kernels.matern``.
    varies : int64 array
        Columns with more than one value: each has a lengthscale.
    n_cells : int64 array [d]
        Number of cells of a column; 0 of a continuous one.
    settings : GPSettings
    shift : float64 array [m]
        By how much the prior of the log lengthscale of each column that varies is moved up.
    """

    rules: npt.NDArray[np.int8]
    varies: npt.NDArray[np.int64]
    n_cells: npt.NDArray[np.int64]
    settings: GPSettings
    shift: F

    @property
    def d(self) -> int:
        """Number of columns."""
        return int(self.rules.size)

    @property
    def kernel(self) -> int:
        """The covariance's code for kernels."""
        return KERNELS[self.settings.kernel]

    @property
    def has_gap(self) -> bool:
        """Whether some column exists in some rows only."""
        return bool((self.rules & CONDITIONAL).any())

    @property
    def n_theta(self) -> int:
        """Length of the vector that a fit moves, without a warp."""
        return int(self.varies.size) + 2 + self.has_gap

    @property
    def warpable(self) -> npt.NDArray[np.int64]:
        """Columns that a warp can bend: those that vary along a line."""
        is_choice = (self.rules[self.varies] & NOMINAL).astype(np.bool_)
        return np.asarray(self.varies[~is_choice])


@dataclass(frozen=True, eq=False)
class Hyper:
    """Hyperparameters.

    Attributes
    ----------
    weight : float64 array [d]
        1 / lengthscale² in unit coordinates; 0 of a column that does not vary.
    signal, noise : float
        Variances, in units of the transformed outcomes' variance.
    gap : float
        Squared distance between a column that exists and one that does not.
    warp : float64 array [2, d] or None
        Exponents a and b of each column's warp (``bayesopt._kernels.warp``); None for no warp.
    """

    weight: F
    signal: float
    noise: float
    gap: float
    warp: F | None = None

    @property
    def lengthscale(self) -> F:
        """Lengthscales [d]; infinite of a column that does not vary."""
        scale = np.full(self.weight.size, np.inf)
        used = self.weight > 0.0
        scale[used] = self.weight[used] ** -0.5
        return scale


def new_frame(domain: Domain, settings: GPSettings) -> Frame:
    """Return what a fit on a domain does not move."""
    varies = np.flatnonzero(domain.varies)
    shift = _shift(domain, settings)
    return Frame(column_rules(domain), varies, domain.n_cells, settings, shift)


def _shift(domain: Domain, settings: GPSettings) -> F:
    """Return by how much log lengthscales [m] are expected above those in a few real columns.

    Two random rows differ by δ² = 1/6 on average in a real column, by 1 - 1/k in one of k choices.
    Lengthscales that grow as √(Σ δ²) keep the distance of random rows, so that the covariance
    between them does not vanish in many columns (Hvarfner et al., 2024). Those of many choices grow
    faster: what each does nearly adds up, and the longer they are, the more the covariance says so.
    """
    cells = np.maximum(domain.n_cells, 2).astype(np.float64)
    is_choice = (column_rules(domain) & NOMINAL).astype(np.bool_)
    spread = np.where(is_choice, 1.0 - 1.0 / cells, _REAL_SPREAD)
    n_columns = float(spread[domain.varies].sum()) / _REAL_SPREAD
    n_choices = np.count_nonzero(is_choice[domain.varies])
    shift = np.full(domain.d, 0.5 * math.log(max(1.0, n_columns / settings.wide_above)))
    shift[is_choice] += 0.5 * math.log(max(1.0, n_choices / settings.wide_above))
    return shift[domain.varies]


def to_hyper(theta: F, frame: Frame) -> Hyper:
    """Read hyperparameters: logs of (lengthscales, signal, excess noise[, gap][, warp]).

    The warp's part holds a and then b of ``frame.warpable``.
    """
    m = frame.varies.size
    weight = np.zeros(frame.d)
    weight[frame.varies] = np.exp(-2.0 * theta[:m])
    noise = frame.settings.noise_floor + math.exp(theta[m + 1])
    gap = math.exp(theta[m + 2]) if frame.has_gap else 1.0
    warp = None
    if theta.size > frame.n_theta:
        warp = np.ones((2, frame.d))
        warp[:, frame.warpable] = np.exp(theta[frame.n_theta :]).reshape(2, -1)
    return Hyper(weight, math.exp(theta[m]), noise, gap, warp)


def default_theta(frame: Frame, lengthscale: float = _DEFAULT_LENGTHSCALE) -> F:
    """Return where a fit starts: signal 1, noise at its prior mean, one lengthscale for all."""
    m = frame.varies.size
    shape, rate = frame.settings.noise
    theta = np.empty(frame.n_theta)
    theta[:m] = math.log(lengthscale) + frame.shift
    theta[m], theta[m + 1] = 0.0, math.log(0.1 * shape / rate)
    if frame.has_gap:
        theta[m + 2] = frame.settings.gap[0]
    return theta


def noise_free(theta: F, frame: Frame) -> F:
    """Return a vector with the least noise there may be."""
    quiet = theta.copy()
    quiet[frame.varies.size + 1] = math.log(_EXCESS_BOUNDS[0])
    return quiet


def with_warp(theta: F, frame: Frame) -> F:
    """Return a vector with a warp added that does nothing."""
    return np.concatenate([theta, np.zeros(2 * frame.warpable.size)])


def bounds(frame: Frame, warped: bool = False) -> tuple[F, F]:
    """Return the box of theta, with or without a warp."""
    m = frame.varies.size
    sides = [(_SHORTEST, _LONGEST * math.sqrt(max(m, 1)))] * m + [_SIGNAL_BOUNDS, _EXCESS_BOUNDS]
    sides += [_GAP_BOUNDS] * frame.has_gap
    sides += [_WARP_BOUNDS] * (2 * frame.warpable.size * warped)
    low, high = np.log(np.array(sides)).T
    return np.ascontiguousarray(low), np.ascontiguousarray(high)


def log_prior(theta: F, frame: Frame) -> tuple[float, F]:
    """Return the log prior density of theta, and its gradient."""
    m = frame.varies.size
    slope = np.empty(theta.size)
    value, slope[:m] = _of_lengthscales(theta[:m], frame)
    for i, (log_density, derivative) in enumerate(_scalar_priors(theta[m:], frame)):
        value += log_density
        slope[m + i] = derivative
    location, scale = frame.settings.warp
    bent = (theta[frame.n_theta :] - location) / scale
    slope[frame.n_theta :] = -bent / scale
    return value - 0.5 * float(bent @ bent - bent.size * (location / scale) ** 2), slope


def _of_lengthscales(log_scale: F, frame: Frame) -> tuple[float, F]:
    if frame.settings.sparsity is not None:
        return priors.shrinkage(log_scale, frame.settings.sparsity)
    return priors.log_normal_mixture(log_scale - frame.shift, frame.settings.lengthscale)


def _scalar_priors(tail: F, frame: Frame) -> list[tuple[float, float]]:
    settings = frame.settings
    found = [
        priors.gamma(float(tail[0]), *settings.signal),
        priors.gamma(float(tail[1]), *settings.noise),
    ]
    if frame.has_gap:
        found.append(priors.log_normal(float(tail[2]), *settings.gap))
    return found
