"""Parzen densities: how likely configurations are among given ones."""

from __future__ import annotations

import functools
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

    columns: F  # [4, d] forms, whether they exist always, numbers of cells, what is near
    cells: F  # [2, d, most cells] coordinates and widths of columns of CELLS; filled up with 0
    has_choices: bool
    is_plain: bool  # whether every column varies and exists always

    @property
    def form(self) -> F:
        """FIXED, INTERVAL, CELLS or CHOICE, [d]."""
        return np.asarray(self.columns[0])

    @property
    def n_cells(self) -> F:
        """Numbers of cells, [d]."""
        return np.asarray(self.columns[2])


class Mixture(NamedTuple):
    """A density: K kernels and the prior; see the kernels for what the arrays are."""

    kernels: F  # [4, d, K]
    weights: F  # [2, K] shares of the whole weight, and bases
    prior: float
    choices: F  # [3, d] probability of a draw from all; logarithms at one's own and at others


@functools.lru_cache(maxsize=32)
def form_of(domain: Domain) -> Form:
    """Return the forms of the columns of a domain; O(d + cells) once."""
    arrays = domain.arrays
    form = np.full(domain.d, INTERVAL)
    form[(arrays.n_cells > 1) & (arrays.n_cells <= MOST_CELLS)] = CELLS
    form[(arrays.kind == NOMINAL)] = CHOICE
    form[~domain.varies] = FIXED
    near = 0.5 / np.maximum(arrays.n_cells, 1)
    cells = np.zeros((2, domain.d, int(arrays.n_cells[form == CELLS].max(initial=0))))
    for j in np.flatnonzero(form == CELLS).tolist():
        cells[:, j, : arrays.n_cells[j]] = _cells(arrays, j)
    return Form(
        np.array([form, ~domain.conditional, arrays.n_cells, near], dtype=np.float64),
        cells,
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

    def __init__(self, space: Space, X: F, active: B, weight: F, smoothing: Smoothing) -> None:
        self.space, self.X, self.active, self.weight = space, X, active, weight
        self.smoothing = smoothing
        self._form = form_of(space.domain)
        self._mixture = _fitted(self._form, X, active, weight, smoothing)

    def log_density(self, rows: F) -> F:
        """Return log densities [n] at rows [n, d]; O(n k d)."""
        if len(rows) <= _BLOCK:
            return self._terms(rows)[1]
        return np.concatenate([self._terms(block)[1] for block in _blocks(rows)])

    def log_density_grad(self, rows: F) -> tuple[F, F]:
        """Return log densities [n] and their gradients [n, d] at rows [n, d]; O(n k d).

        The gradient is 0 in columns that do not exist or are not modelled as intervals.
        """
        center, precision = self._mixture.kernels[:2]
        grad = np.zeros(rows.shape)
        for block, slope in zip(_blocks(rows), _blocks(grad), strict=True):
            terms, out = self._terms(block)
            share = np.exp(terms - out).T
            for j in np.flatnonzero(self._form.form == INTERVAL):
                pull = (center[j] - block[:, j, None]) * precision[j] ** 2
                slope[:, j] = (share * pull).sum(axis=1)
        grad[~self.space.active(rows)] = 0.0
        return self.log_density(rows), grad

    def sample(self, n: int, rng: np.random.Generator) -> F:
        """Return `n` snapped rows [n, d] drawn from the density; constraints are not looked at."""
        return self.space.snap(self.draw(n, rng))

    def draw(self, n: int, rng: np.random.Generator) -> F:
        """Return `n` rows [n, d] drawn from the density, not snapped."""
        mixture, form = self._mixture, self._form
        Z = np.empty((self.space.d, n))
        kernels.draw_rows(
            rng.random((n, 1 + self.space.d)),
            mixture.kernels,
            mixture.weights,
            form.columns,
            form.cells,
            mixture.choices,
            np.empty((5, n)),
            Z,
        )
        return Z.T

    def _terms(self, rows: F) -> tuple[F, F]:
        """Return the logarithms of kernels [k, n] and density [n] at rows [n, d]."""
        mixture, form, n = self._mixture, self._form, len(rows)
        Z, exists = np.ascontiguousarray(rows.T), _ones(self.space.d, n)
        if not form.is_plain:
            exists = np.ascontiguousarray(self.space.active(rows).T, dtype=np.float64)
        terms = np.empty((mixture.weights.shape[1] + 2, n))
        density = mixture.kernels, mixture.weights, mixture.prior, form.columns, mixture.choices
        kernels.log_density(Z, exists, *density, terms)
        return terms[:-2], terms[-1]


def _fitted(form: Form, X: F, active: B, weight: F, smoothing: Smoothing) -> Mixture:
    """Return the density with kernels at rows X [k, d]; O(k d)."""
    k, d = X.shape
    fitted, weights = np.empty((4, d, k)), np.empty((2, k))
    prior = kernels.fit_kernels(
        X,
        active,
        weight,
        smoothing.prior_weight,
        smoothing.factor,
        smoothing.floor,
        smoothing.cell_floor,
        smoothing.spread_weight,
        form.columns,
        form.cells,
        np.empty((2, form.cells.shape[2])),
        fitted,
        weights,
    )
    return Mixture(fitted, weights, prior, _choices(form, fitted[1], smoothing.choice_weight))


def _blocks(rows: F) -> list[F]:
    """Cut rows into blocks, views of a few rows each."""
    return [rows[first : first + _BLOCK] for first in range(0, len(rows), _BLOCK)]


def _choices(form: Form, precision: F, choice_weight: float) -> F:
    """Return what is spread, and log densities at a kernel's own choice and at others, [3, d]."""
    if not form.has_choices:
        return form.columns[1:]  # nobody looks at them
    spread = choice_weight / (np.count_nonzero(precision, axis=1) + 1.0)
    whole = 1.0 + spread * form.n_cells
    smooth = form.n_cells * spread / whole
    with np.errstate(divide="ignore"):
        return np.array([smooth, np.log(form.n_cells * (1.0 + spread) / whole), np.log(smooth)])
