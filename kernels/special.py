"""The normal distribution: its tails, quantiles, and the integrals that acquisitions need.

``exp_small`` and ``upper_tail`` consist of arithmetic alone, so that loops over them become vector
instructions, and are exact to an ulp of 1 (their use is in sums that hold a 1). ``log_cdf`` and
``log_improvement`` are exact in relative terms, however far out: below ``_TAIL_FROM`` they go
through Laplace's continued fraction of Mills' ratio (Abramowitz and Stegun, 1964, 26.2.14),

    R(x) = (1 - Φ(x)) / φ(x) = 1 / (x + c(x)),   c(x) = 1 / (x + 2 / (x + 3 / (x + …))),

which gives the expected improvement without cancellation, as 1 - x R(x) = c(x) R(x)
(compare Ament et al., "Unexpected improvements to expected improvement", arXiv 2310.20708).
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from bayesopt._kernels.compiled import inner, kernel

F = npt.NDArray[np.float64]

_LOG_SQRT_2PI = 0.9189385332046727
_INV_SQRT_2PI = 0.3989422804014327
_SQRT_HALF = 0.7071067811865476
_TAIL_FROM = -4.0
_N_TERMS = 40  # exact to rounding from |z| = 4 on
_LEAST = 1e-300  # a probability with a quantile

# Wichura, "Algorithm AS 241: The Percentage Points of the Normal Distribution", Appl. Stat. 37,
# 1988: numerators and denominators of three rational approximations, highest power first.
_CENTRE_NUMERATOR = (
    2.5090809287301226727e3,
    3.3430575583588128105e4,
    6.7265770927008700853e4,
    4.5921953931549871457e4,
    1.3731693765509461125e4,
    1.9715909503065514427e3,
    1.3314166789178437745e2,
    3.3871328727963666080e0,
)
_CENTRE_DENOMINATOR = (
    5.2264952788528545610e3,
    2.8729085735721942674e4,
    3.9307895800092710610e4,
    2.1213794301586595867e4,
    5.3941960214247511077e3,
    6.8718700749205790830e2,
    4.2313330701600911252e1,
    1.0,
)
_MIDDLE_NUMERATOR = (
    7.74545014278341407640e-4,
    2.27238449892691845833e-2,
    2.41780725177450611770e-1,
    1.27045825245236838258e0,
    3.64784832476320460504e0,
    5.76949722146069140550e0,
    4.63033784615654529590e0,
    1.42343711074968357734e0,
)
_MIDDLE_DENOMINATOR = (
    1.05075007164441684324e-9,
    5.47593808499534494600e-4,
    1.51986665636164571966e-2,
    1.48103976427480074590e-1,
    6.89767334985100004550e-1,
    1.67638483018380384940e0,
    2.05319162663775882187e0,
    1.0,
)
_TAIL_NUMERATOR = (
    2.01033439929228813265e-7,
    2.71155556874348757815e-5,
    1.24266094738807843860e-3,
    2.65321895265761230930e-2,
    2.96560571828504891230e-1,
    1.78482653991729133580e0,
    5.46378491116411436990e0,
    6.65790464350110377720e0,
)
_TAIL_DENOMINATOR = (
    2.04426310338993978564e-15,
    1.42151175831644588870e-7,
    1.84631831751005468180e-5,
    7.86869131145613259100e-4,
    1.48753612908506148525e-2,
    1.36929880922735805310e-1,
    5.99832206555887937690e-1,
    1.0,
)


# Least-maximum fit of Mills' ratio, upper_tail(z) / exp(-z²/2), on 0 <= z <= 9 by a polynomial in
# (z - 6) / (z + 6), lowest power first; error 3e-16.
_T0 = 0.06477931432444685
_T1 = -0.12319673345701913
_T2 = 0.10583149345046704
_T3 = -0.0819060397991729
_T4 = 0.0568231526356504
_T5 = -0.03505453982444038
_T6 = 0.018987678922887427
_T7 = -0.008846436174678998
_T8 = 0.0034179288592853436
_T9 = -0.0010134437795905095
_T10 = 0.00018038814958645024
_T11 = 1.232392850480096e-05
_T12 = -2.0828082744122637e-05
_T13 = 4.711979751734539e-06
_T14 = -6.029876780695652e-07
_T15 = -1.6252150583518436e-06
_T16 = -3.0761360512668583e-07


@inner
def exp_small(x: float) -> float:
    """Return exp(x) for x <= 0, to an ulp of 1; 0 below -40.

    Taylor's series of exp(x / 256) - 1 and eight doublings by expm1(2 y) = expm1(y) (2 + expm1(y)),
    which keep what is small exact.
    """
    y = max(x, -40.0) * 0.00390625
    y2 = y * y
    y4 = y2 * y2
    # in pairs of pairs, which are computed side by side
    low = (1.0 + y * (1.0 / 2.0)) + y2 * (1.0 / 6.0 + y * (1.0 / 24.0))
    middle = (1.0 / 120.0 + y * (1.0 / 720.0)) + y2 * (1.0 / 5040.0 + y * (1.0 / 40320.0))
    high = 1.0 / 362880.0 + y * (1.0 / 3628800.0)
    q = y * (low + y4 * (middle + y4 * high))
    q = q * (2.0 + q)
    q = q * (2.0 + q)
    q = q * (2.0 + q)
    q = q * (2.0 + q)
    q = q * (2.0 + q)
    q = q * (2.0 + q)
    q = q * (2.0 + q)
    q = q * (2.0 + q)
    return 1.0 + q if x > -40.0 else 0.0


@inner
def upper_tail(z: float) -> float:
    """Return the standard normal probability of [z, inf) for z >= 0, to an ulp of 1."""
    far = min(z, 9.0)
    t = (far - 6.0) / (far + 6.0)
    ratio = _T13 + t * (_T14 + t * (_T15 + t * _T16))
    ratio = _T9 + t * (_T10 + t * (_T11 + t * (_T12 + t * ratio)))
    ratio = _T5 + t * (_T6 + t * (_T7 + t * (_T8 + t * ratio)))
    ratio = _T0 + t * (_T1 + t * (_T2 + t * (_T3 + t * (_T4 + t * ratio))))
    return ratio * exp_small(-0.5 * far * far)


@inner
def ndtri(p: float) -> float:
    """Return the quantile of the standard normal distribution at 0 < p < 1 (AS 241, 1e-16)."""
    q = p - 0.5
    if abs(q) <= 0.425:
        r = 0.180625 - q * q
        return q * _ratio(r, _CENTRE_NUMERATOR, _CENTRE_DENOMINATOR)
    r = math.sqrt(-math.log(p if q < 0.0 else 1.0 - p))
    if r <= 5.0:
        x = _ratio(r - 1.6, _MIDDLE_NUMERATOR, _MIDDLE_DENOMINATOR)
    else:
        x = _ratio(r - 5.0, _TAIL_NUMERATOR, _TAIL_DENOMINATOR)
    return -x if q < 0.0 else x


@inner
def _ratio(r: float, numerator: tuple[float, ...], denominator: tuple[float, ...]) -> float:
    above, below = 0.0, 0.0
    for i in range(len(numerator)):
        above = above * r + numerator[i]
        below = below * r + denominator[i]
    return above / below


@inner
def truncated_normal(u: float, mean: float, precision: float, below: float, above: float) -> float:
    """Return the quantile at 0 <= u < 1 of a normal on [0, 1], its mean being inside.

    `below` and `above` are its tails beyond the interval: ``upper_tail(mean * precision)`` and
    ``upper_tail((1 - mean) * precision)``.
    """
    mass = 1.0 - (below + above)
    p, q = below + u * mass, above + (1.0 - u) * mass
    # the smaller tail is the one that is known exactly
    z = ndtri(max(p, _LEAST)) if p <= 0.5 else -ndtri(max(q, _LEAST))
    return min(max(mean + z / precision, 0.0), 1.0)


@inner
def pdf(z: float) -> float:
    """Return φ(z)."""
    return _INV_SQRT_2PI * math.exp(-0.5 * z * z)


@inner
def cdf(z: float) -> float:
    """Return Φ(z), 0 below about -38."""
    return 0.5 * math.erfc(-z * _SQRT_HALF)


@inner
def _continued(x: float) -> float:
    """Return c(x) of x >= 4."""
    c = 0.0
    for k in range(_N_TERMS, 0, -1):
        c = k / (x + c)
    return c


@inner
def log_cdf(z: float) -> tuple[float, float]:
    """Return log Φ(z) and its derivative φ(z) / Φ(z)."""
    if z < _TAIL_FROM:
        slope = _continued(-z) - z
        return -0.5 * z * z - _LOG_SQRT_2PI - math.log(slope), slope
    if z > 0.0:
        above = 0.5 * math.erfc(z * _SQRT_HALF)
        return math.log1p(-above), pdf(z) / (1.0 - above)
    below = cdf(z)
    return math.log(below), pdf(z) / below


@inner
def log_improvement(z: float) -> tuple[float, float, float]:
    """Return log h(z), Φ(z) / h(z) and φ(z) / h(z) of h(z) = φ(z) + z Φ(z).

    h is the expected improvement of a standard normal, and h' = Φ.
    """
    if z < _TAIL_FROM:
        x = -z
        c = _continued(x)
        return -0.5 * x * x - _LOG_SQRT_2PI + math.log(c / (x + c)), 1.0 / c, (x + c) / c
    density, below = pdf(z), cdf(z)
    h = density + z * below
    return math.log(h), below / h, density / h


@kernel
def log_cdfs(z: F, value: F, slope: F) -> None:
    """Fill in log Φ(z) and its derivative, elementwise."""
    for i in range(z.size):
        value[i], slope[i] = log_cdf(z[i])
