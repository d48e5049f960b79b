"""What a row improves on under weights: the acquisition of many objectives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bayesopt._kernels.chebyshev import NODE_WEIGHTS, NODES, log_max_improvement, workspace
from bayesopt.acquisition.mixtures import Mixture, MixtureGain, owners

F = npt.NDArray[np.float64]

_SHARE = 0.05  # of the weighted sum beside the maximum (Knowles, 2006)


@dataclass(frozen=True, eq=False)
class Weighting:
    """The augmented Chebyshev norm from an ideal point: ``max_j λ_j u_j + .05 Σ_j λ_j u_j``.

    Attributes
    ----------
    scale : float64 [m]
        λ, above zero.
    ideal : float64 [m]
        u = y - ideal.
    """

    scale: F
    ideal: F

    def of(self, values: F) -> F:
        """Return the norm [n] of values [n, m]."""
        weighted = self.scale * (values - self.ideal)
        return np.asarray(weighted.max(axis=1) + _SHARE * weighted.sum(axis=1))


def random_weighting(front: F, rng: np.random.Generator) -> Weighting:
    """Return random weights of objectives scaled to the extent of a front [n, m]."""
    extent = np.ptp(front, axis=0)
    weights = rng.dirichlet(np.ones(front.shape[1]))
    scale = np.maximum(weights, _SHARE / front.shape[1]) / np.where(extent > 0.0, extent, 1.0)
    return Weighting(scale, front.min(axis=0))


@dataclass(frozen=True)
class WeightedGain(MixtureGain):
    """The log expected improvement of a weighting over the best value that it had.

    Attributes
    ----------
    objectives : sequence of Mixture
    weighting : Weighting
    best : float
    """

    objectives: Sequence[Mixture]
    weighting: Weighting
    best: float

    def _gain(self, mean: F, var: F) -> tuple[F, F, F]:
        place, log_weight = owners(self.objectives)
        value, by_mean, by_var = np.empty(mean.shape[1]), np.empty_like(mean), np.empty_like(mean)
        log_max_improvement(
            mean - self.weighting.ideal[place][:, None],
            var,
            log_weight,
            place,
            self.weighting.scale,
            _SHARE,
            self.best,
            NODES,
            NODE_WEIGHTS,
            workspace(len(mean), len(self.objectives)),
            value,
            by_mean,
            by_var,
        )
        return value, by_mean, by_var
