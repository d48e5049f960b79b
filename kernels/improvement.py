"""The expected growth of a dominated volume, in log space, with its partial derivatives.

Objectives y_j are independent, each a mixture of normals, and minimised. The free space is a union
of disjoint boxes ∏_j [l_j, u_j], so the expected growth is

    Σ_boxes ∏_j E[u_j - max(l_j, y_j)]₊ = Σ_boxes ∏_j (ψ_j(u_j) - ψ_j(l_j)),

with ψ(a) = E[(a - y)₊] = σ h((a - μ) / σ), h(z) = φ(z) + z Φ(z), and ψ(-∞) = 0: exact for any
number of objectives (Yang, Emmerich, Deutz and Bäck, "Efficient computation of expected hypervolume
improvement using box decomposition algorithms", J. Glob. Optim. 75, 2019).
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from bayesopt._kernels.compiled import inner, kernel
from bayesopt._kernels.special import log_cdf, log_improvement

F = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]

_NARROW = 1e-4  # an interval over which Φ is a straight line, in standard deviations


def workspace(n_members: int, n_intervals: int, n_edges: int) -> tuple[F, F, F]:
    """Return what :func:`log_volume_gain` works in."""
    parts = np.empty((3, n_members, n_intervals))
    return parts, np.empty((2, n_intervals)), np.empty((4, n_edges))


@kernel
def log_volume_gain(
    mean: F,
    var: F,
    log_weight: F,
    objective: Numbers,
    edges: F,
    low: Numbers,
    high: Numbers,
    first: Numbers,
    boxes: Numbers,
    work: tuple[F, F, F],
    value: F,
    d_mean: F,
    d_var: F,
) -> None:
    """Fill in the log expected growth [q] and its partials [members, q].

    Parameters
    ----------
    mean, var : float64 [members, q]
        Of each member of a mixture, at each row.
    log_weight : float64 [members]
    objective : int64 [members]
        What a member speaks of, ascending.
    edges : float64 [edges]
        Where intervals begin and end.
    low, high : int64 [intervals]
        The edges of each interval; a low one of -1 is minus infinity.
    first : int64 [m + 1]
        Intervals ``first[j]`` to ``first[j + 1]`` are of objective j.
    boxes : int64 [k, m]
        The interval of each objective.
    work : tuple
        What `workspace` returned.

    O(q (members edges + boxes m)).
    """
    n_members = mean.shape[0]
    parts, joint, tails = work
    for i in range(mean.shape[1]):
        for t in range(low.size):
            joint[0, t] = -np.inf
        for s in range(n_members):
            begin, end = first[objective[s]], first[objective[s] + 1]
            sigma = math.sqrt(var[s, i])
            _fill_tails(edges, low, high, begin, end, mean[s, i], sigma, tails)
            for t in range(begin, end):
                log_width, by_mean, by_var = _interval(tails, low[t], high[t])
                parts[0, s, t] = log_weight[s] + math.log(sigma) + log_width
                parts[1, s, t], parts[2, s, t] = by_mean / sigma, by_var / var[s, i]
                joint[0, t] = _log_sum(joint[0, t], parts[0, s, t])
        value[i] = _over_boxes(joint, boxes)
        for s in range(n_members):
            d_mean[s, i] = d_var[s, i] = 0.0
            for t in range(first[objective[s]], first[objective[s] + 1]):
                if joint[1, t] > 0.0:
                    part = joint[1, t] * math.exp(parts[0, s, t] - joint[0, t])
                    d_mean[s, i] += part * parts[1, s, t]
                    d_var[s, i] += part * parts[2, s, t]


@inner
def _fill_tails(
    edges: F,
    low: Numbers,
    high: Numbers,
    begin: int,
    end: int,
    mean: float,
    sigma: float,
    tails: F,
) -> None:
    """Fill in what `log_improvement` says at the edges of some intervals, and z."""
    least, most = edges.size, -1
    for t in range(begin, end):
        most = max(most, high[t])
        least = min(least, high[t] if low[t] < 0 else low[t])
    for e in range(least, most + 1):
        z = (edges[e] - mean) / sigma
        tails[0, e], tails[1, e], tails[2, e] = log_improvement(z)
        tails[3, e] = z


@inner
def _interval(tails: F, low: int, high: int) -> tuple[float, float, float]:
    """Return log (h(z_high) - h(z_low)) and its partials, by μ times σ and by σ² times σ²."""
    if low < 0:
        return tails[0, high], -tails[1, high], 0.5 * tails[2, high]
    width, middle = tails[3, high] - tails[3, low], 0.5 * (tails[3, high] + tails[3, low])
    if width * (1.0 + abs(middle)) < _NARROW:
        below, slope = log_cdf(middle)
        return math.log(width) + below, -slope, -0.5 * slope * middle
    gap = tails[0, high] - tails[0, low]
    ratio, rest = math.exp(-gap), -math.expm1(-gap)
    by_mean = -(tails[1, high] - ratio * tails[1, low]) / rest
    by_var = 0.5 * (tails[2, high] - ratio * tails[2, low]) / rest
    return tails[0, high] + math.log(rest), by_mean, by_var


@inner
def _log_sum(a: float, b: float) -> float:
    """Return log (exp a + exp b)."""
    high, low = max(a, b), min(a, b)
    return high + math.log1p(math.exp(low - high)) if low > -np.inf else high


@inner
def _over_boxes(joint: F, boxes: Numbers) -> float:
    """Return the log of the sum over boxes; the share of each interval goes to joint[1]."""
    highest = -np.inf
    for t in range(joint.shape[1]):
        joint[1, t] = 0.0
    for k in range(boxes.shape[0]):
        highest = max(highest, _log_box(joint, boxes, k))
    if highest == -np.inf:
        return highest
    total = 0.0
    for k in range(boxes.shape[0]):
        part = math.exp(_log_box(joint, boxes, k) - highest)
        total += part
        for j in range(boxes.shape[1]):
            joint[1, boxes[k, j]] += part
    for t in range(joint.shape[1]):
        joint[1, t] /= total
    return highest + math.log(total)


@inner
def _log_box(joint: F, boxes: Numbers, k: int) -> float:
    log_volume = 0.0
    for j in range(boxes.shape[1]):
        log_volume += joint[0, boxes[k, j]]
    return log_volume
