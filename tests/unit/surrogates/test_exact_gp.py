"""The exact GP against a dense reference, scikit-learn, finite and complex differences."""

from __future__ import annotations

import math
import tracemalloc
import warnings

import numpy as np
import pytest
from scipy.stats import norm

from bayesopt.surrogates.exact_gp import ExactGP, Factor, Kernel, factorise, observe
from bayesopt.surrogates.fit import Evidence
from bayesopt.surrogates.hyper import Frame, Hyper, default_theta, new_frame, to_hyper
from bayesopt.surrogates.inputs import to_inputs
from bayesopt.surrogates.leave_one_out import leave_one_out
from bayesopt.surrogates.settings import GPSettings

KERNELS = ["matern52", "matern32", "rbf"]


def frame_of(space, **settings) -> Frame:
    domain = space.domain
    return new_frame(domain, GPSettings(**settings))


def make(space, kernel="matern52", n=40, seed=0, offset=0.0, noise=None, objective=None):
    """Return (X, y, fitted) under hyperparameters drawn at random."""
    rng = np.random.default_rng(seed)
    frame = frame_of(space, kernel=kernel, offset=offset)
    theta = default_theta(frame) + 0.4 * rng.normal(size=frame.n_theta)
    hyper = to_hyper(theta, frame)
    if noise is not None:
        hyper = Hyper(hyper.weight, hyper.signal, noise, hyper.gap)
    X = space.sample(n, rng)
    y = rng.normal(size=n) if objective is None else objective(X)
    factor = factorise(Kernel(frame, hyper), to_inputs(space.domain, X))
    return X, y, observe(space.domain, factor, y)


def blocks(gp: ExactGP, space, X, Q, dense):
    """Return K with noise, k and k** of the plain reference."""
    hyper, settings = gp.hyper, gp.factor.kernel.frame.settings
    rest = hyper.weight, hyper.signal, hyper.gap, settings.kernel, settings.offset
    K = dense(space, X, X, *rest) + hyper.noise * np.eye(len(X))
    return K, dense(space, Q, X, *rest), dense(space, Q, Q, *rest)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("offset", [0.0, 0.7])
def test_the_posterior_is_the_dense_one(mixed, dense, kernel, offset) -> None:
    X, y, gp = make(mixed, kernel, offset=offset)
    Q = mixed.sample(25, np.random.default_rng(9))
    K, cross, prior = blocks(gp, mixed, X, Q, dense)
    mean, var = gp.posterior(Q)
    np.testing.assert_allclose(mean, cross @ np.linalg.solve(K, y), rtol=1e-8, atol=1e-9)
    exact = np.diag(prior - cross @ np.linalg.solve(K, cross.T))
    np.testing.assert_allclose(var, exact, rtol=1e-8, atol=1e-9)
    alike = gp.correlation(Q, X)
    np.testing.assert_allclose(alike, (cross - offset) / gp.hyper.signal, rtol=1e-8, atol=1e-12)
    np.testing.assert_allclose(np.diag(gp.correlation(Q, Q)), 1.0)


@pytest.mark.parametrize("kernel", KERNELS)
def test_the_evidence_and_its_gradient_by_complex_step(mixed, dense, kernel) -> None:
    """d/dx f = Im f(x + ih) / h has no cancellation: right to rounding."""
    rng = np.random.default_rng(3)
    frame = frame_of(mixed, kernel=kernel, offset=0.3)
    X, y = mixed.sample(30, rng), rng.normal(size=30)
    hyper = to_hyper(default_theta(frame) + 0.3 * rng.normal(size=frame.n_theta), frame)

    def plain(weight, gap, signal, noise):
        K = dense(mixed, X, X, weight, signal, gap, kernel, 0.3) + noise * np.eye(30)
        log_det = np.log(np.linalg.eigvals(K)).sum()
        return -0.5 * (y @ np.linalg.solve(K, y) + log_det + 30 * np.log(2 * np.pi))

    found = Evidence(to_inputs(mixed.domain, X), y, frame).log_likelihood(hyper)
    value, by_weight, by_gap, by_signal, by_noise = found
    at = [hyper.weight, hyper.gap, hyper.signal, hyper.noise]
    np.testing.assert_allclose(value, plain(*at).real, rtol=1e-10)
    h = 1e-30
    for j in frame.varies:
        moved = hyper.weight.astype(complex)
        moved[j] += 1j * h
        np.testing.assert_allclose(by_weight[j], plain(moved, *at[1:]).imag / h, rtol=1e-8)
    for i, (got, scale) in enumerate([(by_gap, 1.0), (by_signal, hyper.signal), (by_noise, 1.0)]):
        moved = list(at)
        moved[i + 1] = moved[i + 1] + 1j * h
        np.testing.assert_allclose(got, scale * plain(*moved).imag / h, rtol=1e-8)


