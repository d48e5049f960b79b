"""Rungs, cohorts and promotions against a plain reading of their descriptions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bayesopt.errors import SettingsError
from bayesopt.history import History
from bayesopt.schedulers import (
    ASHAScheduler,
    Decision,
    HyperbandScheduler,
    PatienceScheduler,
    SuccessiveHalvingScheduler,
    from_spec,
    to_spec,
)
from bayesopt.schedulers.cohorts import cohort_of
from bayesopt.schedulers.rungs import ladder, read_rungs
from bayesopt.space import Float, Space
from bayesopt.trial import TrialState

SPACE = Space({"x": Float(0.0, 1.0)})
RNG = np.random.default_rng(0)
STATES = [
    TrialState.RUNNING,
    TrialState.PAUSED,
    TrialState.PRUNED,
    TrialState.FAIL,
    TrialState.LOST,
]
Curve = dict[int, float]
Trials = list[tuple[TrialState, Curve]]

curves = st.dictionaries(
    st.integers(1, 12), st.sampled_from([0.0, 1.0, 2.0, 3.0, math.nan, math.inf]), max_size=6
)
histories = st.lists(st.tuples(st.sampled_from(STATES), curves), min_size=1, max_size=14)


def build(trials: Trials, order: list[int]) -> History:
    """Return a history whose reports were heard of in some order."""
    history = History(SPACE)
    for state, _ in trials:
        history.append({"x": 0.5}, state)
    reports = [(n, *report) for n, (_, curve) in enumerate(trials) for report in curve.items()]
    for i in order:
        if i < len(reports):
            history.report(*reports[i])
    return history


def value_at(curve: Curve, level: float, smoothing: int = 1) -> float | None:
    """Return the value with which a trial reached a level, None if it did not."""
    steps = sorted(curve)
    if not steps or steps[-1] < level:
        return None
    upto = [step for step in steps if step < level] + [min(s for s in steps if s >= level)]
    taken = [curve[step] for step in upto[-smoothing:]]
    return sum(taken) / len(taken)


def best_of(trials: Trials, numbers: list[int], level: float, smoothing: int = 1) -> list[int]:
    found = {n: value_at(trials[n][1], level, smoothing) for n in numbers}
    usable = [n for n in numbers if found[n] is not None and math.isfinite(found[n])]
    return sorted(usable, key=lambda n: (found[n], n))


def just_reached(curve: Curve, levels: list[float]) -> int | None:
    """Return the highest level that the last report reached, if the one before did not."""
    steps = sorted(curve)
    if not steps:
        return None
    below = steps[-2] if len(steps) > 1 else -1.0
    reached = [k for k, level in enumerate(levels) if level <= steps[-1]]
    return reached[-1] if reached and below < levels[reached[-1]] else None


def plain_asha(scheduler: ASHAScheduler, trials: Trials, number: int, levels: list[float]) -> bool:
    """Whether a trial that got to a rung goes on."""
    k = just_reached(trials[number][1], levels)
    bracket = number % scheduler.n_brackets
    if k is None or k < min(bracket, len(levels) - 1) or k == len(levels) - 1:
        return True
    mates = list(range(bracket, len(trials), scheduler.n_brackets))
    there = [n for n in mates if value_at(trials[n][1], levels[k]) is not None]
    n_best = int(len(there) / scheduler.eta)
    n_best = max(1, n_best) if scheduler.mode == "stop" else n_best
    return number in best_of(trials, there, levels[k], scheduler.smoothing)[:n_best]


@settings(max_examples=150)
@given(
    histories, st.permutations(range(84)), st.sampled_from(["stop", "pause"]), st.integers(1, 2),
    st.sampled_from([2.0, 3.0]), st.integers(1, 3),
)  # fmt: skip
def test_asha_decides_as_described_in_any_order_of_arrival(
    trials: Trials, order: list[int], mode: Any, n_brackets: int, eta: float, smoothing: int
) -> None:
    scheduler = ASHAScheduler(
        max_steps=9, eta=eta, mode=mode, n_brackets=n_brackets, smoothing=smoothing
    )
    levels = ladder(1, 9, eta).tolist()
    history = build(trials, order)
    no = Decision.STOP if mode == "stop" else Decision.PAUSE
    for number in range(len(trials)):
        goes_on = plain_asha(scheduler, trials, number, levels)
        assert scheduler.decide(history, number, RNG) is (Decision.CONTINUE if goes_on else no)


@settings(max_examples=150)
@given(histories, st.permutations(range(84)))
def test_asha_promotes_the_best_of_each_rung_the_highest_first(
    trials: Trials, order: list[int]
) -> None:
    scheduler = ASHAScheduler(max_steps=9, eta=2.0, mode="pause")
    levels = ladder(1, 9, 2.0).tolist()
    wanted, early = [], []
    for k in reversed(range(len(levels) - 1)):
        there = [n for n in range(len(trials)) if value_at(trials[n][1], levels[k]) is not None]
        for n in best_of(trials, there, levels[k])[: len(there) // 2]:
            stands_here = value_at(trials[n][1], levels[k + 1]) is None
            if trials[n][0] is TrialState.PAUSED and stands_here:
                wanted.append(n)
    for n, (state, curve) in enumerate(trials):
        if state is TrialState.PAUSED and value_at(curve, levels[0]) is None:
            early.append(n)
    settled = scheduler.settle(build(trials, order))
    assert settled.resume.tolist() == wanted + early
    assert not settled.stop.size


def plain_cohort(
    trials: Trials, first: int, sizes: tuple[int, ...], levels: tuple[float, ...], no_more: bool
) -> tuple[list[tuple[int, int]], set[int]]:
    """Return (rung, trial) of the paused trials that go on, and those that never will."""
    resume: list[tuple[int, int]] = []
    stop: set[int] = set()
    members = [n for n in range(first, first + sizes[0]) if n < len(trials)]
    is_whole = len(members) == sizes[0]
    for k, level in enumerate(levels):
        paused = [n for n in members if trials[n][0] is TrialState.PAUSED]
        there = [n for n in members if value_at(trials[n][1], level) is not None]
        last = k == len(levels) - 1
        resume += [(k, n) for n in paused if last or n not in there]
        over = [n for n in members if trials[n][0].is_finished]
        decided = set(members) == {*there, *over} and (is_whole or no_more)
        if last or not decided:
            break
        n_best = sizes[k + 1]
        if not is_whole:
            n_best = min(n_best, max(1, len(members) * sizes[k + 1] // sizes[k]))
        promoted = best_of(trials, there, level)[:n_best]
        stop |= {n for n in paused if n not in promoted}
        members = promoted
    return resume, stop


@settings(max_examples=200)
@given(histories, st.permutations(range(84)), st.booleans())
def test_cohorts_settle_as_described_in_any_order_of_arrival(
    trials: Trials, order: list[int], no_more: bool
) -> None:
    scheduler = HyperbandScheduler(max_steps=9)
    assert [b.sizes for b in scheduler.brackets] == [(9, 3, 1), (5, 1), (3,)]
    resume: list[tuple[int, int]] = []
    stop: set[int] = set()
    for first, bracket in ((0, scheduler.brackets[0]), (9, scheduler.brackets[1])):
        some, never = plain_cohort(trials, first, *bracket, no_more)
        resume, stop = resume + some, stop | never
    settled = scheduler.settle(build(trials, order), no_more=no_more)
    assert sorted(settled.resume.tolist()) == sorted(n for _, n in resume)
    rungs = {n: k for k, n in resume}
    heights = [rungs[n] for n in settled.resume.tolist()]
    assert heights == sorted(heights, reverse=True)
    assert set(settled.stop.tolist()) == stop
    assert not {*settled.resume.tolist()} & stop


@settings(max_examples=100)
@given(histories, st.permutations(range(84)), st.integers(1, 3))
def test_values_at_levels_are_those_of_the_first_report_there(
    trials: Trials, order: list[int], smoothing: int
) -> None:
    levels = np.array([1.0, 3.0, 9.0])
    rungs = read_rungs(build(trials, order), levels, smoothing)
    for n, (_, curve) in enumerate(trials):
        for j, level in enumerate(levels):
            wanted = value_at(curve, level, smoothing)
            assert rungs.reached[n, j] == (wanted is not None)
            found = rungs.values[n, j, 0]
            np.testing.assert_equal(found, math.nan if wanted is None else wanted)


def test_brackets_are_those_of_the_paper() -> None:
    sizes = [bracket.sizes for bracket in HyperbandScheduler(max_steps=81).brackets]
    assert sizes == [(81, 27, 9, 3, 1), (34, 11, 3, 1), (15, 5, 1), (8, 2), (5,)]
    levels = [bracket.levels for bracket in HyperbandScheduler(max_steps=81).brackets]
    assert levels[0] == (1.0, 3.0, 9.0, 27.0, 81.0)
    assert levels[-1] == (81.0,)


def test_every_number_has_one_place_and_rounds_repeat() -> None:
    brackets = HyperbandScheduler(max_steps=9).brackets
    firsts = [cohort_of(number, brackets).first for number in range(34)]
    assert firsts == [0] * 9 + [9] * 5 + [14] * 3 + [17] * 9 + [26] * 5 + [31] * 3


def test_a_struck_out_trial_takes_no_place_on_a_rung() -> None:
    history = History(SPACE)
    for state, value in ((TrialState.INVALID, 0.0), (TrialState.PAUSED, 1.0)):
        history.report(history.append({"x": 0.5}, state), 1, value)
    for _ in range(2):
        history.report(history.append({"x": 0.5}), 1, 5.0)
    assert not read_rungs(history, np.array([1.0])).reached[0, 0]
    assert ASHAScheduler(max_steps=9, mode="pause").settle(history).resume.tolist() == [1]


def test_the_cap_grows_when_a_rung_ranks_otherwise_than_the_one_below() -> None:
    scheduler = ASHAScheduler(max_steps=27, mode="pause", growing=True)
    for swapped, wanted in ((False, []), (True, [0])):
        history = History(SPACE)
        for n in range(3):
            number = history.append({"x": 0.5}, TrialState.PAUSED)
            history.report(number, 1, float(n))
            history.report(number, 3, float({0: 0, 1: 2, 2: 1}[n] if swapped else n))
        assert scheduler.settle(history).resume.tolist() == wanted


def test_nothing_waits_for_a_rung_without_values() -> None:
    for value, state in ((math.nan, TrialState.PAUSED), (1.0, TrialState.FAIL)):
        history = History(SPACE)
        for _ in range(9):
            number = history.append({"x": 0.5}, state)
            if state is TrialState.PAUSED:
                history.report(number, 1, value)
        settled = SuccessiveHalvingScheduler(max_steps=9).settle(history)
        assert not settled.resume.size
        assert settled.stop.size == (9 if state is TrialState.PAUSED else 0)


def test_several_objectives_rank_by_fronts() -> None:
    history = History(SPACE, 2, directions=["minimize", "maximize"])
    for row in ((0.0, 1.0), (1.0, 2.0), (2.0, 0.0)):
        history.report(history.append({"x": 0.5}), 1, row)
    scheduler = ASHAScheduler(max_steps=9, eta=1.5)
    decisions = [scheduler.decide(history, n, RNG) for n in range(3)]
    assert decisions == [Decision.CONTINUE, Decision.CONTINUE, Decision.STOP]


@pytest.mark.parametrize(
    ("kind", "given_settings"),
    [
        (ASHAScheduler, {"min_steps": 0}),
        (ASHAScheduler, {"min_steps": 2, "max_steps": 2}),
        (ASHAScheduler, {"eta": 1}),
        (ASHAScheduler, {"mode": "wait"}),
        (ASHAScheduler, {"growing": True}),
        (ASHAScheduler, {"smoothing": 0}),
        (HyperbandScheduler, {}),
        (HyperbandScheduler, {"max_steps": math.inf}),
        (HyperbandScheduler, {"max_steps": 9, "learn_from": "some"}),
        (SuccessiveHalvingScheduler, {"max_steps": 9, "n_begin": 1}),
        (SuccessiveHalvingScheduler, {"max_steps": "9"}),
        (PatienceScheduler, {"patience": -1}),
        (ASHAScheduler, {"min_steps": "1"}),
        (ASHAScheduler, {"eta": 1.0000001}),
        (ASHAScheduler, {"tolerance": -1.0}),
        (ASHAScheduler, {"growing": "yes", "mode": "pause"}),
        (HyperbandScheduler, {"max_steps": 9, "eta": 1.0000001}),
    ],
)
def test_settings_without_a_meaning_are_refused(kind: Any, given_settings: dict[str, Any]) -> None:
    with pytest.raises(SettingsError):
        kind(**given_settings)


@pytest.mark.parametrize(
    "scheduler",
    [
        ASHAScheduler(max_steps=27, mode="pause", growing=True, tolerance=0.1),
        HyperbandScheduler(max_steps=81, eta=4),
        SuccessiveHalvingScheduler(max_steps=9, n_begin=12),
        PatienceScheduler(3.0),
    ],
)
def test_schedulers_are_stored_by_their_settings(scheduler: Any) -> None:
    assert from_spec(to_spec(scheduler)) == scheduler


@given(curves, st.integers(1, 6), st.sampled_from([0.0, 1.0]), st.integers(0, 5))
def test_patience_counts_from_the_last_improvement(
    curve: Curve, patience: int, min_delta: float, min_steps: int
) -> None:
    history = build([(TrialState.RUNNING, curve)], list(range(10)))
    best, since = math.inf, min(curve, default=0)
    for step in sorted(curve):
        if curve[step] < best - min_delta:
            best, since = curve[step], step
    stops = bool(curve) and max(curve) >= min_steps and max(curve) - since >= patience
    decision = PatienceScheduler(patience, min_delta, min_steps).decide(history, 0, RNG)
    assert decision is (Decision.STOP if stops else Decision.CONTINUE)
