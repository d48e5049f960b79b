"""The Yeo-Johnson power transform and its most likely power.

Source: Yeo and Johnson, "A new family of power transformations to improve normality or symmetry",
Biometrika 87, 2000.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bayesopt._kernels.compiled import inner, kernel

F = npt.NDArray[np.float64]

_LOW, _HIGH = -2.0, 4.0
_GOLDEN = 0.6180339887498949
_N_STEPS = 30  # leaves an interval of 3e-6
_NEAR = 1e-9  # of a power at which the formula is a logarithm


@kernel
def transform(z: F, power: float, out: F) -> None:
    """Fill in the transform of z [n]; increasing in z, the identity for a power of 1."""
    for i in range(z.size):
        if z[i] >= 0.0:
            out[i] = _raised(z[i], power)
        else:
            out[i] = -_raised(-z[i], 2.0 - power)


@inner
def _raised(x: float, power: float) -> float:
    if abs(power) < _NEAR:
        return float(np.log1p(x))
    return float(np.expm1(power * np.log1p(x)) / power)


@kernel
def best_power(z: F) -> float:
    """Return the power in [-2, 4] under which z [n] is most likely normal, by golden section."""
    scratch = np.empty(z.size)
    jacobian = 0.0
    for x in z:
        jacobian += np.sign(x) * np.log1p(abs(x))
    low, high = _LOW, _HIGH
    a, b = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
    at_a, at_b = _likelihood(z, a, jacobian, scratch), _likelihood(z, b, jacobian, scratch)
    for _ in range(_N_STEPS):
        if at_a >= at_b:
            high, b, at_b = b, a, at_a
            a = high - _GOLDEN * (high - low)
            at_a = _likelihood(z, a, jacobian, scratch)
        else:
            low, a, at_a = a, b, at_b
            b = low + _GOLDEN * (high - low)
            at_b = _likelihood(z, b, jacobian, scratch)
    return float(0.5 * (low + high))


@inner
def _likelihood(z: F, power: float, jacobian: float, scratch: F) -> float:
    """Return the profile log likelihood of a power, up to a constant."""
    transform(z, power, scratch)
    n = z.size
    mean = 0.0
    for x in scratch:
        mean += x / n
    variance = 0.0
    for x in scratch:
        variance += (x - mean) * (x - mean) / n
    return float(-0.5 * n * np.log(variance) + (power - 1.0) * jacobian)
