"""Which rows no other row dominates (everything is minimised)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit


def non_dominated(Y: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Return a mask of the rows of Y [n, m] that no row dominates; no NaN.

    Row a dominates row b if it is nowhere larger and somewhere smaller, so equal rows both stay.
    Sorted lexicographically no row is dominated by a later one: two columns need one sweep,
    O(n log n); more are compared with the front so far, O(n front m) (Kung, Luccio and Preparata,
    "On finding the maxima of a set of vectors", J. ACM 22, 1975).
    """
    keep = np.zeros(Y.shape[0], dtype=np.bool_)
    if Y.shape[0]:
        order = np.lexsort(Y.T[::-1])
        if Y.shape[1] <= 2:
            _sweep(Y, order, keep)
        else:
            _against_front(Y, order, keep)
    return keep


@njit(cache=True)
def _sweep(
    Y: npt.NDArray[np.float64], order: npt.NDArray[np.int64], keep: npt.NDArray[np.bool_]
) -> None:
    """Mark what is better in the last column than all before it, and copies of such rows."""
    m = Y.shape[1]
    least = order[0]
    keep[least] = True
    for i in order[1:]:
        equal = Y[i, 0] == Y[least, 0] and Y[i, m - 1] == Y[least, m - 1]
        if equal or (m == 2 and Y[i, 1] < Y[least, 1]):
            keep[i] = True
            least = i


@njit(cache=True)
def _against_front(
    Y: npt.NDArray[np.float64], order: npt.NDArray[np.int64], keep: npt.NDArray[np.bool_]
) -> None:
    """Mark what no member of the front so far dominates."""
    front = np.empty(order.size, dtype=np.int64)
    n_front = 0
    for i in order:
        dominated = False
        for k in range(n_front):
            if _dominates(Y, front[k], i):
                dominated = True
                # what dominates one row often dominates the next as well: look there first
                front[k], front[0] = front[0], front[k]
                break
        if not dominated:
            keep[i] = True
            front[n_front] = i
            n_front += 1


@njit(cache=True)
def _dominates(Y: npt.NDArray[np.float64], a: int, b: int) -> bool:
    smaller = False
    for j in range(Y.shape[1]):
        if Y[a, j] > Y[b, j]:
            return False
        smaller |= Y[a, j] < Y[b, j]
    return smaller
