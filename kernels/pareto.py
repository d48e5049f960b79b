"""Which rows no other row dominates, and which of them dominate most (everything minimised)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bayesopt._kernels.compiled import inner, kernel


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
            _against_front(Y, order, np.empty(order.size, dtype=np.int64), keep)
    return keep


@kernel
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


@kernel
def _against_front(
    Y: npt.NDArray[np.float64],
    order: npt.NDArray[np.int64],
    front: npt.NDArray[np.int64],
    keep: npt.NDArray[np.bool_],
) -> None:
    """Mark what no member of the front so far dominates; `front` [order.size] is scratch."""
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


@inner
def _dominates(Y: npt.NDArray[np.float64], a: int, b: int) -> bool:
    smaller = False
    for j in range(Y.shape[1]):
        if Y[a, j] > Y[b, j]:
            return False
        smaller |= Y[a, j] < Y[b, j]
    return smaller


def spread_subset(Y: npt.NDArray[np.float64], n: int) -> npt.NDArray[np.int64]:
    """Return up to `n` rows of a front Y [k, m] that dominate much together, the first ones most.

    Greedy hypervolume subset selection (Guerreiro, Fonseca and Paquete, "Greedy hypervolume subset
    selection in low dimensions", Evol. Comput. 24, 2016), the volume being counted in the points
    of a lattice and each objective replaced by its rank, so that no scale or infinity matters.
    O(n k points).
    """
    k, m = Y.shape
    ranks = np.empty((k, m))
    for j in range(m):
        _, ranks[:, j] = np.unique(Y[:, j], return_inverse=True)
    ranks = (ranks + 0.5) / (ranks.max(axis=0, initial=0) + 1.0)
    chosen = np.empty(min(n, k), dtype=np.int64)
    free, taken = np.ones(_LATTICE_POINTS, dtype=np.bool_), np.zeros(k, dtype=np.bool_)
    _choose(ranks, _lattice(_LATTICE_POINTS, m), free, taken, chosen)
    return chosen


_LATTICE_POINTS = 1024


def _lattice(n: int, m: int) -> npt.NDArray[np.float64]:
    """Return an even lattice in the unit cube, [n, m]: multiples of 1/x^j where x^(m+1) = x + 1."""
    root = 2.0
    for _ in range(64):
        root = (1.0 + root) ** (1.0 / (m + 1.0))
    steps = root ** -np.arange(1.0, m + 1.0)
    return np.asarray((0.5 + np.outer(np.arange(1.0, n + 1.0), steps)) % 1.0)


@kernel
def _choose(
    Y: npt.NDArray[np.float64],
    points: npt.NDArray[np.float64],
    free: npt.NDArray[np.bool_],
    taken: npt.NDArray[np.bool_],
    chosen: npt.NDArray[np.int64],
) -> None:
    """Fill in rows of Y, each dominating most of the points that no earlier one does.

    At first all points are `free` and no rows `taken`.
    """
    for r in range(chosen.size):
        best, most = -1, -1
        for i in range(Y.shape[0]):
            if not taken[i]:
                count = 0
                for p in range(points.shape[0]):
                    if free[p] and _covers(Y, i, points, p):
                        count += 1
                if count > most:
                    best, most = i, count
        taken[best] = True
        chosen[r] = best
        for p in range(points.shape[0]):
            free[p] &= not _covers(Y, best, points, p)


@inner
def _covers(Y: npt.NDArray[np.float64], i: int, points: npt.NDArray[np.float64], p: int) -> bool:
    covers = True
    for j in range(Y.shape[1]):
        covers &= Y[i, j] <= points[p, j]
    return covers
