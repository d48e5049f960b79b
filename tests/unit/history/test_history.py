"""History as a host program uses it, and what the random test does not reach."""

from __future__ import annotations

import math
import tracemalloc
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from bayesopt.errors import (
    InvalidConfigError,
    InvalidValueError,
    TellConflictError,
    TrialNotFoundError,
)
from bayesopt.history import History
from bayesopt.history.log import ChangeLog
from bayesopt.space import Categorical, Constant, Float, Int, Space
from bayesopt.trial import TrialState

SPACE = Space({"x": Float(0.0, 1.0), "c": Categorical(["a", "b"]), "k": Int(1, 4)})
A = {"x": 0.25, "c": "a", "k": 1}
B = {"x": 0.75, "c": "b", "k": 2}


def changes(seq: int, rows: list[tuple[int, TrialState, dict[str, Any]]], **columns: Any) -> Any:
    n = len(rows)
    return SimpleNamespace(
        seq=seq,
        numbers=[row[0] for row in rows],
        states=[int(row[1]) for row in rows],
        params=[row[2] for row in rows],
        values=columns.get("values", [None] * n),
        constraints=columns.get("constraints", [{}] * n),
        costs=columns.get("costs", [None] * n),
        variances=columns.get("variances", ()),
        report_numbers=columns.get("report_numbers", []),
        report_steps=columns.get("report_steps", []),
        report_values=columns.get("report_values", []),
        report_attempts=columns.get(
            "report_attempts", [1] * len(columns.get("report_numbers", []))
        ),
    )


def test_an_empty_history_has_empty_columns() -> None:
    history = History(SPACE, 2)
    assert history.n == len(history) == 0
    assert history.X.shape == (0, 3)
    assert history.values.shape == (0, 2)
    assert history.constraints.shape == (0, 0)
    assert history.pareto().size == 0
    assert history.contains(np.full((2, 3), 0.5)).tolist() == [False, False]
    assert History(SPACE).best() is None


def test_append_report_and_tell() -> None:
    history = History(SPACE, directions=["maximize"])
    assert [history.append(A), history.append(B)] == [0, 1]
    history.report(0, 1, 5.0)
    history.report(0, 2, 7.0)
    history.tell(0, 7.0, constraints={"c": -1.0}, cost=3.0)
    assert history.is_complete.tolist() == [True, False]
    assert history.is_running.tolist() == [False, True]
    assert history.values[0, 0] == -7.0  # minimised
    assert history.last_step[0] == 2.0
    assert history.last_values[0, 0] == -7.0
    assert history.cost[0] == 3.0
    assert history.best() == 0
    assert history.contains(SPACE.encode([A, B, {**A, "k": 4}])).tolist() == [True, True, False]


def test_ties_go_to_the_earliest_and_infeasible_trials_lose() -> None:
    history = History(SPACE)
    for value, constraint in [(0.0, 1.0), (1.0, 0.0), (1.0, -1.0), (2.0, -1.0)]:
        number = history.append(A)
        history.tell(number, value, constraints={"g": constraint})
    assert history.best() == 1


def test_a_trial_that_lacks_a_known_constraint_is_infeasible() -> None:
    history = History(SPACE)
    for _ in range(3):
        history.append(A)
    history.tell(0, 1.0)
    assert history.feasible.tolist() == [True, True, True]
    before = history.generation
    history.tell(1, 2.0, constraints={"g": 0.0})
    assert history.feasible.tolist() == [False, True, True]  # the last one runs still
    assert history.generation > before  # trial 0 lost its standing
    assert history.best() == 1


def test_constraint_columns_are_sorted_whatever_came_first() -> None:
    history = History(SPACE)
    for name in ("m", "z", "a"):
        history.tell(history.append(A), 0.0, constraints={name: -1.0})
    assert history.constraint_names == ("a", "m", "z")
    assert np.argwhere(history.constraints == -1.0).tolist() == [[0, 1], [1, 2], [2, 0]]


def test_telling_the_same_again_is_fine_and_another_result_is_not() -> None:
    history = History(SPACE)
    history.append(A)
    history.tell(0, 1.0, constraints={"g": float("nan")})
    history.tell(0, 1.0, constraints={"g": float("nan")})
    with pytest.raises(TellConflictError, match="trial 0"):
        history.tell(0, 2.0)
    with pytest.raises(TellConflictError):
        history.tell(0, 1.0, constraints={"g": float("nan"), "h": 0.0})
    with pytest.raises(TellConflictError):
        history.tell(0, None, TrialState.FAIL)


