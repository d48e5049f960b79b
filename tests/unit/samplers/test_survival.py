"""Who breeds, against textbook definitions written as loops."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bayesopt.history import History
from bayesopt.samplers.survival import (
    crowding,
    fittest,
    niche,
    reference_directions,
    select_among_fronts,
    youngest,
)
from bayesopt.space import Float, Space
from bayesopt.trial import TrialState

SPACE = Space({"x": Float(0.0, 1.0)})


def dominates(a, b):
    return all(x <= y for x, y in zip(a, b, strict=True)) and any(
        x < y for x, y in zip(a, b, strict=True)
    )


def fronts_by_definition(Y):
    left, fronts = set(range(len(Y))), []
    while left:
        front = {i for i in left if not any(dominates(Y[j], Y[i]) for j in left)}
        fronts.append(front)
        left -= front
    return fronts


def crowding_by_definition(Y):
    distance = [0.0] * len(Y)
    for j in range(Y.shape[1]):
        order = sorted(range(len(Y)), key=lambda i: Y[i, j])
        span = Y[order[-1], j] - Y[order[0], j] or 1.0
        distance[order[0]] = distance[order[-1]] = math.inf
        for before, here, after in zip(order, order[1:], order[2:], strict=False):
            distance[here] += (Y[after, j] - Y[before, j]) / span
    return np.array(distance)


@given(st.integers(0, 10**6), st.integers(1, 30), st.integers(2, 4), st.integers(1, 30))
@settings(max_examples=60, deadline=None)
def test_whole_fronts_stay_in_order_and_the_last_is_cut(seed, n, m, size):
    Y = np.random.default_rng(seed).integers(0, 6, (n, m)).astype(float)
    for by_reference in (False, True):
        chosen = select_among_fronts(Y, size, by_reference).tolist()
        assert len(chosen) == len(set(chosen)) == min(size, n)
        for front in fronts_by_definition(Y):
            here = chosen[: len(front)]
            assert set(here) <= front
            chosen = chosen[len(front) :]
            if not chosen:
                break


def test_crowding_is_that_of_the_textbook():
    rng = np.random.default_rng(0)
    for m in (2, 3, 5):
        Y = rng.random((12, m))
        np.testing.assert_allclose(crowding(Y), crowding_by_definition(Y))


def test_the_ends_of_a_front_and_its_lonely_points_stay():
    x = np.array([0.0, 0.1, 0.11, 0.12, 0.13, 0.6, 1.0])
    chosen = select_among_fronts(np.column_stack([x, 1.0 - x]), 4, by_reference=False)
    assert {0, 5, 6} < set(chosen.tolist())


@pytest.mark.parametrize(("m", "n"), [(2, 5), (3, 15), (3, 20), (4, 35), (6, 21)])
def test_reference_directions_are_all_multiples(m, n):
    directions = reference_directions(m, n)
    assert len(directions) <= max(n, m)
    np.testing.assert_allclose(directions.sum(axis=1), 1.0)
    assert len(np.unique(directions, axis=0)) == len(directions)
    p = round(1.0 / directions[directions > 0].min())
    assert len(directions) == math.comb(p + m - 1, m - 1)
    assert math.comb(p + m, m - 1) > n


def test_niches_that_nobody_stands_for_come_first():
    before = np.array([[0.0, 1.0], [0.02, 0.98]])
    front = np.array([[0.01, 0.99], [0.5, 0.5], [1.0, 0.0], [0.03, 0.97]])
    assert set(niche(before, front, 2).tolist()) == {1, 2}


def told(values, states, n_objectives=1):
    history = History(SPACE, n_objectives)
    for i, (value, state) in enumerate(zip(values, states, strict=True)):
        number = history.append({"x": i / 100.0})
        if state is TrialState.PRUNED:
            history.report(number, value, 0.0)
            history.tell(number, None, state)
        elif state is not TrialState.RUNNING:
            history.tell(number, value, state)
    return history


def test_the_fittest_are_complete_then_pruned_late():
    done, cut, bad = TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL
    history = told([3.0, 1.0, 5, None, 9, 2.0, None], [done, done, cut, bad, cut, done, bad])
    assert fittest(history, 10, by_reference=False).tolist() == [1, 5, 0, 4, 2]
    assert fittest(history, 2, by_reference=False).tolist() == [1, 5]
    assert fittest(history, 9, by_reference=False, among=np.array([0, 2, 3])).tolist() == [0, 2]


def test_age_removes_the_best():
    done = TrialState.COMPLETE
    history = told([0.0, 5.0, 3.0, 4.0], [done] * 4)
    assert youngest(history, 3).tolist() == [2, 3, 1]


def test_ages_of_several_objectives_are_in_the_order_of_fronts():
    history = told([(0, 0), (2, 2), (1, 3), (3, 3), (3, 1)], [TrialState.COMPLETE] * 5, 2)
    young = youngest(history, 4).tolist()
    assert set(young[:3]) == {1, 2, 4}
    assert young[3] == 3
