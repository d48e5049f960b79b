"""Covariances over rows of the unit cube, and what a fit needs of their derivatives.

Rows are stored by column: ``Z [d, n]`` holds coordinates and ``A [d, n]`` is 1.0 where the column
exists in the row and 0.0 where it does not. The scaled squared distance of two rows is

    r² = Σ_j weight_j δ_j²,   weight_j = 1 / lengthscale_j²,

where δ_j is the difference (METRIC) or whether they differ (NOMINAL). A column that exists in one
of two rows only (CONDITIONAL bit) adds `gap` besides: the row without it sits that far above the
middle of the others, at the coordinate ½ or the centre of the simplex (δ² = ½). So r² stays a
squared distance in a Euclidean space and K positive definite, which it would not be with one fixed
amount whatever the other row's coordinate: no point is equally far from three on a line.
A weight of zero switches a column off. Covariances are

    Matérn-5/2  signal (1 + s + s²/3) exp(-s),  s = √5 r
    Matérn-3/2  signal (1 + s) exp(-s),         s = √3 r
    RBF         signal exp(-r²/2)

plus `offset` everywhere: the variance of an unknown constant mean (Rasmussen and Williams, 2006,
§2.7 and §4.2).
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from bayesopt._kernels.compiled import inner, inner_of_sums, kernel, kernel_of_sums

F = npt.NDArray[np.float64]
Rules = npt.NDArray[np.int8]

MATERN52, MATERN32, RBF = 0, 1, 2
METRIC, NOMINAL, CONDITIONAL = 0, 1, 2
"""Rules of a column: METRIC or NOMINAL, plus CONDITIONAL if it exists in some rows only."""


@inner
def _add_choice(z: float, a: float, Z: F, A: F, n: int, weight: float, r2: F) -> None:
    """Add a choice z, if it exists (a = 1), and those of n rows."""
    for k in range(n):
        differs = a * A[k] if z != Z[k] else 0.0
        r2[k] += weight * (differs + 0.5 * abs(a - A[k]))


@inner
def covariances(r2: F, n: int, kernel: int, signal: float, k: F, slope: F) -> None:
    """Fill in k[:n] and slope[:n] = dk/d(r²) at squared distances r2[:n]."""
    if kernel == MATERN52:
        for i in range(n):
            s = math.sqrt(5.0 * r2[i])
            e = signal * math.exp(-s)
            k[i] = e * (1.0 + s + s * s / 3.0)
            slope[i] = -5.0 / 6.0 * e * (1.0 + s)
    elif kernel == MATERN32:
        for i in range(n):
            s = math.sqrt(3.0 * r2[i])
            e = signal * math.exp(-s)
            k[i] = e * (1.0 + s)
            slope[i] = -1.5 * e
    else:
        for i in range(n):
            k[i] = signal * math.exp(-0.5 * r2[i])
            slope[i] = -0.5 * k[i]


def fill_gram(
    Z: F,
    A: F,
    rules: Rules,
    weight: F,
    gap: float,
    signal: float,
    offset: float,
    noise: float,
    kernel: int,
    K: F,
    slope: F,
) -> None:
    """Fill in the lower triangles of K [n, n] (noise on the diagonal) and of dK/d(r²).

    O(n² d) time, no memory beyond one row.
    """
    fill_cross(Z, A, Z, A, rules, weight, gap, signal, offset, kernel, K, slope, lower=True)
    np.fill_diagonal(K, signal + offset + noise)
    np.fill_diagonal(slope, 0.0)


def fill_cross(
    Zq: F,
    Aq: F,
    Z: F,
    A: F,
    rules: Rules,
    weight: F,
    gap: float,
    signal: float,
    offset: float,
    kernel: int,
    K: F,
    slope: F,
    lower: bool = False,
) -> None:
    """Fill in K [m, n] = k(query, row) and its slopes by r²; Zq, Aq are [d, m].

    With `lower` only what is below the diagonal.
    """
    r2 = np.empty(Z.shape[1])
    _fill(Zq, Aq, Z, A, rules, weight, gap, signal, offset, kernel, lower, r2, K, slope)


@kernel
def _fill(
    Zq: F,
    Aq: F,
    Z: F,
    A: F,
    rules: Rules,
    weight: F,
    gap: float,
    signal: float,
    offset: float,
    kernel: int,
    lower: bool,
    r2: F,
    K: F,
    slope: F,
) -> None:
    for i in range(Zq.shape[1]):
        n = i if lower else Z.shape[1]
        for k in range(n):
            r2[k] = 0.0
        for j in range(weight.size):
            w, z, a = weight[j], Zq[j, i], Aq[j, i]
            if w == 0.0:
                continue
            if rules[j] & NOMINAL:
                _add_choice(z, a, Z[j], A[j], n, w, r2)
            else:
                for k in range(n):
                    delta = z - Z[j, k]
                    r2[k] += w * (delta * delta)
            if rules[j] & CONDITIONAL:
                for k in range(n):
                    r2[k] += gap * abs(a - A[j, k])
        covariances(r2, n, kernel, signal, K[i], slope[i])
        if offset != 0.0:
            for k in range(n):
                K[i, k] += offset


@kernel_of_sums
def contract_gram(
    Z: F,
    A: F,
    rules: Rules,
    weight: F,
    slope: F,
    inverse: F,
    alpha: F,
    h: F,
    by_column: F,
) -> tuple[float, float, float]:
    """Contract W = α αᵀ - K⁻¹ with the derivatives of K, in O(n² d) time; `h` [n] is scratch.

    Fills ``by_column[j]`` with ½ Σ_ab W_ab ∂K_ab/∂weight_j and returns ½ Σ_ab W_ab ∂K_ab/∂gap,
    the trace of K⁻¹ and the sum of all of its elements. `slope` and `inverse` are read in their
    lower triangles only.
    """
    n = alpha.size
    for j in range(weight.size):
        by_column[j] = 0.0
    by_gap, trace, total = 0.0, 0.0, 0.0
    for i in range(n):
        row = 0.0
        for k in range(i):
            row += inverse[i, k]
            h[k] = (alpha[i] * alpha[k] - inverse[i, k]) * slope[i, k]
        trace += inverse[i, i]
        total += 2.0 * row + inverse[i, i]
        for j in range(weight.size):
            if weight[j] == 0.0:
                continue
            if rules[j] & NOMINAL:
                by_column[j] += _contract_choice(h, Z[j], A[j], i)
            else:
                by_column[j] += _contract_column(h, Z[j], i)
            if rules[j] & CONDITIONAL:
                for k in range(i):
                    by_gap += h[k] * abs(A[j, i] - A[j, k])
    return by_gap, trace, total


@inner_of_sums
def _contract_column(h: F, column: F, i: int) -> float:
    found = 0.0
    for k in range(i):
        delta = column[i] - column[k]
        found += h[k] * (delta * delta)
    return found


@inner_of_sums
def _contract_choice(h: F, column: F, A: F, i: int) -> float:
    found = 0.0
    for k in range(i):
        differs = A[i] * A[k] if column[i] != column[k] else 0.0
        found += h[k] * (differs + 0.5 * abs(A[i] - A[k]))
    return found


@kernel
def contract_places(
    Z: F, rules: Rules, weight: F, slope: F, inverse: F, alpha: F, h: F, by_place: F
) -> None:
    """Add ½ Σ_ab W_ab ∂K_ab/∂Z [d, n], W = α αᵀ - K⁻¹; 0 of NOMINAL columns; O(n² d).

    `h` [n] is scratch.
    """
    for i in range(alpha.size):
        for k in range(i):
            h[k] = 2.0 * (alpha[i] * alpha[k] - inverse[i, k]) * slope[i, k]
        for j in range(weight.size):
            if weight[j] == 0.0 or rules[j] & NOMINAL:
                continue
            total = 0.0
            for k in range(i):
                change = weight[j] * h[k] * (Z[j, i] - Z[j, k])
                total += change
                by_place[j, k] -= change
            by_place[j, i] += total