@pytest.mark.parametrize("kernel", KERNELS)
def test_the_log_posterior_gradient_by_finite_differences(mixed, kernel) -> None:
    rng = np.random.default_rng(5)
    frame = frame_of(mixed, kernel=kernel)
    X, y = mixed.sample(25, rng), rng.normal(size=25)
    evidence = Evidence(to_inputs(mixed.domain, X), y, frame)
    theta = default_theta(frame) + 0.3 * rng.normal(size=frame.n_theta)
    _, gradient = evidence.negative_log_posterior(theta)
    h = 1e-5
    for j, step in enumerate(h * np.eye(theta.size)):
        up, down = (evidence.negative_log_posterior(theta + s * step)[0] for s in (1, -1))
        np.testing.assert_allclose(gradient[j], (up - down) / (2 * h), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("kernel", KERNELS)
def test_against_scikit_learn(numeric, objective, kernel) -> None:
    kernels = pytest.importorskip("sklearn.gaussian_process.kernels")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from sklearn.gaussian_process import GaussianProcessRegressor

    space = numeric(4)
    X, y, gp = make(space, kernel, n=60, noise=1e-3, objective=objective)
    scale = gp.hyper.lengthscale
    shape = {
        "matern52": lambda: kernels.Matern(scale, nu=2.5),
        "matern32": lambda: kernels.Matern(scale, nu=1.5),
        "rbf": lambda: kernels.RBF(scale),
    }[kernel]()
    theirs = GaussianProcessRegressor(
        kernels.ConstantKernel(gp.hyper.signal) * shape, alpha=1e-3, optimizer=None
    ).fit(X, y)
    Q = space.sample(30, np.random.default_rng(1))
    mean, std = theirs.predict(Q, return_std=True)
    ours = gp.posterior(Q)
    np.testing.assert_allclose(ours[0], mean, rtol=1e-8, atol=1e-8)
    np.testing.assert_allclose(ours[1], std**2, rtol=1e-8, atol=1e-8)
    evidence = Evidence(to_inputs(space.domain, X), y, gp.factor.kernel.frame)
    value = evidence.log_likelihood(gp.hyper)[0]
    np.testing.assert_allclose(value, theirs.log_marginal_likelihood_value_, rtol=1e-8)


@pytest.mark.parametrize("kernel", KERNELS)
def test_input_gradients_by_finite_differences(mixed, kernel) -> None:
    _, _, gp = make(mixed, kernel, noise=1e-2)
    Q = mixed.sample(12, np.random.default_rng(2))
    mean, var, d_mean, d_var = gp.posterior_grad(Q)
    np.testing.assert_array_equal([mean, var], gp.posterior(Q))
    active = mixed.active(Q)
    for j in range(gp.d):
        if mixed.domain.kind[j] == 2 or not mixed.domain.varies[j]:
            assert not d_mean[:, j].any()
            assert not d_var[:, j].any()
            continue
        step = 1e-6 * np.eye(gp.d)[j]
        up, down = gp.posterior(Q + step), gp.posterior(Q - step)
        for got, a, b in ((d_mean, up[0], down[0]), (d_var, up[1], down[1])):
            wanted = np.where(active[:, j], (a - b) / 2e-6, 0.0)
            np.testing.assert_allclose(got[:, j], wanted, rtol=1e-5, atol=1e-6)


def test_a_column_that_does_not_exist_does_not_matter(mixed) -> None:
    _, _, gp = make(mixed)
    Q = mixed.sample(20, np.random.default_rng(4))
    other = np.where(mixed.active(Q), Q, 0.123)
    np.testing.assert_array_equal(gp.posterior(Q), gp.posterior(other))


@pytest.mark.parametrize("kernel", KERNELS)
def test_the_covariance_is_positive_definite_where_columns_come_and_go(mixed, kernel) -> None:
    """A fixed distance to what does not exist, whatever the coordinate, would not be."""
    X = mixed.sample(80, np.random.default_rng(8))
    frame = frame_of(mixed, kernel=kernel)
    for gap in (1e-3, 0.1, 3.0):
        hyper = Hyper(np.where(mixed.domain.varies, 0.5, 0.0), 1.0, 1e-6, gap)
        K = Kernel(frame, hyper).gram(to_inputs(mixed.domain, X), 0.0)
        lowest = np.linalg.eigvalsh(np.tril(K) + np.tril(K, -1).T)[0]
        assert lowest > -1e-12


def test_leave_one_out_is_what_refits_predict(mixed) -> None:
    X, y, gp = make(mixed, n=15, noise=0.05)
    found = leave_one_out(gp)
    inputs = to_inputs(mixed.domain, X)
    for i in range(len(X)):
        others = np.delete(np.arange(len(X)), i)
        factor = factorise(gp.factor.kernel, inputs.take(others))
        mean, var = observe(mixed.domain, factor, y[others]).posterior(X[i : i + 1])
        np.testing.assert_allclose(found.mean[i], mean[0], rtol=1e-7, atol=1e-8)
        np.testing.assert_allclose(found.var[i], var[0] + 0.05, rtol=1e-7)
    density = norm.logpdf(y, found.mean, np.sqrt(found.var))
    np.testing.assert_allclose(found.log_density, density, rtol=1e-9)


@pytest.mark.parametrize("n", [0, 1, 30])
def test_growing_is_factorising(mixed, n) -> None:
    X, _, whole = make(mixed, n=35, noise=1e-3)
    inputs, kernel = to_inputs(mixed.domain, X), whole.factor.kernel
    grown = factorise(kernel, inputs.first(n)).grown(inputs.after(n))
    L, exact = np.tril(grown.L), np.tril(whole.factor.L)
    np.testing.assert_allclose(L, exact, rtol=1e-9, atol=1e-11)


def test_growing_by_ones_and_at_once_is_the_same_to_the_bit(mixed) -> None:
    X, _, whole = make(mixed, n=60, noise=1e-6)
    inputs, kernel = to_inputs(mixed.domain, X), whole.factor.kernel
    start = factorise(kernel, inputs.first(20))
    at_once, by_ones = start.grown(inputs.after(20)), start
    for i in range(20, 60):
        by_ones = by_ones.grown(inputs.take(np.array([i])))
    np.testing.assert_array_equal(np.tril(at_once.L), np.tril(by_ones.L))


def test_conditioning_on_outcomes_is_fitting_them(mixed, dense) -> None:
    X, y, gp = make(mixed, n=30, noise=1e-2)
    more = mixed.sample(5, np.random.default_rng(6))
    told = np.linspace(-1.0, 1.0, 5)
    Q = mixed.sample(20, np.random.default_rng(7))
    both = np.concatenate([X, more])
    K, cross, _ = blocks(gp, mixed, both, Q, dense)
    mean, _ = gp.condition(more, told).posterior(Q)
    exact = cross @ np.linalg.solve(K, np.concatenate([y, told]))
    np.testing.assert_allclose(mean, exact, rtol=1e-8, atol=1e-9)


def test_conditioning_without_outcomes_keeps_the_mean_and_shrinks_the_variance(mixed) -> None:
    _, _, gp = make(mixed, n=30, noise=1e-2)
    more = mixed.sample(4, np.random.default_rng(6))
    Q = np.concatenate([mixed.sample(20, np.random.default_rng(7)), more])
    mean, var = gp.posterior(Q)
    running = gp.condition(more[:2]).condition(more[2:])
    np.testing.assert_allclose(running.posterior(Q)[0], mean, rtol=1e-12, atol=1e-12)
    assert (running.posterior(Q)[1] <= var * (1 + 1e-9)).all()
    assert (running.posterior(Q)[1][-4:] < 0.011).all()  # no more than the noise is left
    told = running.condition(Q[:1], mean[:1])  # what was expected: nothing changes
    np.testing.assert_allclose(told.posterior(Q)[0], mean, rtol=1e-9, atol=1e-9)


def test_the_prior_is_the_posterior_of_nothing(mixed) -> None:
    _, _, gp = make(mixed, n=1)
    rows = gp.factor.inputs.first(0)
    factor = Factor(gp.factor.kernel, rows, rows, np.empty((0, 0)), 1.0)
    nothing = observe(mixed.domain, factor, np.empty(0))
    mean, var, d_mean, d_var = nothing.posterior_grad(mixed.sample(3, np.random.default_rng(0)))
    assert not mean.any()
    assert not d_mean.any()
    assert not d_var.any()
    np.testing.assert_allclose(var, gp.hyper.signal)
    one = nothing.condition(gp.factor.inputs.Z.T.copy(), np.array([0.5]))
    assert one.factor.inputs.n == 1


def test_copies_of_a_row_are_taken_in(numeric) -> None:
    X, _, gp = make(numeric(2), n=3, noise=1e-6)
    many = gp.condition(np.repeat(X[:1], 200, axis=0))
    mean, var = many.posterior(X)
    assert np.isfinite(mean).all()
    assert (var > 0.0).all()


def test_memory_is_quadratic(numeric) -> None:
    """No n × n × d array: a fit's evaluation holds two matrices [n, n], and little more."""
    n, d = 300, 40
    space = numeric(d)
    X, rng = space.sample(n, np.random.default_rng(0)), np.random.default_rng(1)
    frame = frame_of(space)
    theta = default_theta(frame)
    Evidence(to_inputs(space.domain, X[:5]), X[:5, 0], frame).negative_log_posterior(theta)
    tracemalloc.start()
    evidence = Evidence(to_inputs(space.domain, X), rng.normal(size=n), frame)
    evidence.negative_log_posterior(theta)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * n * n * 8


def test_a_lengthscale_is_the_inverse_root_of_a_weight() -> None:
    scale = Hyper(np.array([4.0, 0.0]), 1.0, 1.0, 1.0).lengthscale
    assert scale[0] == 0.5
    assert math.isinf(scale[1])
