"""Acquisitions: partials by finite differences, and what each prefers."""

from __future__ import annotations

import numpy as np
import pytest

from bayesopt.acquisition.functions import UCB, LogEI, LogPI

ACQUISITIONS = [LogEI(0.3), LogPI(0.3), UCB(1.8)]


@pytest.mark.parametrize("acquisition", ACQUISITIONS, ids=repr)
def test_partials_are_derivatives(acquisition) -> None:
    rng = np.random.default_rng(0)
    mean, var = rng.normal(size=50) * 3.0, np.exp(rng.normal(size=50))
    _, d_mean, d_var = acquisition.partials(mean, var)
    h = 1e-6
    up, down = acquisition.partials(mean + h, var)[0], acquisition.partials(mean - h, var)[0]
    np.testing.assert_allclose(d_mean, (up - down) / (2 * h), rtol=1e-6, atol=1e-8)
    up, down = acquisition.partials(mean, var + h)[0], acquisition.partials(mean, var - h)[0]
    np.testing.assert_allclose(d_var, (up - down) / (2 * h), rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize("acquisition", ACQUISITIONS, ids=repr)
def test_a_lower_mean_is_better(acquisition) -> None:
    value, d_mean, _ = acquisition.partials(np.array([-1.0, 0.0, 1.0]), np.ones(3))
    assert value[0] > value[1] > value[2]
    assert (d_mean < 0.0).all()


@pytest.mark.parametrize("acquisition", [LogEI(0.0), UCB(1.0)], ids=repr)
def test_more_variance_is_better(acquisition) -> None:
    _, _, d_var = acquisition.partials(np.linspace(-3.0, 3.0, 7), np.ones(7))
    assert (d_var > 0.0).all()


def test_expected_improvement_is_an_expectation() -> None:
    rng = np.random.default_rng(1)
    draws = 0.2 + 0.7 * rng.standard_normal(1_000_000)
    value = LogEI(0.5).partials(np.array([0.2]), np.array([0.49]))[0]
    np.testing.assert_allclose(np.exp(value), np.maximum(0.5 - draws, 0.0).mean(), rtol=5e-3)
    value = LogPI(0.5).partials(np.array([0.2]), np.array([0.49]))[0]
    np.testing.assert_allclose(np.exp(value), (draws < 0.5).mean(), rtol=5e-3)
