"""A process over rows with one more column, at one value of that column."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from bayesopt.surrogates.base import Process
from bayesopt.surrogates.hyper import Hyper

F = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Sliced:
    """What a process over d + 1 columns says of d of them, the last one being fixed.

    Rows that are added (``condition``) have that value, too; outcomes known of the process remain
    those of all its rows.

    Attributes
    ----------
    whole : Process
    at : float
        Coordinate in the last column.
    """

    whole: Process
    at: float

    @property
    def d(self) -> int:
        """Number of columns that are left."""
        return self.whole.d - 1

    @property
    def hyper(self) -> Hyper:
        """Hyperparameters; those of the last column are left out."""
        hyper = self.whole.hyper
        warp = None if hyper.warp is None else hyper.warp[:, :-1]
        return replace(hyper, weight=hyper.weight[:-1], warp=warp)

    @property
    def y(self) -> F:
        """Outcomes [n] in transformed units, of all rows of the process."""
        return self.whole.y

    @property
    def alpha(self) -> F:
        """K⁻¹ y [n]."""
        return self.whole.alpha

    def posterior(self, X: F) -> tuple[F, F]:
        """Return mean [m] and variance [m] at rows X [m, d]."""
        return self.whole.posterior(self._placed(X))

    def posterior_grad(self, X: F) -> tuple[F, F, F, F]:
        """Return mean [m], variance [m] and their gradients [m, d] at rows X [m, d]."""
        mean, var, d_mean, d_var = self.whole.posterior_grad(self._placed(X))
        return mean, var, d_mean[:, :-1], d_var[:, :-1]

    def condition(self, X: F, y: F | None = None) -> Sliced:
        """Return the process with rows X [k, d] added; see ``Fitted``."""
        return Sliced(self.whole.condition(self._placed(X), y), self.at)

    @property
    def noise_at(self) -> F:
        """Variance [n] of each outcome of the process around the latent function."""
        return self.whole.noise_at

    def influence(self, X: F) -> tuple[F, F, F]:
        """Return mean [m], variance [m] and K⁻¹ k [m, n] of each row of X [m, d]."""
        return self.whole.influence(self._placed(X))

    def weighted_influence_grad(self, X: F, weights: F) -> F:
        """Return the gradients [m, d] of ``Σ_i weights_i (K⁻¹ k)_i`` at rows X [m, d]."""
        return self.whole.weighted_influence_grad(self._placed(X), weights)[:, :-1]

    def correlation(self, X: F, Z: F) -> F:
        """Return the prior's correlation [m, k] between rows X [m, d] and Z [k, d]."""
        return self.whole.correlation(self._placed(X), self._placed(Z))

    def fitted_means(self) -> F:
        """Return the posterior means [n] at the rows of the process, without noise."""
        return self.whole.fitted_means()

    def log_likelihood(self) -> float:
        """Return the log marginal likelihood of the outcomes."""
        return self.whole.log_likelihood()

    def one_ahead(self) -> tuple[F, F]:
        """Return what the outcomes before say of each, mean [n] and variance [n]."""
        return self.whole.one_ahead()

    def inverse_diagonal(self) -> F:
        """Return the diagonal of K⁻¹ [n], noise included; O(n³)."""
        return self.whole.inverse_diagonal()

    def _placed(self, X: F) -> F:
        return np.column_stack([X, np.full(len(X), self.at)])
