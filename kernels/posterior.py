"""The posterior of a Gaussian process, given its Cholesky factor, and the factor's growth.

Factors are lower triangles in C order: a row is contiguous, so forward substitution is a chain of
dot products. ``K = L Lᵀ``, ``alpha = K⁻¹ y``.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from bayesopt._kernels.compiled import kernel_of_sums
from bayesopt._kernels.matern import NOMINAL

F = npt.NDArray[np.float64]
Rules = npt.NDArray[np.int8]


@kernel_of_sums
def append_row(L: F, n: int, k: F, prior: float, least: float) -> bool:
    """Fill in row n of a factor L, of which rows 0 to n - 1 are done; O(n²).

    `k` [n] or longer holds the new row's covariances with the others, `prior` is its own variance,
    noise included. Returns False where the pivot was not above `least` and `least` stands in for it
    (Golub and Van Loan, "Matrix Computations", 4th ed., §6.5.4).
    """
    total = 0.0
    for i in range(n):
        dot = 0.0
        for j in range(i):
            dot += L[i, j] * L[n, j]
        L[n, i] = (k[i] - dot) / L[i, i]
        total += L[n, i] * L[n, i]
    pivot = prior - total
    L[n, n] = math.sqrt(max(pivot, least))
    return bool(pivot > least)


@kernel_of_sums
def input_gradients(
    Zq: F,
    Aq: F,
    Z: F,
    rules: Rules,
    weight: F,
    slope: F,
    alpha: F,
    U: F,
    scratch: F,
    d_mean: F,
    d_var: F,
) -> None:
    """Fill in the gradients [m, d] of mean and variance by the query's coordinates; O(m n d).

    `slope` [m, n] is dk/d(r²), U [m, n] = K⁻¹ k of each query. NOMINAL columns and those that do
    not exist in a query get 0. `scratch` is [2, n].
    """
    n = Z.shape[1]
    by_mean, by_var = scratch[0], scratch[1]
    for i in range(Zq.shape[1]):
        for k in range(n):
            by_mean[k] = 2.0 * slope[i, k] * alpha[k]
            by_var[k] = -4.0 * slope[i, k] * U[i, k]
        for j in range(weight.size):
            first, second = 0.0, 0.0
            if weight[j] != 0.0 and not rules[j] & NOMINAL and Aq[j, i] != 0.0:
                u = Zq[j, i]
                for k in range(n):
                    delta = u - Z[j, k]
                    first += delta * by_mean[k]
                    second += delta * by_var[k]
            d_mean[i, j] = weight[j] * first
            d_var[i, j] = weight[j] * second
