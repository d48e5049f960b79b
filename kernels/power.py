"""The Yeo-Johnson power transform and its most likely power.

Source: Yeo and Johnson, "A new family of power transformations to improve normality or symmetry",
Biometrika 87, 2000.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from bayesopt._kernels.compiled import inner, kernel

F = npt.NDArray[np.float64]

_LOW, _HIGH = -2.0, 4.0
_GOLDEN = 0.6180339887498949
_N_STEPS = 30  # leaves an interval of 3e-6
_NEAR = 1e-9  # of a power at which the formula is a logarithm


def transform(z: F, power: float) -> F:
    """Return the transform of z [n]; increasing in z, the identity for a power of 1."""
    return np.where(z >= 0.0, _raised(z, power), -_raised(-z, 2.0 - power))


def _raised(x: F, power: float) -> F:
    log = np.log1p(np.maximum(x, 0.0))
    return log if abs(power) < _NEAR else np.expm1(power * log) / power


def best_power(z: F) -> float:
    """Return the power in [-2, 4] under which z [n] is most likely normal, by golden section."""
    return float(_search(np.sign(z), np.log1p(np.abs(z)), np.empty(z.size)))


@kernel
def _search(sign: F, log: F, scratch: F) -> float:
    low, high = _LOW, _HIGH
    a, b = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
    at_a, at_b = _likelihood(sign, log, a, scratch), _likelihood(sign, log, b, scratch)
    for _ in range(_N_STEPS):
        if at_a >= at_b:
            high, b, at_b = b, a, at_a
            a = high - _GOLDEN * (high - low)
            at_a = _likelihood(sign, log, a, scratch)
        else:
            low, a, at_a = a, b, at_b
            b = low + _GOLDEN * (high - low)
            at_b = _likelihood(sign, log, b, scratch)
    return float(0.5 * (low + high))


@inner
def _likelihood(sign: F, log: F, power: float, scratch: F) -> float:
    """Return the profile log likelihood of a power, up to a constant."""
    n = log.size
    mean, jacobian = 0.0, 0.0
    for i in range(n):
        p = power if sign[i] >= 0.0 else 2.0 - power
        raised = log[i] if abs(p) < _NEAR else math.expm1(p * log[i]) / p
        scratch[i] = sign[i] * raised
        mean += scratch[i] / n
        jacobian += sign[i] * log[i]
    variance = 0.0
    for i in range(n):
        variance += (scratch[i] - mean) * (scratch[i] - mean) / n
    return float(-0.5 * n * math.log(variance) + (power - 1.0) * jacobian)
