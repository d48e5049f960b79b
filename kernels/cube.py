"""Rows of the unit cube: which of their columns exist, and what they snap to.

The arrays are those of ``bayesopt.space.domain.DomainArrays``, passed as one named tuple.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from bayesopt._kernels.compiled import inner, kernel

F = npt.NDArray[np.float64]
B = npt.NDArray[np.bool_]

CONTINUOUS, ORDERED, NOMINAL = 0, 1, 2
_INACTIVE = 0.5
_MOST_BITS = 2.0**48


@inner
def cell_index(u: float, j: int, domain: Any) -> int:
    """Return the index of the cell of column j in which the coordinate u lies."""
    last = domain.n_cells[j] - 1
    if domain.log[j]:
        warped = domain.start[j] + u * (domain.end[j] - domain.start[j])
        raw = np.rint((np.exp(warped) - domain.low[j]) / domain.step[j])
    else:
        raw = np.floor(u * domain.n_cells[j])
    return int(min(max(raw, 0.0), float(last)))


@inner
def cell_unit(index: int, j: int, domain: Any) -> float:
    """Return the coordinate of a cell of column j."""
    if not domain.log[j]:
        return float((index + 0.5) / domain.n_cells[j])
    span = domain.end[j] - domain.start[j]
    u = (np.log(domain.low[j] + index * domain.step[j]) - domain.start[j]) / span
    return float(np.rint(u * _MOST_BITS) / _MOST_BITS)


@inner
def snap_unit(u: float, j: int, domain: Any) -> float:
    """Return the representable coordinate of column j nearest to u; NaN counts as the middle."""
    if domain.n_cells[j] == 1:
        return _INACTIVE
    u = _INACTIVE if np.isnan(u) else min(max(u, 0.0), 1.0)
    if domain.kind[j] == CONTINUOUS:
        return float(np.rint(u * domain.grain[j]) / domain.grain[j])
    return cell_unit(cell_index(u, j, domain), j, domain)


@inner
def mark_active(row: F, domain: Any, active: B) -> None:
    """Fill in which columns exist in a snapped row [d]."""
    for j in domain.order:
        active[j] = True
        for k in range(domain.need_ptr[j], domain.need_ptr[j + 1]):
            parent = domain.need_column[k]
            if not active[parent] or not _is_allowed(row[parent], parent, k, domain):
                active[j] = False
                break


@inner
def _is_allowed(u: float, parent: int, need: int, domain: Any) -> bool:
    index = cell_index(u, parent, domain)
    for i in range(domain.allowed_ptr[need], domain.allowed_ptr[need + 1]):
        if domain.allowed[i] == index:
            return True
    return False


@kernel
def snap_rows(rows: F, domain: Any, snapped: F, active: B) -> None:
    """Fill in representable rows [n, d] and which of their columns exist.

    Columns that do not exist are put in the middle. `snapped` may be `rows`.
    """
    for i in range(rows.shape[0]):
        for j in range(rows.shape[1]):
            snapped[i, j] = snap_unit(rows[i, j], j, domain)
        mark_active(snapped[i], domain, active[i])
        for j in range(rows.shape[1]):
            if not active[i, j]:
                snapped[i, j] = _INACTIVE


def mark_rows(rows: F, domain: Any, active: B) -> None:
    """Fill in which columns exist in snapped rows [n, d]."""
    if domain.need_column.size:
        _mark_rows(rows, domain, active)
    else:
        active[:] = True


@kernel
def _mark_rows(rows: F, domain: Any, active: B) -> None:
    for i in range(rows.shape[0]):
        mark_active(rows[i], domain, active[i])


def cell_reach(row: F, domain: Any, reach: F) -> None:
    """Fill in how far the farther of the two next cells is [d]; 0 where cells have no order."""
    reach[:] = 0.0
    j = np.flatnonzero((domain.kind == ORDERED) & (domain.n_cells > 1))
    u, log, n_cells, start = row[j], domain.log[j], domain.n_cells[j], domain.start[j]
    low, step, span = domain.low[j], domain.step[j], domain.end[j] - start
    with np.errstate(all="ignore"):  # what belongs to the other scale may be no number
        warped = np.rint((np.exp(start + u * span) - low) / step)
        here = np.where(log, warped, np.floor(u * n_cells))
        beside = np.clip(here + np.array([[-1.0], [1.0]]), 0.0, n_cells - 1.0)
        warped = (np.log(low + beside * step) - start) / span
        unit = np.where(log, warped, (beside + 0.5) / n_cells)
    reach[j] = np.abs(unit - u).max(axis=0)
