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

_HALVINGS = 50  # of where the most likely global scale may lie


def log_normal(log_x: float, location: float, scale: float) -> tuple[float, float]:
    """Return log density of LogNormal(location, scale) at exp(log_x), and d / d log_x."""
    z = (log_x - location) / scale
    return -0.5 * z * z - log_x, -z / scale - 1.0


def gamma(log_x: float, shape: float, rate: float) -> tuple[float, float]:
    """Return log density of Gamma(shape, rate) at exp(log_x), and d / d log_x."""
    x = math.exp(log_x)
    return (shape - 1.0) * log_x - rate * x, (shape - 1.0) - rate * x


def shrinkage(log_x: F, scale: float) -> tuple[float, F]:
    """Return the sum over columns of a sparse prior of lengthscales, and d / d log_x [d].

    With ρ = 1 / x² of each column, ρ ~ HalfCauchy(τ) and τ ~ HalfCauchy(`scale`): most columns
    matter little, a few as much as they like (Eriksson and Jankowiak, 2021). Densities here are
    those of log ρ and log τ, ``-log cosh`` of the distance, so that no mass piles up at ρ = 0; τ is
    the most likely one given the ρ, which leaves the derivative by each ρ as it is.

    Parameters
    ----------
    log_x : float64 array [d]
    scale : float
    """
    log_rho, center = -2.0 * np.asarray(log_x), math.log(scale)
    low, high = (
        min(float(log_rho.min(initial=center)), center),
        max(float(log_rho.max(initial=center)), center),
    )
    for _ in range(_HALVINGS):  # the slope by log τ falls
        middle = 0.5 * (low + high)
        if float(np.tanh(log_rho - middle).sum()) > math.tanh(middle - center):
            low = middle
        else:
            high = middle
    log_tau = 0.5 * (low + high)
    apart = np.append(log_rho - log_tau, log_tau - center)
    value = -float((np.logaddexp(apart, -apart) - math.log(2.0)).sum())
    return value, 2.0 * np.tanh(log_rho - log_tau)


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
