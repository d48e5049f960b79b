"""What every storage promises: telling and adding finished trials."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

from bayesopt.errors import (
    InvalidValueError,
    StaleTrialError,
    TellConflictError,
)
from bayesopt.storage import Storage
from bayesopt.storage.base import Proposal, Result
from bayesopt.trial import TrialState

if TYPE_CHECKING:
    from tests.conformance.conftest import Ask, Clock

COMPLETE, FAIL, PRUNED = TrialState.COMPLETE, TrialState.FAIL, TrialState.PRUNED
DONE = Result(COMPLETE, (0.5,))
NAME = "study"

# -- telling --------------------------------------------------------------------------------


def test_a_result_is_recorded_with_all_its_facts(
    storage: Storage, study: int, clock: Clock, ask: Ask
) -> None:
    ticket = ask()
    clock.now += 2.5
    result = Result(PRUNED, (0.1, math.inf), {"b": 1.0, "a": -1e-300}, 12.5, "why")
    assert storage.tell(study, 0, ticket.attempt, result)
    trial = storage.trials(study)[0]
    assert (trial.state, trial.values, trial.cost) == (PRUNED, (0.1, math.inf), 12.5)
    assert (trial.constraints, trial.error) == ({"a": -1e-300, "b": 1.0}, "why")
    assert trial.duration_s == 2.5


@pytest.mark.parametrize("value", [5e-324, -0.0, 1.7976931348623157e308, -math.inf, 0.1 + 0.2])
def test_values_come_back_bit_for_bit(storage: Storage, study: int, value: float, ask: Ask) -> None:
    ask()
    storage.report(study, 0, 1, 1e-320, (value,), None)
    storage.tell(study, 0, 1, Result(COMPLETE, (value,), {"c": value}, value))
    trial, changes = storage.trials(study)[0], storage.changes(study, 0)
    assert trial.values is not None
    assert trial.cost is not None
    found = [trial.values[0], trial.constraints["c"], trial.cost, trial.reports[1e-320][0]]
    found += [changes.values[0][0], changes.costs[0], changes.report_values[0][0]]  # type: ignore
    assert [each.hex() for each in found] == [value.hex()] * 7


def test_nan_is_kept(storage: Storage, study: int, ask: Ask) -> None:
    ask()
    storage.tell(study, 0, 1, Result(FAIL, (math.nan,), {"c": math.nan}, math.nan))
    trial, changes = storage.trials(study)[0], storage.changes(study, 0)
    found = [trial.value, trial.constraints["c"], trial.cost, changes.costs[0]]
    assert all(each is not None and math.isnan(each) for each in found)
    assert not storage.tell(study, 0, 1, Result(FAIL, (math.nan,), {"c": math.nan}, math.nan))


def test_telling_again_is_known_and_telling_differently_a_conflict(
    storage: Storage, study: int, ask: Ask
) -> None:
    ask()
    result = Result(COMPLETE, (0.5,), {"a": 1.0, "b": 2.0}, 3.0)
    assert storage.tell(study, 0, 1, result)
    same = Result(COMPLETE, (0.5,), {"b": 2.0, "a": 1.0}, 3.0, "other words")
    assert not storage.tell(study, 0, 1, same)
    assert not storage.tell(study, 0, None, result)
    for other in (
        Result(PRUNED, (0.5,), {"a": 1.0, "b": 2.0}, 3.0),
        Result(COMPLETE, (0.6,), {"a": 1.0, "b": 2.0}, 3.0),
        Result(COMPLETE, (0.5,), {"a": 1.0}, 3.0),
        Result(COMPLETE, (0.5,), {"a": 1.0, "b": 2.0}),
        Result(FAIL),
    ):
        with pytest.raises(TellConflictError, match="invalidate"):
            storage.tell(study, 0, 1, other)
    assert storage.trials(study)[0].values == (0.5,)


@pytest.mark.parametrize("bad", ["1.5", None, 10**400, object()])
def test_results_that_are_no_numbers_are_refused(
    storage: Storage, study: int, bad: float, ask: Ask
) -> None:
    ask()
    for result in (
        Result(COMPLETE, (bad,)),
        Result(COMPLETE, (1.0,), {"c": bad}),
        Result(COMPLETE, (1.0,), {}, bad if bad is not None else "x"),  # type: ignore[arg-type]
        Result(TrialState.RUNNING, (1.0,)),
        Result(TrialState.INVALID),
    ):
        with pytest.raises(InvalidValueError):
            storage.tell(study, 0, 1, result)
    assert storage.trials(study, [0])[0].state is TrialState.RUNNING


def test_only_the_present_attempt_may_tell(storage: Storage, study: int, ask: Ask) -> None:
    ask()
    storage.release(study, 0, 1)
    storage.claim(study, 0, Proposal({}), owner="you", lease_s=None)
    for attempt in (0, 1, 3):
        with pytest.raises(StaleTrialError, match="drop this handle"):
            storage.tell(study, 0, attempt, DONE)
    assert storage.tell(study, 0, 2, DONE)
    with pytest.raises(StaleTrialError):
        storage.tell(study, 0, 1, DONE)


def test_a_lost_trial_still_takes_its_result(
    storage: Storage, study: int, clock: Clock, ask: Ask
) -> None:
    ask()
    clock.now += 11
    assert storage.expire(study) == [0]
    assert storage.tell(study, 0, 1, DONE)
    assert storage.claim(study, 0, Proposal({}), owner="you", lease_s=None) is None


def test_without_an_attempt_any_unfinished_trial_takes_a_result(
    storage: Storage, study: int, ask: Ask
) -> None:
    storage.enqueue(study, [Proposal({})])
    ask()
    assert storage.tell(study, 0, None, DONE)
    assert storage.tell(study, 1, None, Result(FAIL))
    assert [trial.state for trial in storage.trials(study)] == [COMPLETE, FAIL]


# -- trials that were evaluated elsewhere ---------------------------------------------------


def test_finished_trials_are_added_all_or_none(storage: Storage, study: int, ask: Ask) -> None:
    ask()
    proposals = [Proposal({"x": 1}, user_attrs={"a": 1}), Proposal({"x": 2})]
    results = [Result(COMPLETE, (1.0,), {"c": 0.0}, 2.0), Result(FAIL, error="boom")]
    assert storage.add_finished(study, proposals, results) == [1, 2]
    one, two = storage.trials(study, [1, 2])
    assert (one.state, one.values, one.constraints, one.cost) == (COMPLETE, (1.0,), {"c": 0.0}, 2.0)
    assert (one.attempt, one.user_attrs) == (0, {"a": 1})
    assert (two.state, two.error) == (FAIL, "boom")
    with pytest.raises(InvalidValueError):
        storage.add_finished(study, proposals, [DONE, Result(COMPLETE, ("1",))])  # type: ignore
    with pytest.raises(InvalidValueError):
        storage.add_finished(study, proposals, [DONE])
    assert storage.find_study(NAME).n_trials == 3
