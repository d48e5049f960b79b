"""Where a search looks first: spread points, points around known ones, and single changes.

What NumPy does as fast as a kernel is left to it, and need not be compiled.

Random numbers are drawn by the caller, so that a kernel is a function of its arguments. `domain`
is ``bayesopt.space.domain.DomainArrays``. Rows are snapped by the caller afterwards.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from bayesopt._kernels.compiled import kernel
from bayesopt._kernels.cube import CONTINUOUS, NOMINAL, ORDERED, cell_indices, cell_units

F = npt.NDArray[np.float64]
B = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.int64]

_BLOCK = 128  # rows that are looked at together


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
            k = np.int64(shuffle[i, j] * (i + 1))
            other = i if k > i else k  # rounded up
            place[i], place[other] = place[other], place[i]
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


def spread_out(rows: F, k: int, radius: float) -> list[int]:
    """Choose up to k of the rows [n, d], in order, that are `radius` apart; return their indices.

    Distance is the root mean square over columns. Where there are too few, the next in order
    follow, however near.
    """
    taken: list[int] = []
    for first in range(0, len(rows), _BLOCK):
        block = np.ascontiguousarray(rows[first : first + _BLOCK].T)
        near = np.zeros(block.shape[1], dtype=np.bool_)
        for i in taken:
            near |= _is_near(block, rows[i], radius)
        while len(taken) < k and not near[i := int(near.argmin())]:
            near |= _is_near(block, block[:, i], radius)
            near[i] = True  # even if it is no number
            taken.append(first + i)
    left = set(range(len(rows))).difference(taken) if len(taken) < k else ()
    return taken + sorted(left)[: k - len(taken)]


def _is_near(columns: F, row: F, radius: float) -> B:
    """Return which of n rows, stored by column [d, n], are nearer to a row [d] than `radius`."""
    distance = ((columns - row[:, None]) ** 2).sum(axis=0)
    return np.asarray(distance < radius * radius * row.size)


def moves(rows: F, active: B, domain: Any, most: int, draws: F) -> tuple[F, Numbers]:
    """Return rows [r, d] with one cell changed, and which row each comes from [r].

    Of a column of up to `most` cells all others are tried. Of more: ordered ones step by ±1, ±2,
    ±4, ... cells, choices are drawn, `most` twice over at most.

    Parameters
    ----------
    rows, active : float64, bool [n, d]
        Snapped rows and which columns exist.
    draws : float64 [2 * most]
        Uniform numbers.
    """
    j = np.flatnonzero((domain.kind != CONTINUOUS) & (domain.n_cells > 1))
    n_cells, trial = domain.n_cells[j], np.arange(2 * most)[:, None]
    here = cell_indices(rows[:, j], j, domain)[:, None, :]
    step = np.where(trial % 2 == 1, 1.0, -1.0) * 2.0 ** np.minimum(trial // 2, 60)
    drawn = np.minimum(np.floor(draws[:, None] * n_cells), n_cells - 1.0)
    cell = np.where(domain.kind[j] == NOMINAL, drawn, here + step)
    few = n_cells <= most
    cell = np.where(few, np.where(trial < here, trial, trial + 1.0), cell)
    ok = (cell != here) & (cell >= 0.0) & (cell < n_cells) & active[:, None, j]
    source, place, which = np.nonzero((ok & (~few | (trial < n_cells - 1))).swapaxes(1, 2))
    moved = rows[source]
    units = cell_units(cell, j, domain)
    moved[np.arange(source.size), j[place]] = units[source, which, place]
    return moved, source


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
