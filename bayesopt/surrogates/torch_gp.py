"""The GPyTorch engine: the model of the compiled engine, on any device of torch, in 64 bits.

The evidence is the marginal log likelihood of a GPyTorch ``ExactGP`` with the kernel of
``torch_kernel``, differentiated by torch; priors, starts and the climb are those of the compiled
engine. Everything goes by Cholesky factors.
"""

from __future__ import annotations

import dataclasses
import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import gpytorch
import numpy as np
import numpy.typing as npt
import torch
from linear_operator.utils.errors import NanError, NotPSDError
from torch import Tensor

from bayesopt.space.domain import Domain
from bayesopt.surrogates import linear
from bayesopt.surrogates.exact_gp import HALF_LOG_2PI, LEAST_PIVOT, LEAST_VARIANCE
from bayesopt.surrogates.hyper import Frame, Hyper, log_prior, to_hyper
from bayesopt.surrogates.inputs import Inputs, to_inputs
from bayesopt.surrogates.torch_kernel import RowKernel, queries, to_rows

F = npt.NDArray[np.float64]

_BY_CHOLESKY = 10**9  # rows up to which GPyTorch shall not iterate instead


class RowModel(gpytorch.models.ExactGP):
    """GPyTorch's exact Gaussian process of mean zero over rows as ``to_rows`` makes them."""

    def __init__(
        self, kernel: RowKernel, rows: Tensor, y: Tensor, noise: Tensor | None = None
    ) -> None:
        floor = kernel.frame.settings.noise_floor
        above = gpytorch.constraints.GreaterThan(
            floor, transform=torch.exp, inv_transform=torch.log
        )
        above.lower_bound = torch.tensor(floor, dtype=rows.dtype)  # it was rounded to 32 bits
        super().__init__(rows, y, gpytorch.likelihoods.GaussianLikelihood(noise_constraint=above))
        self.mean_module, self.covar_module = gpytorch.means.ZeroMean(), kernel
        self.known_noise = noise
        self.to(rows)

    def forward(self, rows: Tensor) -> gpytorch.distributions.MultivariateNormal:
        """Return the prior at rows [n, 2 d]."""
        mean, covariance = self.mean_module(rows), self.covar_module(rows)
        if self.known_noise is not None:
            covariance = covariance.add_diagonal(self.known_noise)
        return gpytorch.distributions.MultivariateNormal(mean, covariance)

    def load(self, theta: F) -> None:
        """Take hyperparameters."""
        m = self.covar_module.frame.varies.size
        values = torch.as_tensor(theta).to(self.covar_module.theta)
        self.covar_module.theta.data = values
        self.likelihood.noise_covar.raw_noise.data = values[m + 1 : m + 2].clone()


class TorchEvidence:
    """The log posterior density of hyperparameters, given outcomes y [n] at rows."""

    def __init__(self, inputs: Inputs, y: F, frame: Frame, device: torch.device) -> None:
        self.frame, self._device = frame, device
        self._rows, self._y = to_rows(inputs, device), torch.tensor(y, device=device)
        self._noise = None if inputs.noise is None else torch.tensor(inputs.noise, device=device)
        self._models: dict[int, RowModel] = {}  # with a warp and without

    def log_likelihood(self, theta: F) -> tuple[float, F] | None:
        """Return the log marginal likelihood and its gradient by theta; None on failure; O(n³)."""
        model = self._model(theta)
        evidence = gpytorch.mlls.ExactMarginalLogLikelihood(model.likelihood, model.train())
        of = (model.covar_module.theta, model.likelihood.noise_covar.raw_noise)
        try:
            with _exactly():
                value = self._y.numel() * evidence(model(self._rows), self._y)
                by_theta, by_noise = torch.autograd.grad(value, of)
        except (NotPSDError, NanError):
            return None
        gradient = by_theta.cpu().numpy().copy()
        gradient[self.frame.varies.size + 1] += float(by_noise)
        return value.item(), gradient

    def _model(self, theta: F) -> RowModel:
        if theta.size not in self._models:
            kernel = RowKernel(self.frame, theta, self._device)
            self._models[theta.size] = RowModel(kernel, self._rows, self._y, self._noise)
        self._models[theta.size].load(theta)
        return self._models[theta.size]

    def negative_log_posterior(self, theta: F) -> tuple[float, F]:
        """Return what a fit minimises, and its gradient; (inf, 0) where the factor fails."""
        found = self.log_likelihood(theta)
        if found is None:
            return math.inf, np.zeros(theta.size)
        prior, slope = log_prior(theta, self.frame)
        return -(found[0] + prior), -(found[1] + slope)