@pytest.mark.parametrize("value", [None, float("nan"), "1.5", [1.0, 2.0], {}])
def test_what_is_no_result_is_refused_and_changes_nothing(value: object) -> None:
    history = History(SPACE)
    history.append(A)
    with pytest.raises(InvalidValueError):
        history.tell(0, value)
    assert history.is_running.tolist() == [True]


def test_other_misuse_is_named() -> None:
    history = History(SPACE)
    with pytest.raises(TrialNotFoundError, match="below 0"):
        history.tell(0, 1.0)
    with pytest.raises(InvalidConfigError):
        history.append({"x": 2.0, "c": "a", "k": 1})
    with pytest.raises(InvalidConfigError):
        history.append({"x": 0.5})
    for hole in ({"x": 2.0}, {"no such": 1}):
        with pytest.raises(InvalidConfigError):
            history.append(hole, TrialState.WAITING)
    assert history.n == 0
    history.append(A)
    with pytest.raises(InvalidValueError, match="RUNNING"):
        history.tell(0, 1.0, TrialState.RUNNING)
    with pytest.raises(InvalidValueError, match="step"):
        history.report(0, float("nan"), 1.0)
    with pytest.raises(InvalidValueError, match="pareto"):
        History(SPACE, 2).best()
    with pytest.raises(InvalidValueError, match="directions"):
        History(SPACE, 2, directions=["minimize"] * 3)
    with pytest.raises(InvalidValueError, match="at least 0"):
        history.apply(changes(1, [(-1, TrialState.RUNNING, A)]))
    with pytest.raises(InvalidValueError, match="1 numbers"):
        history.apply(changes(1, [(1, TrialState.COMPLETE, A)], values=[(1.0, 2.0)]))
    assert history.n == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"space": None},
        {"space": {"x": Float(0.0, 1.0)}},
        *({"n_objectives": m} for m in (0, -1, 1.5, "2", None, True, math.nan)),
        *({"directions": d} for d in ("minimize", "max", [], ["up"], [None], None, 5)),
        *({"seed": seed} for seed in (-1, 1.5, None, "a", math.nan, True)),
        *({"noisy": flag} for flag in (None, "yes", 2)),
        {"define_by_run": 1},
    ],
)
def test_a_history_of_what_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidValueError):
        History(**{"space": SPACE, **wrong})


@pytest.mark.parametrize(
    "number", [-1, 1, 99, 0.0, 0.5, "0", None, True, math.nan, [0], 2**70, np.array([0])]
)
def test_what_is_no_number_of_a_trial_is_not_found(number: Any) -> None:
    history = History(SPACE)
    history.append(A)
    for call in (history.tell, history.pause, history.resume, history.curve):
        with pytest.raises(TrialNotFoundError):
            call(number)
    with pytest.raises(TrialNotFoundError):
        history.report(number, 1, 1.0)
    assert history.is_running.tolist() == [True]


@pytest.mark.parametrize("config", [None, 3, "x", [], [("x", 0.5)], {1: 2}, {"x": None}])
@pytest.mark.parametrize("state", [TrialState.RUNNING, TrialState.WAITING])
def test_what_is_no_configuration_is_refused(config: Any, state: TrialState) -> None:
    history = History(SPACE)
    with pytest.raises(InvalidConfigError):
        history.append(config, state)
    assert history.n == 0


@pytest.mark.parametrize("state", ["done", "", None, 1, 99, 1.0, [TrialState.FAIL]])
def test_what_is_no_state_is_refused(state: Any) -> None:
    history = History(SPACE)
    with pytest.raises(InvalidValueError, match="state"):
        history.append(A, state)
    history.append(A)
    with pytest.raises(InvalidValueError, match="state"):
        history.tell(0, 1.0, state)
    assert history.is_running.tolist() == [True]


def test_states_have_names() -> None:
    history = History(SPACE)
    history.append(A, "waiting")
    history.tell(history.append(A), state="fail")
    assert [TrialState(state).name for state in history.state] == ["WAITING", "FAIL"]


def test_questions_that_make_no_sense_are_refused() -> None:
    history = History(SPACE)
    history.append(A)
    for rows in (np.zeros(3), np.zeros((1, 5)), [[0.0] * 3], None, {"x": 1}, "x"):
        with pytest.raises(InvalidValueError, match="rows"):
            history.contains(rows)
        with pytest.raises(InvalidValueError, match="rows"):
            history.with_pending(rows)
    for states in ("complete", 99, None, [TrialState.FAIL]):
        with pytest.raises(InvalidValueError, match="state"):
            history.count(states)
        with pytest.raises(InvalidValueError, match="state"):
            history.numbers_in(states)
    for version in ("a", 0.5, None):
        with pytest.raises(InvalidValueError, match="version"):
            history.changed_since(version)
    with pytest.raises(InvalidValueError, match="Storage"):
        history.apply(None)
    with pytest.raises(InvalidValueError, match="Space"):
        history.in_space(None)


