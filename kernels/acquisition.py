"""Values of acquisitions and their partial derivatives by mean and variance, elementwise.

Minimisation: `best` is the value to improve on, and z = (best - mean) / σ. Bigger is better.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from bayesopt._kernels.compiled import kernel
from bayesopt._kernels.special import log_cdf, log_improvement

F = npt.NDArray[np.float64]


@kernel
def log_ei(mean: F, var: F, best: float, value: F, d_mean: F, d_var: F) -> None:
    """Fill in log E[max(best - f, 0)] = log σ + log h(z) and its partials."""
    for i in range(mean.size):
        sigma = math.sqrt(var[i])
        log_h, below, density = log_improvement((best - mean[i]) / sigma)
        value[i] = math.log(sigma) + log_h
        d_mean[i] = -below / sigma
        d_var[i] = 0.5 * density / var[i]


@kernel
def log_pi(mean: F, var: F, best: float, value: F, d_mean: F, d_var: F) -> None:
    """Fill in log P(f < best) = log Φ(z) and its partials."""
    for i in range(mean.size):
        sigma = math.sqrt(var[i])
        z = (best - mean[i]) / sigma
        value[i], slope = log_cdf(z)
        d_mean[i] = -slope / sigma
        d_var[i] = -0.5 * slope * z / var[i]


@kernel
def ucb(mean: F, var: F, beta: float, value: F, d_mean: F, d_var: F) -> None:
    """Fill in β σ - mean, the optimistic bound of an objective to minimise, and its partials."""
    for i in range(mean.size):
        sigma = math.sqrt(var[i])
        value[i] = beta * sigma - mean[i]
        d_mean[i] = -1.0
        d_var[i] = 0.5 * beta / sigma
