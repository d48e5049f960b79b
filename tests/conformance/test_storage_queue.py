"""What every storage promises: the queue: enqueueing, claiming, leases."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

from bayesopt.errors import (
    InvalidValueError,
    StaleTrialError,
)
from bayesopt.storage import Storage
from bayesopt.storage.base import Proposal, Result, Ticket
from bayesopt.trial import TrialState

if TYPE_CHECKING:
    from tests.conformance.conftest import Ask, Clock

COMPLETE, FAIL, PRUNED = TrialState.COMPLETE, TrialState.FAIL, TrialState.PRUNED
DONE = Result(COMPLETE, (0.5,))
NAME = "study"


def test_enqueued_trials_wait_and_are_claimed_once(storage: Storage, study: int) -> None:
    assert storage.enqueue(study, [Proposal({"x": 1}), Proposal({})]) == [0, 1]
    assert storage.trials(study, [0])[0].state is TrialState.WAITING
    proposal = Proposal({"x": 1, "y": 2}, "enqueued", "", 4, {"a": 1})
    ticket = storage.claim(study, 0, proposal, owner="me", lease_s=None)
    assert ticket == Ticket(0, 1, {"x": 1, "y": 2}, "enqueued", "")
    assert storage.claim(study, 0, proposal, owner="you", lease_s=None) is None
    trial = storage.trials(study, [0])[0]
    assert (trial.state, trial.owner, trial.space_version) == (TrialState.RUNNING, "me", 4)
    assert trial.user_attrs == {"a": 1}


def test_finished_trials_are_not_claimed(storage: Storage, study: int) -> None:
    storage.add_finished(study, [Proposal({})], [DONE])
    assert storage.claim(study, 0, Proposal({}), owner="me", lease_s=None) is None


def test_a_released_trial_is_queued_under_its_number(
    storage: Storage, study: int, ask: Ask
) -> None:
    ask()
    assert not storage.release(study, 0, 2)
    assert storage.release(study, 0, 1)
    assert not storage.release(study, 0, 1)
    assert storage.trials(study, [0])[0].state is TrialState.LOST
    ticket = storage.claim(study, 0, Proposal({"x": 0}), owner="you", lease_s=None)
    assert ticket == Ticket(0, 2, {"x": 0})


def test_leases_run_out_unless_renewed(
    storage: Storage, study: int, clock: Clock, ask: Ask
) -> None:
    for _ in range(3):
        ask(lease_s=10.0)
    ask(lease_s=None)
    clock.now += 6
    assert storage.renew(study, [(1, 1)], "me", 10.0) == []
    storage.report(study, 2, 1, 0, (1.0,), 10.0)
    assert storage.expire(study) == []
    clock.now += 6
    assert storage.expire(study) == [0]
    assert storage.expire(study) == []
    clock.now += 1e9
    assert storage.expire(study) == [1, 2]
    assert storage.trials(study, [3])[0].state is TrialState.RUNNING


def test_renewing_tells_what_is_not_held_any_more(storage: Storage, study: int, ask: Ask) -> None:
    for _ in range(3):
        ask()
    storage.tell(study, 0, 1, DONE)
    storage.release(study, 1, 1)
    tickets = [(0, 1), (1, 1), (2, 1), (2, 2), (9, 1)]
    assert storage.renew(study, tickets, "me", 10.0) == [0, 1, 2, 9]
    assert storage.renew(study, [(2, 1)], "you", 10.0) == [2]


def test_a_worker_that_comes_back_keeps_a_trial_nobody_took(
    storage: Storage, study: int, clock: Clock, ask: Ask
) -> None:
    ask()
    ask()
    clock.now += 11
    assert storage.expire(study) == [0, 1]
    assert storage.renew(study, [(0, 1)], "me", 10.0) == []
    storage.report(study, 1, 1, 0, (1.0,), 10.0)
    assert [trial.state for trial in storage.trials(study)] == [TrialState.RUNNING] * 2
    assert storage.expire(study) == []


def test_a_worker_that_comes_back_too_late_is_told_so(
    storage: Storage, study: int, clock: Clock, ask: Ask
) -> None:
    ask()
    clock.now += 11
    storage.expire(study)
    storage.claim(study, 0, Proposal({}), owner="you", lease_s=None)
    assert storage.renew(study, [(0, 1)], "me", 10.0) == [0]
    for call in (
        lambda: storage.report(study, 0, 1, 0, (1.0,), None),
        lambda: storage.set_params(study, 0, 1, {}, 0),
        lambda: storage.tell(study, 0, 1, DONE),
    ):
        with pytest.raises(StaleTrialError):
            call()


@pytest.mark.parametrize("lease_s", [math.nan, -math.inf])
def test_leases_are_numbers(storage: Storage, study: int, lease_s: float) -> None:
    with pytest.raises(InvalidValueError):
        storage.ask(study, [Proposal({})], 0, owner="", lease_s=lease_s)