def test_columns_cannot_be_written_through() -> None:
    history = History(SPACE)
    history.append(A)
    for column in (history.X, history.state, history.values, history.reports.values):
        with pytest.raises(ValueError, match="read-only"):
            column[...] = 0


def test_a_waiting_trial_with_holes_is_neither_known_nor_pending() -> None:
    space = Space({"x": Float(0.0, 1.0, default=0.5), "k": Int(1, 4)})
    history = History(space)
    history.append({"k": 2}, TrialState.WAITING)
    history.append({"x": 0.25, "k": 2}, TrialState.WAITING)
    history.append({"x": 0.5, "k": 3})
    assert history.is_queued.tolist() == [True, True, False]
    assert history.is_pending.tolist() == [False, True, True]
    rows = space.encode([{"x": 0.5, "k": 2}, {"x": 0.25, "k": 2}])
    assert history.contains(rows).tolist() == [False, True]


def test_a_number_not_heard_of_yet_is_in_no_mask() -> None:
    history = History(SPACE)
    history.apply(changes(5, [(2, TrialState.COMPLETE, A)], values=[(1.0,)]))
    assert history.n == 3
    assert history.state.tolist() == [-1, -1, 2]
    masks = ("finished", "running", "queued", "pending", "invalid", "failed", "pruned")
    for mask in masks:
        assert not getattr(history, f"is_{mask}")[:2].any()
    history.apply(changes(3, [(0, TrialState.RUNNING, B)]))
    assert history.is_running.tolist() == [True, False, False]


def test_striking_out_takes_a_row_away_but_not_its_copies() -> None:
    history = History(SPACE)
    rows = SPACE.encode([A, B])
    done = [(0, TrialState.COMPLETE, A), (1, TrialState.COMPLETE, A), (2, TrialState.FAIL, B)]
    history.apply(changes(3, done, values=[(1.0,), (1.0,), None]))
    assert history.contains(rows).tolist() == [True, True]
    assert history.generation == 0
    history.apply(changes(4, [(0, TrialState.INVALID, A)], values=[(1.0,)]))
    assert history.generation == 1
    assert history.contains(rows).tolist() == [True, True]
    history.apply(changes(5, [(1, TrialState.INVALID, A)], values=[(1.0,)]))
    assert history.contains(rows).tolist() == [False, True]
    assert history.is_invalid.tolist() == [True, True, False]
    assert history.best() is None


def test_a_configuration_that_changes_is_no_longer_known() -> None:
    history = History(SPACE)
    history.apply(changes(1, [(0, TrialState.RUNNING, A)]))
    assert history.contains(SPACE.encode([A]))[0]
    history.apply(changes(2, [(0, TrialState.RUNNING, B)]))
    assert history.contains(SPACE.encode([A, B])).tolist() == [False, True]
    assert history.generation == 1


def test_pending_rows_are_added_to_a_copy() -> None:
    history = History(SPACE, seed=7, noisy=True)
    history.append(A)
    history.tell(0, 1.0, constraints={"g": -1.0})
    history.contains(history.X)
    rows = SPACE.encode([B])
    other = history.with_pending(rows)
    assert (other.n, history.n) == (2, 1)
    assert other.is_pending.tolist() == [False, True]
    assert other.contains(rows)[0]
    assert not history.contains(rows)[0]
    assert np.array_equal(other.X[1], rows[0])
    assert (other.seed, other.noisy, other.best()) == (7, True, 0)
    other.tell(1, 0.0, constraints={"g": -1.0})
    assert (other.best(), history.best()) == (1, 0)


def test_what_changed_is_known_for_as_long_as_it_is_remembered() -> None:
    history = History(SPACE)
    assert (history.version, history.changed_since(0).tolist()) == (0, [])
    history.append(A)
    history.append(B)
    begun = history.version
    history.tell(1, 1.0)
    assert history.changed_since(begun).tolist() == [1]
    history.report(0, 1, 5.0)
    assert history.changed_since(begun).tolist() == [0, 1]
    assert history.changed_since(history.version).tolist() == []
    pending = history.with_pending(history.X[:1])
    assert pending.changed_since(history.version).tolist() == [2]
    assert history.changed_since(begun).tolist() == [0, 1]
    history.tell(0, 1.0, constraints={"q": 1.0})  # now trial 1 lacks a constraint
    assert history.changed_since(history.version - 1).tolist() == [0, 1]
    assert history.changed_since(history.version + 1).tolist() == [0, 1]


