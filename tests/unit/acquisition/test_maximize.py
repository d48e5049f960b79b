from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from bayesopt.acquisition.ground import Ground, Region, whole_cube
from bayesopt.acquisition.maximize import Ranking, candidates, maximize
from bayesopt.acquisition.settings import SearchSettings
from bayesopt.acquisition.trust_region import box
from bayesopt.space import Categorical, Float, Int, Ordinal, Space


@dataclass
class Hills:
    """A sum of Gaussian bumps over rows; a choice or a missing parameter counts as a coordinate."""

    centers: np.ndarray
    heights: np.ndarray
    width: float = 0.15

    def value(self, X: np.ndarray) -> np.ndarray:
        return self.value_grad(X)[0]

    def value_grad(self, X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        delta = X[:, None, :] - self.centers
        bumps = self.heights * np.exp(-0.5 * (delta**2).sum(axis=2) / self.width**2)
        grad = -(bumps[:, :, None] * delta).sum(axis=1) / self.width**2
        return bumps.sum(axis=1), grad


def hills(d: int, seed: int, width: float = 0.15) -> Hills:
    rng = np.random.default_rng(seed)
    return Hills(rng.random((6, d)), rng.uniform(0.5, 1.0, 6), width)


def ground(space: Space, region: Region | None = None, known: np.ndarray | None = None) -> Ground:
    def is_known(rows: np.ndarray) -> np.ndarray:
        if known is None:
            return np.zeros(len(rows), dtype=bool)
        return (rows[:, None, :] == known).all(axis=2).any(axis=1)

    return Ground(space, is_known, whole_cube(space.d) if region is None else region)


def search(utility: Hills, where: Ground, seed: int = 0, **settings: object) -> Ranking:
    d = where.space.d
    rng = np.random.default_rng(seed)
    anchors = where.space.sample(3, rng)
    return maximize(utility, where, anchors, np.full(d, 0.3), rng, SearchSettings(**settings))


PLANE = Space({"x": Float(0.0, 1.0), "y": Float(0.0, 1.0)})
MIXED = Space(
    {
        "x": Float(0.0, 1.0),
        "i": Int(0, 5),
        "c": Categorical(["a", "b", "c"]),
        "many": Int(0, 1000),
    }
)
CONDITIONAL = Space(
    {
        "opt": Categorical(["sgd", "adam"]),
        "mom": Float(0.0, 0.9, when={"opt": "sgd"}),
        "deep": Int(1, 5, when={"opt": "sgd"}),
        "beta": Float(0.8, 0.99, when={"opt": "adam"}),
    }
)
CONSTRAINED = Space(
    {"x": Float(0.0, 1.0), "y": Float(0.0, 1.0), "b": Int(1, 64), "d": Ordinal([1, 2, 4, 8])},
    constraints=["x < y", "b * d <= 128"],
)


@pytest.mark.parametrize("seed", range(4))
def test_the_top_of_a_plane_is_that_of_a_dense_grid(seed: int) -> None:
    utility = hills(2, seed)
    axis = np.linspace(0.0, 1.0, 401)
    grid = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    found = search(utility, ground(PLANE))
    assert found.values[0] >= utility.value(grid).max() - 1e-9
    np.testing.assert_allclose(utility.value(found.rows), found.values)
    assert (np.diff(found.values) <= 0.0).all()


@pytest.mark.parametrize("space", [MIXED, CONDITIONAL], ids=["mixed", "conditional"])
@pytest.mark.parametrize("seed", range(3))
def test_the_top_of_a_mixed_space_is_no_lower_than_a_fine_grid(space: Space, seed: int) -> None:
    utility = hills(space.d, seed, width=0.25)
    rows = space.grid(41).rows(range(int(space.grid(41).n_cells)))
    found = search(utility, ground(space), seed)
    assert found.values[0] >= utility.value(rows).max() - 1e-9
    assert np.array_equal(space.snap(found.rows), found.rows)


@pytest.mark.parametrize("seed", range(3))
def test_constraints_hold_and_the_best_feasible_place_is_found(seed: int) -> None:
    utility = hills(CONSTRAINED.d, seed, width=0.25)
    rows = CONSTRAINED.grid(33).rows(range(int(CONSTRAINED.grid(33).n_cells)))
    best = utility.value(rows[CONSTRAINED.feasible(rows)]).max()
    found = search(utility, ground(CONSTRAINED), seed)
    assert CONSTRAINED.feasible(found.rows).all()
    assert found.values[0] >= best - 5e-3


def test_a_small_space_is_listed_and_known_rows_are_left_out() -> None:
    space = Space({"i": Int(0, 6), "c": Categorical(["a", "b", "c"]), "j": Int(0, 1)})
    rows = space.grid().rows(range(42))
    utility = hills(3, 1)
    order = np.argsort(-utility.value(rows), kind="stable")
    known = rows[order[:5]]
    found = search(utility, ground(space, known=known))
    assert np.array_equal(found.rows[0], rows[order[5]])
    assert len(found.rows) == 37
    assert not len(search(utility, ground(space, known=rows)).rows)


def test_a_larger_discrete_space_needs_no_listing() -> None:
    space = Space({f"i{k}": Int(0, 7) for k in range(4)})
    rows = space.grid().rows(range(int(space.size)))
    for seed in range(4):
        utility = hills(4, seed, width=0.3)
        order = np.argsort(-utility.value(rows), kind="stable")
        known = rows[order[:1]]
        found = search(utility, ground(space, known=known), seed)
        assert found.values[0] >= utility.value(rows[order[1:2]])[0] - 1e-12


def test_a_search_keeps_to_its_region() -> None:
    space = Space(
        {
            "x": Float(0.0, 1.0),
            "n": Int(0, 50),
            "c": Categorical(list("abcdef")),
            "e": Categorical(list("uvwxyz")),
        }
    )
    center = space.sample(1, np.random.default_rng(3))[0]
    region = box(center, np.full(4, 0.15), 0.5)
    where = ground(space, region)
    found = search(hills(4, 2), where)
    assert len(found.rows)
    assert (np.abs(found.rows[:, :2] - center[:2]) <= 0.15 + 1e-9).all()
    assert ((found.rows[:, 2:] != center[2:]).sum(axis=1) <= 1).all()


def test_a_utility_that_is_no_number_anywhere_gives_nothing() -> None:
    class Nowhere(Hills):
        def value_grad(self, X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            return np.full(len(X), np.nan), np.zeros(X.shape)

    assert not len(search(Nowhere(np.zeros((1, 2)), np.ones(1)), ground(PLANE)).rows)


def test_a_flat_utility_gives_something() -> None:
    assert len(search(Hills(np.zeros((1, 2)), np.zeros(1)), ground(PLANE)).rows)


def test_feasible_candidates_are_found_where_random_ones_are_not() -> None:
    narrow = Space(
        {"x": Float(0.0, 1.0), "y": Float(0.0, 1.0)}, constraints=["abs(x - y) < 0.0005"]
    )
    rng = np.random.default_rng(0)
    anchors = narrow.sample(3, rng)
    rows = candidates(ground(narrow), anchors, rng, SearchSettings())
    assert len(rows) > 100
    assert narrow.feasible(rows).all()


def test_candidates_in_a_region_may_move_few_columns() -> None:
    space = Space({f"x{j}": Float(0.0, 1.0) for j in range(60)})
    where = ground(space, box(np.full(60, 0.5), np.full(60, 0.2)))
    rng = np.random.default_rng(0)
    for most, low, high in ((6.0, 4.5, 8.0), (None, 59.0, 60.0)):
        settings = SearchSettings(n_candidates=400, n_anchors=0, most_moved=most)
        rows = candidates(where, np.empty((0, 60)), rng, settings)
        n_moved = (np.abs(rows - 0.5) > 1e-6).sum(axis=1)
        assert low < n_moved.mean() <= high
        assert n_moved.min() >= 1
        assert (np.abs(rows - 0.5) <= 0.2 + 1e-9).all()
