"""Where the user thinks that the optimum lies, as a term of the utility."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bayesopt._kernels.cube import mark_rows
from bayesopt.space.domain import Domain
from bayesopt.space.guess import OptimumPrior

F = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Guess:
    """``exponent · log π(x)``: πBO (Hvarfner et al., 2022), the exponent by `exponent_after`.

    Attributes
    ----------
    prior : OptimumPrior
    domain : Domain
        Of the same columns.
    exponent : float
        Falls with the evidence.
    """

    prior: OptimumPrior
    domain: Domain
    exponent: float

    def value(self, X: F) -> F:
        """Return what rows X [m, d] are worth, [m]; 0 at the prior's peak."""
        return self.value_grad(X)[0]

    def value_grad(self, X: F) -> tuple[F, F]:
        """Return the same and its gradient by the coordinates, [m, d]."""
        value, slope = self.prior.log_density_grad(X, self._exists(X))
        return self.exponent * value, self.exponent * slope

    def _exists(self, X: F) -> Mask:
        active: Mask = np.empty(X.shape, dtype=np.bool_)
        mark_rows(np.ascontiguousarray(X), self.domain.arrays, active)
        return active


def exponent_after(n: int, n_worth: float) -> float:
    """Return the exponent of a guess that is worth `n_worth` trials, after `n` of them.

    β / n up to n = β, and from then on its square, so that a wrong guess is soon overcome.
    """
    share = n_worth / max(n, 1)
    return float(min(share, share * share))
