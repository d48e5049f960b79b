"""The median rule against a plain reading of its description."""

from __future__ import annotations

import math
import statistics

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayesopt.errors import SettingsError, TrialNotFoundError
from bayesopt.history import History
from bayesopt.schedulers import Decision, MedianScheduler
from bayesopt.schedulers.median import _percentile
from bayesopt.space import Float, Space
from bayesopt.trial import TrialState

SPACE = Space({"x": Float(0.0, 1.0)})
RNG = np.random.default_rng(0)
Curve = dict[int, tuple[float, ...]]


def build(trials: list[tuple[TrialState, Curve]], m: int, directions: list[str]) -> History:
    history = History(SPACE, m, directions=directions)
    for state, curve in trials:
        number = history.append({"x": 0.5})
        for step, values in curve.items():
            history.report(number, step, values if m > 1 else values[0])
        if state.is_finished:
            history.tell(number, (0.0,) * m if state is TrialState.COMPLETE else None, state)
    return history


def plain_decision(
    scheduler: MedianScheduler,
    trials: list[tuple[TrialState, Curve]],
    number: int,
    directions: list[str],
) -> Decision:
    mine = trials[number][1]
    if not mine or not is_due(scheduler, sorted(mine)):
        return Decision.CONTINUE
    verdicts = []
    for j, direction in enumerate(directions):
        if all(math.isnan(values[j]) for values in mine.values()):
            continue
        best = best_by(mine, max(mine), j, direction)
        others = [
            best_by(curve, max(mine), j, direction)
            for state, curve in trials
            if state in (TrialState.COMPLETE, TrialState.PRUNED)
            and min(curve, default=99) <= max(mine)
        ]
        enough = len(others) >= max(1, scheduler.n_startup_trials)
        verdicts.append(enough and best > statistics.median(others))
    return Decision.STOP if all(verdicts) else Decision.CONTINUE


def best_by(curve: Curve, step: int, j: int, direction: str) -> float:
    sign = -1.0 if direction == "maximize" else 1.0
    seen = [sign * v[j] for s, v in curve.items() if s <= step and not math.isnan(v[j])]
    return min(seen, default=math.inf)


def is_due(scheduler: MedianScheduler, steps: list[int]) -> bool:
    if steps[-1] < scheduler.n_warmup_steps:
        return False
    if not scheduler.interval:
        return True

    def stretch(step: int) -> int:
        return math.floor((step - scheduler.n_warmup_steps) / scheduler.interval)

    before = [step for step in steps[:-1] if step >= scheduler.n_warmup_steps]
    return all(stretch(step) < stretch(steps[-1]) for step in before)


VALUES = st.sampled_from([0.0, 1.0, 2.0, 3.0, -1.0, math.nan, math.inf, -math.inf])
STATES = st.sampled_from(
    [TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL, TrialState.RUNNING]
)


@given(data=st.data(), m=st.integers(1, 2))
def test_it_is_the_plain_reading(data: st.DataObject, m: int) -> None:
    curves = st.dictionaries(st.integers(0, 6), st.tuples(*[VALUES] * m), max_size=5)
    trials = data.draw(st.lists(st.tuples(STATES, curves), min_size=1, max_size=8))
    trials.append((TrialState.RUNNING, data.draw(curves)))
    directions = data.draw(
        st.lists(st.sampled_from(["minimize", "maximize"]), min_size=m, max_size=m)
    )
    scheduler = MedianScheduler(
        n_startup_trials=data.draw(st.integers(0, 3)),
        n_warmup_steps=data.draw(st.integers(0, 3)),
        interval=data.draw(st.sampled_from([0, 1, 2, 3])),
    )
    history = build(trials, m, directions)
    number = len(trials) - 1
    with np.errstate(all="raise"):
        decision = scheduler.decide(history, number, RNG)
    assert decision is plain_decision(scheduler, trials, number, directions)


def finished(*values: float) -> tuple[TrialState, Curve]:
    return TrialState.COMPLETE, {step: (value,) for step, value in enumerate(values)}


def running(*values: float) -> tuple[TrialState, Curve]:
    return TrialState.RUNNING, finished(*values)[1]


def decide(scheduler: MedianScheduler, *trials: tuple[TrialState, Curve]) -> Decision:
    history = build(list(trials), 1, ["minimize"])
    return scheduler.decide(history, len(trials) - 1, RNG)


def test_a_trial_that_was_good_once_goes_on() -> None:
    scheduler = MedianScheduler(n_startup_trials=2)
    others = (finished(3, 2, 1), finished(3, 3, 3))
    assert decide(scheduler, *others, running(4, 4)) is Decision.STOP
    assert decide(scheduler, *others, running(0, 4)) is Decision.CONTINUE
    assert decide(scheduler, *others, running(4, 2.5)) is Decision.CONTINUE  # equals the median


def test_the_percentile_decides_how_many_go_on() -> None:
    others = [finished(float(value)) for value in range(5)]
    for percentile, value, decision in [
        (25, 1.0, Decision.CONTINUE),
        (25, 1.1, Decision.STOP),
        (75, 3.0, Decision.CONTINUE),
        (75, 3.1, Decision.STOP),
    ]:
        scheduler = MedianScheduler(percentile=percentile)
        assert decide(scheduler, *others, running(value)) is decision


def test_nothing_but_nan_is_stopped_at_once() -> None:
    assert decide(MedianScheduler(), running(math.nan, math.nan)) is Decision.STOP
    assert decide(MedianScheduler(), running(math.nan, 1.0)) is Decision.CONTINUE
    assert decide(MedianScheduler(n_warmup_steps=5), running(math.nan)) is Decision.CONTINUE


def test_a_trial_without_a_report_goes_on_and_one_that_is_not_there_is_named() -> None:
    assert decide(MedianScheduler(n_startup_trials=0), running()) is Decision.CONTINUE
    with pytest.raises(TrialNotFoundError):
        MedianScheduler().decide(History(SPACE), 0, RNG)


@given(
    values=st.lists(st.floats(-1e308, 1e308), min_size=1, max_size=20), percent=st.integers(0, 100)
)
def test_the_percentile_is_the_usual_one(values: list[float], percent: int) -> None:
    usual = np.percentile(np.array(values) / 4, percent) * 4
    got = _percentile(np.array(values), float(percent))
    assert got == pytest.approx(usual, rel=1e-12, abs=1e-12 * max(map(abs, values)))


def test_infinities_have_percentiles() -> None:
    values = np.array([-np.inf, 0.0, np.inf, np.inf])
    assert _percentile(values, 0.0) == -np.inf
    assert _percentile(values, 100 / 3) == pytest.approx(0.0)
    assert _percentile(values, 50.0) == np.inf
    assert _percentile(np.array([-np.inf, np.inf]), 50.0) == -np.inf


@pytest.mark.parametrize(
    "settings",
    [
        {"percentile": 101},
        {"percentile": float("nan")},
        {"n_warmup_steps": -1},
        {"interval": "1"},
        {"n_startup_trials": True},
    ],
)
def test_settings_out_of_range_are_named(settings: dict[str, object]) -> None:
    with pytest.raises(SettingsError, match=next(iter(settings))):
        MedianScheduler(**settings)  # type: ignore[arg-type]
