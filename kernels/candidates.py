"""Where a search looks first: spread points, points around known ones, and single changes.

What NumPy does as fast as a kernel is left to it, and need not be compiled.

Random numbers are drawn by the caller, so that a kernel is a function of its arguments. `domain`
is ``bayesopt.space.domain.DomainArrays``. Rows are snapped by the caller afterwards.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from bayesopt._kernels.compiled import inner, kernel
from bayesopt._kernels.cube import CONTINUOUS, NOMINAL, ORDERED, cell_index, cell_unit

F = npt.NDArray[np.float64]
B = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.int64]


@kernel
def latin(within: F, shuffle: F, place: Numbers, rows: F) -> None:
    """Fill in a Latin hypercube [n, d] (McKay, Beckman and Conover, 1979).

    `within` and `shuffle` are uniform numbers [n, d], `place` [n] is scratch.
    """
    n, d = rows.shape
    for j in range(d):
        for i in range(n):
            place[i] = i
        for i in range(n - 1, 0, -1):
            k = min(int(shuffle[i, j] * (i + 1)), i)
            place[i], place[k] = place[k], place[i]
        for i in range(n):
            rows[i, j] = (place[i] + within[i, j]) / n


def confine(rows: F, lower: F, upper: F, center: F, stay: F, share: float, domain: Any) -> None:
    """Move rows [n, d] of the cube into a box; most of their choices become the center's.

    A nominal column keeps its own value where `stay` [n, d], uniform, is below `share`.
    """
    is_nominal = domain.kind == NOMINAL
    inside = np.where(is_nominal, rows, lower + rows * (upper - lower))
    rows[:] = np.where(is_nominal & (stay >= share), center, inside)


def perturb(
    base: F, touch: B, normal: F, fresh: F, sigma: float, lower: F, upper: F, domain: Any
) -> F:
    """Return rows [n, d]: those of `base` with some coordinates moved, at least one.

    A coordinate is moved where `touch` [n, d], by sigma `normal`, reflected into the box and
    by a cell at least; a choice is replaced by that of `fresh` [n, d], uniform.
    """
    cell = np.where(domain.kind == ORDERED, 1.0 / np.maximum(domain.n_cells, 1), 0.0)
    moved = base + np.maximum(sigma, cell) * normal
    moved = np.where(moved < lower, 2.0 * lower - moved, moved)
    moved = np.where(moved > upper, 2.0 * upper - moved, moved)
    moved = np.minimum(np.maximum(moved, lower), upper)
    moved = np.where(domain.kind == NOMINAL, fresh, moved)
    return np.where(touch & (domain.n_cells != 1), moved, base)


@kernel
def spread_out(rows: F, order: Numbers, k: int, radius: float, taken: B, chosen: Numbers) -> int:
    """Choose up to k of the rows, in `order`, that are `radius` apart; return how many.

    Distance is the root mean square over columns. Where there are too few, the next in order
    follow, however near. `taken`, of the length of `order`, is False, and then tells which.
    """
    d = rows.shape[1]
    n = 0
    for strict in (True, False):
        for place in range(order.size):
            if n == k:
                return n
            i = order[place]
            near = taken[place]
            if strict and not near:
                for c in range(n):
                    total = 0.0
                    for j in range(d):
                        total += (rows[i, j] - rows[chosen[c], j]) ** 2
                    if total < radius * radius * d:
                        near = True
                        break
            if not near:
                taken[place] = True
                chosen[n] = i
                n += 1
    return n


def count_moves(kind: npt.NDArray[np.int8], n_cells: Numbers, most: int) -> int:
    """Return how many moves there are from one row at most, all of its columns together."""
    n_of_each = np.where(n_cells <= most, n_cells - 1, 2 * most)
    return int(n_of_each[(kind != CONTINUOUS) & (n_cells > 1)].sum())


@kernel
def moves(
    rows: F, active: B, domain: Any, most: int, draws: F, moved: F, source: Numbers, column: Numbers
) -> int:
    """Fill in each row with one of its cells changed; return how many such rows there are.

    Of a column of up to `most` cells all others are tried. Of more: ordered ones step by ±1, ±2,
    ±4, ... cells, choices are drawn, `most` twice over at most.

    Parameters
    ----------
    rows, active : float64, bool [n, d]
        Snapped rows and which columns exist.
    draws : float64 [2 * most]
        Uniform numbers.
    moved, source, column : float64 [r, d], int64 [r], int64 [r]
        Filled with the changed rows, which row each comes from, and what was changed;
        r is at least n times ``count_moves``.
    """
    n_moves = 0
    for i in range(rows.shape[0]):
        for j in range(rows.shape[1]):
            n_cells = domain.n_cells[j]
            if domain.kind[j] == CONTINUOUS or not active[i, j]:
                continue
            here = cell_index(rows[i, j], j, domain)
            for k in range(n_cells - 1 if n_cells <= most else 2 * most):
                cell = _next_cell(here, k, n_cells, domain.kind[j], most, draws)
                if cell != here and 0 <= cell < n_cells:
                    for c in range(rows.shape[1]):
                        moved[n_moves, c] = rows[i, c]
                    moved[n_moves, j] = cell_unit(cell, j, domain)
                    source[n_moves], column[n_moves] = i, j
                    n_moves += 1
    return n_moves


@inner
def _next_cell(here: int, k: int, n_cells: int, kind: int, most: int, draws: F) -> int:
    if n_cells <= most:
        return k if k < here else k + 1
    if kind == NOMINAL:
        return min(int(draws[k] * n_cells), n_cells - 1)
    step = 1 << min(k // 2, 60)
    return here + step if k % 2 else here - step


def best_of_each(values: F, source: Numbers, best: F, winner: Numbers) -> None:
    """Raise best [n] to the highest value of each source, and note its index in `winner`."""
    highest = np.full(best.size, -np.inf)
    np.maximum.at(highest, source, np.where(np.isnan(values), -np.inf, values))
    is_better = highest > best
    found = np.flatnonzero(is_better[source] & (values == highest[source]))[::-1]
    winner[source[found]] = found  # the last one written stays: the first of equals
    best[is_better] = highest[is_better]


def nearest_gap(rows: F, weights: F) -> float:
    """Return the smallest squared distance between two of the rows [n, d], O(n² d)."""
    gaps = [((rows[:i] - rows[i]) ** 2 @ weights).min(initial=np.inf) for i in range(len(rows))]
    return float(min(gaps, default=np.inf))
