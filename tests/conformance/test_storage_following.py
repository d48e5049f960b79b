"""What every storage promises: following what changed; threads."""

from __future__ import annotations

import threading
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from bayesopt.storage import Storage
from bayesopt.storage.base import Changes, Proposal, Result, StudySpec
from bayesopt.trial import TrialState

if TYPE_CHECKING:
    from tests.conformance.conftest import Ask

COMPLETE, FAIL, PRUNED = TrialState.COMPLETE, TrialState.FAIL, TrialState.PRUNED
DONE = Result(COMPLETE, (0.5,))
NAME = "study"


def follow(storage: Storage, study: int, limit: int = 10_000) -> list[Changes]:
    """Read everything in chunks of `limit`."""
    chunks = [storage.changes(study, 0, limit)]
    while chunks[-1].more:
        chunks.append(storage.changes(study, chunks[-1].seq, limit))
    return chunks


# -- following ------------------------------------------------------------------------------


def test_changes_list_each_trial_once_in_order_of_its_last_change(
    storage: Storage, study: int, ask: Ask
) -> None:
    for _ in range(3):
        ask()
    storage.tell(study, 1, 1, DONE)
    storage.report(study, 0, 1, 0, (3.0,), None)
    changes = storage.changes(study, 0)
    assert changes.numbers == [0, 2, 1]
    assert changes.states == [1, 1, 2]
    assert changes.values == [None, None, (0.5,)]
    assert (changes.report_numbers, changes.report_steps) == ([0], [0.0])
    assert not changes.more
    later = storage.changes(study, changes.seq)
    assert (later.seq, later.numbers, later.report_numbers) == (changes.seq, [], [])


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_chunks_add_up_to_everything(storage: Storage, study: int, limit: int, ask: Ask) -> None:
    for number in range(7):
        ask()
        storage.report(study, number, 1, 0, (float(number),), None)
        if number % 2:
            storage.tell(study, number, 1, DONE)
    chunks = follow(storage, study, limit)
    assert all(len(chunk.numbers) <= limit for chunk in chunks)
    assert all(chunk.seq < later.seq for chunk, later in pairwise(chunks))
    (whole,) = follow(storage, study)
    assert [n for chunk in chunks for n in chunk.numbers] == whole.numbers
    assert [n for chunk in chunks for n in chunk.report_numbers] == whole.report_numbers
    assert chunks[-1].seq == whole.seq


@pytest.mark.parametrize("since", [-5, 10**6])
def test_following_from_anywhere_is_harmless(
    storage: Storage, study: int, since: int, ask: Ask
) -> None:
    ask()
    changes = storage.changes(study, since)
    assert changes.numbers == ([0] if since < 0 else [])
    assert changes.seq == max(since, 1)


def test_studies_are_followed_apart(storage: Storage, study: int, ask: Ask) -> None:
    other = storage.create_study(StudySpec("other", ("minimize",), 0), "{}")
    ask()
    storage.enqueue(other, [Proposal({"y": 1})])
    assert storage.changes(study, 0).params == [{"x": 0}]
    assert storage.changes(other, 0).params == [{"y": 1}]
    assert [trial.params for trial in storage.trials(other)] == [{"y": 1}]


def test_records_come_in_the_order_asked_for(storage: Storage, study: int, ask: Ask) -> None:
    for _ in range(3):
        ask()
    assert [trial.number for trial in storage.trials(study, [2, 0, 2])] == [2, 0, 2]
    assert storage.trials(study, []) == []
    assert [trial.number for trial in storage.trials(study)] == [0, 1, 2]


# -- threads, closing -----------------------------------------------------------------------


def test_threads_share_a_storage(storage: Storage, study: int) -> None:
    told: list[int] = []
    problems: list[BaseException] = []

    def work() -> None:
        try:
            told.extend(ask_in_turn() for _ in range(15))
        except BaseException as error:
            problems.append(error)

    def ask_in_turn() -> int:
        while True:
            with storage.ask_turn(study):
                n = storage.find_study(NAME).n_trials
                tickets = storage.ask(study, [Proposal({})], n, owner="", lease_s=None)
            if tickets is not None:
                storage.tell(study, n, 1, Result(COMPLETE, (float(n),)))
                return n

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert sorted(told) == list(range(90))
    assert [trial.value for trial in storage.trials(study)] == [float(n) for n in range(90)]


def test_closing_twice_is_fine(storage: Storage, study: int, ask: Ask) -> None:
    ask()
    storage.close()
    storage.close()
    assert storage.find_study(NAME).n_trials == 1
