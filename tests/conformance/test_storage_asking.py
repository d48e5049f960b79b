"""What every storage promises: asking, keys, turns."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

from bayesopt.errors import (
    InvalidValueError,
)
from bayesopt.storage import Storage
from bayesopt.storage.base import Proposal, Result, StudySpec, Ticket
from bayesopt.trial import TrialState

if TYPE_CHECKING:
    from tests.conformance.conftest import Ask, Clock

COMPLETE, FAIL, PRUNED = TrialState.COMPLETE, TrialState.FAIL, TrialState.PRUNED
DONE = Result(COMPLETE, (0.5,))
NAME = "study"


def test_numbers_are_consecutive_and_taken_once(storage: Storage, study: int, ask: Ask) -> None:
    tickets = storage.ask(study, [Proposal({"x": 1}), Proposal({})], 0, owner="a", lease_s=None)
    assert tickets == [Ticket(0, 1, {"x": 1}), Ticket(1, 1, {})]
    for expected in (0, 1, 3):
        assert storage.ask(study, [Proposal({})], expected, owner="b", lease_s=None) is None
        two = [Proposal({}), Proposal({})]
        assert storage.ask(study, two, expected, owner="b", lease_s=None) is None
    assert ask().number == 2
    assert storage.find_study(NAME).n_trials == 3


def test_an_ask_is_recorded_with_all_its_facts(storage: Storage, study: int, clock: Clock) -> None:
    proposal = Proposal({"x": 0.1}, "gp", "too few", 3, {"tag": [1]})
    storage.ask(study, [proposal], 0, owner="me", lease_s=5.0)
    trial = storage.trials(study)[0]
    assert (trial.number, trial.state, trial.attempt) == (0, TrialState.RUNNING, 1)
    assert (trial.params, trial.user_attrs) == ({"x": 0.1}, {"tag": [1]})
    assert (trial.sampler, trial.fallback, trial.space_version) == ("gp", "too few", 3)
    assert (trial.owner, trial.created_at, trial.started_at) == ("me", clock.now, clock.now)
    assert trial.values is None
    assert math.isnan(trial.finished_at)


def test_an_ask_with_a_known_key_gives_the_same_tickets(storage: Storage, study: int) -> None:
    two = [Proposal({"x": 1}), Proposal({"x": 2})]
    first = storage.ask(study, two, 0, owner="me", lease_s=None, key="k")
    again = storage.ask(study, [Proposal({"x": 9})], 2, owner="me", lease_s=None, key="k")
    assert first == again == storage.find_ask(study, "k")
    assert storage.find_study(NAME).n_trials == 2
    assert storage.find_ask(study, "other") is None


def test_keys_belong_to_their_study(storage: Storage, study: int) -> None:
    other = storage.create_study(StudySpec("other", ("minimize",), 0), "{}")
    storage.ask(study, [Proposal({})], 0, owner="me", lease_s=None, key="k")
    assert storage.find_ask(other, "k") is None


def test_a_claim_moves_the_key(storage: Storage, study: int) -> None:
    storage.ask(study, [Proposal({})] * 2, 0, owner="me", lease_s=None, key="old")
    storage.release(study, 0, 1)
    ticket = storage.claim(study, 0, Proposal({"x": 1}), owner="you", lease_s=None, key="new")
    assert storage.find_ask(study, "new") == [ticket]
    assert [each.number for each in storage.find_ask(study, "old") or []] == [1]
    storage.release(study, 1, 1)
    storage.claim(study, 1, Proposal({}), owner="you", lease_s=None)
    assert storage.find_ask(study, "old") is None


def test_parameters_are_copies_in_both_directions(storage: Storage, study: int) -> None:
    params = {"x": 1}
    tickets = storage.ask(study, [Proposal(params)], 0, owner="", lease_s=None)
    params["x"] = 2
    assert tickets is not None
    tickets[0].params["x"] = 3  # type: ignore[index]
    storage.trials(study)[0].params["x"] = 4  # type: ignore[index]
    storage.changes(study, 0).params[0]["x"] = 5  # type: ignore[index]
    assert storage.trials(study)[0].params == {"x": 1}


@pytest.mark.parametrize("bad", [{"x": math.nan}, {"x": [1]}, {1: 2}, {"x": object()}])
def test_parameters_must_be_labels(storage: Storage, study: int, bad: dict[str, int]) -> None:
    good = Proposal({"x": 1})
    with pytest.raises(InvalidValueError):
        storage.ask(study, [good, Proposal(bad)], 0, owner="", lease_s=None)
    with pytest.raises(InvalidValueError):
        storage.enqueue(study, [good, Proposal(bad)])
    assert storage.trials(study) == []


def test_label_types_survive(storage: Storage, study: int) -> None:
    params = {"b": True, "i": 1, "f": 1.0, "n": None, "s": "1", "big": 2**80, "z": -0.0}
    storage.enqueue(study, [Proposal(params)])
    for back in (storage.trials(study)[0].params, storage.changes(study, 0).params[0]):
        assert back == params
        assert {k: type(v) for k, v in back.items()} == {k: type(v) for k, v in params.items()}


def test_turns_are_taken_and_given_back(storage: Storage, study: int, ask: Ask) -> None:
    with pytest.raises(RuntimeError), storage.ask_turn(study):
        raise RuntimeError
    with storage.ask_turn(study):
        ask()
