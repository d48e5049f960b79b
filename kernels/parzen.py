"""Parzen densities over the unit cube: mixtures of products of kernels, one per trial.

Everything is relative to the uniform distribution on the space, so that a column about which a
kernel says nothing (inactive in its trial, the kernel of the prior) has the factor 1. Of a column
that does not exist in a row no factor is taken: as the columns that decide about it come first,
each kernel is a distribution over configurations, and so is the mixture.

A column takes one of three forms: on an INTERVAL a normal, truncated to it; on CELLS a normal's
values at them, times their widths, made to sum to one; among CHOICES a smoothed indicator.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from bayesopt._kernels.cube import snap_rows
from bayesopt._kernels.special import LOG_ROOT_TWO_PI, log_interval_mass, truncated_normal

F = npt.NDArray[np.float64]
B = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.int64]

FIXED, INTERVAL, CELLS, CHOICE = -1, 0, 1, 2
SCOTT, SPREAD, GAP = 0, 1, 2

_BLOCK = 64  # kernels at a time: their numbers stay in the first-level cache
_NOTHING = 40.0  # exp(-40) is lost in a sum that holds a 1


class Form(NamedTuple):
    """What the columns of a space are to a density.

    Of a column of CELLS the places ``cell_ptr[j]:cell_ptr[j + 1]`` hold coordinate and width.
    """

    form: npt.NDArray[np.int8]  # [d] FIXED, INTERVAL, CELLS, CHOICE
    n_cells: Numbers  # [d]
    cell_ptr: Numbers  # [d + 1]
    cell_unit: F  # [cells]
    cell_mass: F  # [cells]


class Smoothing(NamedTuple):
    """How wide kernels are."""

    rule: int  # SCOTT, SPREAD, GAP
    factor: float
    floor: float  # narrowest kernel, in units of the range
    cell_floor: float  # the same, in units of a cell
    prior_weight: float  # weight of the prior, in kernels
    choice_weight: float  # weight of the other choices, in kernels


class Mixture(NamedTuple):
    """A density: K kernels, the last one being the prior."""

    center: F  # [d, K]
    precision: F  # [d, K] 1 / standard deviation; 0 where the kernel says nothing
    offset: F  # [d, K] logarithm of the column's normaliser
    log_weight: F  # [K]
    cumulative: F  # [K] weights added up
    same: F  # [d] logarithm of the density at a kernel's own choice
    other: F  # [d] and at another


@njit(cache=True)
def fill_mixture(
    X: F, active: B, numbers: Numbers, more: F, more_active: B, weight: F, form: Any, smoothing: Any
) -> Any:
    """Return the mixture with a kernel at each row ``X[numbers]`` and at each of `more` rows.

    `weight` [numbers + more] adds up to how many there are; the prior has its own.
    """
    d, n, k = X.shape[1], numbers.size, numbers.size + more.shape[0]
    center, precision = np.full((d, k + 1), 0.5), np.zeros((d, k + 1))
    offset = np.zeros((d, k + 1))
    for i in range(k):
        for j in range(d):
            on = active[numbers[i], j] if i < n else more_active[i - n, j]
            if on and form.form[j] != FIXED:
                center[j, i] = X[numbers[i], j] if i < n else more[i - n, j]
                precision[j, i] = 1.0
    same, other = np.zeros(d), np.zeros(d)
    for j in range(d):
        if form.form[j] == CHOICE:
            same[j], other[j] = _choice_logs(precision[j], form.n_cells[j], smoothing)
        elif form.form[j] != FIXED:
            _set_widths(center[j], precision[j], weight, j, form, smoothing)
            _set_offsets(center[j], precision[j], offset[j], j, form)
    cumulative = np.empty(k + 1)
    total = 0.0
    for i in range(k + 1):
        total += smoothing.prior_weight if i == k else weight[i]
        cumulative[i] = total
    log_weight = np.empty(k + 1)
    for i in range(k + 1):
        w = smoothing.prior_weight if i == k else weight[i]
        log_weight[i] = math.log(w / total) if w > 0.0 else -math.inf
    return Mixture(center, precision, offset, log_weight, cumulative, same, other)


@njit(cache=True)
def _choice_logs(precision: F, n_cells: int, smoothing: Any) -> tuple[float, float]:
    """Return the log densities at a kernel's own choice and at each of the others."""
    n_on = 0.0
    for i in range(precision.size):
        n_on += precision[i]
    spread = smoothing.choice_weight / (n_on + 1.0)
    total = 1.0 + spread * n_cells
    return (
        math.log(n_cells * (1.0 + spread) / total),
        math.log(n_cells * spread / total) if spread > 0.0 else -math.inf,
    )


