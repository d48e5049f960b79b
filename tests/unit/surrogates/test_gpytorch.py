"""The compiled process against a plain one of GPyTorch with the same hyperparameters."""

from __future__ import annotations

import numpy as np
import pytest

import bayesopt as bo
from bayesopt.surrogates.exact_gp import Kernel, factorise, observe
from bayesopt.surrogates.hyper import Hyper, new_frame
from bayesopt.surrogates.inputs import to_inputs
from bayesopt.surrogates.settings import GPSettings

torch = pytest.importorskip("torch")
gpytorch = pytest.importorskip("gpytorch")

D, N = 4, 60
RNG = np.random.default_rng(0)
X, Q, Y = RNG.random((N, D)), RNG.random((25, D)), RNG.standard_normal(N)
SPACE = bo.Space({f"x{j}": bo.Float(0.0, 1.0) for j in range(D)})


class Plain(gpytorch.models.ExactGP):
    def __init__(self, kernel, likelihood) -> None:
        super().__init__(torch.from_numpy(X), torch.from_numpy(Y), likelihood)
        self.mean_module, self.covar_module = gpytorch.means.ZeroMean(), kernel

    def forward(self, x):
        return gpytorch.distributions.MultivariateNormal(self.mean_module(x), self.covar_module(x))


def exact(number: float):
    """Return a number as GPyTorch must be given it, which else would round it to 32 bits."""
    return torch.tensor(number, dtype=torch.float64)


def plain(name: str, hyper: Hyper, offset: float) -> Plain:
    kernels, likelihoods = gpytorch.kernels, gpytorch.likelihoods
    inner = {
        "rbf": lambda: kernels.RBFKernel(ard_num_dims=D),
        "matern32": lambda: kernels.MaternKernel(nu=1.5, ard_num_dims=D),
        "matern52": lambda: kernels.MaternKernel(nu=2.5, ard_num_dims=D),
    }[name]()
    kernel = kernels.ScaleKernel(inner)
    if offset:
        kernel = kernel + kernels.ConstantKernel()
    model = Plain(kernel, likelihoods.GaussianLikelihood()).double()
    inner.lengthscale = torch.from_numpy(hyper.lengthscale)
    model.likelihood.noise = exact(hyper.noise)
    (kernel.kernels[0] if offset else kernel).outputscale = exact(hyper.signal)
    if offset:
        kernel.kernels[1].constant = exact(offset)
    return model


@pytest.mark.parametrize("name", ["matern52", "matern32", "rbf"])
@pytest.mark.parametrize("offset", [0.0, 4.0])
@pytest.mark.parametrize("noise", [1e-3, 0.1])
def test_evidence_and_posterior_are_those_of_gpytorch(
    name: str, offset: float, noise: float
) -> None:
    hyper = Hyper(np.array([0.7, 0.3, 1.5, 0.4]) ** -2.0, 1.3, noise, 1.0)
    frame = new_frame(SPACE.domain, GPSettings(kernel=name, offset=offset))
    factor = factorise(Kernel(frame, hyper), to_inputs(SPACE.domain, X))
    assert factor is not None
    ours = observe(SPACE.domain, factor, Y)
    theirs = plain(name, hyper, offset)
    evidence = gpytorch.mlls.ExactMarginalLogLikelihood(theirs.likelihood, theirs)
    with torch.no_grad(), gpytorch.settings.fast_computations(False, False, False):
        value = N * evidence(theirs(torch.from_numpy(X)), torch.from_numpy(Y)).item()
        predicted = theirs.eval()(torch.from_numpy(Q))
        mean, variance = predicted.mean.numpy(), predicted.variance.numpy()
    assert ours.log_likelihood() == pytest.approx(value, rel=1e-8)
    found = ours.posterior(Q)
    np.testing.assert_allclose(found[0], mean, rtol=1e-8, atol=1e-8)
    np.testing.assert_allclose(found[1], variance, rtol=1e-8, atol=1e-8)