@contextmanager
def _exactly() -> Iterator[None]:
    """Make GPyTorch factor, whatever the size, and add jitter without a word."""
    with (
        gpytorch.settings.max_cholesky_size(_BY_CHOLESKY),
        gpytorch.settings.cholesky_jitter(double_value=linear.JITTERS[0]),
        gpytorch.settings.cholesky_max_tries(len(linear.JITTERS)),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        yield


@dataclass(frozen=True, eq=False)
class TorchFactor:
    """The Cholesky factor of the covariance of rows, noise included.

    Attributes
    ----------
    kernel : RowKernel
    hyper : Hyper
    inputs : Inputs
        The n rows.
    embedded : Tensor [n, k]
        Where the kernel puts them.
    L : Tensor [n, n]
        Lower triangle.
    noise : float
        Variance on the diagonal: the noise, and the jitter it took.
    """

    kernel: RowKernel
    hyper: Hyper
    inputs: Inputs
    embedded: Tensor
    L: Tensor
    noise: float

    @property
    def noise_at(self) -> F:
        """Variance [n] of each outcome around the latent function."""
        return self.noise + self.inputs.known_noise

    @property
    def n_bytes(self) -> int:
        """How much memory it takes."""
        return int(self.L.nbytes)

    @property
    def prior_variance(self) -> float:
        """Variance of the latent function before any data."""
        return self.hyper.signal + self.kernel.frame.settings.offset

    def first(self, n: int) -> TorchFactor:
        """Return the factor of the first n rows."""
        return dataclasses.replace(
            self,
            inputs=self.inputs.first(n),
            embedded=self.embedded[:n],
            L=self.L[:n, :n].contiguous(),
        )

    @torch.no_grad()
    def grown(self, rows: Inputs) -> TorchFactor:
        """Return the factor with rows added one by one; O(n²) each.

        A row that is, to rounding, a copy of what is there gets a pivot of the least noise.
        """
        n, k = self.inputs.n, rows.n
        if not k:
            return self
        each = to_rows(rows, self.L.device).split(1)
        embedded = torch.cat([self.embedded, *(self.kernel.embed(row) for row in each)])
        L = self.L.new_zeros((n + k, n + k))
        L[:n, :n] = self.L
        for i in range(n, n + k):
            cross = self.kernel.between(embedded[i : i + 1], embedded[:i])
            row = torch.linalg.solve_triangular(L[:i, :i], cross.T, upper=False)[:, 0]
            pivot = self.prior_variance + self.noise + rows.known_noise[i - n] - row @ row
            L[i, :i], L[i, i] = row, pivot.clamp_min(LEAST_PIVOT * self.noise).sqrt()
        inputs = self.inputs.joined(rows)
        return dataclasses.replace(self, inputs=inputs, embedded=embedded, L=L)

    def solve(self, y: Tensor) -> Tensor:
        """Return K⁻¹ y [n]; O(n²)."""
        return torch.cholesky_solve(y[:, None], self.L)[:, 0]


@torch.no_grad()
def factorise(frame: Frame, theta: F, inputs: Inputs, device: torch.device) -> TorchFactor | None:
    """Return the factor of the covariance of rows, with as much jitter as it takes; O(n³).

    None if even the largest jitter does not help.
    """
    kernel, hyper = RowKernel(frame, theta, device).requires_grad_(False), to_hyper(theta, frame)
    embedded = kernel.embed(to_rows(inputs, device))
    for jitter in (0.0, *linear.JITTERS):
        noise = hyper.noise + jitter * hyper.signal
        K = kernel.between(embedded, embedded)
        known = torch.tensor(inputs.known_noise, device=device)
        K.diagonal().copy_(known + (hyper.signal + frame.settings.offset + noise))
        L, failed = torch.linalg.cholesky_ex(K)
        if not failed:
            return TorchFactor(kernel, hyper, inputs, embedded, L, noise)
    return None


@dataclass(frozen=True, eq=False)
class TorchGP:
    """A posterior given outcomes at rows; see ``bayesopt.surrogates.exact_gp.ExactGP``.

    Attributes
    ----------
    domain : Domain
    factor : TorchFactor
    y : float64 array [n]
    weights : Tensor [n]
        K⁻¹ y.
    """

    domain: Domain
    factor: TorchFactor
    y: F
    weights: Tensor

    @property
    def d(self) -> int:
        """Number of columns."""
        return self.domain.d

    @property
    def hyper(self) -> Hyper:
        """Hyperparameters."""
        return self.factor.hyper

    @property
    def alpha(self) -> F:
        """K⁻¹ y [n]."""
        return np.asarray(self.weights.cpu().numpy())

    @property
    def device(self) -> torch.device:
        """Where it computes."""
        return self.weights.device

    @property
    def noise_at(self) -> F:
        """Variance [n] of each outcome around the latent function."""
        return self.factor.noise_at

    def fitted_means(self) -> F:
        """Return the posterior means at the rows themselves, without noise: y - noise K⁻¹ y."""
        return self.y - self.factor.noise_at * self.alpha

    def log_likelihood(self) -> float:
        """Return the log marginal likelihood of the outcomes; O(n)."""
        half_log_det = float(self.factor.L.diagonal().log().sum())
        return -0.5 * float(self.y @ self.alpha) - half_log_det - self.y.size * HALF_LOG_2PI

    def one_ahead(self) -> tuple[F, F]:
        """Return what the outcomes before say of each, mean [n] and variance [n]; O(n²)."""
        L, y = self.factor.L, torch.tensor(self.y, device=self.device)
        spread = L.diagonal()
        z = torch.linalg.solve_triangular(L, y[:, None], upper=False)[:, 0]
        return (y - spread * z).cpu().numpy(), (spread**2).cpu().numpy()

    def inverse_diagonal(self) -> F:
        """Return the diagonal of K⁻¹ [n], noise included; O(n³)."""
        return np.asarray(torch.cholesky_inverse(self.factor.L).diagonal().cpu().numpy())

    def moments(self, X: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean [m] and variance [m] at X [m, d], to be differentiated; O(n² m)."""
        factor, cross = self.factor, self._cross(X)
        V = torch.linalg.solve_triangular(factor.L, cross.T, upper=False)
        prior = factor.prior_variance
        variance = (prior - (V * V).sum(dim=0)).clamp_min(LEAST_VARIANCE * prior)
        return cross @ self.weights, variance

    def posterior(self, X: F) -> tuple[F, F]:
        """Return mean [m] and variance [m] of the latent function at rows X [m, d]; O(n² m)."""
        with torch.no_grad():
            mean, var = self.moments(torch.tensor(X, device=self.device))
        return mean.cpu().numpy(), var.cpu().numpy()

    @torch.enable_grad()
    def posterior_grad(self, X: F) -> tuple[F, F, F, F]:
        """Return mean [m], variance [m] and their gradients [m, d] at rows X [m, d]; O(n² m).

        The gradient is 0 for nominal columns and for those that do not exist in a row.
        """
        at = torch.tensor(X, device=self.device, requires_grad=True)
        mean, var = self.moments(at)
        (d_mean,) = torch.autograd.grad(mean.sum(), at, retain_graph=True)
        (d_var,) = torch.autograd.grad(var.sum(), at)
        found = mean.detach(), var.detach(), d_mean, d_var
        first, second, third, fourth = (one.cpu().numpy() for one in found)
        return first, second, third, fourth

    @torch.no_grad()
    def influence(self, X: F) -> tuple[F, F, F]:
        """Return mean [m], variance [m] and K⁻¹ k [m, n] of each row of X [m, d]; O(n² m)."""
        at = torch.tensor(X, device=self.device)
        found = *self.moments(at), torch.cholesky_solve(self._cross(at).T, self.factor.L).T
        first, second, third = (one.cpu().numpy() for one in found)
        return first, second, third

    @torch.enable_grad()
    def weighted_influence_grad(self, X: F, weights: F) -> F:
        """Return the gradients [m, d] of ``Σ_i weights_i (K⁻¹ k)_i`` at rows X [m, d]; O(n² m)."""
        at = torch.tensor(X, device=self.device, requires_grad=True)
        solved = torch.cholesky_solve(torch.tensor(weights.T, device=self.device), self.factor.L)
        (grad,) = torch.autograd.grad((self._cross(at) * solved.T).sum(), at)
        return np.asarray(grad.cpu().numpy())

    @torch.no_grad()
    def correlation(self, X: F, Z: F) -> F:
        """Return the prior's correlation [m, k] between rows X [m, d] and Z [k, d]; O(m k d).

        Of what varies: the unknown mean, which all rows share, is left out.
        """
        kernel = self.factor.kernel
        first, second = (
            kernel.embed(queries(self.domain, torch.tensor(rows, device=self.device)))
            for rows in (X, Z)
        )
        K = kernel.between(first, second) - kernel.frame.settings.offset
        return np.asarray((K / kernel.signal).cpu().numpy())

    def _cross(self, X: Tensor) -> Tensor:
        kernel = self.factor.kernel
        return kernel.between(kernel.embed(queries(self.domain, X)), self.factor.embedded)

    def condition(self, X: F, y: F | None = None) -> TorchGP:
        """Return the posterior with rows X [k, d] added, outcomes y [k] in transformed units.

        Without outcomes the mean stays as it is and the variance shrinks. O(n²) a row.
        """
        factor = self.factor.grown(to_inputs(self.domain, X))
        if y is not None:
            return observe(self.domain, factor, np.concatenate([self.y, y]))
        mean, _ = self.posterior(X)
        weights = torch.cat([self.weights, self.weights.new_zeros(len(X))])
        return TorchGP(self.domain, factor, np.concatenate([self.y, mean]), weights)


@torch.no_grad()
def observe(domain: Domain, factor: TorchFactor, y: F) -> TorchGP:
    """Return the posterior given outcomes y [n] at the factor's rows; O(n²)."""
    weights = factor.solve(torch.tensor(y, dtype=factor.L.dtype, device=factor.L.device))
    return TorchGP(domain, factor, y, weights)


@dataclass(frozen=True)
class TorchEngine:
    """See :class:`bayesopt.surrogates.base.Engine`.

    Attributes
    ----------
    device : torch.device
    """

    device: torch.device

    @property
    def name(self) -> str:
        """Names the engine and its device."""
        return f"torch:{self.device}"

    def evidence(self, inputs: Inputs, y: F, frame: Frame) -> TorchEvidence:
        """Return the log posterior density of hyperparameters."""
        return TorchEvidence(inputs, y, frame, self.device)

    def factorise(self, frame: Frame, theta: F, inputs: Inputs) -> TorchFactor | None:
        """Return the factor of the covariance of rows; O(n³)."""
        return factorise(frame, theta, inputs, self.device)

    def observe(self, domain: Domain, factor: TorchFactor, y: F) -> TorchGP:
        """Return the posterior given outcomes y [n]; O(n²)."""
        return observe(domain, factor, y)

    @contextmanager
    def session(self) -> Iterator[None]:
        """Turn torch's failures into Python's own; give back memory that nothing uses.

        Gradients are taken even where the caller has switched them off.
        """
        try:
            with torch.inference_mode(False), torch.enable_grad():
                yield
        except torch.cuda.OutOfMemoryError as error:
            raise MemoryError(str(error).split(".")[0]) from error
        except (torch.linalg.LinAlgError, NotPSDError, NanError) as error:
            raise np.linalg.LinAlgError(str(error)) from error
        finally:
            if self.device.type == "cuda":
                torch.cuda.empty_cache()