@njit(cache=True)
def _set_widths(center: F, precision: F, weight: F, j: int, form: Any, smoothing: Any) -> None:
    """Fill in the precisions of one column's kernels; they hold 1 where there is a kernel."""
    d, k = form.form.size, center.size - 1
    n_on, total, mean = 0, 0.0, 0.0
    for i in range(k):
        if precision[i] > 0.0:
            n_on += 1
            total += weight[i]
            mean += weight[i] * center[i]
    if n_on == 0:
        return
    floor = smoothing.floor
    if form.form[j] == CELLS:
        floor = max(floor, smoothing.cell_floor / form.n_cells[j])
    if smoothing.rule == GAP:
        _set_gaps(center, precision, n_on, max(floor, 1.0 / min(100.0, n_on + 2.0)))
        return
    scale = smoothing.factor * n_on ** (-1.0 / (d + 4.0))
    if smoothing.rule == SPREAD:
        mean = (mean + 0.5) / (total + 1.0)
        variance = (1.0 / 12.0 + (0.5 - mean) ** 2) / (total + 1.0)
        for i in range(k):
            if precision[i] > 0.0:
                variance += weight[i] * (center[i] - mean) ** 2 / (total + 1.0)
        scale *= math.sqrt(variance)
    for i in range(k):
        if precision[i] > 0.0:
            precision[i] = 1.0 / min(max(scale, floor), 1.0)


@njit(cache=True)
def _set_gaps(center: F, precision: F, n_on: int, floor: float) -> None:
    """Let each kernel reach to its farther neighbour (Bergstra et al., NIPS 2011)."""
    places = np.flatnonzero(precision > 0.0)
    order = places[np.argsort(center[places])]
    for r in range(n_on):
        x = center[order[r]]
        left = x - (center[order[r - 1]] if r > 0 else 0.0)
        right = (center[order[r + 1]] if r + 1 < n_on else 1.0) - x
        if n_on >= 2 and r == 0:
            left = right
        if n_on >= 2 and r + 1 == n_on:
            right = left
        precision[order[r]] = 1.0 / min(max(max(left, right), floor), 1.0)


@njit(cache=True)
def _set_offsets(center: F, precision: F, offset: F, j: int, form: Any) -> None:
    """Fill in the logarithms that make each kernel of one column integrate to one."""
    first, n_cells = form.cell_ptr[j], form.cell_ptr[j + 1] - form.cell_ptr[j]
    known = np.zeros(n_cells)  # precision for which a cell's sum was made
    sums = np.empty(n_cells)
    for i in range(center.size - 1):
        if precision[i] == 0.0:
            continue
        if form.form[j] == INTERVAL:
            low, high = -center[i] * precision[i], (1.0 - center[i]) * precision[i]
            offset[i] = LOG_ROOT_TWO_PI - math.log(precision[i]) + log_interval_mass(low, high)
            continue
        own = _nearest_cell(center[i], form.cell_unit[first : first + n_cells])
        if known[own] != precision[i]:
            known[own], sums[own] = precision[i], _log_sum(center[i], precision[i], j, form)
        offset[i] = sums[own]


@njit(cache=True)
def _nearest_cell(u: float, units: F) -> int:
    low, high = 0, units.size - 1
    while low < high:
        middle = (low + high) // 2
        if units[middle] < u:
            low = middle + 1
        else:
            high = middle
    return low


@njit(cache=True)
def _log_sum(center: float, precision: float, j: int, form: Any) -> float:
    total = 0.0
    for c in range(form.cell_ptr[j], form.cell_ptr[j + 1]):
        z = (form.cell_unit[c] - center) * precision
        total += form.cell_mass[c] * math.exp(-0.5 * z * z)
    return math.log(total)


@njit(cache=True)
def log_density(mixture: Any, rows: F, active: B, form: Any, out: F) -> None:
    """Fill in the log density [n] at snapped rows [n, d]; O(n K d)."""
    n, d, k = rows.shape[0], rows.shape[1], mixture.log_weight.size
    terms = np.empty((n, k))
    for first in range(0, k, _BLOCK):
        last = min(first + _BLOCK, k)
        for i in range(n):
            terms[i, first:last] = mixture.log_weight[first:last]
            for j in range(d):
                if active[i, j] and form.form[j] != FIXED:
                    _add_column(mixture, rows[i, j], j, form, first, last, terms[i])
    for i in range(n):
        out[i] = _log_sum_exp(terms[i])


