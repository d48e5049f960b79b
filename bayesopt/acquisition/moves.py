"""Single changes of columns without a gradient: integers, ordinals, choices."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bayesopt._kernels import candidates as kernels
from bayesopt.acquisition.climb import Climbable
from bayesopt.acquisition.ground import Ground

F = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.int64]

MOST_CELLS = 16
"""Columns of up to so many cells are searched exhaustively."""


def step(
    utility: Climbable, ground: Ground, rows: F, values: F, donors: F, rng: np.random.Generator
) -> tuple[F, F, Mask]:
    """Take the best single change of each row, where one helps.

    Parameters
    ----------
    rows, values : float64 [m, d], [m]
        Snapped rows and what they are worth.
    donors : float64 [k, d]
        Good rows: where a change brings parameters into being, their values are tried.

    Returns
    -------
    rows : float64 [m, d]
    values : float64 [m]
    moved : bool [m]
    """
    changed, source = neighbours(ground, rows, donors, rng)
    best, winner = values.copy(), np.full(len(rows), -1)
    if len(changed):
        kernels.best_of_each(utility.value(changed), source, best, winner)
    moved = winner >= 0
    return np.where(moved[:, None], _take(changed, winner, rows), rows), best, moved


def _take(changed: F, winner: Numbers, rows: F) -> F:
    return changed[winner] if len(changed) else rows


def neighbours(ground: Ground, rows: F, donors: F, rng: np.random.Generator) -> tuple[F, Numbers]:
    """Return allowed rows [r, d] that differ from one of `rows` in one column, and from which [r].

    Columns that a change brings into being are filled in by the middle, at random, and as each of
    up to two donors has them.
    """
    domain = ground.domain.arrays
    snapped, active = ground.snap(rows)
    draws = rng.random(2 * MOST_CELLS)
    moved, source = kernels.moves(snapped, active, domain, MOST_CELLS, draws)
    moved, exists = ground.snap(moved)
    if ground.domain.conditional.any():
        moved, source = _with_children(ground, moved, exists, active, source, donors, rng)
    ok = ground.allowed(moved)
    return moved[ok], source[ok]


def _with_children(
    ground: Ground,
    moved: F,
    exists: Mask,
    active: Mask,
    source: Numbers,
    donors: F,
    rng: np.random.Generator,
) -> tuple[F, Numbers]:
    """Add variants of the rows in which columns came into being that their sources lack."""
    born = exists & ~active[source]
    grown = np.flatnonzero(born.any(axis=1))
    if not grown.size:
        return moved, source
    fillings = [rng.random((grown.size, moved.shape[1]))]
    fillings += [np.broadcast_to(donor, fillings[0].shape) for donor in donors[:2]]
    variants = [
        ground.snap(np.where(born[grown], filling, moved[grown]))[0] for filling in fillings
    ]
    rows = np.concatenate([moved, *variants])
    return rows, np.concatenate([source, np.tile(source[grown], len(variants))])
