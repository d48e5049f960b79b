"""RowIndex against a Python set."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayesopt.history.index import RowIndex, _hash


@given(
    d=st.integers(0, 3),
    batches=st.lists(st.lists(st.integers(0, 40), max_size=30), max_size=8),
    seed=st.integers(0, 99),
)
def test_it_equals_a_set(d: int, batches: list[list[int]], seed: int) -> None:
    pool = np.random.default_rng(seed).integers(0, 4, size=(41, d)) / 4.0  # many equal rows
    index, entered = RowIndex(), set()
    for batch in batches:
        index.add(pool, np.array(batch, dtype=np.int64))
        entered |= {tuple(pool[i]) for i in batch}
        assert index.contains(pool, pool).tolist() == [tuple(row) in entered for row in pool]


def test_a_hundred_thousand_rows_and_as_many_copies() -> None:
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.random((50_000, 5)), np.full((50_000, 5), 0.25)])
    index = RowIndex()
    index.add(X, np.arange(100_000))
    assert index.contains(X, X).all()
    assert not index.contains(X, rng.random((1000, 5))).any()
    assert index._slots.nbytes <= 24 * 100_000


@pytest.mark.parametrize("k", [2, 3, 7, 1000, 5000])
def test_rows_on_cells_do_not_collide(k: int) -> None:
    cells = (np.arange(k) + 0.5) / k
    X = np.stack([np.repeat(cells, 2), np.tile([0.25, 0.75], k)], axis=1)
    index = RowIndex()
    index.add(X, np.arange(2 * k))
    first = index._first_slot(X)
    # about half of the slots are hit when 2k rows fall into 4k or more slots at random
    assert np.unique(first).size > 0.6 * 2 * k
    assert index.contains(X, X).all()


def test_signed_zeros_are_one_number() -> None:
    X = np.array([[0.0, 1.0], [-0.0, 0.5]])
    index = RowIndex()
    index.add(X, np.array([0, 1]))
    assert index.contains(X, np.array([[-0.0, 1.0], [0.0, 0.5], [0.0, 0.25]])).tolist() == [
        True,
        True,
        False,
    ]


def test_a_copy_is_independent() -> None:
    X = np.array([[0.1], [0.2]])
    index = RowIndex()
    index.add(X, np.array([0]))
    other = index.copy()
    other.add(X, np.array([1]))
    assert index.contains(X, X).tolist() == [True, False]
    assert other.contains(X, X).tolist() == [True, True]


@given(st.lists(st.floats(0.0, 1.0), max_size=60))
def test_one_row_is_mixed_as_many_are(row: list[float]) -> None:
    one, many = np.array([row]), np.array([[0.5] * len(row), row])
    assert _hash(one)[0] == _hash(many)[1]
    assert 0 <= _hash(one)[0] < 2**64
