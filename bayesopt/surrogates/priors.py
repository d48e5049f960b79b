"""Priors of hyperparameters: log densities and their derivatives, up to constants.

Densities are those of the quantity itself; derivatives are by its logarithm, which is what a fit
moves.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

F = npt.NDArray[np.float64]


def log_normal(log_x: float, location: float, scale: float) -> tuple[float, float]:
    """Return log density of LogNormal(location, scale) at exp(log_x), and d / d log_x."""
    z = (log_x - location) / scale
    return -0.5 * z * z - log_x, -z / scale - 1.0


def gamma(log_x: float, shape: float, rate: float) -> tuple[float, float]:
    """Return log density of Gamma(shape, rate) at exp(log_x), and d / d log_x."""
    x = math.exp(log_x)
    return (shape - 1.0) * log_x - rate * x, (shape - 1.0) - rate * x


def log_normal_mixture(
    log_x: F, components: Sequence[tuple[float, float, float]]
) -> tuple[float, F]:
    """Return the sum over columns of a mixture's log density, and d / d log_x [d].

    Parameters
    ----------
    log_x : float64 array [d]
    components : sequence of (weight, location, scale)
    """
    weight, location, scale = np.array(components).T
    z = (log_x[:, None] - location) / scale
    logs = -0.5 * z * z + np.log(weight / scale)
    highest = logs.max(axis=1)
    shares = np.exp(logs - highest[:, None])
    total = shares.sum(axis=1)
    slope = -(shares * z / scale).sum(axis=1) / total - 1.0
    return float((highest + np.log(total) - log_x).sum()), slope
