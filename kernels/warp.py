"""Kumaraswamy's warp of the unit interval, w(x) = 1 - (1 - x^a)^b, and its derivatives.

Source: Snoek, Swersky, Zemel and Adams, "Input warping for Bayesian optimization of non-stationary
functions", ICML 2014, with Kumaraswamy's distribution for the beta's.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from bayesopt._kernels.compiled import kernel

F = npt.NDArray[np.float64]

_EDGE = 1e-6  # coordinates nearer to 0 or 1 count as this far: slopes stay finite


@kernel
def warp_columns(Z: F, a: F, b: F, out: F, slope: F) -> None:
    """Fill in w(Z) [d, n] and dw/dx; columns with a = b = 1 stay as they are."""
    for j in range(Z.shape[0]):
        for i in range(Z.shape[1]):
            if a[j] == 1.0 and b[j] == 1.0:
                out[j, i], slope[j, i] = Z[j, i], 1.0
                continue
            x = min(max(Z[j, i], _EDGE), 1.0 - _EDGE)
            raised = math.exp(a[j] * math.log(x))
            log_rest = math.log1p(-raised)
            out[j, i] = -math.expm1(b[j] * log_rest)
            rest = math.exp((b[j] - 1.0) * log_rest)
            slope[j, i] = a[j] * b[j] * raised / x * rest


@kernel
def contract_warp(Z: F, a: F, b: F, by_place: F, by_log_a: F, by_log_b: F) -> None:
    """Fill in the derivatives [d] by log a and log b, given those by w(Z) [d, n]."""
    for j in range(Z.shape[0]):
        by_log_a[j] = by_log_b[j] = 0.0
        for i in range(Z.shape[1]):
            x = min(max(Z[j, i], _EDGE), 1.0 - _EDGE)
            log_x = math.log(x)
            raised = math.exp(a[j] * log_x)
            log_rest = math.log1p(-raised)
            rest = math.exp(b[j] * log_rest)
            by_a = b[j] * rest / (1.0 - raised) * raised * log_x
            by_log_a[j] += by_place[j, i] * a[j] * by_a
            by_log_b[j] -= by_place[j, i] * b[j] * rest * log_rest
