"""PASHA's cap and its tolerance against a plain reading of the paper."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayesopt.history import History
from bayesopt.schedulers import ASHAScheduler
from bayesopt.schedulers.pasha import estimated_tolerance
from bayesopt.schedulers.rungs import table_of_curves
from bayesopt.space import Float, Space
from bayesopt.trial import TrialState

SPACE = Space({"x": Float(0.0, 1.0)})
values = st.sampled_from([0.0, 1.0, 2.0, 3.0, 5.0, math.nan, math.inf])
tables = st.lists(st.lists(values, min_size=6, max_size=6), min_size=1, max_size=7)


def plain_tolerance(curves: np.ndarray) -> float:
    """Of each pair look for three steps of which the middle one ranks them the other way round."""
    gaps = []
    for a, b in itertools.combinations(curves, 2):
        both = [s for s in range(a.size) if math.isfinite(a[s]) and math.isfinite(b[s])]
        different = [s for s in both if a[s] != b[s]]
        crosses = any(
            (a[i] < b[i]) != (a[j] < b[j]) and (a[j] < b[j]) != (a[k] < b[k])
            for i, j, k in itertools.combinations(different, 3)
        )
        if crosses:
            gaps.append(abs(a[different[-1]] - b[different[-1]]))
    return float(np.percentile(gaps, 90)) if gaps else 0.0


@given(tables)
def test_the_tolerance_is_the_gap_of_curves_that_cross_and_cross_back(
    table: list[list[float]],
) -> None:
    curves = np.array(table)
    assert estimated_tolerance(np.arange(6.0), curves) == pytest.approx(plain_tolerance(curves))


def test_curves_are_laid_side_by_side() -> None:
    history = History(SPACE)
    for reports in ({3: 1.0, 1: 2.0}, {2: 5.0, 9: 7.0}, {}):
        number = history.append({"x": 0.5})
        for step, value in reports.items():
            history.report(number, step, value)
    steps, table = table_of_curves(history, np.arange(3), 4.0)
    assert steps.tolist() == [1.0, 2.0, 3.0]
    nan = math.nan
    np.testing.assert_array_equal(table, [[2.0, nan, 1.0], [nan, 5.0, nan], [nan, nan, nan]])


def paused(curves: list[list[float]]) -> History:
    history = History(SPACE)
    for curve in curves:
        number = history.append({"x": 0.5}, TrialState.PAUSED)
        for step, value in enumerate(curve, start=1):
            history.report(number, step, value)
    return history


@pytest.mark.parametrize(
    ("curves", "tolerance", "opens"),
    [
        # two that change places once, by 0.1
        ([[1.0, 1.0, 1.0], [1.1, 1.1, 0.9], [9.0, 9.0, 9.0]], None, True),
        ([[1.0, 1.0, 1.0], [1.1, 1.1, 0.9], [9.0, 9.0, 9.0]], 0.2, False),
        # the same, and two others that cross and cross back within 0.3
        ([[1.0, 1.0, 1.0], [1.1, 1.1, 0.9], [9.0, 9.4, 9.0], [9.3, 9.1, 9.3]], None, False),
        ([[1.0, 1.0, 1.0], [1.1, 1.1, 0.9], [9.0, 9.4, 9.0], [9.3, 9.1, 9.3]], 0.0, True),
        # two that change places and diverge
        ([[1.0, 1.0, 1.0], [9.0, 9.0, 1.7e308], [9.1, 9.1, -1.7e308]], 0.0, True),
        # an exchange that is larger than that
        ([[1.0, 1.0, 1.5], [2.0, 2.0, 0.9], [9.0, 9.4, 9.0], [9.3, 9.1, 9.3]], None, True),
    ],
)
def test_the_cap_rises_for_what_is_more_than_noise(
    curves: list[list[float]], tolerance: float | None, opens: bool
) -> None:
    scheduler = ASHAScheduler(max_steps=9, mode="pause", growing=True, tolerance=tolerance)
    resumed = scheduler.settle(paused(curves)).resume.tolist()
    best = int(np.argmin([curve[-1] for curve in curves]))
    assert resumed == ([best] if opens else [])
