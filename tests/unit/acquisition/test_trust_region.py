from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bayesopt.acquisition.ground import Ground, columns_of, reach_of_neighbours
from bayesopt.acquisition.trust_region import early_region, n_idle, replay, turbo_region
from bayesopt.space import Categorical, Float, Int, Space

values = st.lists(
    st.one_of(st.floats(-1e6, 1e6), st.just(np.inf), st.just(np.nan), st.integers(-3, 3)),
    max_size=120,
)


def test_the_early_box_grows_to_the_whole_cube() -> None:
    center = np.array([0.5, 0.0, 0.9])
    first = early_region(center, 0, np.zeros(3))
    np.testing.assert_allclose(first.lower, [0.3, 0.0, 0.7])
    np.testing.assert_allclose(first.upper, [0.7, 0.2, 1.0])
    widths = [
        (r.upper - r.lower).sum() for r in (early_region(center, n, np.zeros(3)) for n in range(80))
    ]
    assert (np.diff(widths) >= 0.0).all()
    assert widths[-1] == 3.0


def test_three_successes_in_a_row_double_and_failures_halve() -> None:
    improving = np.array([10.0, 9.0, 8.0, 7.0])
    assert replay(improving, 2, 1).length == 1.6
    assert replay(improving[:3], 2, 1).length == 0.8
    stuck = np.concatenate([[1.0], np.full(4, 2.0)])
    assert replay(stuck, 2, 1).length == 0.4
    assert replay(stuck, 9, 1).length == 0.8  # patience is the dimension
    nothing = np.array([1.0, 1.0 - 1e-5, np.nan, np.inf, 2.0])
    assert replay(nothing, 2, 1).length == 0.4  # tiny gains and failures are no successes
    assert replay(nothing, 2, 1).best == 1
    assert replay(nothing, 2, 1).n_idle == 4
    assert replay(improving, 2, 1).n_idle == 0


def test_trifles_and_failures_are_idle_trials() -> None:
    assert n_idle(np.array([np.nan, 1.0, 2.0, 0.99, np.inf])) == 3
    assert n_idle(np.array([1.0, 0.97])) == 0
    assert n_idle(np.array([1.0, 0.99, 0.98 - 1e-9])) == 2  # each but a trifle below the lowest
    assert n_idle(np.empty(0)) == 0


def test_a_region_that_is_too_short_begins_anew() -> None:
    y = np.concatenate([[0.0], np.ones(4 * 7)])  # 0.8 / 2**7 < 2**-7
    life = replay(y, 3, 1)
    assert (life.first, life.best, life.length, life.n_restarts) == (29, -1, 0.8, 1)
    again = replay(np.append(y, [5.0, 6.0]), 3, 1)
    assert (again.first, again.best) == (29, 29)  # only its own trials count


@given(values, st.integers(1, 30), st.integers(1, 5))
def test_a_life_goes_on_from_any_prefix(y: list[float], d: int, n_startup: int) -> None:
    """A reference that keeps state from trial to trial."""
    best, first, length, good, bad = np.inf, 0, 0.8, 0, 0
    for i, value in enumerate(y):
        life = replay(np.array(y[:i]), d, n_startup)
        assert (life.first, life.length) == (first, length)
        value = value if np.isfinite(value) else np.inf
        improved = value < best - 0.02
        best = min(best, value)
        if i - first >= n_startup:
            good, bad = (good + 1, 0) if improved else (0, bad + 1)
            if good == 3:
                length, good = min(1.6, 2 * length), 0
            elif bad == max(4, d):
                length, bad = length / 2, 0
        if length < 2.0**-7:
            best, first, length, good, bad = np.inf, i + 1, 0.8, 0, 0


def test_the_box_is_longer_along_longer_lengthscales() -> None:
    region = turbo_region(np.full(3, 0.5), 0.4, np.array([0.1, 0.2, 0.4]), np.zeros(3))
    np.testing.assert_allclose(region.upper - region.lower, [0.2, 0.4, 0.8])
    assert region.share == 0.4


def test_the_next_cell_is_always_within_reach() -> None:
    space = Space({"i": Int(0, 9), "l": Int(1, 1000, log=True), "x": Float(0.0, 1.0)})
    row = space.encode([{"i": 4, "l": 2, "x": 0.5}])[0]
    reach = reach_of_neighbours(space.domain, row)
    region = turbo_region(row, 0.01, np.ones(3), reach)
    near = space.encode([{"i": i, "l": k, "x": 0.5} for i in (3, 4, 5) for k in (1, 2, 3)])
    assert region.holds(near, np.ones(near.shape, dtype=bool), np.zeros(3, dtype=bool)).all()
    assert region.upper[2] - region.lower[2] < 0.011


def test_columns_that_the_center_lacks_are_free_and_those_a_row_lacks_do_not_count() -> None:
    space = Space(
        {
            "c": Categorical(["a", "b"]),
            "p": Float(0.0, 1.0, when={"c": "a"}),
            "q": Float(0.0, 1.0, when={"c": "b"}),
            "r": Float(0.0, 1.0),
        }
    )
    center = space.encode([{"c": "a", "p": 0.05, "r": 0.5}])[0]
    region = early_region(center, 6, np.zeros(4)).opened(columns_of(space.domain, center))
    ground = Ground(space, lambda rows: np.zeros(len(rows), dtype=np.bool_), region)
    other_branch = space.encode([{"c": "b", "q": q, "r": 0.5} for q in (0.0, 0.4, 1.0)])
    assert ground.allowed(other_branch).all()
    outside = [{"c": "a", "p": 0.9, "r": 0.5}, {"c": "b", "q": 0.5, "r": 0.95}]
    assert not ground.allowed(space.encode(outside)).any()
