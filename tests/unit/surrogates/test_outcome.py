"""Transforms of outcomes: against SciPy, monotone, invertible, and finite whatever comes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import yeojohnson, yeojohnson_llf, yeojohnson_normmax

from bayesopt._kernels.power import best_power, transform
from bayesopt.surrogates.outcome import fit_outcome
from bayesopt.surrogates.settings import GPSettings

LARGEST = np.finfo(np.float64).max
AUTO = GPSettings()

HARD = {
    "none": [],
    "one": [3.0],
    "two": [1.0, 2.0],
    "constant": [5.0] * 9,
    "zeros": [0.0] * 4,
    "extremes": [-LARGEST, LARGEST, 0.0, 1.0],
    "all huge": [LARGEST, LARGEST * 0.5, -LARGEST, LARGEST],
    "tiny": [5e-324, 0.0, 1e-323, 2e-323],
    "both": [1e300, 1e-300, -1e-300, -1e300, 0.0],
    "one outlier": [*np.linspace(0, 1, 30), 1e12],
    "one lucky": [*np.linspace(0, 1, 30), -1e12],
    "half equal": [0.0] * 20 + [1.0, 2.0, 3.0, 1e6],
    "nearly constant": [1.0] * 10 + [1.0 + 1e-15],
    "exponents": list(10.0 ** np.arange(-300, 300, 25)),
}


def ascending(values: np.ndarray) -> bool:
    return bool((values[1:] >= values[:-1]).all())


@pytest.mark.parametrize("power", [-2.0, -0.5, 0.0, 0.7, 1.0, 2.0, 3.3])
def test_yeo_johnson_is_scipys(power: float) -> None:
    z = np.linspace(-4.0, 4.0, 41)
    np.testing.assert_allclose(transform(z, power), yeojohnson(z, power), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("seed", range(5))
def test_the_power_is_the_most_likely_one(seed: int) -> None:
    rng = np.random.default_rng(seed)
    z = rng.gamma(2.0, size=60) if seed % 2 else -rng.gamma(3.0, size=60)
    z = (z - z.mean()) / z.std()
    found, theirs = best_power(z), yeojohnson_normmax(z)
    assert yeojohnson_llf(found, z) >= yeojohnson_llf(theirs, z) - 1e-6


@pytest.mark.parametrize("transform_name", ["auto", "rank", "standardize"])
@pytest.mark.parametrize("name", HARD)
def test_whatever_comes_is_finite_and_in_order(name: str, transform_name: str) -> None:
    y = np.array(HARD[name])
    with np.errstate(all="raise"):
        outcome = fit_outcome(y, GPSettings(transform=transform_name))
        t = outcome.from_outcome(y)
        back = outcome.to_outcome(np.linspace(-50.0, 50.0, 11))
    assert np.isfinite(t).all()
    assert (np.abs(t) < 1e4).all()
    assert ascending(t[np.argsort(y)])
    assert np.isfinite(back).all()
    assert ascending(back)


@given(
    y=st.lists(st.floats(-1e6, 1e6, width=32), min_size=1, max_size=60),
    name=st.sampled_from(["auto", "rank", "standardize"]),
)
def test_it_is_monotone_and_undone(y: list[float], name: str) -> None:
    y = np.array(y)
    outcome = fit_outcome(y, GPSettings(transform=name))
    t = outcome.from_outcome(y)
    assert ascending(t[np.argsort(y)])
    kept = np.minimum(y, outcome.ceiling * outcome.unit)
    scale = np.abs(y).max()
    if outcome.power != 1.0 or outcome.knots.size or y.std() > 1e-9 * scale:
        np.testing.assert_allclose(
            outcome.to_outcome(t), kept, rtol=1e-5, atol=1e-5 * scale + 1e-30
        )


@pytest.mark.parametrize("factor", [1e-200, 1.0, 1e200])
def test_units_do_not_matter(factor: float) -> None:
    y = np.random.default_rng(0).gamma(1.0, size=50)
    t = fit_outcome(y, AUTO).from_outcome(y)
    scaled = fit_outcome(y * factor, AUTO).from_outcome(y * factor)
    np.testing.assert_allclose(scaled, t, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose([t.mean(), t.std()], [0.0, 1.0], atol=1e-9)


def test_outliers_are_cut_off_on_the_bad_side_only() -> None:
    y = np.concatenate([np.random.default_rng(0).normal(size=60), [1e6]])
    settings = GPSettings(transform="standardize")
    t = fit_outcome(y, settings).from_outcome(y)
    assert t[-1] < 4.0
    lucky = fit_outcome(-y, settings).from_outcome(-y)
    assert lucky[-1] < -7.0


def test_a_skewed_outcome_becomes_nearly_normal() -> None:
    y = np.exp(np.random.default_rng(2).normal(size=200))
    t = fit_outcome(y, AUTO).from_outcome(y)
    assert abs((t**3).mean()) < 0.3
    assert ((y - y.mean()) ** 3).mean() / y.std() ** 3 > 2.0