def test_changes_further_back_than_the_log_are_all_trials() -> None:
    log = ChangeLog()
    for number in range(100_000):
        log.note([number % 7])
    assert log.version == 100_000
    assert log.since(0) is None
    newest = log.since(99_998)
    assert newest is not None
    assert newest.tolist() == [99_998 % 7, 99_999 % 7]
    kept = log.since(100_000 - 8_192)
    assert kept is not None
    assert kept.tolist() == list(range(7))


def test_spaces_without_columns_work() -> None:
    space = Space({"only": Constant("thing")})
    history = History(space)
    row = np.empty((1, 0))
    assert not history.contains(row)[0]
    history.append({"only": "thing"})
    assert history.contains(row)[0]
    assert history.is_pending.tolist() == [True]


def test_reports_come_in_any_order_and_many_at_once() -> None:
    history = History(SPACE)
    history.append(A)
    for step in (5, 3, 9, 4, 3):
        history.report(0, step, float(10 * step + history.last_step.size))
    steps, values = history.curve(0)
    assert steps.tolist() == [3, 4, 5, 9]
    assert values[:, 0].tolist() == [31, 41, 51, 91]
    rng = np.random.default_rng(0)
    trial = rng.integers(0, 50, 20_000)
    step = rng.integers(0, 100, 20_000).astype(float)
    rows = [(i, TrialState.RUNNING, A) for i in range(50)]
    told = {
        "report_numbers": trial.tolist(),
        "report_steps": step.tolist(),
        "report_values": [(float(i),) for i in range(20_000)],
    }
    history = History(SPACE)
    history.apply(changes(9, rows, **told))
    last = {(t, s): float(i) for i, (t, s) in enumerate(zip(trial, step, strict=True))}
    reports = history.reports
    pairs = zip(reports.trial, reports.step, strict=True)
    assert [last[pair] for pair in pairs] == reports.values[:, 0].tolist()
    assert len(reports.trial) == len(last)


def test_an_older_report_does_not_replace_a_newer_one() -> None:
    def heard(seq: int, step: float, value: float) -> Any:
        told = {"report_numbers": [0], "report_steps": [step], "report_values": [(value,)]}
        return changes(seq, [], **told)

    history = History(SPACE)
    history.append(A)
    for step in (1.0, 2.0):
        history.apply(heard(9, step, 90.0))
    for step in (1.0, 2.0):
        history.apply(heard(5, step, 50.0))
    assert history.curve(0)[1][:, 0].tolist() == [90.0, 90.0]
    assert history.last_values[0, 0] == 90.0
    history.apply(heard(11, 2.0, 110.0))
    assert history.last_values[0, 0] == 110.0


def test_numpy_set_to_raise_is_no_problem() -> None:
    with np.errstate(all="raise"):
        history = History(SPACE, directions=["maximize"])
        for value in (5e-324, 1e308, -1e308, float("inf"), -0.0):
            number = history.append(A)
            history.report(number, 0, float("nan"))
            history.report(number, 1, value)
            history.tell(number, value, constraints={"g": -5e-324})
        history.append(B)
        assert history.best() == 3
        assert history.pareto().tolist() == [3]
        assert history.contains(history.X).all()


def test_a_hundred_thousand_trials_fit_in_a_few_megabytes() -> None:
    space = Space({name: Float(0.0, 1.0) for name in "abcde"})
    rng = np.random.default_rng(0)
    rows = space.sample(1000, rng)
    labels = space.decode(rows)
    history = History(space)
    tracemalloc.start()
    for start in range(0, 100_000, 1000):
        chunk = [(start + i, TrialState.COMPLETE, labels[i]) for i in range(1000)]
        history.apply(changes(start + 1, chunk, values=[(0.0,)] * 1000))
    history.contains(rows)
    used, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert used <= 25e6


def test_labels_that_are_equal_and_no_more_are_told_apart() -> None:
    space = Space({"c": Categorical([1, True, 1.0])})
    history = History(space)
    for seq, label in enumerate([1, True, 1.0], 1):
        history.apply(changes(seq, [(0, TrialState.RUNNING, {"c": label})]))
        assert history.X.tolist() == space.encode([{"c": label}]).tolist()
