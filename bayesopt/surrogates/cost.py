"""What an evaluation will cost: a Gaussian process on the logarithm."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from bayesopt.space.domain import Domain
from bayesopt.surrogates.base import Engine
from bayesopt.surrogates.compiled import COMPILED
from bayesopt.surrogates.model import Belief, build_belief
from bayesopt.surrogates.schedule import FitCache
from bayesopt.surrogates.settings import GPSettings

F = npt.NDArray[np.float64]

_LEAST_TOLD = 4  # costs; from fewer nothing is learned
_LEAST_SHARE = 1e-6  # of the median: what costs less counts as this, for 0 has no logarithm
_SAME = 1e-9  # a spread of logarithms that means nothing


@dataclass(frozen=True, eq=False)
class CostModel:
    """The expected logarithm of the cost, relative to the median cost.

    Attributes
    ----------
    belief : Belief
        Of log(cost / median), on a scale of its own.
    center, scale : float
        ``log(cost / median) = center + scale · (the belief's value)``.
    """

    belief: Belief
    center: float
    scale: float

    def log_cost(self, X: F) -> F:
        """Return the expected log(cost / median) [m] at rows X [m, d]."""
        return self.center + self.scale * self.belief.mean(X)

    def log_cost_grad(self, X: F) -> tuple[F, F]:
        """Return the same and its gradient [m, d] by the coordinates of X [m, d]."""
        found = [member.posterior_grad(X) for member in self.belief.members]
        weights, scale = self.belief.weights, self.scale
        value = weights @ np.array([mean for mean, *_ in found])
        grad = np.einsum("k,kmd->md", weights, np.array([d_mean for _, _, d_mean, _ in found]))
        return self.center + scale * value, scale * grad


def learn_cost(
    domain: Domain,
    X: F,
    cost: F,
    settings: GPSettings,
    cache: FitCache | None = None,
    most: int | None = None,
    engine: Engine = COMPILED,
) -> CostModel | None:
    """Return what evaluations will cost; None while that is one number for all.

    That is with fewer than four told costs, or where they are all the same. A pure function of all
    but the cache. Time as for a belief about the objective (``model.build_belief``).

    Parameters
    ----------
    domain : Domain
    X : float64 array [n, d]
        Snapped rows of the unit cube, by trial number.
    cost : float64 array [n]
        What each cost; NaN where that was not told.
    settings : GPSettings
        Of the objective's process; costs are neither cut off nor bent, but for the logarithm.
    cache, most, engine
        As for ``build_belief``; the subset is that of the cheapest.
    """
    told = np.isfinite(cost)
    if np.count_nonzero(told) < _LEAST_TOLD:
        return None
    logs = _logs(cost[told])
    if not np.ptp(logs) > _SAME:
        return None
    plain = replace(settings, transform="standardize", winsorize_iqr=math.inf, n_modes=1)
    rows = np.ascontiguousarray(X[told])
    nothing = np.zeros(logs.size, dtype=np.bool_)
    belief = build_belief(domain, rows, logs, nothing, plain, cache, most, engine)
    ends = belief.to_outcome(np.array([0.0, 1.0]))
    return CostModel(belief, float(ends[0]), float(ends[1] - ends[0]))


def _logs(cost: F) -> F:
    """Return log(cost / median), of what costs next to nothing too."""
    typical = float(np.median(cost)) or float(cost.max()) or 1.0
    return np.log(np.maximum(cost / typical, _LEAST_SHARE))
