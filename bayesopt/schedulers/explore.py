"""A configuration near another one: what the clone of a good training tries next."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bayesopt.space import Float, Int, Space
from bayesopt.space.axes import Axis, CellAxis, ContinuousAxis
from bayesopt.space.domain import NOMINAL

F = npt.NDArray[np.float64]
Rng = np.random.Generator

NOTHING_NEAR = "no changed configuration satisfies the constraints: the parent's own goes on"

_N_DRAFTS = 64  # of which the first is taken that satisfies the constraints and differs


@dataclass(frozen=True)
class Perturbation:
    """How far a clone departs from its parent.

    Attributes
    ----------
    factors : tuple of float
        A number is multiplied by one of them, drawn at random.
    resample : float
        How probable it is, per parameter, that its value is drawn afresh instead.
    """

    factors: tuple[float, ...]
    resample: float


def explored(space: Space, row: F, perturbation: Perturbation, rng: Rng) -> tuple[F, str]:
    """Return a feasible row [d] near a snapped one [d], and why it is the same one, or "".

    A number is multiplied; one whose range has negative values is moved by its distance from the
    lower bound instead. Integers move by one at least, ordinals to a neighbour. A choice stays
    unless it is drawn afresh. Parameters that come into being are drawn. O(d) per draft.
    """
    drafts = np.repeat(row[None, :], _N_DRAFTS, axis=0)
    exists = space.active(row[None, :])[0]
    draws, chance = rng.random(drafts.shape), rng.random(drafts.shape)
    factors = np.asarray(perturbation.factors)[
        rng.integers(len(perturbation.factors), size=drafts.shape)
    ]
    for j, name in enumerate(space.names):
        is_number = isinstance(space.parameters[name], Float | Int)
        is_choice = space.domain.kind[j] == NOMINAL
        if not is_choice:
            drafts[:, j] = _moved(space.domain.axes[j], drafts[:, j], factors[:, j], is_number)
    is_fresh = (chance < perturbation.resample) | ~exists
    rows = space.snap(np.where(is_fresh, draws, drafts))
    usable = np.flatnonzero((rows != row).any(axis=1) & space.feasible(rows))
    return (rows[usable[0]], "") if usable.size else (row, NOTHING_NEAR)


def _moved(axis: Axis, u: F, factors: F, is_number: bool) -> F:
    """Return coordinates [k] moved along an axis by factors [k]."""
    if isinstance(axis, CellAxis):
        return _stepped(axis, u, factors, is_number)
    if axis.low < 0.0:
        return np.clip(u * factors, 0.0, 1.0)
    return _scaled(axis, u, factors)


def _scaled(axis: ContinuousAxis, u: F, factors: F) -> F:
    values = np.clip(axis.from_units(u) * factors, axis.low, axis.high)
    return axis.to_units(values)


def _stepped(axis: CellAxis, u: F, factors: F, is_number: bool) -> F:
    """Return the coordinates of other cells, one further at least."""
    index = axis.index(u).astype(np.float64)
    side = np.where(factors >= 1.0, 1.0, -1.0)
    by = np.zeros_like(index)
    if is_number:
        scale = index if axis.low < 0.0 else index + axis.low / axis.step
        by = np.abs(np.rint(scale * (factors - 1.0)))
    moved = index + side * np.maximum(by, 1.0)
    return axis.to_units(np.clip(moved, 0, axis.count - 1).astype(np.int64))
