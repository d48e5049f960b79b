"""Parzen densities over the unit cube: mixtures of products of kernels, one per trial.

Everything is relative to the uniform distribution on the space, so that a column about which a
kernel says nothing (inactive in its trial, the prior) has the factor 1. Of a column that does not
exist in a row no factor is taken: as the columns that decide about it come first, each kernel is
a distribution over configurations, and so is the mixture.

A column takes one of three forms: on an INTERVAL a normal, truncated to it; on CELLS a normal's
values at them, times their widths, made to sum to one; among CHOICES a smoothed indicator.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from bayesopt._kernels.compiled import inner, kernel
from bayesopt._kernels.special import exp_small, truncated_normal, upper_tail

F = npt.NDArray[np.float64]
B = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.int64]

FIXED, INTERVAL, CELLS, CHOICE = -1, 0, 1, 2

_LANES = 32  # partial sums: as many additions as the processor can have under way
_ROOT_HALF = math.sqrt(0.5)
_NORMAL_PEAK = 1.0 / math.sqrt(2.0 * math.pi)
_HUGE, _TINY = 1e100, 1e-100  # a product beyond is put into its logarithm


class Form(NamedTuple):
    """What the columns of a space are to a density.

    Of a column of CELLS the places ``cell_ptr[j]:cell_ptr[j + 1]`` hold coordinate and width.
    """

    form: npt.NDArray[np.int8]  # [d] FIXED, INTERVAL, CELLS, CHOICE
    always: B  # [d] whether a column exists in every row
    n_cells: Numbers  # [d]
    cell_ptr: Numbers  # [d + 1]
    cell_unit: F  # [cells]
    cell_mass: F  # [cells]


class Smoothing(NamedTuple):
    """How wide kernels are."""

    factor: float  # of the rule of thumb for a normal density
    floor: float  # narrowest kernel, in units of the range
    cell_floor: float  # the same, in units of a cell
    prior_weight: float  # in kernels
    spread_weight: float  # of the prior in how far kernels are spread, in kernels
    choice_weight: float  # weight of the other choices, in kernels


class Mixture(NamedTuple):
    """A density: K kernels and the prior."""

    center: F  # [d, K]
    precision: F  # [d, K] 1 / standard deviation; 0 where the kernel says nothing
    peak: F  # [d, K] the kernel's factor at its center
    log_peak: F  # [d, K] its logarithm, of columns that do not always exist
    base: F  # [K] logarithms of the weight and of the other peaks
    even: F  # [d] precision of a column in which all kernels have the same, else 0
    same: F  # [d] logarithm of the density at a kernel's own choice
    other: F  # [d] and at another
    cumulative: F  # [K] weights added up
    prior: float  # logarithm of the prior's weight


@inner
def fill_mixture(
    X: F, active: B, numbers: Numbers, more: F, more_active: B, weight: F, form: Any, smoothing: Any
) -> Any:
    """Return the mixture with a kernel at each row ``X[numbers]`` and at each of `more` rows.

    The weights [numbers + more] are relative to the prior's; O(K d), and of each column of CELLS
    the number of cells squared.
    """
    d, n, n_kernels = X.shape[1], numbers.size, numbers.size + more.shape[0]
    center, precision = np.zeros((d, n_kernels)), np.zeros((d, n_kernels))
    for i in range(n_kernels):
        for j in range(d):
            on = active[numbers[i], j] if i < n else more_active[i - n, j]
            if on and form.form[j] != FIXED:
                center[j, i] = X[numbers[i], j] if i < n else more[i - n, j]
                precision[j, i] = 1.0
    peak, log_peak = np.zeros((d, n_kernels)), np.zeros((d, n_kernels))
    base, cumulative = np.empty(n_kernels), np.empty(n_kernels)
    prior = _weigh(weight, smoothing.prior_weight, base, cumulative)
    even, same, other = np.zeros(d), np.zeros(d), np.zeros(d)
    product = np.zeros(n_kernels)
    for i in range(n_kernels):
        product[i] = 1.0
    for j in range(d):
        if form.form[j] == CHOICE:
            same[j], other[j] = _choice_logs(precision[j], form.n_cells[j], smoothing)
        elif form.form[j] != FIXED and n_kernels:
            even[j] = _set_widths(center[j], precision[j], weight, j, form, smoothing)
            _set_peaks(center[j], precision[j], peak[j], j, form)
            if form.always[j]:
                _multiply(peak[j], product, base)
            else:
                for i in range(n_kernels):
                    log_peak[j, i] = math.log(peak[j, i])
    for i in range(n_kernels):
        base[i] += math.log(product[i])
    return Mixture(center, precision, peak, log_peak, base, even, same, other, cumulative, prior)


@inner
def _weigh(weight: F, prior_weight: float, base: F, cumulative: F) -> float:
    """Fill in logarithms of weights and their sums; return the logarithm of the prior's."""
    total = prior_weight
    for i in range(weight.size):
        total += weight[i]
    if total <= 0.0:
        return 0.0
    reached = 0.0
    for i in range(weight.size):
        share = weight[i] / total
        reached += share
        cumulative[i] = reached
        base[i] = math.log(share) if share > 0.0 else -math.inf
    share = prior_weight / total
    return math.log(share) if share > 0.0 else -math.inf


