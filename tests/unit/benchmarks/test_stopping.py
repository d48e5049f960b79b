"""What stopping rules would have saved, on runs made by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from benchmarks.stopping import Run, _all, _model, _record, _window, stop_of, table

IDLE = Run(np.minimum.accumulate([10.0] * 10 + [5.0, 1.0] + [1.0] * 88), 10.0, 0.0, 1.0)


def test_a_window_is_idle_when_all_of_it_is():
    assert IDLE.recent(42) == 0.0
    assert IDLE.recent(41) == 4.0
    assert IDLE.recent(30) == math.inf
    assert stop_of(IDLE, _window(1e-3)) == 42
    assert stop_of(IDLE, _window(1e-3), every=5) == 45


def test_a_rule_that_never_holds_costs_nothing():
    never = _all(_window(1e-3), _model(1e-3))  # no model was asked
    assert stop_of(IDLE, never) == 100
    (line,) = table([IDLE], {"never": never})[2:]
    assert line == "| never | 100 | 0% | 0.000 | 0.000 | 0% | 0.00 |"


def test_what_is_lost_is_regret():
    late = Run(np.minimum.accumulate([10.0] * 10 + [1.0] * 80 + [0.5] * 10), 10.0, 0.0, 1.0)
    (line,) = table([late], {"window": _window(1e-3)})[2:]
    assert [part.strip() for part in line.split("|")[2:5]] == ["41", "100%", "0.500"]
    assert stop_of(late, _record(1.0)) == 20


@pytest.mark.parametrize("least", [1e-4, 1e-2])
def test_both_stop_no_earlier_than_either(least):
    either = [stop_of(IDLE, _record(least)), stop_of(IDLE, _window(least))]
    assert stop_of(IDLE, _all(_record(least), _window(least))) >= max(either)
