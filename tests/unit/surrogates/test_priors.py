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
        return float((apart**2).sum(axis=1).mean() * np.exp(-2.0 * frame.shift))

    few, many = (Space({f"x{i}": Float(0, 1) for i in range(d)}) for d in (10, 60))
    bits = Space({f"b{i}": Categorical([0, 1]) for i in range(50)})
    wanted = distance(few)
    np.testing.assert_allclose([distance(many), distance(bits)], wanted, rtol=0.05)
    fewer = Space({"x": Float(0, 1), "c": Categorical(["a", "b", "c"])})
    assert new_frame(fewer.domain, GPSettings()).shift == 0.0
