"""Crossover and mutation of rows of the unit cube: numbers, choices and what depends on them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bayesopt.space import Space
from bayesopt.space.domain import NOMINAL, ORDERED

F = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.int64]
Rng = np.random.Generator

_SPREAD_CROSSOVER = 15.0  # distribution index of simulated binary crossover
_SPREAD_MUTATION = 20.0  # and of polynomial mutation: the customary ones (Deb et al., 2002)
_PARTS = (0.4, 1.0)  # of a difference that a row is moved by
_MOVED = 0.9  # of the columns
_BLUR = 1e-3  # of the range: what two equal rows are moved by


@dataclass(frozen=True, eq=False)
class Parents:
    """Pairs of rows that breed.

    Attributes
    ----------
    a, b : float64 [k, d]
        Snapped rows.
    a_has, b_has : bool [k, d]
        Which of their columns exist.
    """

    a: F
    b: F
    a_has: Mask
    b_has: Mask


def cross(space: Space, parents: Parents, rng: Rng) -> F:
    """Return one child [k, d] of each pair: numbers by simulated binary crossover, choices by lot.

    Each column is mixed with probability a half and else the first parent's. A column that one
    parent lacks is the other's; one that both lack is drawn, should the child need it.
    """
    shape = parents.a.shape
    nominal = space.domain.kind == NOMINAL
    mixed = np.where(nominal, parents.b, _between(parents.a, parents.b, rng))
    child = np.where(rng.random(shape) < 0.5, mixed, parents.a)
    child = np.where(parents.a_has & ~parents.b_has, parents.a, child)
    child = np.where(parents.b_has & ~parents.a_has, parents.b, child)
    return np.where(parents.a_has | parents.b_has, child, rng.random(shape))


def _between(a: F, b: F, rng: Rng) -> F:
    """Return numbers around two others, as near to them as a cut in binary digits would leave."""
    u = rng.random(a.shape)
    power = 1.0 / (_SPREAD_CROSSOVER + 1.0)
    beta = np.where(u <= 0.5, (2.0 * u) ** power, (2.0 * (1.0 - u)) ** -power)
    side = np.where(rng.random(a.shape) < 0.5, 1.0, -1.0)
    return np.clip(0.5 * (a + b + side * beta * (a - b)), 0.0, 1.0)


def shift(rows: F, weight: F, n: int, rng: Rng) -> F:
    """Return `n` rows, each one of `rows` moved by a part of the difference of two of them.

    So steps are as long as the rows are far apart, and lead where they lie in a line (differential
    evolution: Storn and Price, J. Global Optimization 11, 1997). Columns are numbers.

    Parameters
    ----------
    weight : float64 [k]
        How often a row is moved, relative to others.
    """
    k, d = rows.shape
    first = rows[_drawn(weight, n, rng)]
    ahead, behind = rows[rng.integers(k, size=(2, n))]
    part = rng.uniform(*_PARTS, (n, 1)) * (rng.random((n, d)) < _MOVED)
    moved = np.abs(first + part * (ahead - behind) + rng.normal(0.0, _BLUR, (n, d)))
    return np.asarray(np.maximum(np.minimum(moved, 2.0 - moved), 0.0))


def _drawn(weight: F, n: int, rng: Rng) -> Numbers:
    """Return `n` places by weight: what ``rng.choice`` gives, for a quarter of the time."""
    below = (weight / weight.sum()).cumsum()
    below /= below[-1]
    return np.asarray(below.searchsorted(rng.random(n), side="right"))


def mutate(space: Space, rows: F, exists: Mask, rate: float | None, rng: Rng) -> F:
    """Return rows [k, d] some of whose columns have changed, at least one.

    Parameters
    ----------
    exists : bool [k, d]
        The columns that may change.
    rate : float or None
        How probable a change is per column; None: once per row on average.
    """
    can = exists & space.domain.varies
    n_can = np.maximum(can.sum(axis=1, keepdims=True), 1)
    chance = 1.0 / n_can if rate is None else np.full(n_can.shape, rate)
    lot = np.where(can, rng.random(rows.shape), 2.0)
    changes = lot < chance
    changes |= (lot == lot.min(axis=1, keepdims=True, initial=2.0)) & can
    return np.where(changes, _changed(space, rows, rng), rows)


def _changed(space: Space, rows: F, rng: Rng) -> F:
    """Return rows [k, d] in which every column has another value, as far as it has one."""
    kind, n_cells = space.domain.kind, np.maximum(space.domain.n_cells, 1)
    step = _polynomial_step(rows, rng)
    least = np.where(kind == ORDERED, 1.0 / n_cells, 0.0)
    moved = rows + np.copysign(np.maximum(np.abs(step), least), step)
    moved = np.where((moved < 0.0) | (moved > 1.0), rows - (moved - rows), moved)
    other = np.floor(rng.random(rows.shape) * np.maximum(n_cells - 1, 1)) + 1.0
    chosen = (np.floor(rows * n_cells) + other) % n_cells
    return np.where(kind == NOMINAL, (chosen + 0.5) / n_cells, np.clip(moved, 0.0, 1.0))


def _polynomial_step(rows: F, rng: Rng) -> F:
    """Return steps within the unit interval, mostly small ones (Deb and Agrawal, 1999)."""
    u, power = rng.random(rows.shape), _SPREAD_MUTATION + 1.0
    below = (2.0 * u + (1.0 - 2.0 * u) * (1.0 - rows) ** power) ** (1.0 / power) - 1.0
    above = 1.0 - (2.0 * (1.0 - u) + (2.0 * u - 1.0) * rows**power) ** (1.0 / power)
    return np.where(u <= 0.5, below, above)
