"""Rows of the unit cube: which of their columns exist, and what they snap to.

Only conditions need a kernel; a space without any compiles nothing of this.

The arrays are those of ``bayesopt.space.domain.DomainArrays``, passed as one named tuple.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from bayesopt._kernels.compiled import inner, kernel

F = npt.NDArray[np.float64]
B = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.int64]

CONTINUOUS, ORDERED, NOMINAL = 0, 1, 2
_INACTIVE = 0.5
_MOST_BITS = 2.0**48


def snap_rows(rows: F, domain: Any, snapped: F, active: B) -> None:
    """Fill in representable rows [n, d] and which of their columns exist.

    Columns that do not exist are put in the middle. `snapped` may be `rows`.
    """
    u = np.minimum(np.maximum(rows, 0.0), 1.0, out=snapped)
    is_missing = np.isnan(u)
    if is_missing.any():
        u[is_missing] = _INACTIVE
    j = np.flatnonzero(domain.n_cells != 0)
    cells = cell_units(cell_indices(u[:, j], j, domain), j, domain) if j.size else None
    u *= domain.grain
    np.rint(u, out=u)
    u /= domain.grain
    if cells is not None:
        u[:, j] = cells
    mark_rows(u, domain, active)
    if domain.need_column.size:
        u[~active] = _INACTIVE


def cell_indices(u: F, j: Numbers, domain: Any) -> F:
    """Return the indices of the cells of columns j [k] in which coordinates u [..., k] lie."""
    raw, log = np.floor(u * domain.n_cells[j]), domain.log[j]
    if log.any():
        start = domain.start[j]
        with np.errstate(all="ignore"):  # what belongs to the other scale may be no number
            warped = np.exp(start + u * (domain.end[j] - start)) - domain.low[j]
            raw = np.where(log, np.rint(warped / domain.step[j]), raw)
    found: F = np.minimum(np.maximum(raw, 0.0), domain.n_cells[j] - 1.0)
    return found


def cell_units(index: F, j: Numbers, domain: Any) -> F:
    """Return the coordinates of cells [..., k] of columns j [k]."""
    unit, log = (index + 0.5) / domain.n_cells[j], domain.log[j]
    if log.any():
        start = domain.start[j]
        with np.errstate(all="ignore"):
            warped = np.log(domain.low[j] + index * domain.step[j]) - start
            warped = np.rint(warped / (domain.end[j] - start) * _MOST_BITS) / _MOST_BITS
        unit = np.where(log, warped, unit)
    found: F = unit
    return found


def mark_rows(rows: F, domain: Any, active: B) -> None:
    """Fill in which columns exist in snapped rows [n, d]."""
    if domain.need_column.size:
        _mark_rows(rows, domain, active)
    else:
        active[:] = True


@kernel
def _mark_rows(rows: F, domain: Any, active: B) -> None:
    for i in range(rows.shape[0]):
        for j in domain.order:
            exists = True
            for need in range(domain.need_ptr[j], domain.need_ptr[j + 1]):
                parent = domain.need_column[need]
                exists &= active[i, parent] and _is_allowed(rows[i, parent], parent, need, domain)
            active[i, j] = exists


@inner
def _is_allowed(u: float, parent: int, need: int, domain: Any) -> bool:
    """Whether a parent's coordinate lies in one of the cells that a need allows."""
    raw = u * domain.n_cells[parent]
    if domain.log[parent]:
        start = domain.start[parent]
        warped = math.exp(start + u * (domain.end[parent] - start)) - domain.low[parent]
        raw = np.rint(warped / domain.step[parent])
    index = min(max(int(raw), 0), domain.n_cells[parent] - 1)
    for i in range(domain.allowed_ptr[need], domain.allowed_ptr[need + 1]):
        if domain.allowed[i] == index:
            return True
    return False


def cell_reach(row: F, domain: Any, reach: F) -> None:
    """Fill in how far the farther of the two next cells is [d]; 0 where cells have no order."""
    reach[:] = 0.0
    j = np.flatnonzero((domain.kind == ORDERED) & (domain.n_cells > 1))
    beside = cell_indices(row[j], j, domain) + np.array([[-1.0], [1.0]])
    beside = np.minimum(np.maximum(beside, 0.0), domain.n_cells[j] - 1.0)
    reach[j] = np.abs(cell_units(beside, j, domain) - row[j]).max(axis=0)
