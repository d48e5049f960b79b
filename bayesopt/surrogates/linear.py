"""Triangular factors through LAPACK, in place where it can be, with a jitter ladder.

Matrices are C-ordered lower triangles; their transposes are the Fortran-ordered upper triangles
that LAPACK takes without a copy.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.linalg.blas import dtrsm
from scipy.linalg.lapack import dpotrf, dpotri, dpotrs

F = npt.NDArray[np.float64]

JITTERS = (1e-8, 1e-7, 1e-6, 1e-5, 1e-4)


def factor(K: F) -> bool:
    """Turn the lower triangle of K [n, n] into its Cholesky factor, in place; O(n³).

    Returns False where K is not numerically positive definite; K is spoilt then.
    """
    return K.size == 0 or dpotrf(K.T, lower=0, clean=0, overwrite_a=1)[1] == 0


def solve(L: F, y: F) -> F:
    """Return (L Lᵀ)⁻¹ y [n]; O(n²)."""
    return dpotrs(L.T, y, lower=0)[0] if L.size else np.empty(0)


def invert(L: F) -> None:
    """Turn a factor L into the lower triangle of (L Lᵀ)⁻¹, in place; O(n³)."""
    if L.size:
        dpotri(L.T, lower=0, overwrite_c=1)


def forward(L: F, B: F) -> F:
    """Return B L⁻ᵀ, that is L⁻¹ b of every row b of B [m, n]; O(n² m)."""
    return _substitute(L, B, transposed=1)


def backward(L: F, B: F) -> F:
    """Return B L⁻¹, that is L⁻ᵀ b of every row b of B [m, n]; O(n² m)."""
    return _substitute(L, B, transposed=0)


def _substitute(L: F, B: F, transposed: int) -> F:
    if not B.size:
        return B.copy()
    # B [m, n] in C order is Bᵀ [n, m] to BLAS, and L is U = Lᵀ: L⁻¹ Bᵀ = U⁻ᵀ Bᵀ
    found: F = dtrsm(1.0, L.T, B.T, side=0, lower=0, trans_a=transposed)
    return found.T
