"""Parzen densities: how likely configurations are among given ones."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bayesopt._kernels import parzen as kernels
from bayesopt._kernels.parzen import CELLS, CHOICE, FIXED, INTERVAL
from bayesopt.space import Space
from bayesopt.space.domain import NOMINAL, Domain, DomainArrays

F = npt.NDArray[np.float64]
B = npt.NDArray[np.bool_]

MOST_CELLS = 64
"""A column with more values than this is modelled as an interval, and what is drawn is snapped."""

_BLOCK = 64  # rows at a time: their terms, K numbers a row, stay in the processor's cache


class Smoothing(NamedTuple):
    """How wide kernels are."""

    factor: float  # of the rule of thumb for a normal density
    floor: float  # narrowest kernel, in units of the range
    cell_floor: float  # the same, in units of a cell
    prior_weight: float  # in kernels
    spread_weight: float  # of the prior in how far kernels are spread, in kernels
    choice_weight: float  # weight of the other choices, in kernels


class Form(NamedTuple):
    """What the columns of a space are to a density."""

    form: npt.NDArray[np.int8]  # [d] FIXED, INTERVAL, CELLS, CHOICE
    always: B  # [d] whether a column exists in every row
    n_cells: npt.NDArray[np.int64]  # [d]
    near: F  # [d] half the distance of two choices
    cell_unit: F  # [d, most cells] coordinates of a column of CELLS; filled up with 0
    cell_mass: F  # [d, most cells] and widths
    has_choices: bool
    is_plain: bool  # whether every column varies and exists always


class Mixture(NamedTuple):
    """A density: K kernels and the prior; see the kernels for what the arrays are."""

    center: F  # [d, K]
    precision: F  # [d, K]
    peak: F  # [d, K]
    log_peak: F  # [d, K]
    share: F  # [K] of the whole weight
    base: F  # [K]
    prior: float
    smooth: F  # [d] probability of a draw from all choices
    same: F  # [d]
    other: F  # [d]


@functools.lru_cache(maxsize=32)
def form_of(domain: Domain) -> Form:
    """Return the forms of the columns of a domain; O(d + cells) once."""
    arrays = domain.arrays
    form = np.full(domain.d, INTERVAL, dtype=np.int8)
    form[(arrays.n_cells > 1) & (arrays.n_cells <= MOST_CELLS)] = CELLS
    form[(arrays.kind == NOMINAL)] = CHOICE
    form[~domain.varies] = FIXED
    most = int(arrays.n_cells[form == CELLS].max(initial=0))
    unit, mass = np.zeros((domain.d, most)), np.zeros((domain.d, most))
    for j in np.flatnonzero(form == CELLS).tolist():
        part = slice(int(arrays.n_cells[j]))
        unit[j, part], mass[j, part] = _cells(arrays, j)
    return Form(
        form,
        ~domain.conditional,
        arrays.n_cells,
        0.5 / np.maximum(arrays.n_cells, 1),
        unit,
        mass,
        has_choices=bool((form == CHOICE).any()),
        is_plain=bool((form != FIXED).all() and not domain.conditional.any()),
    )


@functools.lru_cache(maxsize=32)
def _ones(d: int, n: int) -> F:
    return np.ones((d, n))


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

    def log_density(self, rows: F) -> F:
        """Return log densities [n] at rows [n, d]; O(n k d)."""
        found = [out for _, out in self._terms(rows)]
        return np.concatenate([np.empty(0), *found]) if len(found) != 1 else found[0]

    def log_density_grad(self, rows: F) -> tuple[F, F]:
        """Return log densities [n] and their gradients [n, d] at rows [n, d]; O(n k d).

        The gradient is 0 in columns that do not exist or are not modelled as intervals.
        """
        mixture, grad = self._mixture, np.zeros(rows.shape)
        for first, (terms, out) in zip(range(0, len(rows), _BLOCK), self._terms(rows), strict=True):
            share = np.exp(terms - out).T
            for j in np.flatnonzero(form_of(self.space.domain).form == INTERVAL):
                block = slice(first, first + _BLOCK)
                pull = (mixture.center[j] - rows[block, j, None]) * mixture.precision[j] ** 2
                grad[block, j] = (share * pull).sum(axis=1)
        grad[~self.space.active(rows)] = 0.0
        return self.log_density(rows), grad

    def sample(self, n: int, rng: np.random.Generator) -> F:
        """Return `n` snapped rows [n, d] drawn from the density; constraints are not looked at."""
        return self.space.snap(self.draw(n, rng))

    def draw(self, n: int, rng: np.random.Generator) -> F:
        """Return `n` rows [n, d] drawn from the density, not snapped."""
        mixture, form = self._mixture, form_of(self.space.domain)
        numbers = np.ascontiguousarray(rng.random((n, 1 + self.space.d)).T)
        source, Z = mixture.share.cumsum().searchsorted(numbers[0], side="right"), numbers[1:]
        kernels.draw_rows(
            source,
            mixture.center,
            mixture.precision,
            mixture.peak,
            form.form,
            mixture.smooth,
            form.n_cells,
            form.cell_unit,
            form.cell_mass,
            Z,
        )
        return Z.T

    def _terms(self, rows: F) -> Iterator[tuple[F, F]]:
        """Yield, block after block of rows, the logarithms of kernels [k, n] and density [n]."""
        mixture, form = self._mixture, form_of(self.space.domain)
        for first in range(0, len(rows), _BLOCK):
            block = rows[first : first + _BLOCK]
            Z, exists = np.ascontiguousarray(block.T), _ones(self.space.d, len(block))
            if not form.is_plain:
                exists = np.ascontiguousarray(self.space.active(block).T, dtype=np.float64)
            terms, out = np.empty((mixture.base.size, len(block))), np.empty(len(block))
            kernels.log_density(
                Z,
                exists,
                mixture.center,
                mixture.precision,
                mixture.log_peak,
                mixture.base,
                mixture.prior,
                form.form,
                form.near,
                mixture.same,
                mixture.other,
                terms,
                np.empty(len(block)),
                out,
            )
            yield terms, out

    @cached_property
    def _mixture(self) -> Mixture:
        form, s = form_of(self.space.domain), self.smoothing
        center, precision, peak, log_peak = np.empty((4, self.space.d, len(self.X)))
        share, base = np.empty((2, len(self.X)))
        prior = kernels.fit_kernels(
            self.X,
            self.active,
            self.weight,
            s.prior_weight,
            form.form,
            form.always,
            s.factor,
            s.floor,
            s.cell_floor,
            s.spread_weight,
            form.n_cells,
            form.cell_unit,
            form.cell_mass,
            np.empty((2, form.cell_unit.shape[1])),
            center,
            precision,
            peak,
            log_peak,
            share,
            base,
        )
        smooth, same, other = _of_choices(form, precision, s.choice_weight)
        return Mixture(center, precision, peak, log_peak, share, base, prior, smooth, same, other)


def _of_choices(form: Form, precision: F, choice_weight: float) -> tuple[F, F, F]:
    """Return what is spread, and log densities at a kernel's own choice and at others, [d]."""
    if not form.has_choices:
        return form.near, form.near, form.near  # nobody looks at them
    spread = choice_weight / (np.count_nonzero(precision, axis=1) + 1.0)
    whole = 1.0 + spread * form.n_cells
    smooth = form.n_cells * spread / whole
    with np.errstate(divide="ignore"):
        same = np.log(form.n_cells * (1.0 + spread) / whole)
        return smooth, same, np.log(smooth)