@inner
def _choice_logs(precision: F, n_cells: int, smoothing: Any) -> tuple[float, float]:
    """Return the log densities at a kernel's own choice and at each of the others."""
    n_on = 0.0
    for i in range(precision.size):
        n_on += precision[i]
    spread = smoothing.choice_weight / (n_on + 1.0)
    total = 1.0 + spread * n_cells
    far = math.log(n_cells * spread / total) if spread > 0.0 else -math.inf
    return math.log(n_cells * (1.0 + spread) / total), far


@inner
def _set_widths(center: F, precision: F, weight: F, j: int, form: Any, smoothing: Any) -> float:
    """Fill in the precisions of one column's kernels; they hold 1 where there is a kernel.

    Returns what goes into ``even``.
    """
    n_on, total = 0, smoothing.spread_weight
    mean = 0.5 * total
    for i in range(center.size):
        if precision[i] > 0.0:
            n_on += 1
            total += weight[i]
            mean += weight[i] * center[i]
    floor = smoothing.floor
    if form.form[j] == CELLS:
        floor = max(floor, smoothing.cell_floor / form.n_cells[j])
    spread = _spread(center, precision, weight, mean / max(total, _TINY), smoothing.spread_weight)
    width = smoothing.factor * spread * max(n_on, 1) ** (-1.0 / (form.form.size + 4.0))
    common = 1.0 / min(max(width, floor), 1.0)
    for i in range(center.size):
        precision[i] *= common
    return common if n_on == center.size else 0.0


@inner
def _spread(center: F, precision: F, weight: F, mean: float, of_prior: float) -> float:
    """Return the standard deviation of centers and prior."""
    total, variance = of_prior, of_prior * (1.0 / 12.0 + (0.5 - mean) ** 2)
    for i in range(center.size):
        if precision[i] > 0.0:
            total += weight[i]
            variance += weight[i] * (center[i] - mean) ** 2
    return math.sqrt(variance / max(total, _TINY))


@inner
def _set_peaks(center: F, precision: F, peak: F, j: int, form: Any) -> None:
    """Fill in the factors that make each kernel of one column integrate to one."""
    if form.form[j] == INTERVAL:
        _set_interval_peaks(center, precision, peak)
        return
    first = form.cell_ptr[j]
    found = np.zeros(form.cell_ptr[j + 1] - first)  # kernels at one cell are alike
    for i in range(center.size):
        if precision[i] > 0.0:
            own = _cell_of(center[i], first, found.size, form)
            if found[own] == 0.0:
                found[own] = 1.0 / _cell_sum(center[i], precision[i], j, form)
            peak[i] = found[own]
        else:
            peak[i] = 1.0


