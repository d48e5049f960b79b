"""Studies in the memory of one process."""

from __future__ import annotations

import math
import os
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bayesopt import codec
from bayesopt.storage import facts, refusals
from bayesopt.storage.base import (
    Changes,
    Labels,
    Proposal,
    Result,
    StudyRecord,
    StudySpec,
    Ticket,
)
from bayesopt.storage.book import Book, Report, Trial
from bayesopt.trial import TrialRecord


class MemoryStorage:
    """Studies that live as long as this object, for the threads of one process.

    Parameters
    ----------
    clock : callable, optional
        Seconds since the epoch; for tests.

    Notes
    -----
    Nothing a caller passes in is kept, and nothing handed out is shared: later changes of either
    have no effect. A forked child gets its own copy, which the parent does not see.
    """

    def __init__(self, *, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._books: dict[int, Book] = {}
        self._last_id = 0
        self._renew_locks()
        _alive.add(self)

    def _renew_locks(self) -> None:
        """Make fresh locks: after a fork, some other thread of the parent may hold the old ones."""
        self._lock = threading.RLock()
        self._turns: dict[int, threading.Lock] = {}

    @property
    def is_shared(self) -> bool:
        """False: no other process can reach these studies."""
        return False

    def files(self, study_id: int) -> Path | None:
        """None: what does not outlive the process has no place of its own on disk."""
        return None

    def _book(self, study_id: int) -> Book:
        try:
            return self._books[study_id]
        except KeyError:
            raise refusals.no_study(study_id) from None

    # -- studies ------------------------------------------------------------------------------
    def create_study(self, spec: StudySpec, space: str) -> int:
        """Create a study with version 0 of its space; return its id. Raises StudyExistsError."""
        facts.checked_spec(spec)
        with self._lock:
            if any(book.spec.name == spec.name for book in self._books.values()):
                raise refusals.study_exists(spec.name)
            self._last_id += 1
            self._books[self._last_id] = Book(spec, space, self._clock())
            return self._last_id

    def find_study(self, name: str) -> StudyRecord:
        """Return the study of that name. Raises StudyNotFoundError."""
        for record in self.list_studies():
            if record.spec.name == name:
                return record
        raise refusals.no_study(name)

    def list_studies(self) -> list[StudyRecord]:
        """Return all studies, oldest first."""
        with self._lock:
            return [book.record(study_id) for study_id, book in self._books.items()]

    def delete_study(self, study_id: int) -> None:
        """Delete a study and everything in it. Raises StudyNotFoundError."""
        with self._lock:
            self._book(study_id)
            del self._books[study_id]

    def add_space(self, study_id: int, space: str, expected_version: int) -> bool:
        """Append a version of the space; False when `expected_version` is not the next one."""
        with self._lock:
            spaces = self._book(study_id).spaces
            if expected_version != len(spaces):
                return False
            spaces.append(space)
            return True

    def spaces(self, study_id: int) -> list[str]:
        """Return all versions of the space, oldest first."""
        with self._lock:
            return list(self._book(study_id).spaces)

    def set_study_attr(self, study_id: int, name: str, value: object) -> None:
        """Set a study attribute. Raises InvalidValueError."""
        name, text = facts.attr_name(name), facts.attr_json(name, value)
        with self._lock:
            self._book(study_id).attrs[name] = text

    # -- following ----------------------------------------------------------------------------
    def changes(self, study_id: int, since: int, limit: int = 10_000) -> Changes:
        """Return what changed after `since`, at most `limit` trial rows; O(changes)."""
        with self._lock:
            return self._book(study_id).changes(since, limit)

    def trials(self, study_id: int, numbers: Sequence[int] | None = None) -> list[TrialRecord]:
        """Return records by number (all if None), in the order asked for."""
        with self._lock:
            book = self._book(study_id)
            chosen = book.trials if numbers is None else [book.trial(n) for n in numbers]
            return [trial.record() for trial in chosen]

    # -- a trial's life -----------------------------------------------------------------------
    @contextmanager
    def ask_turn(self, study_id: int) -> Iterator[None]:
        """Wait (a bounded time) for this thread's turn to ask."""
        with self._lock:
            turn = self._turns.setdefault(study_id, threading.Lock())
        taken = turn.acquire(timeout=facts.TURN_TIMEOUT_S)
        try:
            yield
        finally:
            if taken:
                turn.release()

    def ask(
        self,
        study_id: int,
        proposals: Sequence[Proposal],
        expected_number: int,
        *,
        owner: str,
        lease_s: float | None,
        key: str | None = None,
    ) -> list[Ticket] | None:
        """Record RUNNING trials from `expected_number` on; None when that number is taken."""
        drafts = [facts.draft(proposal) for proposal in proposals]
        with self._lock:
            book = self._book(study_id)
            known = book.keyed(key)
            if known:
                return [trial.ticket() for trial in known]
            if expected_number != len(book.trials):
                return None
            now = self._clock()
            lease_until = facts.lease_end(now, lease_s)
            asked = [book.add(draft, now, facts.RUNNING) for draft in drafts]
            for trial in asked:
                trial.hand_out(now, owner, lease_until)
                book.set_key(trial, key)
            return [trial.ticket() for trial in asked]

    def find_ask(self, study_id: int, key: str) -> list[Ticket] | None:
        """Return the tickets that `key` allocated, None if there are none."""
        with self._lock:
            return [trial.ticket() for trial in self._book(study_id).keyed(key)] or None

    def enqueue(self, study_id: int, proposals: Sequence[Proposal]) -> list[int]:
        """Record WAITING trials; return their numbers."""
        drafts = [facts.draft(proposal) for proposal in proposals]
        with self._lock:
            book, now = self._book(study_id), self._clock()
            return [book.add(draft, now, facts.WAITING).number for draft in drafts]

    def claim(
        self,
        study_id: int,
        number: int,
        proposal: Proposal,
        *,
        owner: str,
        lease_s: float | None,
        key: str | None = None,
    ) -> Ticket | None:
        """Turn a WAITING, LOST or PAUSED trial into RUNNING with attempt + 1; None if others."""
        draft = facts.draft(proposal)
        with self._lock:
            book, now = self._book(study_id), self._clock()
            trial = book.trial(number)
            if trial.state not in facts.CLAIMABLE:
                return None
            trial.draft(draft)
            trial.hand_out(now, owner, facts.lease_end(now, lease_s))
            book.set_key(trial, key)
            book.touch(trial)
            return trial.ticket()

    def add_finished(
        self, study_id: int, proposals: Sequence[Proposal], results: Sequence[Result]
    ) -> list[int]:
        """Record trials that were evaluated elsewhere, all or none; return their numbers."""
        checked = facts.all_finished(proposals, results)
        with self._lock:
            book, now = self._book(study_id), self._clock()
            numbers = []
            for finished in checked:
                told = finished.told
                begun = finished.started_at
                trial = book.add(finished.draft, now if begun is None else begun, told.state)
                trial.started_at = math.nan if begun is None else begun
                trial.tell(told, finished.ended(now))
                for step, blob in finished.reports.items():
                    book.report(trial, Report(trial.number, step, blob, trial.attempt))
                numbers.append(trial.number)
            return numbers

    def set_params(
        self, study_id: int, number: int, attempt: int, params: Labels, space_version: int
    ) -> None:
        """Replace a RUNNING trial's parameters. Raises StaleTrialError."""
        plain = codec.plain_labels(params)
        with self._lock:
            book = self._book(study_id)
            trial = book.held(number, attempt)
            trial.params, trial.space_version = plain, space_version
            book.touch(trial)

    def report(
        self,
        study_id: int,
        number: int,
        attempt: int,
        step: float,
        values: tuple[float, ...],
        lease_s: float | None,
    ) -> None:
        """Record intermediate values of a running trial and renew its lease."""
        step, blob = facts.finite_step(step), codec.pack_floats(values, "reported values")
        with self._lock:
            book = self._book(study_id)
            trial = book.held(number, attempt)
            known = trial.reports.get(step)
            if known is not None and known.attempt == attempt and known.values != blob:
                raise refusals.report_conflict(number, step)
            lease_until = facts.lease_end(self._clock(), lease_s)
            book.renew(trial, trial.lease_until if lease_s is None else lease_until)
            if known is None or known.attempt != attempt:
                book.report(trial, Report(trial.number, step, blob, attempt))

    def tell(self, study_id: int, number: int, attempt: int | None, result: Result) -> bool:
        """Record the result of a trial, once; True if this call did, False if it was known."""
        told = facts.told(result)
        with self._lock:
            book = self._book(study_id)
            trial = book.trial(number)
            if attempt is not None and attempt != trial.attempt:
                raise refusals.stale(number, attempt, trial.attempt, trial.state)
            if trial.state in facts.FINISHED:
                trial.require_same(told)
                return False
            trial.tell(told, self._clock())
            book.touch(trial)
            return True

    def release(self, study_id: int, number: int, attempt: int) -> bool:
        """Put a RUNNING trial back in the queue; False if it is not ours any more."""
        with self._lock:
            book = self._book(study_id)
            trial = book.trial(number)
            if trial.state != facts.RUNNING or trial.attempt != attempt:
                return False
            book.lose(trial, owner="")
            return True

    def pause(self, study_id: int, number: int, attempt: int) -> bool:
        """Lay a running trial aside; False if that attempt did before. Raises StaleTrialError."""
        with self._lock:
            book = self._book(study_id)
            trial = book.trial(number)
            if trial.state == facts.PAUSED and trial.attempt == attempt:
                return False
            book.pause(book.held(number, attempt))
            return True

    def renew(
        self, study_id: int, tickets: Sequence[tuple[int, int]], owner: str, lease_s: float
    ) -> list[int]:
        """Renew leases of (number, attempt) pairs; return the numbers no longer held."""
        with self._lock:
            book = self._book(study_id)
            lease_until = facts.lease_end(self._clock(), lease_s)
            gone = []
            for number, attempt in tickets:
                trial = book.find(number)
                if trial is None or not (trial.is_held(attempt) and trial.owner == owner):
                    gone.append(number)
                else:
                    book.renew(trial, lease_until)
            return gone

    def expire(self, study_id: int) -> list[int]:
        """Mark RUNNING trials whose lease ran out as LOST; return them."""
        with self._lock:
            book, now = self._book(study_id), self._clock()
            overdue: list[Trial] = book.overdue(now)
            for trial in overdue:
                book.lose(trial, owner=trial.owner)
            return [trial.number for trial in overdue]

    def set_user_attr(
        self, study_id: int, number: int, name: str, value: object, *, attempt: int | None = None
    ) -> None:
        """Set a trial attribute. Raises InvalidValueError, StaleTrialError, TrialNotFoundError."""
        name, text = facts.attr_name(name), facts.attr_json(name, value)
        with self._lock:
            book = self._book(study_id)
            trial = book.trial(number) if attempt is None else book.held(number, attempt)
            trial.attrs[name] = text
            book.touch(trial)

    def invalidate(self, study_id: int, number: int, reason: str, who: str) -> None:
        """Strike a finished trial out; doing it again changes nothing."""
        with self._lock:
            book = self._book(study_id)
            trial = book.trial(number)
            if trial.state not in facts.FINISHED:
                raise refusals.not_finished(number, trial.state)
            if trial.state != facts.INVALID:
                book.invalidate(trial, reason, who, self._clock())

    def audit_log(self, study_id: int) -> list[Mapping[str, Any]]:
        """Return the audited changes: when, number, action, who, reason, before."""
        with self._lock:
            return [dict(entry) for entry in self._book(study_id).audit]

    def close(self) -> None:
        """Keep everything: a memory storage has nothing to release."""


_alive: weakref.WeakSet[MemoryStorage] = weakref.WeakSet()


def _after_fork() -> None:
    for storage in list(_alive):
        storage._renew_locks()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
