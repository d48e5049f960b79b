"""The normal distribution's functions against SciPy, in the middle and far out."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special, stats

from bayesopt._kernels.special import (
    exp_small,
    ndtri,
    truncated_normal,
    upper_tail,
)


def each(function, x: np.ndarray) -> np.ndarray:
    return np.array([function(float(value)) for value in x])


def test_exp_small_is_exact_to_an_ulp_of_one() -> None:
    x = -np.concatenate([np.linspace(0.0, 45.0, 1001), np.logspace(-300, 1, 200), [np.inf]])
    assert np.max(np.abs(each(exp_small, x) - np.exp(x))) < 4e-16
    assert exp_small(0.0) == 1.0
    assert exp_small(-41.0) == 0.0


def test_upper_tail_is_exact_to_an_ulp_of_one() -> None:
    z = np.concatenate([np.linspace(0.0, 12.0, 1501), [1e-300, 1e300, np.inf]])
    assert np.max(np.abs(each(upper_tail, z) - special.ndtr(-z))) < 6e-16


def test_quantiles_are_exact_far_out() -> None:
    p = np.concatenate([np.linspace(0.001, 0.999, 999), np.logspace(-300, -3, 300)])
    np.testing.assert_allclose(each(ndtri, p), special.ndtri(p), rtol=2e-15, atol=1e-15)
    assert ndtri(0.5) == 0.0


@pytest.mark.parametrize(
    ("mean", "sd"), [(0.5, 0.03), (0.0, 0.1), (1.0, 1.0), (0.9, 0.5), (0.2, 9.0)]
)
def test_quantiles_of_a_truncated_normal(mean: float, sd: float) -> None:
    u = np.linspace(0.0, 1.0, 101)[:-1]
    got = np.array([truncated_quantile(x, mean, sd) for x in u])
    expected = stats.truncnorm(-mean / sd, (1.0 - mean) / sd, mean, sd).ppf(u)
    np.testing.assert_allclose(got, expected, atol=1e-13)
    assert ((got >= 0.0) & (got <= 1.0)).all()


def truncated_quantile(u: float, mean: float, sd: float) -> float:
    return truncated_normal.py_func(u, mean, 1.0 / sd)  # it has no entry from Python
