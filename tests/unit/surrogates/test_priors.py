"""Priors against SciPy's densities, their derivatives by finite differences."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from bayesopt.space import Categorical, Float, Space
from bayesopt.space.domain import NOMINAL
from bayesopt.surrogates import priors
from bayesopt.surrogates.hyper import bounds, default_theta, log_prior, new_frame
from bayesopt.surrogates.schedule import FitCache
from bayesopt.surrogates.settings import GPSettings
from bayesopt.surrogates.training import new_task

LOGS = np.linspace(-6.0, 4.0, 21)
MIXTURE = ((0.6, -0.3, 0.7), (0.4, 1.5, 1.0))


def slopes(function) -> np.ndarray:
    h = 1e-6
    return np.array([(function(x + h) - function(x - h)) / (2 * h) for x in LOGS])


def differences(values) -> np.ndarray:
    return np.asarray(values) - values[0]


def test_gamma() -> None:
    found = [priors.gamma(x, 1.1, 30.0) for x in LOGS]
    exact = stats.gamma.logpdf(np.exp(LOGS), 1.1, scale=1 / 30.0)
    np.testing.assert_allclose(differences([v for v, _ in found]), differences(exact), rtol=1e-9)
    wanted = slopes(lambda x: priors.gamma(x, 1.1, 30.0)[0])
    np.testing.assert_allclose([s for _, s in found], wanted, rtol=1e-6, atol=1e-6)


def test_log_normal() -> None:
    found = [priors.log_normal(x, -1.0, 0.8) for x in LOGS]
    exact = stats.lognorm.logpdf(np.exp(LOGS), 0.8, scale=np.exp(-1.0))
    np.testing.assert_allclose(differences([v for v, _ in found]), differences(exact), rtol=1e-9)
    wanted = slopes(lambda x: priors.log_normal(x, -1.0, 0.8)[0])
    np.testing.assert_allclose([s for _, s in found], wanted, rtol=1e-6, atol=1e-6)


def test_mixture() -> None:
    found = [priors.log_normal_mixture(np.array([x]), MIXTURE) for x in LOGS]
    density = sum(w * stats.lognorm.pdf(np.exp(LOGS), s, scale=np.exp(m)) for w, m, s in MIXTURE)
    values = [v for v, _ in found]
    np.testing.assert_allclose(differences(values), differences(np.log(density)), rtol=1e-9)
    wanted = slopes(lambda x: priors.log_normal_mixture(np.array([x]), MIXTURE)[0])
    np.testing.assert_allclose([s[0] for _, s in found], wanted, rtol=1e-6, atol=1e-6)


def test_the_mixture_adds_up_over_columns() -> None:
    together, slope = priors.log_normal_mixture(LOGS, MIXTURE)
    apart = [priors.log_normal_mixture(np.array([x]), MIXTURE) for x in LOGS]
    np.testing.assert_allclose(together, sum(v for v, _ in apart))
    np.testing.assert_allclose(slope, [s[0] for _, s in apart])


@pytest.mark.parametrize("where", ["mixed", "numeric"])
def test_the_whole_prior(where: str, mixed, numeric) -> None:
    space = mixed if where == "mixed" else numeric(3)
    frame = new_task(
        space.domain, space.sample(2, np.random.default_rng(0)), GPSettings(), FitCache()
    ).frame
    theta = default_theta(frame) + 0.1
    low, high = bounds(frame)
    assert ((low < theta) & (theta < high)).all()
    _, slope = log_prior(theta, frame)
    for j, step in enumerate(1e-6 * np.eye(theta.size)):
        wanted = (log_prior(theta + step, frame)[0] - log_prior(theta - step, frame)[0]) / 2e-6
        np.testing.assert_allclose(slope[j], wanted, rtol=1e-6, atol=1e-6)


def test_lengthscales_grow_with_the_columns_so_that_random_rows_stay_as_far_apart() -> None:
    def distance(space: Space) -> float:
        """Return the mean squared distance of random rows under the expected lengthscales."""
        frame = new_frame(space.domain, GPSettings())
        rows = space.sample(4000, np.random.default_rng(0))
        choices = space.domain.kind == NOMINAL
        apart = np.abs(rows[:2000] - rows[2000:])
        apart[:, choices] = apart[:, choices] > 0
        return float((apart**2 * np.exp(-2.0 * frame.shift)).sum(axis=1).mean())

    few, many = (Space({f"x{i}": Float(0, 1) for i in range(d)}) for d in (10, 60))
    bits, many_bits = (Space({f"b{i}": Categorical([0, 1]) for i in range(d)}) for d in (10, 50))
    wanted = distance(few)
    np.testing.assert_allclose([distance(many), distance(bits)], wanted, rtol=0.05)
    np.testing.assert_allclose(distance(many_bits), wanted / 5.0, rtol=0.05)
    fewer = Space({"x": Float(0, 1), "c": Categorical(["a", "b", "c"])})
    np.testing.assert_array_equal(new_frame(fewer.domain, GPSettings()).shift, 0.0)


def test_the_sparse_prior_is_that_of_a_plain_search_for_the_global_scale() -> None:
    rng = np.random.default_rng(0)
    for scale in (0.1, 2.0):
        logs = 2.0 * rng.standard_normal(30)
        log_tau = np.linspace(-12.0, 12.0, 20001)
        apart = -2.0 * logs[:, None] - log_tau
        density = -np.log(np.cosh(apart)).sum(axis=0) - np.log(np.cosh(log_tau - np.log(scale)))
        value, _ = priors.shrinkage(logs, scale)
        assert value == pytest.approx(density.max(), abs=1e-4)


def test_half_cauchy_densities_are_meant() -> None:
    logs = np.linspace(-3.0, 3.0, 9)  # of one rho, tau held: log density of log rho
    held = stats.halfcauchy.logpdf(np.exp(logs), scale=0.7) + logs
    found = -np.log(np.cosh(logs - np.log(0.7)))
    np.testing.assert_allclose(differences(found), differences(held), atol=1e-12)


@pytest.mark.parametrize("scale", [0.1, 1.0])
def test_the_gradient_of_the_sparse_prior(scale: float) -> None:
    logs, h = 1.5 * np.random.default_rng(1).standard_normal(12), 1e-6
    _, slope = priors.shrinkage(logs, scale)
    for j in range(12):
        step = h * np.eye(12)[j]
        up, down = (priors.shrinkage(logs + sign * step, scale)[0] for sign in (1, -1))
        assert slope[j] == pytest.approx((up - down) / (2 * h), rel=1e-4, abs=1e-6)


def test_a_few_columns_cost_less_than_many_half_as_relevant() -> None:
    few, many = np.full(50, 2.0), np.full(50, 2.0)
    few[:3] -= 2.0
    many[:] -= 2.0 * 3 / 50
    sparse = priors.shrinkage(few, 0.1)[0] - priors.shrinkage(many, 0.1)[0]
    normal = stats.norm.logpdf(few, 2.0, 0.3).sum() - stats.norm.logpdf(many, 2.0, 0.3).sum()
    assert sparse > normal


def test_the_sparse_prior_takes_the_place_of_the_mixture() -> None:
    space = Space({f"x{j}": Float(0.0, 1.0) for j in range(12)})
    frame = new_frame(space.domain, GPSettings(sparsity=0.1))
    theta, h = default_theta(frame) + 0.3 * np.sin(np.arange(14)), 1e-6
    _, slope = log_prior(theta, frame)
    for j in range(theta.size):
        step = h * np.eye(theta.size)[j]
        up, down = (log_prior(theta + sign * step, frame)[0] for sign in (1, -1))
        assert slope[j] == pytest.approx((up - down) / (2 * h), rel=1e-4, abs=1e-5)
    plain = new_frame(space.domain, GPSettings())
    assert log_prior(theta, plain)[0] != log_prior(theta, frame)[0]
