"""The weight of log P(success): what it answers to, and what share of failures it holds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayesopt.acquisition.caution import caution


def test_without_foreseen_failures_the_weight_is_that_of_the_expected_gain() -> None:
    assert caution(np.empty(0)) == caution(np.zeros(50)) == caution(np.full(50, 0.1)) == 1.0


def test_a_foreseen_failure_doubles_and_ten_trials_forgive() -> None:
    assert caution(np.array([1.0])) == pytest.approx(2**0.9)
    assert caution(np.array([1.0, *np.zeros(9)])) == pytest.approx(1.0)
    assert caution(np.ones(500)) == 1024.0


@given(st.lists(st.floats(0.0, 1.0), min_size=1, max_size=60), st.data())
def test_more_risk_never_means_less_caution(risks: list[float], data: st.DataObject) -> None:
    i = data.draw(st.integers(0, len(risks) - 1))
    more = [*risks[:i], 1.0, *risks[i + 1 :]]
    assert caution(np.array(more)) >= caution(np.array(risks)) >= 1.0


@pytest.mark.parametrize("needed", [1.5, 30.0, 512.0])
def test_a_tenth_of_the_trials_and_ten_more_fail_where_some_weight_prevents_it(
    needed: float,
) -> None:
    risks: list[float] = []
    for _ in range(400):
        risks.append(float(caution(np.array(risks)) < needed))
    assert sum(risks) <= 0.1 * len(risks) + 11
    assert sum(risks[-100:]) <= 11
