"""Parzen densities against a plain reference: they integrate to one, and samples follow them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from bayesopt._kernels.parzen import CELLS, CHOICE, INTERVAL
from bayesopt.space import Categorical, Float, Int, Ordinal, Space
from bayesopt.surrogates.parzen import MOST_CELLS, Parzen, Smoothing, form_of

SPACES = {
    "numeric": Space({"x": Float(-1.0, 1.0), "y": Float(1e-4, 1.0, log=True)}),
    "mixed": Space(
        {
            "x": Float(0.0, 1.0),
            "i": Int(1, 40, log=True),
            "s": Float(0.0, 1.0, step=0.125),
            "c": Categorical(["a", "b", "c"]),
            "o": Ordinal([1, 2, 4, 8]),
            "wide": Int(0, 1000),
            "one": Int(3, 3),
        }
    ),
    "conditional": Space(
        {
            "c": Categorical(["a", "b"]),
            "u": Float(0.0, 1.0, when={"c": "a"}),
            "n": Int(0, 4, when={"c": "a"}),
            "v": Float(0.0, 1.0, when={"c": "b"}),
        }
    ),
}

SMOOTHING = Smoothing(
    factor=1.0,
    floor=0.03,
    cell_floor=0.5,
    prior_weight=1.0,
    spread_weight=0.5,
    choice_weight=1.0,
)


def parzen(name: str, k: int, seed: int = 0, smoothing: Smoothing = SMOOTHING) -> Parzen:
    space, rng = SPACES[name], np.random.default_rng(seed)
    X = space.sample(k, rng) if k else np.empty((0, space.d))
    return Parzen(space, X, space.active(X), rng.random(k) * 2.0, smoothing)


# -- a plain reference ---------------------------------------------------------------------


def reference(density: Parzen, rows: np.ndarray) -> np.ndarray:
    """Return log densities, column by column and kernel by kernel."""
    form, s = form_of(density.space.domain), density.smoothing
    exists = density.space.active(rows)
    weight = np.append(density.weight, s.prior_weight)
    with np.errstate(divide="ignore"):
        terms = np.tile(np.log(weight / weight.sum()), (len(rows), 1))
    for j in range(density.space.d):
        on = density.active[:, j]
        for k in np.flatnonzero(on):
            factors = column(density, form, s, j, on, density.X[k, j], rows[:, j])
            terms[:, k] += np.where(exists[:, j], factors, 0.0)
    return np.logaddexp.reduce(terms, axis=1)


def column(density, form, s, j, on, center, x) -> np.ndarray:
    if form.form[j] == CHOICE:
        n, spread = form.n_cells[j], s.choice_weight / (on.sum() + 1.0)
        same = np.abs(x - center) < 0.5 / n
        return np.log(n * (same + spread) / (1.0 + spread * n))
    if form.form[j] not in (INTERVAL, CELLS):
        return np.zeros(len(x))
    sd = width(density, form, s, j, on)
    if form.form[j] == INTERVAL:
        bounds = -center / sd, (1.0 - center) / sd
        return stats.truncnorm(*bounds, center, sd).logpdf(x)
    far = (form.cells[0, j] - center) / sd
    total = (form.cells[1, j] * np.exp(-0.5 * far**2)).sum()
    return -0.5 * ((x - center) / sd) ** 2 - np.log(total)


def width(density, form, s, j, on) -> float:
    """Return the rule of thumb: spread of kernels and prior, by number of kernels and columns."""
    centers, w = np.append(density.X[on, j], 0.5), np.append(density.weight[on], s.spread_weight)
    mean = np.average(centers, weights=w)
    variance = np.average((centers - mean) ** 2, weights=w) + s.spread_weight / 12.0 / w.sum()
    sd = s.factor * np.sqrt(variance) * on.sum() ** (-1.0 / (density.space.d + 4.0))
    floor = s.floor
    if form.form[j] == CELLS:
        floor = max(floor, s.cell_floor / form.n_cells[j])
    return min(max(sd, floor), 1.0)


@pytest.mark.parametrize("name", SPACES)
@pytest.mark.parametrize("k", [0, 1, 7, 80])
def test_log_densities_equal_the_reference(name: str, k: int) -> None:
    density = parzen(name, k)
    rows = density.space.sample(30, np.random.default_rng(1))
    np.testing.assert_allclose(density.log_density(rows), reference(density, rows), atol=1e-12)


def test_far_in_the_tails_they_stay_exact() -> None:
    sharp = SMOOTHING._replace(factor=1e-3, floor=1e-3, prior_weight=0.0)
    space = SPACES["numeric"]
    X = space.snap(np.array([[0.001, 0.002], [0.003, 0.001]]))
    density = Parzen(space, X, space.active(X), np.ones(2), sharp)
    rows = space.snap(np.array([[1.0, 1.0], [0.5, 0.9], [0.002, 0.002]]))
    got, grad = density.log_density_grad(rows)
    assert got[0] < -1e5
    np.testing.assert_allclose(got, reference(density, rows), rtol=1e-13)
    assert np.isfinite(grad).all()


@pytest.mark.parametrize("name", SPACES)
def test_gradients_equal_finite_differences(name: str) -> None:
    density = parzen(name, 12)
    rows = density.space.sample(20, np.random.default_rng(2))
    is_interval = form_of(density.space.domain).form == INTERVAL
    grad = density.log_density_grad(rows)[1]
    exists = density.space.active(rows)
    assert (grad[~(exists & is_interval)] == 0.0).all()
    for j in np.flatnonzero(is_interval & (density.space.domain.n_cells == 0)):
        step = np.zeros(density.space.d)
        step[j] = 2.0**-20
        inside = exists[:, j] & (np.abs(rows[:, j] - 0.5) < 0.49)
        there, back = rows[inside] + step, rows[inside] - step
        slope = (density.log_density(there) - density.log_density(back)) / 2.0**-19
        np.testing.assert_allclose(grad[inside, j], slope, rtol=1e-6, atol=1e-6)


# -- it is a distribution ------------------------------------------------------------------


@given(
    k=st.integers(0, 30),
    seed=st.integers(0, 10_000),
    factor=st.floats(0.01, 3.0),
    prior=st.floats(0.0, 3.0),
    choice=st.floats(0.0, 3.0),
)
@settings(max_examples=30)
def test_densities_integrate_to_one(
    k: int, seed: int, factor: float, prior: float, choice: float
) -> None:
    """Over the conditional space: a branch of two columns, one of cells, and a branch of one."""
    smoothing = Smoothing(factor, 0.01, 0.5, prior if k else 1.0, 0.5, choice)
    density = parzen("conditional", k, seed, smoothing)
    nodes, weights = np.polynomial.legendre.leggauss(300)
    nodes, weights = (nodes + 1.0) / 2.0, weights / 2.0
    n_cells, half = 5, 0.5
    under_a = np.array(
        [[0.25, u, (i + 0.5) / n_cells, half] for i in range(n_cells) for u in nodes]
    )
    under_b = np.array([[0.75, half, half, v] for v in nodes])
    with np.errstate(all="ignore"):
        p_a = np.exp(density.log_density(under_a)) @ np.tile(weights, n_cells) / n_cells
        p_b = np.exp(density.log_density(under_b)) @ weights
    assert (p_a + p_b) / 2.0 == pytest.approx(1.0, abs=1e-10)


def test_a_product_of_columns_integrates_to_one() -> None:
    density = parzen("numeric", 9, seed=3)

    def value(y: float, x: float) -> float:
        return float(np.exp(density.log_density(np.array([[x, y]]))[0]))

    total, _ = integrate.dblquad(value, 0.0, 1.0, 0.0, 1.0, epsabs=1e-6)
    assert total == pytest.approx(1.0, abs=1e-5)


def test_samples_of_an_interval_follow_the_density() -> None:
    density = parzen("numeric", 6, seed=4)
    drawn = density.sample(4000, np.random.default_rng(0))
    grid = np.linspace(0.0, 1.0, 401)
    for j in range(2):
        marginal = Parzen(
            Space({"x": Float(0.0, 1.0)}),
            np.ascontiguousarray(density.X[:, j : j + 1]),
            np.ascontiguousarray(density.active[:, j : j + 1]),
            density.weight,
            # the same width: the rule of thumb depends on the number of columns
            density.smoothing._replace(factor=6.0 ** (1.0 / 5.0 - 1.0 / 6.0)),
        )
        p = np.exp(marginal.log_density(grid[:, None]))
        cdf = integrate.cumulative_trapezoid(p, grid, initial=0.0)
        result = stats.kstest(drawn[:, j], lambda x, cdf=cdf: np.interp(x, grid, cdf / cdf[-1]))
        assert result.pvalue > 1e-3


def test_samples_of_cells_and_choices_follow_the_density() -> None:
    space = Space({"i": Int(1, 12, log=True), "c": Categorical(["a", "b", "c"])})
    X = space.sample(5, np.random.default_rng(5))
    density = Parzen(space, X, space.active(X), np.ones(5), SMOOTHING)
    cells = space.grid().rows(range(36))
    form = form_of(space.domain)
    nearest = np.abs(form.cells[0, 0] - cells[:, :1]).argmin(axis=1)
    mass = form.cells[1, 0, nearest] / 3.0
    p = np.exp(density.log_density(cells)) * mass
    assert p.sum() == pytest.approx(1.0, abs=1e-12)
    drawn = density.sample(5000, np.random.default_rng(1))
    count = (drawn[:, None, :] == cells[None, :, :]).all(axis=2).sum(axis=0)
    assert count.sum() == 5000
    assert stats.chisquare(count, 5000 * p).pvalue > 1e-3


def test_what_a_kernel_never_saw_is_drawn_from_the_prior() -> None:
    """All kernels took "a"; under "b", which smoothing reaches, its own parameter is uniform."""
    space = SPACES["conditional"]
    X = space.encode([{"c": "a", "u": 0.1 * i, "n": 2} for i in range(5)])
    density = Parzen(space, X, space.active(X), np.ones(5), SMOOTHING)
    drawn = density.sample(4000, np.random.default_rng(2))
    v = drawn[space.active(drawn)[:, 3], 3]
    assert 100 < v.size < 2000
    assert stats.kstest(v, "uniform").pvalue > 1e-3


def test_many_cells_are_an_interval() -> None:
    form = form_of(Space({"few": Int(1, MOST_CELLS), "many": Int(0, MOST_CELLS)}).domain).form
    assert form.tolist() == [CELLS, INTERVAL]
