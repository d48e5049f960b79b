"""The knowledge gradient: by how much one more noisy outcome lowers the least posterior mean.

After an outcome at a row, the mean at row i is ``a_i + b_i Z`` with Z standard normal. Of these
lines those count that are the lowest somewhere; between two of them lies a breakpoint. The gain is
a sum of terms none of which is negative, so nothing cancels (Frazier, Powell and Dayanik, INFORMS
J. Comput. 21, 2009, algorithm 1).
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from bayesopt._kernels.compiled import inner, kernel
from bayesopt._kernels.special import log_improvement

F = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]

_SQRT_HALF = 0.7071067811865476
_INV_SQRT_2PI = 0.3989422804014327


@inner
def lowest_lines(a: F, b: F, order: Numbers, n: int, line: Numbers, start: F) -> int:
    """Fill in which lines are the lowest from where on, and return how many these are; O(n).

    `order` [n] has the lines by falling slope.
    """
    k = 0
    for position in range(n):
        i = order[position]
        crossing = -math.inf
        is_low = True
        while k > 0:
            last = line[k - 1]
            if b[last] - b[i] <= 0.0:  # parallel
                if a[i] >= a[last]:
                    is_low = False
                    break
                k -= 1
                continue
            crossing = (a[i] - a[last]) / (b[last] - b[i])
            if crossing > start[k - 1]:
                break
            k -= 1
        if is_low:
            line[k] = i
            start[k] = crossing if k > 0 else -math.inf
            k += 1
    return k


@kernel
def log_knowledge_gain(
    means: F,
    spreads: F,
    mean: F,
    spread: F,
    order: Numbers,
    line: Numbers,
    start: F,
    a: F,
    b: F,
    value: F,
    by_mean: F,
    by_spread: F,
    by_spreads: F,
) -> None:
    """Fill in log E[min_i means_i - min_i (mean of row i after one more outcome)] and its partials.

    Parameters
    ----------
    means : float64 [n]
        Posterior means at the rows that may be recommended.
    spreads : float64 [m, n]
        By how much they move per standard deviation of the outcome at each query.
    mean, spread : float64 [m]
        The same of the query itself, which may be recommended then.
    order : int64 [m, n + 1]
        Lines (the last is the query) by falling spread.
    line, start, a, b : [n + 1]
        Scratch.
    value, by_mean, by_spread : float64 [m]
        The logarithm, and its derivatives by `mean` and `spread`.
    by_spreads : float64 [m, n]
        Its derivatives by `spreads`.
    """
    n = means.size
    best = math.inf
    for i in range(n):
        best = min(best, means[i])
    for q in range(mean.size):
        for i in range(n):
            a[i], b[i] = means[i], spreads[q, i]
            by_spreads[q, i] = 0.0
        a[n], b[n] = mean[q], spread[q]
        k = lowest_lines(a, b, order[q], n + 1, line, start)
        gain, lowest = 0.0, math.inf
        for j in range(k):
            if start[j] <= 0.0:
                lowest = a[line[j]]
            if j > 0:
                log_h, _, _ = log_improvement(-abs(start[j]))
                gain += (b[line[j - 1]] - b[line[j]]) * math.exp(log_h)
        gain = max(gain + (best - lowest), 1e-300)
        value[q] = math.log(gain)
        by_mean[q] = by_spread[q] = 0.0
        for j in range(k):
            end = start[j + 1] if j + 1 < k else math.inf
            share = 0.5 * (math.erfc(-end * _SQRT_HALF) - math.erfc(-start[j] * _SQRT_HALF))
            moment = _INV_SQRT_2PI * (math.exp(-0.5 * start[j] ** 2) - math.exp(-0.5 * end * end))
            if line[j] == n:
                by_mean[q] = -share / gain
                by_spread[q] = -moment / gain
            else:
                by_spreads[q, line[j]] = -moment / gain
