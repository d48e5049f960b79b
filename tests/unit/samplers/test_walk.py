"""A walk along blocks of rows, piece by piece."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bayesopt.samplers.walk import Walk


def blocks_of(sizes: list[int]) -> Iterator[np.ndarray]:
    stops = np.cumsum(sizes)
    for size, stop in zip(sizes, stops, strict=True):
        yield np.arange(stop - size, stop, dtype=np.float64)[:, np.newaxis]


@given(
    sizes=st.lists(st.integers(0, 100), max_size=6),
    rounds=st.lists(st.tuples(st.integers(0, 7), st.sets(st.integers(0, 599))), max_size=6),
)
def test_each_search_finds_what_is_wanted_in_order(
    sizes: list[int], rounds: list[tuple[int, set[int]]]
) -> None:
    walk, gone = Walk(blocks_of(sizes)), set(range(0, 600, 7))

    def unwanted(first: int, rows: np.ndarray) -> np.ndarray:
        assert rows[:, 0].tolist() == list(range(first, first + len(rows)))
        return np.isin(rows[:, 0], list(gone))

    for n_blocks, more in rounds:
        found = [row for rows in walk.search(unwanted, n_blocks) for row in rows[:, 0].tolist()]
        assert found == [i for i in range(sum(sizes[:n_blocks])) if i not in gone]
        assert all(i in gone for i in range(walk.n_passed))
        gone |= more


def test_a_used_up_walk_has_gone_past_everything() -> None:
    walk = Walk(blocks_of([256, 256]))
    found = walk.search(lambda first, rows: np.ones(len(rows), dtype=bool))
    assert sum(len(rows) for rows in found) == 0
    assert walk.n_passed == 512
