"""What surrogates and the engines that make them are."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any, Protocol, Self

import numpy as np
import numpy.typing as npt

from bayesopt.space.domain import Domain
from bayesopt.surrogates.hyper import Frame, Hyper
from bayesopt.surrogates.inputs import Inputs

F = npt.NDArray[np.float64]


class Fitted(Protocol):
    """A posterior over the latent objective, in transformed units (minimised)."""

    @property
    def d(self) -> int:
        """Number of columns."""

    def posterior(self, X: F) -> tuple[F, F]:
        """Return mean [m] and variance [m] (above zero, noise left out) at rows X [m, d]."""

    def posterior_grad(self, X: F) -> tuple[F, F, F, F]:
        """Return mean [m], variance [m] and their gradients [m, d] by the coordinates of X [m, d].

        The gradient is 0 for nominal columns and for those that do not exist in a row.
        """

    def condition(self, X: F, y: F | None = None) -> Fitted:
        """Return the surrogate with rows X [k, d] added, their outcomes y [k] in transformed units.

        Without outcomes the mean stays as it is and the variance shrinks: how running trials are
        taken in. O(n²) a row.
        """


class Process(Fitted, Protocol):
    """A Gaussian process given outcomes at rows."""

    @property
    def hyper(self) -> Hyper:
        """Hyperparameters."""

    @property
    def y(self) -> F:
        """Outcomes [n] in transformed units."""

    @property
    def alpha(self) -> F:
        """K⁻¹ y [n]."""

    def condition(self, X: F, y: F | None = None) -> Process:
        """Return the process with rows added; see :class:`Fitted`."""

    def fitted_means(self) -> F:
        """Return the posterior means [n] at the rows themselves, without noise."""

    @property
    def noise_at(self) -> F:
        """Variance [n] of each outcome around the latent function."""

    def influence(self, X: F) -> tuple[F, F, F]:
        """Return mean [m], variance [m] and K⁻¹ k [m, n] of each row of X [m, d]; O(n² m).

        The latter times the noise of an outcome is its latent value's covariance with a row's.
        """

    def weighted_influence_grad(self, X: F, weights: F) -> F:
        """Return the gradients [m, d] of ``Σ_i weights_i (K⁻¹ k)_i`` at rows X [m, d]; O(n² m).

        `weights` [m, n] are held.
        """

    def correlation(self, X: F, Z: F) -> F:
        """Return the prior's correlation [m, k] between rows X [m, d] and Z [k, d]; O(m k d)."""

    def log_likelihood(self) -> float:
        """Return the log marginal likelihood of the outcomes."""

    def one_ahead(self) -> tuple[F, F]:
        """Return what the outcomes before say of each, mean [n] and variance [n], noise included.

        With z = L⁻¹ y the mean is y_i - L_ii z_i and the variance L_ii²; O(n²).
        """

    def inverse_diagonal(self) -> F:
        """Return the diagonal of K⁻¹ [n], noise included; O(n³)."""


class FactorLike(Protocol):
    """The Cholesky factor of the covariance of n rows."""

    @property
    def inputs(self) -> Inputs:
        """The rows."""

    @property
    def n_bytes(self) -> int:
        """How much memory it takes."""

    def first(self, n: int) -> Self:
        """Return the factor of the first n rows."""

    def grown(self, rows: Inputs) -> Self:
        """Return the factor with rows added one by one; O(n²) each, the same bits on any way."""


class EvidenceLike(Protocol):
    """What hyperparameters are fitted to."""

    @property
    def frame(self) -> Frame:
        """What a fit does not move."""

    def negative_log_posterior(self, theta: F) -> tuple[float, F]:
        """Return what a fit minimises, and its gradient; (inf, 0) where the factor fails."""


class Engine(Protocol):
    """What computes: the arithmetic of one model, on one kind of machine."""

    @property
    def name(self) -> str:
        """Names the engine and its device; fits of different ones are kept apart."""

    def evidence(self, inputs: Inputs, y: F, frame: Frame) -> EvidenceLike:
        """Return the log posterior density of hyperparameters, given outcomes y [n] at rows."""

    def factorise(self, frame: Frame, theta: F, inputs: Inputs) -> FactorLike | None:
        """Return the factor of the covariance of rows under theta (``hyper.to_hyper``); O(n³).

        With as much jitter as it takes; None if even the largest jitter does not help.
        """

    def observe(self, domain: Domain, factor: Any, y: F) -> Process:
        """Return the posterior given outcomes y [n] at the rows of a factor that it made; O(n²)."""

    def session(self) -> AbstractContextManager[None]:
        """Return what an ask happens within: failures become Python's own, memory is freed."""