@njit(cache=True)
def _add_column(mixture: Any, x: float, j: int, form: Any, first: int, last: int, terms: F) -> None:
    """Add one column's log factors to the terms of some kernels."""
    center, precision, offset = mixture.center[j], mixture.precision[j], mixture.offset[j]
    if form.form[j] == CHOICE:
        same, other = mixture.same[j], mixture.other[j]
        half = 0.5 / form.n_cells[j]
        for k in range(first, last):
            if precision[k] > 0.0:
                terms[k] += same if abs(center[k] - x) < half else other
        return
    for k in range(first, last):
        z = (x - center[k]) * precision[k]
        terms[k] -= 0.5 * z * z + offset[k]


@njit(cache=True)
def _log_sum_exp(terms: F) -> float:
    largest = terms[0]
    for k in range(1, terms.size):
        largest = max(largest, terms[k])
    total = 0.0
    for k in range(terms.size):
        if terms[k] > largest - _NOTHING:
            total += math.exp(terms[k] - largest)
    return largest + math.log(total)


@njit(cache=True)
def draw_rows(mixture: Any, uniforms: F, form: Any, rows: F) -> None:
    """Fill in rows [n, d] drawn from the mixture, not snapped; `uniforms` are [n, 1 + d]."""
    total = mixture.cumulative[mixture.cumulative.size - 1]
    for i in range(rows.shape[0]):
        k = np.searchsorted(mixture.cumulative, uniforms[i, 0] * total, side="right")
        k = min(k, mixture.cumulative.size - 1)
        for j in range(rows.shape[1]):
            rows[i, j] = _draw(mixture, k, j, uniforms[i, 1 + j], form)


@njit(cache=True)
def _draw(mixture: Any, k: int, j: int, u: float, form: Any) -> float:
    """Return a coordinate drawn from one kernel."""
    precision, center = mixture.precision[j, k], mixture.center[j, k]
    if precision == 0.0:
        return u
    if form.form[j] == INTERVAL:
        return truncated_normal(u, center, 1.0 / precision)
    if form.form[j] == CHOICE:
        # the smoothed part is spread over all choices, the kernel's own among them
        smooth = math.exp(mixture.other[j])
        return u / smooth if u < smooth else center
    target = u * math.exp(mixture.offset[j, k])
    last = form.cell_ptr[j + 1] - 1
    for c in range(form.cell_ptr[j], last):
        z = (form.cell_unit[c] - center) * precision
        target -= form.cell_mass[c] * math.exp(-0.5 * z * z)
        if target < 0.0:
            return float(form.cell_unit[c])
    return float(form.cell_unit[last])


@njit(cache=True)
def score_candidates(
    good: Any, bad: Any, uniforms: F, form: Any, domain: Any, rows: F, active: B, score: F
) -> None:
    """Fill in snapped rows [n, d] drawn from the good density, and log ratios good to bad [n]."""
    draw_rows(good, uniforms, form, rows)
    snap_rows(rows, domain, rows, active)
    against = np.empty(rows.shape[0])
    log_density(good, rows, active, form, score)
    log_density(bad, rows, active, form, against)
    for i in range(rows.shape[0]):
        score[i] -= against[i]


@njit(cache=True)
def suggest(
    X: F,
    active: B,
    numbers: Numbers,
    n_good: int,
    weight: F,
    more: F,
    more_active: B,
    uniforms: F,
    form: Any,
    domain: Any,
    smooth_good: Any,
    smooth_bad: Any,
) -> tuple[F, F]:
    """Return candidate rows [c, d] and their log density ratios [c].

    The first `n_good` trials of `numbers` make the good density, the others and the `more` rows
    the bad one; `uniforms` are [c, 1 + d].
    """
    c, d = uniforms.shape[0], X.shape[1]
    good_numbers, bad_numbers = numbers[:n_good], numbers[n_good:]
    good = fill_mixture(
        X, active, good_numbers, more[:0], more_active[:0], weight, form, smooth_good
    )
    equal = np.ones(bad_numbers.size + more.shape[0])
    bad = fill_mixture(X, active, bad_numbers, more, more_active, equal, form, smooth_bad)
    rows, score = np.empty((c, d)), np.empty(c)
    rows_active = np.empty((c, d), dtype=np.bool_)
    score_candidates(good, bad, uniforms, form, domain, rows, rows_active, score)
    return rows, score
