"""Dominated volume and free boxes against inclusion-exclusion and brute force."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bayesopt._kernels.hypervolume import dominated_boxes, free_boxes, hypervolume


def by_inclusion_exclusion(Y: np.ndarray, reference: np.ndarray) -> float:
    total = 0.0
    for size in range(1, len(Y) + 1):
        for chosen in combinations(range(len(Y)), size):
            sides = np.maximum(reference - Y[list(chosen)].max(axis=0), 0.0)
            total -= (-1.0) ** size * float(np.prod(sides))
    return total


def rows_on_a_lattice(n: int, m: int, levels: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, levels, size=(n, m)) / levels


cases = given(
    n=st.integers(0, 7),
    m=st.integers(1, 5),
    levels=st.sampled_from([2, 4, 1000]),
    seed=st.integers(0, 10_000),
)


@settings(deadline=None)
@cases
def test_the_volume_is_that_of_inclusion_and_exclusion(
    n: int, m: int, levels: int, seed: int
) -> None:
    Y, reference = rows_on_a_lattice(n, m, levels, seed), np.full(m, 0.9)
    expected = by_inclusion_exclusion(Y[(reference > Y).all(axis=1)], reference)
    assert hypervolume(Y, reference) == pytest.approx(expected, abs=1e-12)


@settings(deadline=None)
@cases
def test_free_boxes_are_what_is_not_dominated(n: int, m: int, levels: int, seed: int) -> None:
    Y, reference = rows_on_a_lattice(n, m, levels, seed), np.full(m, 0.9)
    lower, upper = free_boxes(Y, reference)
    assert (lower < upper).all()
    assert (upper <= reference).all()
    volume = np.prod(upper - np.maximum(lower, -1.0), axis=1).sum()
    assert volume + hypervolume(Y, reference) == pytest.approx(1.9**m)
    places = np.random.default_rng(seed + 1).uniform(-1.0, 0.9, size=(50, m))
    n_boxes = ((places[:, None] > lower) & (places[:, None] <= upper)).all(axis=2).sum(axis=1)
    is_dominated = (Y[None] <= places[:, None]).all(axis=2).any(axis=1)
    assert n_boxes.tolist() == (~is_dominated).astype(int).tolist()


@pytest.mark.parametrize("m", [2, 3, 4])
def test_dominated_boxes_add_up_to_the_volume(m: int) -> None:
    Y = np.abs(np.random.default_rng(m).standard_normal((40, m)))
    Y /= np.linalg.norm(Y, axis=1, keepdims=True)
    reference = np.full(m, 1.1)
    lower, upper = dominated_boxes(Y, reference)
    volume = np.prod(upper - lower, axis=1).sum()
    assert volume == pytest.approx(hypervolume(Y, reference), rel=1e-12)


@pytest.mark.parametrize(("m", "most"), [(2, 41), (3, 161), (4, 700)])
def test_a_front_leaves_few_boxes(m: int, most: int) -> None:
    Y = np.abs(np.random.default_rng(m).standard_normal((40, m)))
    Y /= np.linalg.norm(Y, axis=1, keepdims=True)
    assert len(free_boxes(Y, np.full(m, 1.1))[0]) <= most


def test_the_volume_is_that_of_botorch() -> None:
    torch = pytest.importorskip("torch")
    peer = pytest.importorskip("botorch.utils.multi_objective.hypervolume")
    for m in (2, 3, 4, 5):
        Y = np.random.default_rng(m).random((12, m))
        theirs = peer.Hypervolume(torch.full((m,), -1.0, dtype=torch.float64))
        value = theirs.compute(torch.from_numpy(-Y))
        assert hypervolume(Y, np.ones(m)) == pytest.approx(value, rel=1e-10)


def test_what_reaches_the_reference_counts_for_nothing() -> None:
    Y = np.array([[0.2, 1.0], [2.0, 0.0]])
    assert hypervolume(Y, np.ones(2)) == 0.0
    assert hypervolume(np.empty((0, 3)), np.ones(3)) == 0.0
