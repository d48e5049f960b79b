"""What every storage promises: reports, parameters, attributes, striking out."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

from bayesopt.errors import (
    InvalidValueError,
    ReportConflictError,
    StaleTrialError,
    StudyError,
    TellConflictError,
    TrialNotFoundError,
)
from bayesopt.storage import Storage
from bayesopt.storage.base import Proposal, Result
from bayesopt.trial import SYSTEM_PREFIX, TrialState

if TYPE_CHECKING:
    from tests.conformance.conftest import Ask, Clock

COMPLETE, FAIL, PRUNED = TrialState.COMPLETE, TrialState.FAIL, TrialState.PRUNED
DONE = Result(COMPLETE, (0.5,))
NAME = "study"

# -- reports, parameters, attributes --------------------------------------------------------


def test_reports_are_kept_by_step(storage: Storage, study: int, ask: Ask) -> None:
    ask()
    for step in (2.5, 0, 1):
        storage.report(study, 0, 1, step, (float(step), -1.0), None)
    reports = storage.trials(study)[0].reports
    assert list(reports.items()) == [(0.0, (0.0, -1.0)), (1.0, (1.0, -1.0)), (2.5, (2.5, -1.0))]


def test_a_step_is_reported_once(storage: Storage, study: int, ask: Ask) -> None:
    ask()
    storage.report(study, 0, 1, 0.0, (1.0,), None)
    seq = storage.changes(study, 0).seq
    storage.report(study, 0, 1, -0.0, (1.0,), None)
    assert storage.changes(study, 0).seq == seq
    with pytest.raises(ReportConflictError):
        storage.report(study, 0, 1, 0, (2.0,), None)
    assert storage.trials(study)[0].reports == {0.0: (1.0,)}


def test_a_report_without_a_lease_leaves_the_lease_as_it_is(
    storage: Storage, study: int, ask: Ask, clock: Clock
) -> None:
    ask(lease_s=10.0)
    storage.report(study, 0, 1, 0.0, (1.0,), None)
    clock.now += 11.0
    assert storage.expire(study) == [0]


def test_finished_trials_come_with_their_reports(storage: Storage, study: int) -> None:
    curve = {2.0: (0.5,), 1.0: (math.nan,)}
    results = [Result(COMPLETE, (0.5,), reports=curve), DONE]
    storage.add_finished(study, [Proposal({}), Proposal({})], results)
    assert repr(storage.trials(study)[0].reports) == "{1.0: (nan,), 2.0: (0.5,)}"
    changes = storage.changes(study, 0)
    assert sorted(zip(changes.report_numbers, changes.report_steps, strict=True)) == [
        (0, 1.0),
        (0, 2.0),
    ]
    assert storage.changes(study, changes.seq).report_steps == []
    with pytest.raises(InvalidValueError):
        storage.add_finished(study, [Proposal({})], [Result(FAIL, reports={math.nan: (1.0,)})])
    assert len(storage.trials(study)) == 2


def test_finished_trials_come_with_their_times(storage: Storage, study: int, clock: Clock) -> None:
    timed = Result(COMPLETE, (0.5,), started_at=123.25, finished_at=456.125)
    half = Result(FAIL, finished_at=7.5)
    storage.add_finished(study, [Proposal({})] * 3, [timed, half, DONE])
    first, second, third = storage.trials(study)
    assert (first.created_at, first.started_at, first.finished_at) == (123.25, 123.25, 456.125)
    assert first.duration_s == 332.875
    assert second.finished_at == 7.5
    assert math.isnan(second.started_at)
    assert (third.created_at, third.finished_at) == (clock.now, clock.now)
    assert storage.tell(study, 0, None, timed) is False


def test_a_later_attempt_supersedes_reports_from_its_step_on(
    storage: Storage, study: int, ask: Ask
) -> None:
    ask()
    ask()
    for step in (0, 1, 2, 3):
        storage.report(study, 0, 1, step, (1.0,), None)
        storage.report(study, 1, 1, step, (1.0,), None)
    storage.release(study, 0, 1)
    storage.claim(study, 0, Proposal({}), owner="you", lease_s=None)
    seq = storage.changes(study, 0).seq
    assert len(storage.trials(study)[0].reports) == 4
    storage.report(study, 0, 2, 2, (2.0,), None)  # resumes from a checkpoint
    assert storage.trials(study)[0].reports == {0.0: (1.0,), 1.0: (1.0,), 2.0: (2.0,)}
    news = storage.changes(study, seq)
    assert (news.report_steps, news.report_values) == ([2.0], [(2.0,)])
    assert news.report_attempts == [2]
    storage.report(study, 0, 2, 0, (3.0,), None)  # its own later report stays
    assert storage.trials(study)[0].reports == {0.0: (3.0,), 2.0: (2.0,)}
    everything = storage.changes(study, 0)
    assert sorted(zip(everything.report_numbers, everything.report_steps, strict=True)) == [
        (0, 0.0), (0, 2.0), (1, 0.0), (1, 1.0), (1, 2.0), (1, 3.0),
    ]  # fmt: skip


def test_a_worker_s_attributes_are_fenced(storage: Storage, study: int, ask: Ask) -> None:
    ask()
    storage.set_user_attr(study, 0, "a", 1, attempt=1)
    storage.release(study, 0, 1)
    storage.claim(study, 0, Proposal({}), owner="you", lease_s=None)
    seq = storage.changes(study, 0).seq
    for attempt in (0, 1, 3):
        with pytest.raises(StaleTrialError):
            storage.set_user_attr(study, 0, "a", 2, attempt=attempt)
    assert storage.changes(study, seq).numbers == []
    storage.set_user_attr(study, 0, "b", 3, attempt=2)
    storage.tell(study, 0, 2, DONE)
    with pytest.raises(StaleTrialError):
        storage.set_user_attr(study, 0, "a", 2, attempt=2)
    storage.set_user_attr(study, 0, "c", 4)  # a person may
    assert storage.trials(study)[0].user_attrs == {"a": 1, "b": 3, "c": 4}
    with pytest.raises(TrialNotFoundError):
        storage.set_user_attr(study, 1, "a", 1, attempt=1)


def test_only_running_trials_report(storage: Storage, study: int, ask: Ask) -> None:
    storage.enqueue(study, [Proposal({})])
    with pytest.raises(StaleTrialError):
        storage.report(study, 0, 0, 0, (1.0,), None)
    ask()
    storage.tell(study, 1, 1, DONE)
    with pytest.raises(StaleTrialError):
        storage.report(study, 1, 1, 0, (1.0,), None)


@pytest.mark.parametrize("step", [math.nan, math.inf, None, "1", 10**400])
def test_steps_are_finite_numbers(storage: Storage, study: int, step: float, ask: Ask) -> None:
    ask()
    with pytest.raises(InvalidValueError):
        storage.report(study, 0, 1, step, (1.0,), None)


def test_define_by_run_replaces_parameters(storage: Storage, study: int, ask: Ask) -> None:
    ask()
    storage.set_params(study, 0, 1, {"lr": 0.1}, 2)
    trial = storage.trials(study)[0]
    assert (trial.params, trial.space_version) == ({"lr": 0.1}, 2)
    storage.tell(study, 0, 1, DONE)
    with pytest.raises(StaleTrialError):
        storage.set_params(study, 0, 1, {}, 2)


def test_user_attributes_are_kept_and_replaced(storage: Storage, study: int, ask: Ask) -> None:
    ask()
    value = [1, {"$": math.inf}]
    storage.set_user_attr(study, 0, "a", value)
    value.append(2)
    storage.set_user_attr(study, 0, "b", None)
    storage.set_user_attr(study, 0, "b", (1, 2))
    assert storage.trials(study)[0].user_attrs == {"a": [1, {"$": math.inf}], "b": [1, 2]}
    storage.tell(study, 0, 1, DONE)
    storage.set_user_attr(study, 0, "a", "after")
    assert storage.trials(study)[0].user_attrs["a"] == "after"


def test_the_package_s_own_attributes_are_kept_apart(
    storage: Storage, study: int, ask: Ask
) -> None:
    name = f"{SYSTEM_PREFIX}x"
    ask()
    storage.set_user_attr(study, 0, name, 1)
    storage.set_user_attr(study, 0, "a", 2)
    storage.enqueue(study, [Proposal({}, user_attrs={name: 3, "a": 4})])
    first, second = storage.trials(study)
    assert (first.user_attrs, first.system_attrs) == ({"a": 2}, {name: 1})
    assert (second.user_attrs, second.system_attrs) == ({"a": 4}, {name: 3})
    storage.claim(study, 1, Proposal({}, user_attrs={"a": 5}), owner="me", lease_s=None)
    again = storage.trials(study)[1]
    assert (again.user_attrs, again.system_attrs) == ({"a": 5}, {name: 3})


def test_attributes_must_be_json(storage: Storage, study: int, ask: Ask) -> None:
    ask()
    with pytest.raises(InvalidValueError, match="sorted"):
        storage.set_user_attr(study, 0, "a", {1})
    with pytest.raises(InvalidValueError):
        storage.set_user_attr(study, 0, 3, 1)  # type: ignore[arg-type]
    with pytest.raises(InvalidValueError):
        storage.set_user_attr(study, 0, "a", "x" * 2_000_000)
    assert storage.trials(study)[0].user_attrs == {}


# -- striking out ---------------------------------------------------------------------------


def test_striking_out_is_audited(storage: Storage, study: int, clock: Clock, ask: Ask) -> None:
    ask()
    with pytest.raises(StudyError, match="Tell it first"):
        storage.invalidate(study, 0, "wrong", "ann")
    storage.tell(study, 0, 1, DONE)
    clock.now += 1
    storage.invalidate(study, 0, "wrong", "ann")
    storage.invalidate(study, 0, "again", "bob")
    assert storage.trials(study, [0])[0].state is TrialState.INVALID
    assert storage.audit_log(study) == [
        {
            "when": clock.now,
            "number": 0,
            "action": "invalidate",
            "who": "ann",
            "reason": "wrong",
            "before": {"state": "COMPLETE"},
        }
    ]


def test_a_struck_out_trial_keeps_its_result(storage: Storage, study: int, ask: Ask) -> None:
    ask()
    storage.tell(study, 0, 1, DONE)
    storage.invalidate(study, 0, "", "")
    assert storage.trials(study)[0].values == (0.5,)
    assert not storage.tell(study, 0, 1, DONE)
    with pytest.raises(TellConflictError):
        storage.tell(study, 0, 1, Result(COMPLETE, (0.6,)))
    assert storage.trials(study, [0])[0].state is TrialState.INVALID