@inner
def _cell_of(u: float, first: int, n_cells: int, form: Any) -> int:
    """Return the cell whose coordinate is nearest to `u`, by bisection."""
    low, high = 0, n_cells - 1
    while low < high:
        middle = (low + high) // 2
        if form.cell_unit[first + middle] + form.cell_unit[first + middle + 1] < 2.0 * u:
            low = middle + 1
        else:
            high = middle
    return low


@inner
def _set_interval_peaks(center: F, precision: F, peak: F) -> None:
    for i in range(center.size):
        p = precision[i]
        outside = upper_tail(center[i] * p) + upper_tail((1.0 - center[i]) * p)
        mass = 1.0 - outside if p > 0.0 else 1.0
        peak[i] = p * _NORMAL_PEAK / mass if p > 0.0 else 1.0


@inner
def _cell_sum(center: float, precision: float, j: int, form: Any) -> float:
    total = 0.0
    for c in range(form.cell_ptr[j], form.cell_ptr[j + 1]):
        total += _cell_value(c, center, precision, form)
    return total


@inner
def _cell_value(c: int, center: float, precision: float, form: Any) -> float:
    z = (form.cell_unit[c] - center) * precision
    return float(form.cell_mass[c] * exp_small(-0.5 * z * z))


@inner
def _multiply(peak: F, product: F, base: F) -> None:
    """Multiply the products by the peaks, and add what grows too large to the logarithms."""
    extreme = False
    for i in range(peak.size):
        product[i] *= peak[i]
        extreme |= product[i] > _HUGE or product[i] < _TINY
    if extreme:
        for i in range(peak.size):
            base[i] += math.log(product[i])
            product[i] = 1.0


@inner
def log_density(mixture: Any, rows: F, active: B, form: Any, out: F) -> None:
    """Fill in the log density [n] at rows [n, d], relative to the uniform one; O(n K d)."""
    terms, lanes = np.empty(mixture.base.size), np.empty(_LANES)
    for i in range(rows.shape[0]):
        _set_terms(mixture, rows, active, i, form, terms)
        out[i] = _log_sum_exp(terms, mixture.prior, lanes)


@inner
def _set_terms(mixture: Any, rows: F, active: B, i: int, form: Any, terms: F) -> None:
    """Fill in the log density at row i of each kernel, its weight included."""
    # taken out once: each look into a tuple counts references
    center, precision, log_peak = mixture.center, mixture.precision, mixture.log_peak
    base, even, same, other = mixture.base, mixture.even, mixture.same, mixture.other
    kind, always, n_cells = form.form, form.always, form.n_cells
    for k in range(terms.size):
        terms[k] = base[k]
    for j in range(rows.shape[1]):
        if not active[i, j] or kind[j] == FIXED:
            continue
        if kind[j] == CHOICE:
            near = 0.5 / n_cells[j]
            _add_choice(center, precision, j, rows[i, j], near, same[j], other[j], terms)
        elif even[j] > 0.0:
            _add_even(center, j, rows[i, j], even[j] * _ROOT_HALF, terms)
        else:
            _add_uneven(center, precision, j, rows[i, j], terms)
        if not always[j]:
            _add_row(log_peak, j, terms)


# Loops of their own, without a branch, become vector instructions.


@inner
def _add_choice(
    center: F, precision: F, j: int, x: float, near: float, same: float, other: float, terms: F
) -> None:
    for k in range(terms.size):
        factor = same if abs(center[j, k] - x) < near else other
        terms[k] += factor if precision[j, k] > 0.0 else 0.0


@inner
def _add_even(center: F, j: int, x: float, scale: float, terms: F) -> None:
    for k in range(terms.size):
        z = (x - center[j, k]) * scale
        terms[k] -= z * z


@inner
def _add_uneven(center: F, precision: F, j: int, x: float, terms: F) -> None:
    for k in range(terms.size):
        z = (x - center[j, k]) * precision[j, k] * _ROOT_HALF
        terms[k] -= z * z


@inner
def _add_row(values: F, j: int, terms: F) -> None:
    for k in range(terms.size):
        terms[k] += values[j, k]


