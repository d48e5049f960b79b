"""Hyperparameters of the Gaussian process, and the vector that a fit moves."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bayesopt._kernels.matern import CONDITIONAL, MATERN32, MATERN52, RBF
from bayesopt.surrogates import priors
from bayesopt.surrogates.settings import GPSettings

F = npt.NDArray[np.float64]

KERNELS = {"matern52": MATERN52, "matern32": MATERN32, "rbf": RBF}
_DEFAULT_LENGTHSCALE = 0.5
_SHORTEST, _LONGEST = 0.025, 50.0  # the latter times √d
_SIGNAL_BOUNDS = (0.05, 20.0)
_EXCESS_BOUNDS = (1e-9, 2.0)
_GAP_BOUNDS = (1e-3, 20.0)


@dataclass(frozen=True, eq=False)
class Frame:
    """What a fit does not move.

    Attributes
    ----------
    rules : int8 array [d]
        How columns are compared, see ``bayesopt._kernels.matern``.
    varies : int64 array
        Columns with more than one value: each has a lengthscale.
    settings : GPSettings
    """

    rules: npt.NDArray[np.int8]
    varies: npt.NDArray[np.int64]
    settings: GPSettings

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
        """Length of the vector that a fit moves."""
        return int(self.varies.size) + 2 + self.has_gap


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
    """

    weight: F
    signal: float
    noise: float
    gap: float

    @property
    def lengthscale(self) -> F:
        """Lengthscales [d]; infinite of a column that does not vary."""
        scale = np.full(self.weight.size, np.inf)
        used = self.weight > 0.0
        scale[used] = self.weight[used] ** -0.5
        return scale


def to_hyper(theta: F, frame: Frame) -> Hyper:
    """Read hyperparameters from (log lengthscales, log signal, log excess noise[, log gap])."""
    m = frame.varies.size
    weight = np.zeros(frame.d)
    weight[frame.varies] = np.exp(-2.0 * theta[:m])
    noise = frame.settings.noise_floor + math.exp(theta[m + 1])
    gap = math.exp(theta[m + 2]) if frame.has_gap else 1.0
    return Hyper(weight, math.exp(theta[m]), noise, gap)


def default_theta(frame: Frame, lengthscale: float = _DEFAULT_LENGTHSCALE) -> F:
    """Return where a fit starts: signal 1, noise at its prior mean, one lengthscale for all."""
    m = frame.varies.size
    shape, rate = frame.settings.noise
    theta = np.full(frame.n_theta, math.log(lengthscale))
    theta[m], theta[m + 1] = 0.0, math.log(0.1 * shape / rate)
    if frame.has_gap:
        theta[m + 2] = frame.settings.gap[0]
    return theta


def bounds(frame: Frame) -> tuple[F, F]:
    """Return the box of theta."""
    m = frame.varies.size
    sides = [(_SHORTEST, _LONGEST * math.sqrt(max(m, 1)))] * m + [_SIGNAL_BOUNDS, _EXCESS_BOUNDS]
    sides += [_GAP_BOUNDS] * frame.has_gap
    low, high = np.log(np.array(sides)).T
    return np.ascontiguousarray(low), np.ascontiguousarray(high)


def log_prior(theta: F, frame: Frame) -> tuple[float, F]:
    """Return the log prior density of theta, and its gradient."""
    m = frame.varies.size
    slope = np.empty(theta.size)
    value, slope[:m] = priors.log_normal_mixture(theta[:m], frame.settings.lengthscale)
    for i, (log_density, derivative) in enumerate(_scalar_priors(theta[m:], frame)):
        value += log_density
        slope[m + i] = derivative
    return value, slope


def _scalar_priors(tail: F, frame: Frame) -> list[tuple[float, float]]:
    settings = frame.settings
    found = [
        priors.gamma(float(tail[0]), *settings.signal),
        priors.gamma(float(tail[1]), *settings.noise),
    ]
    if frame.has_gap:
        found.append(priors.log_normal(float(tail[2]), *settings.gap))
    return found
