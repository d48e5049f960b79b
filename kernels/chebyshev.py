"""The expected improvement of the largest of several weighted objectives, in log space.

Objectives y_j are independent, each a mixture of normals, and minimised. With s = max_j λ_j y_j,

    E[(b - s)₊] = ∫₋∞ᵇ P(s ≤ t) dt = ∫₋∞ᵇ ∏_j P(y_j ≤ t / λ_j) dt,

one integral of a function that only rises, which Gauss's rule takes between the places where its
logarithm has fallen by given amounts: no sampling, and exact to some 1e-6 on any scale.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from bayesopt._kernels.compiled import inner, kernel
from bayesopt._kernels.special import log_cdf

F = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]

NODES, NODE_WEIGHTS = np.polynomial.legendre.leggauss(14)
_LOG_SQRT_2PI = 0.9189385332046727
_FALLS = (0.003, 0.3, 3.0, 12.0, 40.0)  # nats below the end, where one panel meets the next
_MOST_DOUBLINGS, _HALVINGS = 80, 8


def workspace(n_members: int, m: int) -> tuple[F, F, F, F]:
    """Return what :func:`log_max_improvement` works in."""
    n = len(_FALLS) * NODES.size
    return np.empty((2, n)), np.empty((m, n)), np.empty((n_members, n)), np.empty((3, n_members))


@kernel
def log_max_improvement(
    mean: F,
    var: F,
    log_weight: F,
    objective: Numbers,
    scale: F,
    share: float,
    best: float,
    nodes: F,
    node_weights: F,
    work: tuple[F, F, F, F],
    value: F,
    d_mean: F,
    d_var: F,
) -> None:
    """Fill in log E[(best - share Σ_j λ_j E y_j - max_j λ_j y_j)₊] [q] and its partials.

    Parameters
    ----------
    mean, var : float64 [members, q]
        Of each member of a mixture, at each row.
    log_weight : float64 [members]
    objective : int64 [members]
        What a member speaks of, ascending from 0.
    scale : float64 [m]
        λ, above zero.
    share : float
        Of the weighted sum in the augmented maximum; it enters by its expected value.
    best : float
        The value to improve on.
    nodes, node_weights : float64 [k]
        Gauss's rule on [-1, 1].
    work : tuple
        What `workspace` returned.
    value : float64 [q]
    d_mean, d_var : float64 [members, q]

    O(q members k).
    """
    rule, below, z, own = work
    n_members = mean.shape[0]
    for i in range(mean.shape[1]):
        end = best
        for s in range(n_members):
            # of what is summed up, the distribution in units of its own: λ y
            weight = scale[objective[s]]
            own[0, s], own[1, s] = weight * mean[s, i], weight * math.sqrt(var[s, i])
            own[2, s] = share * weight * math.exp(log_weight[s])
            end -= own[2, s] * mean[s, i]
        top = _log_below(own, log_weight, objective, end)
        _place(own, log_weight, objective, end, top, nodes, node_weights, rule)
        _evaluate(own, log_weight, objective, rule, z, below)
        value[i] = _log_total(rule)
        at_end = math.exp(top - value[i])
        for s in range(n_members):
            by_z, by_spread = 0.0, 0.0
            for k in range(rule.shape[1]):
                density = log_weight[s] - 0.5 * z[s, k] ** 2 - _LOG_SQRT_2PI
                slope = math.exp(rule[1, k] - value[i] + density - below[objective[s], k])
                by_z += slope
                by_spread += slope * z[s, k]
            weight = scale[objective[s]]
            d_mean[s, i] = -by_z * weight / own[1, s] - own[2, s] * at_end
            d_var[s, i] = -0.5 * by_spread / var[s, i]


@inner
def _place(
    own: F,
    log_weight: F,
    objective: Numbers,
    end: float,
    top: float,
    nodes: F,
    node_weights: F,
    rule: F,
) -> None:
    """Fill in where the integrand is taken, panel by panel, and the logarithms of the weights."""
    n, upper, shortest = nodes.size, end, np.inf
    for s in range(own.shape[1]):
        shortest = min(shortest, own[1, s])
    for f in range(len(_FALLS)):
        aim, short, reach = top - _FALLS[f], 0.0, shortest
        for _ in range(_MOST_DOUBLINGS):
            if _log_below(own, log_weight, objective, upper - reach) < aim:
                break
            reach *= 2.0
        for _ in range(_HALVINGS):
            middle = 0.5 * (short + reach)
            if _log_below(own, log_weight, objective, upper - middle) < aim:
                reach = middle
            else:
                short = middle
        for k in range(n):
            rule[0, f * n + k] = upper - 0.5 * reach * (1.0 + nodes[k])
            rule[1, f * n + k] = math.log(0.5 * reach * node_weights[k])
        upper -= reach


@inner
def _evaluate(own: F, log_weight: F, objective: Numbers, rule: F, z: F, below: F) -> None:
    """Fill in z [members, k] and log P(λ_j y_j <= t) [m, k]; multiply the weights by these."""
    for k in range(rule.shape[1]):
        for j in range(below.shape[0]):
            below[j, k] = -np.inf
        for s in range(own.shape[1]):
            j = objective[s]
            z[s, k] = (rule[0, k] - own[0, s]) / own[1, s]
            below[j, k] = _log_sum(below[j, k], log_weight[s] + log_cdf(z[s, k])[0])
        for j in range(below.shape[0]):
            rule[1, k] += below[j, k]


@inner
def _log_total(rule: F) -> float:
    """Return the logarithm of the sum of what has become of the weights."""
    highest, total = -np.inf, 0.0
    for k in range(rule.shape[1]):
        highest = max(highest, rule[1, k])
    for k in range(rule.shape[1]):
        total += math.exp(rule[1, k] - highest)
    return highest + math.log(total)


@inner
def _log_below(own: F, log_weight: F, objective: Numbers, t: float) -> float:
    """Return log P(max_j λ_j y_j <= t)."""
    total, one, n = 0.0, -np.inf, own.shape[1]
    for s in range(n):
        one = _log_sum(one, log_weight[s] + log_cdf((t - own[0, s]) / own[1, s])[0])
        if s + 1 == n or objective[s + 1] != objective[s]:
            total += one
            one = -np.inf
    return total


@inner
def _log_sum(a: float, b: float) -> float:
    """Return log (exp a + exp b)."""
    high, low = max(a, b), min(a, b)
    return high + math.log1p(math.exp(low - high)) if low > -np.inf else high
