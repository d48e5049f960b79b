"""The exact Gaussian process: a posterior by Cholesky factor, compiled kernels and LAPACK."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bayesopt._kernels.matern import fill_cross, fill_gram
from bayesopt._kernels.posterior import append_row, input_gradients
from bayesopt.space.domain import Domain
from bayesopt.surrogates import linear
from bayesopt.surrogates.hyper import Frame, Hyper
from bayesopt.surrogates.inputs import Inputs, to_inputs, warped

F = npt.NDArray[np.float64]

HALF_LOG_2PI = 0.5 * math.log(2.0 * math.pi)
LEAST_VARIANCE = 1e-12  # of the prior variance: what rounding leaves of 1 - vᵀ v
LEAST_PIVOT = 1e-8  # of the noise: that of a row which is a copy of another


@dataclass(frozen=True, eq=False)
class Kernel:
    """A covariance function with its hyperparameters."""

    frame: Frame
    hyper: Hyper

    @property
    def prior_variance(self) -> float:
        """Variance of the latent function before any data."""
        return self.hyper.signal + self.frame.settings.offset

    def place(self, inputs: Inputs) -> tuple[Inputs, F | None]:
        """Return rows where the warp puts them, and its slope [d, n]; None without a warp."""
        return warped(inputs, self.hyper.warp)

    def gram(self, inputs: Inputs, noise: float) -> F:
        """Return the lower triangle of K [n, n] of placed rows; O(n² d).

        On the diagonal there is the noise, and what is known of each outcome's own.
        """
        K, slope = np.empty((inputs.n, inputs.n)), np.empty((inputs.n, inputs.n))
        h, offset = self.hyper, self.frame.settings.offset
        fill_gram(
            inputs.Z,
            inputs.A,
            self.frame.rules,
            h.weight,
            h.gap,
            h.signal,
            offset,
            noise,
            self.frame.kernel,
            K,
            slope,
        )
        if inputs.noise is not None:
            K.flat[:: inputs.n + 1] += inputs.noise
        return K

    def cross(self, queries: Inputs, inputs: Inputs) -> tuple[F, F]:
        """Return k [m, n] between placed queries and rows, and its slope by r²; O(m n d)."""
        K, slope = np.empty((queries.n, inputs.n)), np.empty((queries.n, inputs.n))
        h, offset = self.hyper, self.frame.settings.offset
        fill_cross(
            queries.Z,
            queries.A,
            inputs.Z,
            inputs.A,
            self.frame.rules,
            h.weight,
            h.gap,
            h.signal,
            offset,
            self.frame.kernel,
            K,
            slope,
        )
        return K, slope


@dataclass(frozen=True, eq=False)
class Factor:
    """The Cholesky factor of the covariance of rows, noise included.

    Attributes
    ----------
    kernel : Kernel
    inputs : Inputs
        The n rows.
    placed : Inputs
        Where the warp puts them.
    L : float64 array [n, n]
        Lower triangle, C order; what is above the diagonal is arbitrary.
    noise : float
        Variance on the diagonal: the noise, and the jitter it took. What is known of the noise of
        single outcomes (``inputs.noise``) comes on top.
    """

    kernel: Kernel
    inputs: Inputs
    placed: Inputs
    L: F
    noise: float

    @property
    def noise_at(self) -> F:
        """Variance [n] of each outcome around the latent function."""
        return self.noise + self.inputs.known_noise

    @property
    def n_bytes(self) -> int:
        """How much memory it takes."""
        return self.L.nbytes

    def first(self, n: int) -> Factor:
        """Return the factor of the first n rows."""
        L = np.ascontiguousarray(self.L[:n, :n])
        return Factor(self.kernel, self.inputs.first(n), self.placed.first(n), L, self.noise)

    def grown(self, rows: Inputs) -> Factor:
        """Return the factor with rows added one by one; O(n²) each.

        A row that is, to rounding, a copy of what is there gets a pivot of the least noise.
        """
        n, k = self.inputs.n, rows.n
        if not k:
            return self
        inputs = self.inputs.joined(rows)
        new = self.kernel.place(rows)[0]
        placed = inputs if new is rows else self.placed.joined(new)
        L = np.empty((n + k, n + k))
        L[:n, :n] = self.L
        cross = self.kernel.cross(new, placed)[0]
        prior = self.kernel.prior_variance + self.noise + rows.known_noise
        for i in range(k):
            append_row(L, n + i, cross[i], prior[i], LEAST_PIVOT * self.noise)
        return Factor(self.kernel, inputs, placed, L, self.noise)


def factorise(kernel: Kernel, inputs: Inputs) -> Factor | None:
    """Return the factor of the covariance of rows, with as much jitter as it takes; O(n³).

    None if even the largest jitter does not help.
    """
    placed = kernel.place(inputs)[0]
    for jitter in (0.0, *linear.JITTERS):
        noise = kernel.hyper.noise + jitter * kernel.hyper.signal
        K = kernel.gram(placed, noise)
        if not inputs.n or linear.factor(K):
            return Factor(kernel, inputs, placed, K, noise)
    return None


@dataclass(frozen=True, eq=False)
class ExactGP:
    """A posterior given outcomes at rows.

    Attributes
    ----------
    domain : Domain
    factor : Factor
    y : float64 array [n]
        Outcomes in transformed units; of rows without one, what the mean was there.
    alpha : float64 array [n]
        K⁻¹ y.
    """

    domain: Domain
    factor: Factor
    y: F
    alpha: F

    @property
    def d(self) -> int:
        """Number of columns."""
        return self.domain.d

    @property
    def hyper(self) -> Hyper:
        """Hyperparameters."""
        return self.factor.kernel.hyper

    @property
    def noise_at(self) -> F:
        """Variance [n] of each outcome around the latent function."""
        return self.factor.noise_at

    def fitted_means(self) -> F:
        """Return the posterior means at the rows themselves, without noise: y - noise K⁻¹ y."""
        return self.y - self.factor.noise_at * self.alpha

    def log_likelihood(self) -> float:
        """Return the log marginal likelihood of the outcomes; O(n)."""
        y, diagonal = self.y, self.factor.L.diagonal()
        value = -0.5 * float(y @ self.alpha) - float(np.log(diagonal).sum())
        return value - y.size * HALF_LOG_2PI

    def one_ahead(self) -> tuple[F, F]:
        """Return what the outcomes before say of each, mean [n] and variance [n]; O(n²)."""
        spread = self.factor.L.diagonal()
        z = linear.forward(self.factor.L, self.y[None, :])[0]
        return self.y - spread * z, spread**2

    def inverse_diagonal(self) -> F:
        """Return the diagonal of K⁻¹ [n], noise included; O(n³)."""
        inverse = self.factor.L.copy()
        linear.invert(inverse)
        return inverse.diagonal().copy()

    def posterior(self, X: F) -> tuple[F, F]:
        """Return mean [m] and variance [m] of the latent function at rows X [m, d]; O(n² m)."""
        K, _ = self._cross(self._place(X)[0])
        return self._moments(K, linear.forward(self.factor.L, K))

    def posterior_grad(self, X: F) -> tuple[F, F, F, F]:
        """Return mean [m], variance [m] and their gradients [m, d] at rows X [m, d]; O(n² m).

        The gradient is 0 for nominal columns and for those that do not exist in a row.
        """
        queries, bend = self._place(X)
        K, slope = self._cross(queries)
        V = linear.forward(self.factor.L, K)
        mean, var = self._moments(K, V)
        d_mean, d_var = self._input_gradients(queries, slope, linear.backward(self.factor.L, V))
        if bend is not None:
            d_mean, d_var = d_mean * bend.T, d_var * bend.T
        return mean, var, d_mean, d_var

    def influence(self, X: F) -> tuple[F, F, F]:
        """Return mean [m], variance [m] and K⁻¹ k [m, n] of each row of X [m, d]; O(n² m).

        The latter times the noise of an outcome is its latent value's covariance with a row's.
        """
        K, _ = self._cross(self._place(X)[0])
        V = linear.forward(self.factor.L, K)
        return (*self._moments(K, V), linear.backward(self.factor.L, V))

    def weighted_influence_grad(self, X: F, weights: F) -> F:
        """Return the gradients [m, d] of ``Σ_i weights_i (K⁻¹ k)_i`` at rows X [m, d]; O(n² m).

        `weights` [m, n] are held.
        """
        queries, bend = self._place(X)
        _, slope = self._cross(queries)
        solved = linear.backward(self.factor.L, linear.forward(self.factor.L, weights))
        grad = self._input_gradients(queries, slope, solved)[1] * -0.5
        return grad if bend is None else grad * bend.T

    def correlation(self, X: F, Z: F) -> F:
        """Return the prior's correlation [m, k] between rows X [m, d] and Z [k, d]; O(m k d).

        Of what varies: the unknown mean, which all rows share, is left out.
        """
        kernel = self.factor.kernel
        K, _ = kernel.cross(self._place(X)[0], self._place(Z)[0])
        return (K - kernel.frame.settings.offset) / kernel.hyper.signal

    @np.errstate(all="ignore")
    def condition(self, X: F, y: F | None = None) -> ExactGP:
        """Return the posterior with rows X [k, d] added, outcomes y [k] in transformed units.

        Without outcomes the mean stays as it is and the variance shrinks. O(n²) a row.
        """
        rows = to_inputs(self.domain, X)
        factor = self.factor.grown(rows)
        if y is None:
            mean = self._cross(self.factor.kernel.place(rows)[0])[0] @ self.alpha
            alpha = np.concatenate([self.alpha, np.zeros(rows.n)])
            return ExactGP(self.domain, factor, np.concatenate([self.y, mean]), alpha)
        return observe(self.domain, factor, np.concatenate([self.y, y]))

    def _input_gradients(self, queries: Inputs, slope: F, U: F) -> tuple[F, F]:
        """Return ``Σ_i alpha_i ∇k_i`` and ``-2 Σ_i U_i ∇k_i`` [m, d] at placed queries."""
        by_mean, by_var = np.empty((queries.n, self.d)), np.empty((queries.n, self.d))
        rows, rules = self.factor.placed, self.factor.kernel.frame.rules
        input_gradients(
            queries.Z,
            queries.A,
            rows.Z,
            rules,
            self.hyper.weight,
            slope,
            self.alpha,
            U,
            np.empty((2, rows.n)),
            by_mean,
            by_var,
        )
        return by_mean, by_var

    def _place(self, X: F) -> tuple[Inputs, F | None]:
        return self.factor.kernel.place(to_inputs(self.domain, X))

    def _cross(self, queries: Inputs) -> tuple[F, F]:
        return self.factor.kernel.cross(queries, self.factor.placed)

    def _moments(self, K: F, V: F) -> tuple[F, F]:
        prior = self.factor.kernel.prior_variance
        explained = np.einsum("ij,ij->i", V, V)
        return K @ self.alpha, np.maximum(prior - explained, LEAST_VARIANCE * prior)


def observe(domain: Domain, factor: Factor, y: F) -> ExactGP:
    """Return the posterior given outcomes y [n] at the factor's rows; O(n²)."""
    return ExactGP(domain, factor, y, linear.solve(factor.L, y))
