"""The array view of a space against the space itself."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import bayesopt as bo
from bayesopt._kernels.cube import mark_rows, snap_rows
from bayesopt.space.domain import CONTINUOUS, NOMINAL, ORDERED

SPACES = {
    "numeric": {"x": bo.Float(-3, 7), "y": bo.Float(1e-6, 1e3, log=True), "z": bo.Float(2, 2)},
    "cells": {
        "i": bo.Int(-4, 9),
        "l": bo.Int(1, 4096, log=True),
        "s": bo.Float(0, 1, step=0.05),
        "o": bo.Ordinal([1, 2, 4, 8]),
        "c": bo.Categorical(["a", "b", "c"]),
        "one": bo.Categorical(["only"]),
    },
    "conditional": {
        "lr": bo.Float(1e-4, 1, log=True, when={"momentum_on": True, "model": ["nn", "cnn"]}),
        "momentum_on": bo.Categorical([True, False], when={"model": ["nn", "cnn"]}),
        "model": bo.Categorical(["svm", "nn", "cnn"]),
        "switch": bo.Constant(1, when={"model": "svm"}),
        "kernel": bo.Categorical(["rbf", "poly"], when={"switch": 1}),
        "degree": bo.Int(1, 5, when={"kernel": "poly"}),
        "deep": bo.Float(0, 1, when={"degree": [3, 4, 5]}),
    },
    "empty": {"fixed": bo.Constant(3)},
}


@pytest.mark.parametrize("name", SPACES)
@given(seed=st.integers(0, 2**32 - 1), scale=st.sampled_from([0.6, 1.0, 1.5]))
def test_kernels_snap_as_the_space_does(name: str, seed: int, scale: float) -> None:
    space = bo.Space(SPACES[name])
    rows = 0.5 + scale * (np.random.default_rng(seed).random((40, space.d)) - 0.5)
    rows[np.random.default_rng(seed + 1).random(rows.shape) < 0.02] = np.nan
    snapped, active = np.empty_like(rows), np.empty(rows.shape, dtype=np.bool_)
    snap_rows(rows, space.domain.arrays, snapped, active)
    np.testing.assert_array_equal(snapped, space.snap(rows))
    np.testing.assert_array_equal(active, space.active(snapped))
    again = np.empty_like(active)
    mark_rows(snapped, space.domain.arrays, again)
    np.testing.assert_array_equal(again, active)


def test_columns_are_told_apart() -> None:
    domain = bo.Space(SPACES["cells"]).domain
    assert domain.kind.tolist() == [ORDERED, ORDERED, ORDERED, ORDERED, NOMINAL, NOMINAL]
    assert domain.n_cells.tolist() == [14, 4096, 21, 4, 3, 1]
    assert domain.varies.tolist() == [True] * 5 + [False]
    numeric = bo.Space(SPACES["numeric"]).domain
    assert numeric.kind.tolist() == [CONTINUOUS] * 3
    assert numeric.n_cells.tolist() == [0, 0, 1]
    assert numeric.is_numeric
    assert not domain.is_numeric


def test_parents_come_before_children() -> None:
    space = bo.Space(SPACES["conditional"])
    domain = space.domain
    place = {int(j): i for i, j in enumerate(domain.arrays.order)}
    assert sorted(place) == list(range(space.d))
    for j in range(space.d):
        for k in range(domain.arrays.need_ptr[j], domain.arrays.need_ptr[j + 1]):
            assert place[int(domain.arrays.need_column[k])] < place[j]
    assert dict(zip(space.names, domain.conditional.tolist(), strict=True)) == {
        "lr": True,
        "momentum_on": True,
        "model": False,
        "kernel": True,
        "degree": True,
        "deep": True,
    }
