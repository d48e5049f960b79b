"""Columns that grow together: views that cannot be written, also of copies."""

from __future__ import annotations

import copy

import numpy as np
import pytest

from bayesopt.history.table import Column, Table


def table(n: int) -> Table:
    made = Table(a=Column(np.int64, -1), X=Column(np.float64, np.nan, 2))
    made.grow(n)
    return made


def test_rows_are_written_and_looked_up_one_by_one() -> None:
    made = table(3)
    made.put(1, a=7, X=(0.5, 0.25))
    assert made.at("a", 1) == 7
    assert made["a"].tolist() == made.reading("a").tolist() == [-1, 7, -1]
    assert made.at("X", 1).tolist() == [0.5, 0.25]


@pytest.mark.parametrize("again", [Table.copy, copy.deepcopy])
def test_what_is_read_is_what_was_written_and_cannot_be_changed(again) -> None:
    made = table(2)
    for n in (2, 5, 100):
        made = again(made)
        made.grow(n)
        made.put(n - 1, a=n)
        assert made.reading("a")[-1] == n
        with pytest.raises(ValueError, match="read-only"):
            made.reading("a")[0] = 3
    made.replace("a", Column(np.float64, 0.5))
    assert made.reading("a").tolist() == [0.5] * 100
