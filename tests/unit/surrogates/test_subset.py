"""Which trials are learned from, and that fits are kept while others come in."""

from __future__ import annotations

import numpy as np
import pytest

import bayesopt as bo
from bayesopt.surrogates import training
from bayesopt.surrogates.model import FitCache, GPSettings, build_belief
from bayesopt.surrogates.schedule import refit_size
from bayesopt.surrogates.subset import Subset, all_rows, best_and_nearest, spread_out

SPACE = bo.Space({f"x{j}": bo.Float(0.0, 1.0) for j in range(3)})
X = SPACE.sample(400, np.random.default_rng(0))
Y = np.stack([((X - 0.3) ** 2).sum(axis=1), np.sin(5 * X[:, 0]) + X[:, 1]], axis=1)
FAILED = np.random.default_rng(1).random(400) < 0.2
SETTINGS = GPSettings()


def belief_of(n: int, cache: FitCache | None = None, most: int | None = 64):
    return build_belief(SPACE.domain, X[:n], Y[:n, 0], FAILED[:n], SETTINGS, cache, most)


def test_the_best_and_the_nearest_are_chosen() -> None:
    y = np.where(FAILED, np.nan, Y[:, 0])
    chosen = best_and_nearest(X, y[:, None], 60)
    assert chosen.size == 60
    assert (np.diff(chosen) > 0).all()
    assert set(np.argsort(np.where(FAILED, np.inf, y))[:30]) <= set(chosen)
    distance = ((X - X[np.nanargmin(y)]) ** 2).sum(axis=1)
    left_out = np.setdiff1d(np.arange(400), chosen)
    neighbours = [i for i in chosen if y[i] > np.sort(y)[29] or FAILED[i]]
    assert distance[neighbours].max() <= distance[left_out].min()
    assert np.array_equal(best_and_nearest(X[:50], y[:50, None], 60), np.arange(50))


def test_of_several_columns_each_keeps_its_best() -> None:
    chosen = set(best_and_nearest(X, Y, 60))
    for column in Y.T:
        assert set(np.argsort(column)[:10]) <= chosen


def test_rows_that_stand_for_all_are_everywhere() -> None:
    near = np.clip(0.3 + 0.01 * np.random.default_rng(2).normal(size=(900, 3)), 0.0, 1.0)
    rows = np.vstack([near[:450], X[:20], near[450:]])  # a search, and a few elsewhere
    y = ((rows - 0.3) ** 2).sum(axis=1)
    chosen = spread_out(rows, y[:, None], 100)
    assert chosen.size == np.unique(chosen).size == 100
    assert (np.diff(chosen) > 0).all()
    assert y.argmin() in chosen
    assert np.isin(np.arange(450, 470), chosen).sum() > 15
    assert np.histogram(chosen, 5, (0, 920))[0].min() > 5
    noise = np.random.default_rng(3).normal(size=920)  # luck is not chosen
    assert noise[spread_out(rows, noise[:, None], 460)].mean() == pytest.approx(0.0, abs=0.1)
    assert noise[best_and_nearest(rows, noise[:, None], 460)].mean() < -0.3


@pytest.mark.parametrize("choose", [best_and_nearest, spread_out])
def test_copies_and_failed_rows_may_be_chosen_once_each(choose) -> None:
    rows = np.repeat(X[:5], 20, axis=0)
    nothing = np.full((100, 1), np.nan)
    for most in (1, 2, 30, 99, 100, 101):
        chosen = choose(rows, nothing, most)
        assert chosen.size == np.unique(chosen).size == min(most, 100)


@pytest.mark.parametrize("choose", [best_and_nearest, spread_out])
@pytest.mark.parametrize("most", [1, 2, 7, 64])
def test_a_subset_changes_seldom_and_is_never_too_large(most: int, choose) -> None:
    subset = Subset(X, Y, most, choose)
    changes = 0
    for n in range(most + 1, 400):
        before, now = subset.at(n - 1), subset.at(n)
        assert 0 < now.size <= most
        assert now[-1] == n - 1 or now.size == subset.n_at_once(n, -1)
        changes += not set(before) <= set(now)
    assert changes <= 1 + (400 - most) // max(1, most // 16)


def test_all_rows_are_all_rows() -> None:
    assert np.array_equal(all_rows(X).at(7), np.arange(7))
    assert all_rows(X).n_at_once(7, 5) == 5


def test_fits_are_kept_between_refits(monkeypatch: pytest.MonkeyPatch) -> None:
    fitted = []

    def counting(name: str):
        real = getattr(training, name)

        def count(inputs, *rest):
            fitted.append(inputs.n)
            return real(inputs, *rest)

        return count

    for name in ("cold_modes", "warm_modes"):
        monkeypatch.setattr(training, name, counting(name))
    cache, sizes = FitCache(), range(200, 240)
    for n in sizes:
        belief_of(n, cache)
    # the processes of the outcomes and of the probability of success, at few sizes each
    n_sizes = 2 + len({refit_size(n) for n in sizes}) * 2
    assert len(fitted) <= 2 * n_sizes
    assert max(fitted) <= 64


@pytest.mark.parametrize("most", [64, None])
def test_a_belief_that_grew_is_the_same_bits(most: int | None) -> None:
    cache = FitCache()
    for n in range(120, 131):
        grown = belief_of(n, cache, most)
    alone = belief_of(130, None, most)
    for a, b in zip(grown.members, alone.members, strict=True):
        assert np.array_equal(a.posterior(X)[0], b.posterior(X)[0])
        assert np.array_equal(a.posterior(X)[1], b.posterior(X)[1])
    assert np.array_equal(grown.weights, alone.weights)
    assert np.array_equal(grown.success.log_success(X), alone.success.log_success(X))


def test_large_results_are_forgotten_by_their_size() -> None:
    cache = FitCache(capacity=20, most_bytes=100)
    for k in range(8):
        cache.put(("large", k), k + 1, n_bytes=30)
        cache.put(("small", k), k + 1)
    assert [k for k in range(8) if cache.get(("large", k))] == [4, 5, 6, 7]
    assert all(cache.get(("small", k)) for k in range(8))
