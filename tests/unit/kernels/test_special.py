"""The normal distribution's functions against SciPy and mpmath, in the middle and far out."""

from __future__ import annotations

import mpmath as mp
import numpy as np
import pytest
from numba import njit
from scipy import special, stats

from bayesopt._kernels import acquisition
from bayesopt._kernels.special import (
    exp_small,
    log_cdfs,
    log_improvement,
    ndtri,
    truncated_normal,
    upper_tail,
)


def entry(function):
    """Return a function of one number that Python may call: the kernels have no such entry."""
    return njit(lambda x: function(x))


def each(function, x: np.ndarray) -> np.ndarray:
    call = entry(function)
    return np.array([call(float(value)) for value in x])


@njit
def truncated_quantile(u, mean, sd):
    below, above = upper_tail(mean / sd), upper_tail((1.0 - mean) / sd)
    return truncated_normal(u, mean, 1.0 / sd, below, above)


improvement = entry(log_improvement)


def test_exp_small_is_exact_to_an_ulp_of_one() -> None:
    x = -np.concatenate([np.linspace(0.0, 45.0, 1001), np.logspace(-300, 1, 200), [np.inf]])
    assert np.max(np.abs(each(exp_small, x) - np.exp(x))) < 4e-16
    assert each(exp_small, np.array([0.0, -41.0])).tolist() == [1.0, 0.0]


def test_upper_tail_is_exact_to_an_ulp_of_one() -> None:
    z = np.concatenate([np.linspace(0.0, 12.0, 1501), [1e-300, 1e300, np.inf]])
    assert np.max(np.abs(each(upper_tail, z) - special.ndtr(-z))) < 6e-16


def test_quantiles_are_exact_far_out() -> None:
    p = np.concatenate([np.linspace(0.001, 0.999, 999), np.logspace(-300, -3, 300)])
    np.testing.assert_allclose(each(ndtri, p), special.ndtri(p), rtol=2e-15, atol=1e-15)
    assert each(ndtri, np.array([0.5])) == 0.0


@pytest.mark.parametrize(
    ("mean", "sd"), [(0.5, 0.03), (0.0, 0.1), (1.0, 1.0), (0.9, 0.5), (0.2, 9.0)]
)
def test_quantiles_of_a_truncated_normal(mean: float, sd: float) -> None:
    u = np.linspace(0.0, 1.0, 101)[:-1]
    got = np.array([truncated_quantile(x, mean, sd) for x in u])
    expected = stats.truncnorm(-mean / sd, (1.0 - mean) / sd, mean, sd).ppf(u)
    np.testing.assert_allclose(got, expected, atol=1e-13)
    assert ((got >= 0.0) & (got <= 1.0)).all()


mp.mp.dps = 60

ZS = sorted(
    {
        sign * z
        for z in (0.0, 1e-300, 1e-8, 0.1, 0.7, 1.0, 2.5, 3.9, 3.999999, 4.0, 4.000001, 5.0, 8.0)
        for sign in (-1.0, 1.0)
    }
    | {-(10.0**e) for e in (1, 1.5, 2, 3, 5, 8, 20, 50, 100)}
    | {10.0**e for e in (1, 1.5, 2)}
)


def mills(x: mp.mpf) -> mp.mpf:
    """Return (1 - Φ(x)) / φ(x) of x > 0, by its asymptotic series where nothing else will do."""
    if x < 1000:
        return mp.ncdf(-x) / mp.npdf(x)
    return (1 - 1 / x**2 + 3 / x**4 - 15 / x**6 + 105 / x**8 - 945 / x**10) / x


def remainder(x: mp.mpf) -> mp.mpf:
    """Return 1 - x R(x), without cancellation."""
    if x < 1000:
        with mp.workdps(120):
            return 1 - x * mills(x)
    return 1 / x**2 - 3 / x**4 + 15 / x**6 - 105 / x**8 + 945 / x**10


def exact_log_cdf(z: float) -> tuple[mp.mpf, mp.mpf]:
    z = mp.mpf(z)
    if z < 0:
        ratio = mills(-z)
        return -z * z / 2 - mp.log(mp.sqrt(2 * mp.pi)) + mp.log(ratio), 1 / ratio
    return mp.log1p(-mp.ncdf(-z)), mp.npdf(z) / mp.ncdf(z)


def exact_log_improvement(z: float) -> tuple[mp.mpf, mp.mpf, mp.mpf]:
    z = mp.mpf(z)
    if z < 0:
        rest, ratio = remainder(-z), mills(-z)
        return -z * z / 2 - mp.log(mp.sqrt(2 * mp.pi)) + mp.log(rest), ratio / rest, 1 / rest
    h = mp.npdf(z) + z * mp.ncdf(z)
    return mp.log(h), mp.ncdf(z) / h, mp.npdf(z) / h


def close(got: float, wanted: mp.mpf, rel: float = 5e-14) -> bool:
    return abs(mp.mpf(got) - wanted) <= rel * abs(wanted) + mp.mpf("1e-16")


def test_log_cdf() -> None:
    z = np.array(ZS)
    value, slope = np.empty(z.size), np.empty(z.size)
    log_cdfs(z, value, slope)
    for i, x in enumerate(ZS):
        wanted, wanted_slope = exact_log_cdf(x)
        assert close(value[i], wanted), x
        assert close(slope[i], wanted_slope), x


@pytest.mark.parametrize("z", ZS)
def test_log_improvement(z: float) -> None:
    for got, wanted in zip(improvement(z), exact_log_improvement(z), strict=True):
        assert close(got, wanted)


@pytest.mark.parametrize("z", ZS)
@pytest.mark.parametrize("sigma", [1e-5, 1.0, 30.0])
def test_acquisitions_and_their_partials(z: float, sigma: float) -> None:
    """At mean = best - z σ; partials by the chain rule from exact values."""
    best = 0.0
    mean, var = np.array([-z * sigma]), np.array([sigma**2])
    out = np.empty((3, 1))
    s = mp.sqrt(mp.mpf(float(var[0])))
    exact_z = -mp.mpf(float(mean[0])) / s

    acquisition.log_ei(mean, var, best, *out)
    log_h, below, density = exact_log_improvement(float(exact_z))
    assert close(out[0, 0], mp.log(s) + log_h, 1e-13)
    assert close(out[1, 0], -below / s, 1e-13)
    assert close(out[2, 0], density / (2 * s * s), 1e-13)

    acquisition.log_pi(mean, var, best, *out)
    value, slope = exact_log_cdf(float(exact_z))
    assert close(out[0, 0], value, 1e-13)
    assert close(out[1, 0], -slope / s, 1e-13)
    assert close(out[2, 0], -slope * exact_z / (2 * s * s), 1e-13)