@inner
def _log_sum_exp(terms: F, prior: float, lanes: F) -> float:
    """Return log(exp(prior) + the sum of exp(terms)); the `lanes` hold partial results."""
    n_lanes = lanes.size
    whole = terms.size - terms.size % n_lanes
    largest = prior
    for k in range(n_lanes):
        lanes[k] = prior
    for first in range(0, whole, n_lanes):
        for k in range(n_lanes):
            lanes[k] = lanes[k] if lanes[k] > terms[first + k] else terms[first + k]
    for k in range(n_lanes):
        largest = max(largest, lanes[k])
    for k in range(whole, terms.size):
        largest = max(largest, terms[k])
    if largest == -math.inf:
        return largest
    _exponentiate(terms, largest)
    for k in range(n_lanes):
        lanes[k] = 0.0
    for first in range(0, whole, n_lanes):
        for k in range(n_lanes):
            lanes[k] += terms[first + k]
    total = math.exp(prior - largest)
    for k in range(n_lanes):
        total += lanes[k]
    for k in range(whole, terms.size):
        total += terms[k]
    return largest + math.log(total)


@inner
def _exponentiate(terms: F, largest: float) -> None:
    for k in range(terms.size):
        terms[k] = exp_small(terms[k] - largest)


@inner
def draw_rows(mixture: Any, uniforms: F, form: Any, rows: F) -> None:
    """Fill in rows [n, d] drawn from the mixture, not snapped; `uniforms` are [n, 1 + d]."""
    for i in range(rows.shape[0]):
        k = 0
        while k < mixture.cumulative.size and mixture.cumulative[k] <= uniforms[i, 0]:
            k += 1
        for j in range(rows.shape[1]):
            rows[i, j] = uniforms[i, 1 + j]
            if k < mixture.cumulative.size and mixture.precision[j, k] > 0.0:
                rows[i, j] = _draw(mixture, k, j, uniforms[i, 1 + j], form)


@inner
def _draw(mixture: Any, k: int, j: int, u: float, form: Any) -> float:
    """Return a coordinate drawn from one kernel."""
    precision, center = mixture.precision[j, k], mixture.center[j, k]
    if form.form[j] == INTERVAL:
        return truncated_normal(u, center, precision)
    if form.form[j] == CHOICE:
        # what is smoothed is spread over all choices, the kernel's own among them
        smooth = math.exp(mixture.other[j])
        return u / smooth if u < smooth else center
    target = u / mixture.peak[j, k]
    last = form.cell_ptr[j + 1] - 1
    for c in range(form.cell_ptr[j], last):
        target -= _cell_value(c, center, precision, form)
        if target < 0.0:
            return float(form.cell_unit[c])
    return float(form.cell_unit[last])


@kernel
def density_at(
    X: F, active: B, weight: F, rows: F, exists: B, form: Any, smoothing: Any, out: F, grad: F
) -> None:
    """Fill in log densities [n] and their gradients [n, d] at rows, of kernels at each row of X.

    The gradient is 0 in columns that do not exist or are no INTERVAL.
    """
    mixture = fill_mixture(
        X, active, np.arange(X.shape[0]), X[:0], active[:0], weight, form, smoothing
    )
    log_density(mixture, rows, exists, form, out)
    terms = np.empty(mixture.base.size)
    for i in range(rows.shape[0]):
        _set_terms(mixture, rows, exists, i, form, terms)
        for j in range(rows.shape[1]):
            grad[i, j] = 0.0
            if exists[i, j] and form.form[j] == INTERVAL:
                for k in range(terms.size):
                    pull = (mixture.center[j, k] - rows[i, j]) * mixture.precision[j, k] ** 2
                    grad[i, j] += math.exp(terms[k] - out[i]) * pull


@kernel
def draw_from(X: F, active: B, weight: F, uniforms: F, form: Any, smoothing: Any, rows: F) -> None:
    """Fill in rows [n, d], not snapped, drawn from the density of kernels at each row of X."""
    mixture = fill_mixture(
        X, active, np.arange(X.shape[0]), X[:0], active[:0], weight, form, smoothing
    )
    draw_rows(mixture, uniforms, form, rows)
