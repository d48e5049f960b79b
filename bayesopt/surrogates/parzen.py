"""What the columns of a space are to a Parzen density."""

from __future__ import annotations

import functools

import numpy as np
import numpy.typing as npt

from bayesopt._kernels.parzen import CELLS, CHOICE, FIXED, INTERVAL, Form
from bayesopt.space.domain import NOMINAL, Domain, DomainArrays

F = npt.NDArray[np.float64]

MOST_CELLS = 64
"""A column with more values than this is modelled as an interval, and what is drawn is snapped."""


@functools.lru_cache(maxsize=32)
def form_of(domain: Domain) -> Form:
    """Return the forms of the columns of a domain; O(d + cells) once."""
    arrays = domain.arrays
    form = np.full(domain.d, INTERVAL, dtype=np.int8)
    form[(arrays.n_cells > 1) & (arrays.n_cells <= MOST_CELLS)] = CELLS
    form[(arrays.kind == NOMINAL)] = CHOICE
    form[~domain.varies] = FIXED
    cells = [_cells(arrays, j) if form[j] == CELLS else np.empty((2, 0)) for j in range(domain.d)]
    unit, mass = np.concatenate([np.empty((2, 0)), *cells], axis=1)
    cell_ptr = np.cumsum([0, *(part.shape[1] for part in cells)], dtype=np.int64)
    return Form(form, ~domain.conditional, arrays.n_cells, cell_ptr, unit, mass)


def _cells(arrays: DomainArrays, j: int) -> F:
    """Return coordinates and widths of the cells of a column, [2, n_cells]."""
    index = np.arange(int(arrays.n_cells[j]))
    if not arrays.log[j]:
        return np.stack([(index + 0.5) / index.size, np.full(index.size, 1.0 / index.size)])
    start, end, step = arrays.start[j], arrays.end[j], arrays.step[j]
    x = arrays.low[j] + index * step
    edges = np.concatenate([[start], np.log(x[:-1] + step / 2), [end]])
    return np.stack([(np.log(x) - start) / (end - start), np.diff(edges) / (end - start)])
