"""The normal distribution far out in its tails: log cdf, and the integrals that acquisitions need.

Below ``_TAIL`` everything goes through Laplace's continued fraction of Mills' ratio
(Abramowitz and Stegun, 1964, 26.2.14),

    R(x) = (1 - Φ(x)) / φ(x) = 1 / (x + c(x)),   c(x) = 1 / (x + 2 / (x + 3 / (x + …))),

which gives the expected improvement without cancellation, as 1 - x R(x) = c(x) R(x)
(compare Ament et al., "Unexpected improvements to expected improvement", arXiv 2310.20708).
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from numba import njit

F = npt.NDArray[np.float64]

LOG_SQRT_2PI = 0.9189385332046727
_INV_SQRT_2PI = 0.3989422804014327
_SQRT_HALF = 0.7071067811865476
_TAIL = -4.0
_N_TERMS = 40  # exact to rounding from |z| = 4 on


@njit(cache=True, error_model="numpy")
def pdf(z: float) -> float:
    """Return φ(z)."""
    return _INV_SQRT_2PI * math.exp(-0.5 * z * z)


@njit(cache=True, error_model="numpy")
def cdf(z: float) -> float:
    """Return Φ(z), 0 below about -38."""
    return 0.5 * math.erfc(-z * _SQRT_HALF)


@njit(cache=True, error_model="numpy")
def _continued(x: float) -> float:
    """Return c(x) of x >= 4."""
    c = 0.0
    for k in range(_N_TERMS, 0, -1):
        c = k / (x + c)
    return c


@njit(cache=True, error_model="numpy")
def log_cdf(z: float) -> tuple[float, float]:
    """Return log Φ(z) and its derivative φ(z) / Φ(z)."""
    if z < _TAIL:
        slope = _continued(-z) - z
        return -0.5 * z * z - LOG_SQRT_2PI - math.log(slope), slope
    if z > 0.0:
        above = 0.5 * math.erfc(z * _SQRT_HALF)
        return math.log1p(-above), pdf(z) / (1.0 - above)
    below = cdf(z)
    return math.log(below), pdf(z) / below


@njit(cache=True, error_model="numpy")
def log_improvement(z: float) -> tuple[float, float, float]:
    """Return log h(z), Φ(z) / h(z) and φ(z) / h(z) of h(z) = φ(z) + z Φ(z).

    h is the expected improvement of a standard normal, and h' = Φ.
    """
    if z < _TAIL:
        x = -z
        c = _continued(x)
        return -0.5 * x * x - LOG_SQRT_2PI + math.log(c / (x + c)), 1.0 / c, (x + c) / c
    density, below = pdf(z), cdf(z)
    h = density + z * below
    return math.log(h), below / h, density / h


@njit(cache=True, error_model="numpy")
def log_cdfs(z: F, value: F, slope: F) -> None:
    """Fill in log Φ(z) and its derivative, elementwise."""
    for i in range(z.size):
        value[i], slope[i] = log_cdf(z[i])
