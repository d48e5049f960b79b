"""Parzen densities over the unit cube: mixtures of products of kernels, one per trial.

Everything is relative to the uniform distribution on the space, so that a column about which a
kernel says nothing (inactive in its trial, the prior) has the factor 1. Of a column that does not
exist in a row no factor is taken: as the columns that decide about it come first, each kernel is
a distribution over configurations, and so is the mixture.

A column takes one of three forms: on an INTERVAL a normal, truncated to it; on CELLS a normal's
values at them, times their widths, made to sum to one; among CHOICES a smoothed indicator.

Arrays are stored by column: rows [d, n], kernels [4, d, K]. Those hold kernels' centers; their
precisions, 1 / the standard deviation, 0 where a kernel says nothing of a column; their peaks, the
factors at the centers; and the logarithms of peaks of columns that do not exist always, else 0.
What is known of columns is one array [4, d], too: their forms; 1 if they exist in every row, else
0; their numbers of cells; half the distance of two choices. So few arguments are taken apart at a
call, and few are compiled. CELLS have `cells` [2, d, most cells]: coordinates and widths.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from bayesopt._kernels.compiled import inner, kernel
from bayesopt._kernels.special import exp_small, truncated_normal, upper_tail

F = npt.NDArray[np.float64]
B = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.int64]

FIXED, INTERVAL, CELLS, CHOICE = -1, 0, 1, 2

_ROOT_HALF = math.sqrt(0.5)
_NORMAL_PEAK = 1.0 / math.sqrt(2.0 * math.pi)
_HUGE, _TINY = 1e100, 1e-100


@kernel
def fit_kernels(
    X: F,
    active: B,
    weight: F,
    prior_weight: float,
    factor: float,
    floor: float,
    cell_floor: float,
    spread_weight: float,
    columns: F,
    cells: F,
    scratch: F,
    kernels: F,
    weights: F,
) -> float:
    """Fill in the kernels at rows X [K, d]; return the logarithm of the prior's weight.

    The width is `factor` times the rule of thumb for a normal density (Scott, 1992), where
    `spread_weight` is the weight of the uniform distribution in how far kernels are spread, and at
    least `floor`, on CELLS `cell_floor` of the distance between two. O(K d), and of each column of
    CELLS the number of cells squared.

    Parameters
    ----------
    weight : float64 [K]
        Of kernels, as `prior_weight` is that of the uniform distribution.
    scratch : float64 [2, most cells]
    kernels : float64 [4, d, K]
    weights : float64 [2, K]
        Filled with shares, which add up to 1 with the prior's, and bases: the logarithms of shares
        times the peaks of columns that exist always.
    """
    d = X.shape[1]
    form, always, n_cells = columns[0], columns[1], columns[2]
    center, precision, peak = kernels[0], kernels[1], kernels[2]
    for j in range(d):
        for k in range(weight.size):
            on = active[k, j] and form[j] != FIXED
            center[j, k] = X[k, j] if on else 0.0
            precision[j, k] = 1.0 if on else 0.0
            peak[j, k] = 1.0
        if form[j] == INTERVAL:
            _set_width(center[j], weight, factor, floor, spread_weight, d, precision[j])
            _set_interval_peaks(center[j], precision[j], peak[j])
        elif form[j] == CELLS:
            least = max(floor, cell_floor / n_cells[j])
            _set_width(center[j], weight, factor, least, spread_weight, d, precision[j])
            unit, mass, n = cells[0, j], cells[1, j], int(n_cells[j])
            _set_cell_peaks(center[j], precision[j], n, unit, mass, scratch, peak[j])
    _add_log_peaks(peak, always, kernels[3], weights[1])
    return _add_log_shares(weight, prior_weight, weights[0], weights[1])


@inner
def _set_width(
    center: F, weight: F, factor: float, floor: float, prior: float, d: int, precision: F
) -> None:
    n_on, total, first, second = 0.0, prior, 0.0, prior / 12.0
    for k in range(center.size):
        w, far = weight[k] * precision[k], center[k] - 0.5
        n_on += precision[k]
        total += w
        first += w * far
        second += w * far * far
    total = max(total, _TINY)
    variance = max(second / total - (first / total) * (first / total), 0.0)
    width = factor * math.sqrt(variance) * max(n_on, 1.0) ** (-1.0 / (d + 4.0))
    common = 1.0 / min(max(width, floor), 1.0)
    for k in range(center.size):
        precision[k] *= common


@inner
def _set_interval_peaks(center: F, precision: F, peak: F) -> None:
    for k in range(center.size):
        p = precision[k]
        outside = upper_tail(center[k] * p) + upper_tail((1.0 - center[k]) * p)
        mass = 1.0 - outside if p > 0.0 else 1.0
        peak[k] = p * _NORMAL_PEAK / mass if p > 0.0 else 1.0


@inner
def _set_cell_peaks(
    center: F, precision: F, n_cells: int, unit: F, mass: F, scratch: F, peak: F
) -> None:
    found, value = scratch[0], scratch[1]
    for c in range(n_cells):
        found[c] = 0.0  # kernels at one cell are alike
    for k in range(center.size):
        if precision[k] > 0.0:
            own = _cell_of(center[k], n_cells, unit)
            if found[own] == 0.0:
                for c in range(n_cells):
                    value[c] = _cell_value(unit[c], mass[c], center[k], precision[k])
                total = 0.0
                for c in range(n_cells):
                    total += value[c]
                found[own] = 1.0 / total
            peak[k] = found[own]


@inner
def _cell_of(u: float, n_cells: int, unit: F) -> int:
    """Return the cell whose coordinate is nearest to `u`, by bisection."""
    low, high = 0, n_cells - 1
    while low < high:
        middle = (low + high) // 2
        if unit[middle] + unit[middle + 1] < 2.0 * u:
            low = middle + 1
        else:
            high = middle
    return low


@inner
def _cell_value(unit: float, mass: float, center: float, precision: float) -> float:
    z = (unit - center) * precision
    return mass * exp_small(-0.5 * z * z)


@inner
def _add_log_peaks(peak: F, always: F, log_peak: F, base: F) -> None:
    """Fill in the logarithms of peaks >= 1; of those in `base` the product is taken before."""
    for k in range(base.size):
        product, base[k] = 1.0, 0.0
        for j in range(always.size):
            log_peak[j, k] = 0.0
            if always[j] == 0.0:
                log_peak[j, k] = math.log(peak[j, k])
            else:
                product *= peak[j, k]
                if product > _HUGE:
                    base[k] += math.log(product)
                    product = 1.0
        base[k] += math.log(product)


@inner
def _add_log_shares(weight: F, prior_weight: float, share: F, base: F) -> float:
    """Fill in shares and add their logarithms; where nothing weighs the prior is all there is."""
    total = prior_weight
    for k in range(weight.size):
        total += weight[k]
    for k in range(weight.size):
        share[k] = weight[k] / total if total > 0.0 else 0.0
        base[k] += math.log(share[k]) if share[k] > 0.0 else -math.inf
    if total <= 0.0:
        return 0.0
    return math.log(prior_weight / total) if prior_weight > 0.0 else -math.inf


@kernel
def log_density(
    Z: F, exists: F, kernels: F, weights: F, prior: float, columns: F, choices: F, terms: F
) -> None:
    """Fill in the log density at rows Z, relative to the uniform one; O(n K d).

    Parameters
    ----------
    Z, exists : float64 [d, n]
        Rows, and 1.0 where a column exists in a row, else 0.0.
    kernels, weights, prior : float64 [4, d, K], [2, K], float
        What `fit_kernels` gave.
    choices : float64 [3, d]
        Of a CHOICE: the second and the third are the logarithms of the density at a kernel's own
        choice, which is what is nearest to its center, and at another one.
    terms : float64 [K + 2, n]
        Filled with each kernel's logarithm, its weight included; then the largest of these and the
        prior; then the log density.
    """
    form, near, same, other = columns[0], columns[3], choices[1], choices[2]
    center, precision, log_peak, base = kernels[0], kernels[1], kernels[3], weights[1]
    K = base.size
    largest, out = terms[K], terms[K + 1]
    for i in range(out.size):
        largest[i] = prior
    for k in range(K):
        for i in range(out.size):
            terms[k, i] = base[k]
        for j in range(form.size):
            c, p = center[j, k], precision[j, k]
            if p > 0.0 and form[j] == CHOICE:
                _add_choice(Z[j], exists[j], c, near[j], same[j], other[j], terms[k])
            elif p > 0.0:
                _add_normal(Z[j], exists[j], c, p * _ROOT_HALF, log_peak[j, k], terms[k])
        for i in range(out.size):
            largest[i] = terms[k, i] if terms[k, i] > largest[i] else largest[i]
    _log_sums(terms, K, prior, largest, out)


# Loops of their own, without a branch, become vector instructions.


@inner
def _add_choice(
    x: F, exists: F, center: float, near: float, same: float, other: float, terms: F
) -> None:
    for i in range(terms.size):
        factor = same if abs(center - x[i]) < near else other
        terms[i] += factor if exists[i] > 0.0 else 0.0


@inner
def _add_normal(x: F, exists: F, center: float, scale: float, peak: float, terms: F) -> None:
    for i in range(terms.size):
        z = (x[i] - center) * scale
        terms[i] += peak - z * z if exists[i] > 0.0 else 0.0


@inner
def _log_sums(terms: F, K: int, prior: float, largest: F, out: F) -> None:
    """Fill in log(exp(prior) + the sum of exp(terms)) of the first K terms."""
    for i in range(out.size):
        out[i] = exp_small(prior - largest[i])
    for k in range(K):
        for i in range(out.size):
            out[i] += exp_small(terms[k, i] - largest[i])
    for i in range(out.size):
        out[i] = largest[i] + math.log(out[i]) if largest[i] > -math.inf else largest[i]


@kernel
def draw_rows(
    numbers: F, kernels: F, weights: F, columns: F, cells: F, choices: F, scratch: F, Z: F
) -> None:
    """Fill in rows Z [d, n] drawn from the density, not snapped, of uniform numbers [n, 1 + d].

    Of a CHOICE the first of `choices` [3, d] is the probability of a draw from all choices, the
    kernel's own among them. `scratch` is [5, n].
    """
    form, n_cells, smooth, peak = columns[0], columns[2], choices[0], kernels[2]
    source, center, precision = scratch[0], scratch[1], scratch[2]
    below, above = scratch[3], scratch[4]
    _choose_kernels(numbers, weights[0], source)
    for j in range(form.size):
        for what in range(2):  # in a loop, so that it is compiled once
            _gather(source, kernels[what, j], scratch[1 + what])
        if form[j] == INTERVAL:
            for i in range(source.size):
                below[i], above[i] = center[i] * precision[i], (1.0 - center[i]) * precision[i]
            for side in range(3, 5):
                _set_tails(scratch[side])
        for i in range(source.size):
            u, c, p = numbers[i, 1 + j], center[i], precision[i]
            if p > 0.0 and form[j] == INTERVAL:
                u = truncated_normal(u, c, p, below[i], above[i])
            elif p > 0.0 and form[j] == CHOICE:
                u = u / smooth[j] if u < smooth[j] else c
            elif p > 0.0:
                target = u / peak[j, int(source[i])]
                u = _cell_at(target, c, p, int(n_cells[j]), cells[0, j], cells[1, j])
            Z[j, i] = u


@inner
def _choose_kernels(numbers: F, share: F, source: F) -> None:
    """Fill in which kernel each row is drawn from; the one beyond the last is the prior."""
    for i in range(source.size):
        k, total = 0, 0.0
        while k < share.size:
            total += share[k]
            if total > numbers[i, 0]:
                break
            k += 1
        source[i] = k


@inner
def _gather(source: F, values: F, own: F) -> None:
    """Fill in what the kernels of rows have; 0 where that is the prior."""
    for i in range(source.size):
        k = int(source[i])
        own[i] = values[k] if k < values.size else 0.0


@inner
def _set_tails(z: F) -> None:
    for i in range(z.size):
        z[i] = upper_tail(z[i])


@inner
def _cell_at(
    target: float, center: float, precision: float, n_cells: int, unit: F, mass: F
) -> float:
    """Return the cell at which the values of a kernel have added up to more than the target."""
    for c in range(n_cells - 1):
        target -= _cell_value(unit[c], mass[c], center, precision)
        if target < 0.0:
            return float(unit[c])
    return float(unit[n_cells - 1])
