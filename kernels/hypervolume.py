"""The volume that rows dominate up to a reference point, and what is left of it, cut into boxes.

Everything is minimised. The volume is that of While, Bradstreet and Barone ("A fast way of
calculating exact hypervolumes", IEEE Trans. Evol. Comput. 16, 2012): each row's own part, by
recursion over objectives. The boxes come from local upper bounds (Lacour, Klamroth and Fonseca,
"A box decomposition algorithm to compute the hypervolume indicator", Comput. Oper. Res. 79, 2017).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bayesopt._kernels.compiled import inner, kernel
from bayesopt._kernels.pareto import non_dominated

F = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]


def hypervolume(Y: F, reference: F) -> float:
    """Return the volume that rows Y [n, m] dominate together, up to `reference` [m].

    Rows that are not below the reference in every objective count for nothing. O(n log n) for two
    objectives, O(n² log n) for three, exponential in their number beyond.
    """
    inside = np.ascontiguousarray(Y[(reference > Y).all(axis=1)], dtype=np.float64)
    if not len(inside):
        return 0.0
    front, limit = inside[non_dominated(inside)], np.asarray(reference, dtype=np.float64)
    n, m = front.shape
    if m == 1:
        return float(limit[0] - front.min())
    rows, order = np.empty((m, n, m)), np.empty((m, n), dtype=np.int64)
    rows[0] = front
    return float(_volume(rows, order, limit, np.zeros((2, m), dtype=np.int64), np.zeros((2, m))))


def running_volumes(Y: F, reference: F) -> F:
    """Return the volume that the first row of Y [n, m], the first two, ... dominate, [n].

    O(n) beside the volume of each front on the way.
    """
    front, total, volumes = Y[:0], 0.0, np.zeros(len(Y))
    for i, row in enumerate(Y):
        if not (front <= row).all(axis=1).any():
            front = np.concatenate([front, row[None]])
            front = front[non_dominated(front)]
            total = max(total, hypervolume(front, reference))
        volumes[i] = total
    return volumes


@kernel
def _volume(rows: F, order: Numbers, reference: F, counts: Numbers, sums: F) -> float:
    """Return the volume of the rows of the first level.

    Level l holds rows in the first m - l columns: what the rows of the level before leave of the
    own part of one of them. The recursion is a walk up and down the levels: ``counts`` says how
    many rows a level has and how many of them are still to come, ``sums`` what it adds up to and
    what the present row alone would add.
    """
    m, level = rows.shape[2], 0
    counts[0, 0] = rows.shape[1]
    _enter(rows, order, counts, sums, level)
    while True:
        last = m - level - 1
        if last > 1 and counts[1, level]:
            # the worst in the last column first: what follows shares its height with each
            a = counts[1, level] - 1
            sums[1, level] = _own(rows, level, order[level, a], reference, last)
            counts[0, level + 1] = _limit(rows, order, level, a, last) if a else 0
            level += 1
            _enter(rows, order, counts, sums, level)
            continue
        found = sums[0, level]
        if last == 1:
            found = _area(rows, order, level, counts[0, level], reference)
        if level == 0:
            return float(found)
        level -= 1
        counts[1, level] -= 1
        row = order[level, counts[1, level]]
        height = reference[m - level - 1] - rows[level, row, m - level - 1]
        sums[0, level] += (sums[1, level] - found) * height


@inner
def _enter(rows: F, order: Numbers, counts: Numbers, sums: F, level: int) -> None:
    last = rows.shape[2] - level - 1
    sums[0, level], counts[1, level] = 0.0, counts[0, level]
    _sort(rows, order, level, counts[0, level], last if last > 1 else 0)


@inner
def _own(rows: F, level: int, i: int, reference: F, m: int) -> float:
    """Return the volume that one row dominates, in the first m columns."""
    volume = 1.0
    for j in range(m):
        volume *= reference[j] - rows[level, i, j]
    return volume


@inner
def _area(rows: F, order: Numbers, level: int, n: int, reference: F) -> float:
    """Return the volume of a level with two columns, sorted by the first."""
    total, lowest = 0.0, reference[1]
    for a in range(n):
        i = order[level, a]
        if rows[level, i, 1] < lowest:
            total += (reference[0] - rows[level, i, 0]) * (lowest - rows[level, i, 1])
            lowest = rows[level, i, 1]
    return total


@inner
def _sort(rows: F, order: Numbers, level: int, n: int, j: int) -> None:
    """Fill in the order of a level by column j: by insertion, since few rows are out of order."""
    for i in range(n):
        k = i
        while k > 0 and rows[level, order[level, k - 1], j] > rows[level, i, j]:
            order[level, k] = order[level, k - 1]
            k -= 1
        order[level, k] = i


@inner
def _limit(rows: F, order: Numbers, level: int, a: int, m: int) -> int:
    """Fill in what the first a rows, in order, dominate of that which row a does.

    At the next level, m columns, no row dominated; returns how many rows that are.
    """
    n, row, below = 0, order[level, a], level + 1
    for b in range(a):
        for j in range(m):
            rows[below, n, j] = max(rows[level, order[level, b], j], rows[level, row, j])
        is_needed = True
        for k in range(n):
            is_needed &= not _is_covered(rows, below, n, k, m)
        if is_needed:
            n_left = 0
            for k in range(n + 1):
                if k == n or not _is_covered(rows, below, k, n, m):
                    for j in range(m):
                        rows[below, n_left, j] = rows[below, k, j]
                    n_left += 1
            n = n_left
    return n


@inner
def _is_covered(rows: F, level: int, i: int, by: int, m: int) -> bool:
    covered = True
    for j in range(m):
        covered &= rows[level, by, j] <= rows[level, i, j]
    return covered


def free_boxes(Y: F, reference: F) -> tuple[F, F]:
    """Cut what rows Y [n, m] leave of the space below `reference` [m] into disjoint boxes.

    Returns their lower corners [k, m], minus infinity where there is no end, and upper ones [k, m].
    n + 1 boxes for two objectives, O(n) for three, O(n²) for four. The local upper bounds of the
    rows bound what is free; seen from above, they dominate it.
    """
    reference = np.asarray(reference, dtype=np.float64)
    inside = np.ascontiguousarray(Y[(reference > Y).all(axis=1)])
    front = inside[non_dominated(inside)]
    bounds, _ = _upper_bounds(front[np.lexsort(front.T)], reference)
    order = np.lexsort(-bounds.T)
    beyond = np.full(reference.size, np.inf)
    lower, upper = dominated_boxes(np.ascontiguousarray(-bounds[order]), beyond)
    return -upper, -lower


def dominated_boxes(Y: F, reference: F) -> tuple[F, F]:
    """Cut what rows Y [n, m] dominate below `reference` [m] into disjoint boxes.

    Returns lower [k, m] and upper corners [k, m].
    """
    bounds, defining = _upper_bounds(Y, reference)
    lower, upper = bounds.copy(), bounds.copy()
    upper[:, 0] = reference[0]
    for j in range(1, reference.size):
        lower[:, j] = defining[:, :j, j].max(axis=1)
    is_box = (lower < upper).all(axis=1)
    return lower[is_box], upper[is_box]


def _upper_bounds(Y: F, reference: F) -> tuple[F, F]:
    """Return the local upper bounds [k, m] of rows, and the rows that define them [k, m, m].

    Row j of the latter has the bound's value in objective j; before there is any, minus infinity
    in the others.
    """
    m, room = reference.size, 64
    while True:
        bounds, defining = np.empty((room, m)), np.full((room, m, m), -np.inf)
        bounds[0] = reference
        defining[0, np.arange(m), np.arange(m)] = reference
        n = _bound(np.ascontiguousarray(Y), bounds, defining)
        if n >= 0:
            return bounds[:n].copy(), defining[:n].copy()
        room *= 4


@kernel
def _bound(Y: F, bounds: F, defining: F) -> int:
    """Fill in the bounds of rows, of which the first is there; return how many, -1 if too many."""
    n, m = 1, bounds.shape[1]
    for i in range(Y.shape[0]):
        end = n
        for k in range(n):
            if not _is_below(Y, i, bounds, k):
                continue
            for j in range(m):
                if Y[i, j] >= _highest(defining, k, j):
                    if end == bounds.shape[0]:
                        return -1
                    _take(bounds, defining, k, end)
                    bounds[end, j] = Y[i, j]
                    for a in range(m):
                        defining[end, j, a] = Y[i, a]
                    end += 1
            bounds[k, 0] = np.nan  # is replaced
        n = 0
        for k in range(end):
            if bounds[k, 0] == bounds[k, 0]:
                _take(bounds, defining, k, n)
                n += 1
    return n


@inner
def _take(bounds: F, defining: F, source: int, target: int) -> None:
    """Copy one bound to another place."""
    m = bounds.shape[1]
    for j in range(m):
        bounds[target, j] = bounds[source, j]
        for a in range(m):
            defining[target, j, a] = defining[source, j, a]


@inner
def _is_below(Y: F, i: int, bounds: F, k: int) -> bool:
    below = True
    for j in range(Y.shape[1]):
        below &= Y[i, j] < bounds[k, j]
    return below


@inner
def _highest(defining: F, k: int, j: int) -> float:
    """Return the highest value in objective j of the rows that define bound k in the others."""
    highest = -np.inf
    for a in range(defining.shape[1]):
        if a != j:
            highest = max(highest, defining[k, a, j])
    return highest
