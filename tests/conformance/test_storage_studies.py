"""What every storage promises: studies, their names, spaces and attributes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

from bayesopt.errors import (
    InvalidValueError,
    StudyError,
    StudyExistsError,
    StudyNotFoundError,
    TrialNotFoundError,
)
from bayesopt.storage import Storage
from bayesopt.storage.base import Proposal, Result, StudySpec, Ticket
from bayesopt.trial import TrialState

if TYPE_CHECKING:
    from tests.conformance.conftest import Ask, Clock

COMPLETE, FAIL, PRUNED = TrialState.COMPLETE, TrialState.FAIL, TrialState.PRUNED
DONE = Result(COMPLETE, (0.5,))
NAME = "study"

HOSTILE_TEXTS = [
    "'; DROP TABLE trial; --",
    '"quoted" \\ \n\t',
    "😀 ñ 漢字",
    "a\0b",
    "\ud800 lone",
    "<script>alert(1)</script>",
    "%s {0} ?1 :name",
    "x" * 1000,
]


def test_it_is_a_storage(storage: Storage) -> None:
    assert isinstance(storage, Storage)


def test_a_study_is_found_as_it_was_created(storage: Storage, clock: Clock) -> None:
    spec = StudySpec("s", ("minimize", "maximize"), 2**70, True, '{"a":1}', "sched")
    created = storage.create_study(spec, "{}")
    found = storage.find_study("s")
    assert (found.id, found.spec, found.created_at) == (created, spec, clock.now)
    assert (found.n_trials, dict(found.attrs)) == (0, {})


def test_names_are_taken_once(storage: Storage, study: int) -> None:
    with pytest.raises(StudyExistsError, match="load_if_exists"):
        storage.create_study(StudySpec(NAME, ("minimize",), 0), "{}")


@pytest.mark.parametrize("name", HOSTILE_TEXTS)
def test_hostile_names_are_just_names(storage: Storage, name: str) -> None:
    spec = StudySpec(name, ("minimize",), 0, sampler=name, scheduler=name)
    created = storage.create_study(spec, name)
    storage.set_study_attr(created, name, {name: name})
    proposal = Proposal({name: name}, sampler=name, fallback=name, user_attrs={name: name})
    storage.ask(created, [proposal], 0, owner=name, lease_s=None, key=name)
    tickets = storage.find_ask(created, name)
    storage.tell(created, 0, 1, Result(FAIL, None, {name: 1.0}, None, name))
    storage.invalidate(created, 0, name, name)
    assert storage.find_study(name).spec == spec
    assert storage.find_study(name).attrs == {name: {name: name}}
    assert storage.spaces(created) == [name]
    assert tickets == [Ticket(0, 1, {name: name}, name, name)]
    trial = storage.trials(created)[0]
    assert (trial.params, trial.user_attrs) == ({name: name}, {name: name})
    assert (trial.error, trial.owner, trial.constraints) == (name, name, {name: 1.0})
    assert [(e["who"], e["reason"]) for e in storage.audit_log(created)] == [(name, name)]


@pytest.mark.parametrize("name", ["", "x" * 10_000, None, 3, b"bytes"])
def test_unusable_names_are_refused(storage: Storage, name: str) -> None:
    with pytest.raises(StudyError):
        storage.create_study(StudySpec(name, ("minimize",), 0), "{}")


@pytest.mark.parametrize("directions", [(), ("up",), ("minimize", None)])
def test_unusable_directions_are_refused(storage: Storage, directions: tuple[str, ...]) -> None:
    with pytest.raises(StudyError):
        storage.create_study(StudySpec("s", directions, 0), "{}")


def test_studies_are_listed_oldest_first_and_deleted(storage: Storage) -> None:
    ids = [storage.create_study(StudySpec(n, ("minimize",), 0), "{}") for n in ("b", "a", "c")]
    assert [record.spec.name for record in storage.list_studies()] == ["b", "a", "c"]
    storage.delete_study(ids[1])
    assert [record.id for record in storage.list_studies()] == [ids[0], ids[2]]
    with pytest.raises(StudyNotFoundError):
        storage.find_study("a")


def test_a_deleted_study_leaves_nothing_and_its_id_is_not_reused(
    storage: Storage, study: int, ask: Ask
) -> None:
    ask()
    storage.report(study, 0, 1, 0, (1.0,), None)
    storage.set_user_attr(study, 0, "a", 1)
    storage.delete_study(study)
    again = storage.create_study(StudySpec(NAME, ("minimize",), 0), "{}")
    assert again != study
    assert storage.trials(again) == []
    assert storage.changes(again, 0).numbers == []


def test_every_call_on_a_missing_study_says_so(storage: Storage, study: int, ask: Ask) -> None:
    ask()
    storage.delete_study(study)
    proposal = Proposal({})
    calls = [
        lambda: storage.delete_study(study),
        lambda: storage.add_space(study, "{}", 1),
        lambda: storage.spaces(study),
        lambda: storage.set_study_attr(study, "a", 1),
        lambda: storage.changes(study, 0),
        lambda: storage.trials(study),
        lambda: storage.ask(study, [proposal], 0, owner="", lease_s=None),
        lambda: storage.ask(study, [proposal] * 2, 0, owner="", lease_s=None, key="k"),
        lambda: storage.find_ask(study, "k"),
        lambda: storage.enqueue(study, [proposal]),
        lambda: storage.claim(study, 0, proposal, owner="", lease_s=None),
        lambda: storage.add_finished(study, [proposal], [DONE]),
        lambda: storage.set_params(study, 0, 1, {}, 0),
        lambda: storage.report(study, 0, 1, 0, (1.0,), None),
        lambda: storage.tell(study, 0, 1, DONE),
        lambda: storage.release(study, 0, 1),
        lambda: storage.renew(study, [(0, 1)], "", 1.0),
        lambda: storage.expire(study),
        lambda: storage.set_user_attr(study, 0, "a", 1),
        lambda: storage.invalidate(study, 0, "", ""),
        lambda: storage.audit_log(study),
    ]
    for call in calls:
        with pytest.raises(StudyNotFoundError):
            call()


@pytest.mark.parametrize("number", [1, -1, 2**40, 2**63, 2**70, "0", None, 0.0])
def test_every_call_on_a_missing_trial_says_so(
    storage: Storage, study: int, number: int, ask: Ask
) -> None:
    ask()
    other = storage.create_study(StudySpec("other", ("minimize",), 0), "{}")
    storage.enqueue(other, [Proposal({})] * 2)
    calls = [
        lambda: storage.trials(study, [0, number]),
        lambda: storage.claim(study, number, Proposal({}), owner="", lease_s=None),
        lambda: storage.set_params(study, number, 1, {}, 0),
        lambda: storage.report(study, number, 1, 0, (1.0,), None),
        lambda: storage.tell(study, number, None, DONE),
        lambda: storage.release(study, number, 1),
        lambda: storage.set_user_attr(study, number, "a", 1),
        lambda: storage.invalidate(study, number, "", ""),
    ]
    for call in calls:
        with pytest.raises(TrialNotFoundError):
            call()
    assert [trial.state for trial in storage.trials(other)] == [TrialState.WAITING] * 2


def test_spaces_are_appended_at_the_expected_version_only(storage: Storage, study: int) -> None:
    assert not storage.add_space(study, "{2}", 2)
    assert storage.add_space(study, "{1}", 1)
    assert not storage.add_space(study, "{other}", 1)
    assert storage.spaces(study) == ['{"space":0}', "{1}"]
    assert storage.changes(study, 0).n_spaces == 2


def test_study_attributes_are_copies(storage: Storage, study: int) -> None:
    value = {"list": [1, (2, 3)], "nan": math.nan}
    storage.set_study_attr(study, "a", value)
    value["list"] = []
    attrs = storage.find_study(NAME).attrs
    assert attrs["a"]["list"] == [1, [2, 3]]
    assert math.isnan(attrs["a"]["nan"])
    with pytest.raises(InvalidValueError):
        storage.set_study_attr(study, "a", {1, 2})
