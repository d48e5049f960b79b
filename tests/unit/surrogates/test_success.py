"""The probability of success: learned, differentiable, sensible far from data."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from bayesopt.surrogates.exact_gp import observe
from bayesopt.surrogates.schedule import FitCache
from bayesopt.surrogates.settings import GPSettings
from bayesopt.surrogates.success import SuccessModel, fit_link, learn_success


def learn(space, X, failed) -> SuccessModel:
    return learn_success(space.domain, X, failed, GPSettings(), FitCache())


def region(X: np.ndarray) -> np.ndarray:
    return (X[:, 0] > 0.6) | (X[:, 2] > 0.8)


@pytest.mark.parametrize("n", [30, 90])
def test_a_region_that_fails_is_found(mixed, n: int) -> None:
    X = mixed.sample(n, np.random.default_rng(0))
    model = learn(mixed, X, region(X))
    Q = mixed.sample(300, np.random.default_rng(1))
    likely = model.log_success(Q) > np.log(0.5)
    assert (likely == ~region(Q)).mean() > (0.8 if n == 30 else 0.9)


def test_the_gradient_by_finite_differences(mixed) -> None:
    X = mixed.sample(40, np.random.default_rng(0))
    model = learn(mixed, X, region(X))
    Q = mixed.sample(15, np.random.default_rng(1))
    value, gradient = model.log_success_grad(Q)
    np.testing.assert_array_equal(value, model.log_success(Q))
    for j in (0, 1):
        step = 1e-6 * np.eye(Q.shape[1])[j]
        wanted = (model.log_success(Q + step) - model.log_success(Q - step)) / 2e-6
        np.testing.assert_allclose(gradient[:, j], wanted, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("n", [1, 2, 20])
def test_where_all_failed_elsewhere_is_better(numeric, n: int) -> None:
    space = numeric(2)
    X = 0.1 + 0.1 * space.sample(n, np.random.default_rng(0))
    model = learn(space, X, np.ones(n, dtype=bool))
    near, far = model.log_success(np.array([[0.15, 0.15], [0.9, 0.9]]))
    assert near < far
    assert np.isfinite([near, far]).all()


def test_one_failure_among_many_does_not_blind(numeric) -> None:
    space = numeric(2)
    X = space.sample(40, np.random.default_rng(0))
    failed = np.zeros(40, dtype=bool)
    failed[7] = True
    probability = np.exp(
        learn(space, X, failed).log_success(space.sample(100, np.random.default_rng(1)))
    )
    assert np.median(probability) > 0.8


def test_scattered_failures_are_a_rate(numeric) -> None:
    """Failures that nothing explains: close to their share everywhere."""
    space, rng = numeric(3), np.random.default_rng(0)
    X = space.sample(120, rng)
    failed = rng.random(120) < 0.5
    probability = np.exp(learn(space, X, failed).log_success(space.sample(100, rng)))
    assert 0.25 < probability.min() < probability.max() < 0.75


def test_running_trials_leave_the_mean(mixed) -> None:
    X = mixed.sample(30, np.random.default_rng(0))
    model = learn(mixed, X, region(X))
    Q = mixed.sample(10, np.random.default_rng(1))
    running = model.condition(Q[:4])
    np.testing.assert_allclose(
        running.surrogate.posterior(Q)[0], model.surrogate.posterior(Q)[0], atol=1e-12
    )


def test_foreseen_failures_are_those_that_the_trials_before_tell(mixed) -> None:
    X = mixed.sample(40, np.random.default_rng(0))
    failed = region(X)
    model = learn(mixed, X, failed)
    gp, a, b = model.surrogate, model.link.slope, model.link.shift
    for i in (1, 7, 23, 39):
        before = observe(mixed.domain, gp.factor.first(i), gp.y[:i])
        mean, var = before.posterior(X[i : i + 1])
        chance = norm.cdf((a * mean + b) / np.sqrt(1.0 + a * a * (var + gp.factor.noise)))[0]
        wanted = max(1.0 - 2.0 * chance, 0.0) if failed[i] else 0.0
        assert model.risks[i] == pytest.approx(wanted, rel=1e-6, abs=1e-9)
    assert model.risks[~failed].max() == 0.0
    assert model.risks[failed].max() > 0.5


def test_failures_that_nothing_explains_are_not_foreseen(numeric) -> None:
    space, rng = numeric(3), np.random.default_rng(1)
    failed = rng.random(80) < 0.3
    assert learn(space, space.sample(80, rng), failed).risks.sum() < 0.02 * 80


def test_what_is_risked_under_way_is_expected(mixed) -> None:
    X = mixed.sample(30, np.random.default_rng(0))
    model = learn(mixed, X, region(X))
    Q = mixed.sample(10, np.random.default_rng(1))
    chance = np.exp(model.log_success(Q))
    wanted = (1.0 - chance) * np.maximum(1.0 - 2.0 * chance, 0.0)
    np.testing.assert_allclose(model.condition(Q).risks, [*model.risks, *wanted])


def test_the_link_follows_the_labels() -> None:
    mean = np.linspace(-0.5, 0.5, 50)
    var = np.full(50, 0.01)
    sharp = fit_link(mean, var, mean < 0.0)
    blurred = fit_link(mean, var, np.arange(50) % 2 == 0)
    assert sharp.slope > 3.0 * blurred.slope
    assert fit_link(mean, var, np.zeros(50, dtype=bool)).shift > 1.0
