"""PED-ANOVA against brute force, and against another implementation where it is installed."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from bayesopt.surrogates.ped_anova import (
    Cells,
    ordered_density,
    pearson_divergence,
    ped_anova,
    unordered_density,
)


def slow_density(index, count):
    """The Parzen estimate, kernel by kernel."""
    x = sorted(float(i) for i in index)
    n = len(x)
    spread = np.std(x, ddof=1) if n > 1 else 0.0
    iqr = x[min(3 * n // 4, n - 1)] - x[max(n // 4 - 1, 0)]
    width = max(1.059 * min(iqr / 1.34, spread) * n**-0.2, 0.5 / 1.64)
    kernels = [(at, width) for at in x] + [((count - 1) / 2, count)]
    total = np.zeros(count)
    for at, scale in kernels:
        mass = [norm.cdf(c + 0.5, at, scale) - norm.cdf(c - 0.5, at, scale) for c in range(count)]
        total += np.array(mass) / sum(mass)
    return total / len(kernels)


@pytest.mark.parametrize(("n", "count"), [(1, 5), (2, 2), (9, 50), (60, 12)])
def test_density_is_the_mean_of_its_kernels(n, count):
    index = np.random.default_rng(n).integers(0, count, n)
    density = ordered_density(index, count)
    np.testing.assert_allclose(density, slow_density(index, count), rtol=1e-9)
    assert density.sum() == pytest.approx(1.0)


def test_choices_are_counted_with_one_even_trial_more():
    density = unordered_density(np.array([0, 0, 2]), 3)
    assert density.sum() == pytest.approx(1.0)
    assert density[0] > density[2] > density[1] > 0.0
    # two kinds were seen: a trial weighs 1 for its own choice and 1/3 for every one, then scaled
    expected = (np.array([2.0, 0.0, 1.0]) + 1.0) / 2.0 + 1.0 / 3.0
    np.testing.assert_allclose(density, expected / 4.0)


def test_divergence_of_equal_densities_is_zero():
    p = np.array([0.2, 0.3, 0.5])
    assert pearson_divergence(p, p) == 0.0
    q = np.array([0.5, 0.25, 0.25])
    assert pearson_divergence(p, q) == pytest.approx(sum((p - q) ** 2 / q))


def test_what_decides_matters_and_what_does_not_does_not():
    rng = np.random.default_rng(0)
    n = 400
    a, b = rng.integers(0, 50, n), rng.integers(0, 50, n)
    choice = rng.integers(0, 4, n)
    best = np.argsort(np.argsort(np.abs(a - 20) + 15.0 * (choice != 2))) < n // 10
    columns = [Cells(a, 50, True), Cells(b, 50, True), Cells(choice, 4, False)]
    found = ped_anova(columns, best)
    assert found[0] > 5 * found[1]
    assert found[2] > 5 * found[1]


def test_a_parameter_counts_by_where_it_exists():
    rng = np.random.default_rng(1)
    n = 200
    index = rng.integers(0, 20, n)
    exists = rng.random(n) < 0.5
    best = np.zeros(n, dtype=bool)
    best[np.flatnonzero(exists & (index < 5))[:15]] = True
    best[np.flatnonzero(~exists)[:5]] = True
    (found,) = ped_anova([Cells(np.where(exists, index, -1), 20, True)], best)
    divergence = pearson_divergence(
        ordered_density(index[exists & best], 20), ordered_density(index[exists], 20)
    )
    alpha, beta = 15 / 20, exists.mean()
    assert found == pytest.approx(0.1**2 * alpha**2 / beta * divergence)


def test_what_no_trial_has_does_not_matter():
    best = np.array([True, False, False])
    absent, single = np.full(3, -1), np.zeros(3, dtype=np.int64)
    columns = [Cells(absent, 5, True), Cells(single, 1, True), Cells(np.array([-1, 2, 3]), 5, True)]
    assert ped_anova(columns, best).tolist() == [0.0, 0.0, 0.0]
