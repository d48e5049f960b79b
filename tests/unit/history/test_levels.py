"""Values at several budgets: gains, and what a trial is worth at a level it did not reach."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayesopt.history import Levels
from bayesopt.history.levels import _PRIOR_SLOPES

NAN = math.nan
numbers = st.sampled_from([NAN, -1.0, 0.0, 0.5, 2.0, 1e300, -1e300])
tables = st.lists(st.tuples(numbers, numbers, numbers), min_size=1, max_size=12)


def levels(rows: list[tuple[float, ...]]) -> Levels:
    budgets = np.array([1.0, 3.0, 9.0])
    return Levels(budgets, np.array(rows, dtype=np.float64)[:, :, None])


def test_the_first_trials_at_each_level_are_others_than_those_of_all() -> None:
    all_of_them = levels([[1.0, 2.0, 3.0], [4.0, 5.0, np.nan], [6.0, 7.0, 9.0]])
    first = all_of_them.of_first(np.array([3, 2, 1]))
    wanted = [[1.0, 2.0, 3.0], [4.0, 5.0, np.nan], [6.0, np.nan, np.nan]]
    np.testing.assert_array_equal(first.values[:, :, 0], wanted)
    assert first.gains[:, 0].tolist() == [1.0, 1.0]  # of the first one alone at the last level
    assert all_of_them.gains[:, 0].tolist() == [1.0, 1.5]


def test_gains_are_medians_over_those_with_values_at_both() -> None:
    rows = [(5.0, 4.0, NAN), (3.0, 1.0, 0.5), (9.0, NAN, NAN), (2.0, 2.0, NAN)]
    assert levels(rows).gains[:, 0].tolist() == [-1.0, -0.5]
    aligned = levels(rows).aligned(2)[:, :, 0]
    np.testing.assert_array_equal(aligned[2], [9.0 - 1.5, NAN, NAN])
    np.testing.assert_array_equal(aligned[1], [1.5, 0.5, 0.5])


@given(tables, st.integers(0, 2))
def test_a_value_at_the_goal_stays_and_any_value_gives_one(
    rows: list[tuple[float, ...]], goal: int
) -> None:
    some = levels(rows)
    worth = some.carried(goal)[:, 0]
    there = some.known[:, goal]
    np.testing.assert_array_equal(worth[there], some.values[there, goal, 0])
    is_moderate = np.nanmax(np.abs(some.values), initial=0.0) < 1e200
    if is_moderate:
        assert (np.isfinite(worth) == some.known.any(axis=1)).all()


@given(
    st.lists(st.floats(-5, 5), min_size=2, max_size=20),
    st.lists(st.floats(-5, 5), min_size=1, max_size=8),
)
def test_the_order_of_those_that_were_stopped_stays(below: list[float], above: list[float]) -> None:
    rows = [(v, above[i] if i < len(above) else NAN, NAN) for i, v in enumerate(below)]
    worth = levels(rows).carried(1)[:, 0]
    stopped = range(min(len(above), len(below)), len(below))
    for i in stopped:
        for j in stopped:
            if below[i] <= below[j]:
                assert worth[i] <= worth[j]


def test_a_level_that_says_the_opposite_says_nothing() -> None:
    rows = [(x, -x, NAN) for x in np.linspace(0, 1, 16)] + [(0.2, NAN, NAN), (0.9, NAN, NAN)]
    worth = levels(rows).carried(1)[-2:, 0]
    assert worth[0] == worth[1] == pytest.approx(-0.5)


def test_a_slope_takes_some_trials_to_be_believed() -> None:
    def carried(n: int) -> float:
        rows = [(x, 0.5 * x, NAN) for x in np.linspace(0, 1, n)] + [(3.0, NAN, NAN)]
        return float(levels(rows).carried(1)[-1, 0])

    n_pairs = 7 * 6 // 2
    assert n_pairs < _PRIOR_SLOPES
    assert carried(7) == pytest.approx(3.0 - 0.25)  # of slope 1, after the median gain
    assert carried(12) == pytest.approx(1.5)


def test_a_trial_known_above_the_goal_alone_comes_down() -> None:
    rows = [(5.0, 4.0, 3.0), (NAN, NAN, 2.0), (NAN, NAN, NAN)]
    np.testing.assert_array_equal(levels(rows).carried(0)[:, 0], [5.0, 4.0, NAN])


def test_several_objectives_are_carried_each_by_itself() -> None:
    values = np.full((3, 2, 2), NAN)
    values[:2, 0], values[:2, 1] = [[1.0, 10.0], [2.0, 20.0]], [[0.0, 15.0], [1.0, 25.0]]
    values[2, 0] = [5.0, 50.0]
    worth = Levels(np.array([1.0, 3.0]), values).carried(1)
    assert worth[2].tolist() == [4.0, 55.0]
