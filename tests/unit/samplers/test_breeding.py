"""Children: what changes, what must not, and how far."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from bayesopt.samplers.breeding import Parents, _drawn, cross, mutate, shift
from bayesopt.space import Categorical, Float, Int, Space

SPACE = Space(
    {
        "x": Float(0.0, 1.0),
        "i": Int(1, 9, log=True),
        "c": Categorical(["a", "b", "c"]),
        "only": Int(4, 4),
        "z": Float(-1.0, 1.0, when={"c": "a"}),
    }
)
NUMBERS = Space({f"x{j}": Float(0.0, 1.0) for j in range(5)})
seeds = st.integers(0, 10**6)


def some(space, n, seed):
    rng = np.random.default_rng(seed)
    rows = space.sample(n, rng)
    return rows, space.active(rows), rng


@given(seeds, st.sampled_from([None, 0.0, 0.4, 1.0]))
@settings(max_examples=40, deadline=None)
def test_a_mutant_differs_where_it_may(seed, rate):
    rows, exists, rng = some(SPACE, 16, seed)
    mutants = mutate(SPACE, rows, exists, rate, rng)
    changed = mutants != rows
    can = exists & SPACE.domain.varies
    assert not (changed & ~can).any()
    assert (changed.sum(axis=1) >= 1).all()
    assert ((mutants >= 0.0) & (mutants <= 1.0)).all()
    if rate == 1.0:
        np.testing.assert_array_equal(changed, can)
    snapped = SPACE.snap(mutants)
    chosen = changed[:, 2]
    assert (snapped[chosen, 2] != rows[chosen, 2]).all()  # another choice, not the same again
    if rate == 0.0:
        assert (changed.sum(axis=1) == 1).all()


def test_one_column_changes_on_average():
    rows, exists, rng = some(NUMBERS, 4000, 1)
    n_changed = (mutate(NUMBERS, rows, exists, None, rng) != rows).sum(axis=1)
    # at least one of five, else binomial: 1 + (4/5)^5 on average
    assert abs(n_changed.mean() - (1.0 + 0.8**5)) < 0.05


def test_mutations_are_mostly_small_and_go_both_ways():
    rows = np.full((4000, 5), 0.5)
    steps = mutate(NUMBERS, rows, np.ones(rows.shape, bool), 1.0, np.random.default_rng(0)) - 0.5
    assert abs(np.median(np.abs(steps)) - (1.0 - 0.5 ** (1.0 / 21.0))) < 0.003  # by the formula
    assert abs((steps > 0).mean() - 0.5) < 0.02


@given(seeds)
@settings(max_examples=30, deadline=None)
def test_children_have_what_their_parents_have(seed):
    rows, exists, rng = some(SPACE, 32, seed)
    parents = Parents(rows[:16], rows[16:], exists[:16], exists[16:])
    child = cross(SPACE, parents, rng)
    chosen = child[:, 2]
    assert ((chosen == parents.a[:, 2]) | (chosen == parents.b[:, 2])).all()
    only_a, only_b = parents.a_has & ~parents.b_has, parents.b_has & ~parents.a_has
    np.testing.assert_array_equal(child[only_a], parents.a[only_a])
    np.testing.assert_array_equal(child[only_b], parents.b[only_b])
    twins = cross(SPACE, Parents(rows, rows, exists, exists), rng)
    np.testing.assert_allclose(twins[exists], rows[exists], atol=1e-15)


def test_crossover_keeps_the_middle_of_the_parents():
    rng = np.random.default_rng(3)
    a, b = np.full((20000, 5), 0.4), np.full((20000, 5), 0.6)
    has = np.ones(a.shape, bool)
    child = cross(NUMBERS, Parents(a, b, has, has), rng)
    mixed = child[child != 0.4]
    assert abs(mixed.mean() - 0.5) < 0.002
    assert 0.3 < mixed.min() < 0.4 < 0.6 < mixed.max() < 0.7


@given(seeds, st.integers(1, 6), st.integers(1, 30))
@settings(max_examples=40, deadline=None)
def test_shifted_rows_stay_in_the_cube(seed, d, k):
    rng = np.random.default_rng(seed)
    rows = rng.random((k, d)).round(rng.integers(0, 3))  # some at the edges, some equal
    shifted = shift(rows, rng.random(k) + 0.1, 50, rng)
    assert shifted.shape == (50, d)
    assert ((shifted >= 0.0) & (shifted <= 1.0)).all()


def test_a_shift_is_part_of_a_difference_of_two_rows():
    rows = np.array([[0.4, 0.5], [0.5, 0.45]])
    shifted = shift(rows, np.array([1.0, 0.0]), 4000, np.random.default_rng(0))
    steps = (shifted - rows[0]) / (rows[1] - rows[0])  # what has no weight is not moved itself
    blur = 6.0 * 1e-3 / np.abs(rows[1] - rows[0])
    inner = (np.abs(steps) > blur) & (np.abs(steps) < 0.4 - blur)
    assert not inner.any()
    assert (np.abs(steps) < 1.0 + blur).all()
    both = (np.abs(steps) > blur).all(axis=1)
    assert np.allclose(steps[both, 0], steps[both, 1], atol=blur.sum())  # along their line
    assert abs(both.mean() - 0.5 * 0.9**2) < 0.03  # two different ones, both columns moved
    assert abs((steps[both, 0] > 0.0).mean() - 0.5) < 0.05


def test_equal_rows_are_hardly_moved():
    shifted = shift(np.full((5, 3), 0.7), np.ones(5), 200, np.random.default_rng(0))
    assert 0.0 < np.abs(shifted - 0.7).max() < 0.01


def test_places_are_drawn_as_numpy_draws_them():
    weight = np.random.default_rng(1).random(25) + np.linspace(0.0, 3.0, 25)
    p = weight / weight.sum()
    expected = np.random.default_rng(2).choice(25, 500, p=p)
    assert _drawn(weight, 500, np.random.default_rng(2)).tolist() == expected.tolist()
