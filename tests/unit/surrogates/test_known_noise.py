"""Outcomes that say how noisy they are: the exact process with a noise of its own at each row."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import bayesopt as bo
from bayesopt.surrogates.exact_gp import Kernel, factorise, observe
from bayesopt.surrogates.fit import Evidence
from bayesopt.surrogates.hyper import default_theta, new_frame, to_hyper
from bayesopt.surrogates.inputs import to_inputs
from bayesopt.surrogates.model import FitCache, GPSettings, build_belief
from bayesopt.surrogates.outcome import fit_outcome
from bayesopt.surrogates.schedule import refit_size

SPACE = bo.Space({f"x{j}": bo.Float(0.0, 1.0) for j in range(3)})
RNG = np.random.default_rng(0)
X = SPACE.sample(40, RNG)
Q = SPACE.sample(20, RNG)
NOISE = 10.0 ** RNG.uniform(-4.0, 0.0, 40)
Y = np.sin(5.0 * X[:, 0]) + X[:, 1] + np.sqrt(NOISE) * RNG.normal(size=40)
NOTHING = np.zeros(40, dtype=bool)


def setting(offset: float = 0.0):
    frame = new_frame(SPACE.domain, GPSettings(offset=offset))
    theta = default_theta(frame)
    theta[-1] = np.log(0.03)
    return frame, theta, to_hyper(theta, frame)


def fitted(rows, y, noise, offset: float = 0.0):
    frame, _, hyper = setting(offset)
    inputs = to_inputs(SPACE.domain, rows).with_noise(noise)
    return observe(SPACE.domain, factorise(Kernel(frame, hyper), inputs), y)


def test_against_scikit_learn_with_a_noise_for_each_outcome() -> None:
    kernels = pytest.importorskip("sklearn.gaussian_process.kernels")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from sklearn.gaussian_process import GaussianProcessRegressor

    frame, _, hyper = setting()
    kernel = kernels.ConstantKernel(hyper.signal) * kernels.Matern(hyper.lengthscale, nu=2.5)
    theirs = GaussianProcessRegressor(kernel, alpha=hyper.noise + NOISE, optimizer=None).fit(X, Y)
    mean, std = theirs.predict(Q, return_std=True)
    gp = fitted(X, Y, NOISE)
    ours = gp.posterior(Q)
    np.testing.assert_allclose(ours[0], mean, rtol=1e-8, atol=1e-8)
    np.testing.assert_allclose(ours[1], std**2, rtol=1e-8, atol=1e-8)
    value = Evidence(gp.factor.inputs, Y, frame).log_likelihood(hyper)[0]
    np.testing.assert_allclose(value, theirs.log_marginal_likelihood_value_, rtol=1e-8)
    np.testing.assert_allclose(gp.fitted_means(), gp.posterior(X)[0], rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("offset", [0.0, 2.0])
def test_repeated_rows_are_their_means_with_a_share_of_the_noise(offset: float) -> None:
    """Of k outcomes of variance v at a row the mean, of variance v / k, says all there is."""
    counts = RNG.integers(1, 6, 12)
    rows, noise = np.repeat(X[:12], counts, axis=0), np.repeat(NOISE[:12], counts)
    y = np.repeat(Y[:12], counts) + np.sqrt(noise) * RNG.normal(size=noise.size)
    hyper = setting(offset)[2]
    first = np.r_[0, np.cumsum(counts)[:-1]]
    means = np.add.reduceat(y, first) / counts
    each = hyper.noise + NOISE[:12]  # of one outcome, what is learned of all included
    full, short = (
        fitted(rows, y, noise, offset),
        fitted(X[:12], means, each / counts - hyper.noise, offset),
    )
    for one, other in zip(full.posterior_grad(Q), short.posterior_grad(Q), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-8, atol=1e-9)
    spread = y - np.repeat(means, counts)
    rest = -0.5 * ((counts - 1) * np.log(2 * np.pi * each) + np.log(counts)).sum()
    rest -= 0.5 * (spread**2 / np.repeat(each, counts)).sum()
    np.testing.assert_allclose(full.log_likelihood(), short.log_likelihood() + rest, rtol=1e-9)


def test_the_gradient_of_the_evidence_by_finite_differences() -> None:
    frame, theta, _ = setting(0.5)
    evidence = Evidence(to_inputs(SPACE.domain, X).with_noise(NOISE), Y, frame)
    _, gradient = evidence.negative_log_posterior(theta)
    for j, step in enumerate(1e-5 * np.eye(theta.size)):
        up, down = (evidence.negative_log_posterior(theta + s * step)[0] for s in (1, -1))
        np.testing.assert_allclose(gradient[j], (up - down) / 2e-5, rtol=1e-6, atol=1e-6)


def test_growth_row_by_row_keeps_each_noise() -> None:
    frame, _, hyper = setting()
    inputs = to_inputs(SPACE.domain, X).with_noise(NOISE)
    whole = factorise(Kernel(frame, hyper), inputs)
    grown = factorise(Kernel(frame, hyper), inputs.first(25)).grown(inputs.after(25))
    np.testing.assert_allclose(np.tril(grown.L), np.tril(whole.L), atol=1e-10)
    np.testing.assert_array_equal(grown.noise_at, whole.noise_at)


def test_a_belief_that_grew_with_the_trials_is_the_one_made_at_once() -> None:
    cache, noise = FitCache(), np.where(np.arange(40) % 3 == 0, np.nan, NOISE)
    for n in range(2, 41):
        made = [
            build_belief(SPACE.domain, X[:n], Y[:n], NOTHING[:n], GPSettings(), c, noise=noise[:n])
            for c in (cache, None)
        ]
        for one, other in zip(made[0].members, made[1].members, strict=True):
            for a, b in zip(one.posterior(Q), other.posterior(Q), strict=True):
                np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("n", [12, refit_size(40), 40])
def test_noise_nobody_told_changes_no_bit(n: int) -> None:
    nan = np.full(n, np.nan)
    for noise in (nan, np.zeros(n)):
        one = build_belief(SPACE.domain, X[:n], Y[:n], NOTHING[:n], GPSettings(), noise=noise)
        other = build_belief(SPACE.domain, X[:n], Y[:n], NOTHING[:n], GPSettings())
        np.testing.assert_array_equal(one.members[0].posterior(Q), other.members[0].posterior(Q))


def test_an_outcome_known_to_be_noisy_is_hardly_believed() -> None:
    y = (X[:, 0] - 0.5) ** 2
    y[7] = -1.0  # a lucky one
    noise = np.where(np.arange(40) == 7, 4.0, 1e-6)
    belief = build_belief(SPACE.domain, X, y, NOTHING, GPSettings(), noise=noise)
    assert not (belief.incumbent_row == X[7]).all()
    assert belief.is_noisy


def test_the_variance_in_the_model_s_units_does_not_depend_on_the_user_s() -> None:
    y = np.exp(2.0 * RNG.normal(size=30))
    plain = fit_outcome(y, GPSettings())
    scaled = fit_outcome(1e6 * y, GPSettings())
    np.testing.assert_allclose(
        scaled.variance_of(1e6 * y, np.full(30, 1e10)), plain.variance_of(y, np.full(30, 0.01))
    )
    line = fit_outcome(y, GPSettings(transform="standardize", winsorize_iqr=np.inf))
    np.testing.assert_allclose(line.variance_of(y, np.full(30, 0.5)), 0.5 / y.var())


@pytest.mark.parametrize("variance", [1e20, 1e150, 1e300])
def test_an_outcome_that_tells_nothing_leaves_a_search_its_proposals(variance: float) -> None:
    study = bo.create_study({"x": bo.Float(0.0, 1.0)}, sampler="gp", seed=0)
    for k in range(14):
        trial = study.ask()
        study.tell(trial, (trial.params["x"] - 0.3) ** 2, variance=variance if k % 3 else 1e-4)
    assert {trial.fallback for trial in study.trials} == {""}


def test_gpytorch_says_the_same() -> None:
    pytest.importorskip("gpytorch")
    pytest.importorskip("botorch")
    import torch

    from bayesopt.surrogates.torch_gp import TorchEngine

    engine = TorchEngine(torch.device("cpu"))
    frame, theta, _ = setting(0.5)
    inputs = to_inputs(SPACE.domain, X).with_noise(NOISE)
    ours, theirs = Evidence(inputs, Y, frame), engine.evidence(inputs, Y, frame)
    for one, other in zip(
        ours.negative_log_posterior(theta), theirs.negative_log_posterior(theta), strict=True
    ):
        np.testing.assert_allclose(one, other, rtol=1e-7, atol=1e-9)
    factor = engine.factorise(frame, theta, inputs.first(30)).grown(inputs.after(30))
    found, mine = engine.observe(SPACE.domain, factor, Y), fitted(X, Y, NOISE, 0.5)
    np.testing.assert_allclose(found.posterior(Q), mine.posterior(Q), rtol=1e-8, atol=1e-9)
    np.testing.assert_allclose(found.fitted_means(), mine.fitted_means(), rtol=1e-8, atol=1e-9)
