"""Parzen densities: how likely configurations are among given ones."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bayesopt._kernels.parzen import (
    CELLS,
    CHOICE,
    FIXED,
    INTERVAL,
    Form,
    Smoothing,
    density_at,
    draw_from,
)
from bayesopt.space import Space
from bayesopt.space.domain import NOMINAL, Domain, DomainArrays

F = npt.NDArray[np.float64]
B = npt.NDArray[np.bool_]

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


@dataclass(frozen=True, eq=False)
class Parzen:
    """A density over a space, relative to the uniform one: a kernel at each of some rows.

    Parameters
    ----------
    space : Space
    X : float64 array [k, d]
        Snapped rows.
    active : bool array [k, d]
        Which columns they have.
    weight : float64 array [k]
        Of each, relative to the prior's.
    smoothing : Smoothing
        How wide kernels are, and what the uniform prior weighs.
    """

    space: Space
    X: F
    active: B
    weight: F
    smoothing: Smoothing

    def log_density(self, rows: F) -> tuple[F, F]:
        """Return log densities [n] at snapped rows [n, d] and their gradients [n, d].

        The gradient is 0 in columns that are not modelled as intervals. O(n k d).
        """
        out, grad = np.empty(len(rows)), np.empty(rows.shape)
        exists, form = self.space.active(rows), form_of(self.space.domain)
        density_at(self.X, self.active, self.weight, rows, exists, form, self.smoothing, out, grad)
        return out, grad

    def sample(self, n: int, rng: np.random.Generator) -> F:
        """Return `n` snapped rows [n, d] drawn from the density; constraints are not looked at."""
        rows, form = np.empty((n, self.space.d)), form_of(self.space.domain)
        uniforms = rng.random((n, 1 + self.space.d))
        draw_from(self.X, self.active, self.weight, uniforms, form, self.smoothing, rows)
        return self.space.snap(rows)
