"""Where a search may go: the space, its constraints, what is known already, and a region."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from bayesopt._kernels.cube import cell_reach, mark_rows, snap_rows
from bayesopt.space import Space
from bayesopt.space.domain import CONTINUOUS, NOMINAL, ORDERED, Domain

F = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

RELAXED_FROM = 17
"""An ordered column of so many cells is climbed like a continuous one, then snapped."""


@dataclass(frozen=True, eq=False)
class Region:
    """A part of the cube that a search keeps to.

    Attributes
    ----------
    lower, upper : float64 [d]
        The box; of nominal columns it says nothing.
    center : float64 [d]
        The row whose choices are kept.
    share : float
        How large a part of the nominal columns may differ from the center's; 1 for all.
    exists : bool [d], optional
        Which columns the center has; the region says nothing of the others. All by default.
    """

    lower: F
    upper: F
    center: F
    share: float = 1.0
    exists: Mask | None = None

    def opened(self, exists: Mask) -> Region:
        """Return the region that leaves free the columns which the center does not have."""
        lower, upper = np.where(exists, self.lower, 0.0), np.where(exists, self.upper, 1.0)
        return dataclasses.replace(self, lower=lower, upper=upper, exists=exists)

    def holds(self, rows: F, active: Mask, nominal: Mask) -> Mask:
        """Return which rows [n, d] lie within, [n], half a cell aside.

        Columns count that exist, `active` [n, d], in both the row and the center.
        """
        shared = active if self.exists is None else active & self.exists
        outside = ((rows < self.lower - 1e-9) | (rows > self.upper + 1e-9)) & shared
        changed = ((rows != self.center) & shared)[:, nominal].sum(axis=1)
        strays = outside[:, ~nominal].any(axis=1) | (changed > self._most_changed(nominal))
        return np.asarray(~strays)

    def _most_changed(self, nominal: Mask) -> int:
        return max(1, int(np.ceil(self.share * np.count_nonzero(nominal))))


def whole_cube(d: int) -> Region:
    """Return the region that leaves nothing out."""
    return Region(np.zeros(d), np.ones(d), np.full(d, 0.5))


def columns_of(domain: Domain, row: F) -> Mask:
    """Return which columns a snapped row has, [d]."""
    active: Mask = np.empty(domain.d, dtype=np.bool_)
    mark_rows(np.ascontiguousarray(row[None, :]), domain.arrays, active[None, :])
    return active


def reach_of_neighbours(domain: Domain, row: F) -> F:
    """Return how far the cells next to those of a snapped row are, [d]; 0 where there are none.

    A region that is narrower would hold ordered columns fast.
    """
    reach = np.empty(domain.d)
    cell_reach(row, domain.arrays, reach)
    return reach


@dataclass(frozen=True, eq=False)
class Ground:
    """What a search may propose.

    Attributes
    ----------
    space : Space
    known : callable
        Which of rows [n, d] must not be proposed again, [n].
    region : Region
    """

    space: Space
    known: Callable[[F], Mask]
    region: Region

    @property
    def domain(self) -> Domain:
        """The columns of the space."""
        return self.space.domain

    @cached_property
    def is_nominal(self) -> Mask:
        """Mere choices, [d]."""
        return np.asarray(self.domain.kind == NOMINAL)

    @cached_property
    def is_climbed(self) -> Mask:
        """Columns along which a gradient leads, [d]."""
        many = (self.domain.kind == ORDERED) & (self.domain.n_cells >= RELAXED_FROM)
        return np.asarray(((self.domain.kind == CONTINUOUS) & self.domain.varies) | many)

    @cached_property
    def is_stepped(self) -> Mask:
        """Columns that a search changes cell by cell, [d]."""
        return np.asarray((self.domain.kind != CONTINUOUS) & self.domain.varies)

    @cached_property
    def is_whole(self) -> bool:
        """Whether the region leaves nothing out."""
        region = self.region
        return bool(region.share >= 1.0 and (region.lower <= 0).all() and (region.upper >= 1).all())

    def snap(self, rows: F) -> tuple[F, Mask]:
        """Return the nearest representable rows [n, d] and which of their columns exist."""
        snapped, active = np.empty_like(rows), np.empty(rows.shape, dtype=np.bool_)
        snap_rows(rows, self.domain.arrays, snapped, active)
        return snapped, active

    def within(self, rows: F) -> Mask:
        """Return which snapped rows [n, d] lie in the region, [n]."""
        active = np.empty(rows.shape, dtype=np.bool_)
        mark_rows(np.ascontiguousarray(rows), self.domain.arrays, active)
        return self.region.holds(rows, active, self.is_nominal)

    def allowed(self, rows: F) -> Mask:
        """Return which snapped rows [n, d] satisfy the constraints and lie in the region, [n]."""
        ok = np.ones(len(rows), dtype=np.bool_)
        if not self.is_whole:
            ok &= self.within(rows)
        if self.space.constraints and ok.any():
            ok[ok] = self.space.feasible(rows[ok])
        return ok
