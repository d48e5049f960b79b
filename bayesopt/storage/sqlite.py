"""Studies in a SQLite file that several processes of one machine share."""

from __future__ import annotations

import os
import shutil
import time
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from sqlite3 import Connection
from typing import Any, Literal

from bayesopt import codec
from bayesopt.errors import StorageError, short_repr
from bayesopt.storage import facts, refusals
from bayesopt.storage import statements as sql
from bayesopt.storage.base import (
    Changes,
    Labels,
    Proposal,
    Result,
    StudyRecord,
    StudySpec,
    Ticket,
)
from bayesopt.storage.database import Database
from bayesopt.storage.facts import Draft, Finished, Told
from bayesopt.storage.gate import FileLock
from bayesopt.storage.location import usable_path
from bayesopt.storage.shelf import Shelf, keyed, set_attrs
from bayesopt.trial import TrialRecord

_LAST = 2**63 - 1
_FEW = 50  # rows that the short path of `changes` takes


class SQLiteStorage:
    """Studies in a SQLite file, for any number of threads and processes of one machine.

    Parameters
    ----------
    path : path
        Created if missing, with its tables. Beside it appear ``<path>-wal`` and ``<path>-shm``
        (SQLite's own, part of the data while the store is in use), ``<path>-gate``,
        ``<path>-ask-<n>`` (locks and notes), and ``<path>-files`` once a trial saves something.
    synchronous : {"full", "normal"}
        With "full", what a call recorded survives a power failure once the call returned; only an
        ask without a key waits for the next change, or for `close`. With "normal" the last moments
        before a power failure may be lost. The death of a process loses nothing either way.
    clock : callable, optional
        Seconds since the epoch; for tests. All processes must agree on it.

    Raises
    ------
    StorageError
        If there cannot be a store at `path`, e.g. because it is on a network file system.
    CorruptStoreError
        If the file is damaged or has lost what was acknowledged.
    SchemaVersionError
        If a newer version or another program made the file.
    StorageBusyError
        If others keep the store locked for more than a minute.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        synchronous: Literal["full", "normal"] = "full",
        clock: Callable[[], float] = time.time,
    ) -> None:
        if synchronous not in ("full", "normal"):
            raise StorageError(
                "synchronous", expected="'full' or 'normal'", got=short_repr(synchronous)
            )
        self._path = usable_path(path)
        self._clock = clock
        self._db = Database(self._path, is_full=synchronous == "full")
        self._db.connect()
        self._shelf = Shelf(self._db, clock)
        self._turns: dict[int, FileLock] = {}
        self._finalizer = weakref.finalize(self, _close, self._db, self._turns)

    @property
    def path(self) -> Path:
        """The file."""
        return self._path

    @property
    def is_shared(self) -> bool:
        """True: other processes can open the same file."""
        return True

    def files(self, study_id: int) -> Path | None:
        """Return ``<path>-files/<study>``."""
        return Path(f"{self._path}-files") / str(study_id)

    # -- studies ------------------------------------------------------------------------------
    def create_study(self, spec: StudySpec, space: str) -> int:
        """Create a study with version 0 of its space; return its id. Raises StudyExistsError."""
        return self._shelf.create_study(facts.checked_spec(spec), space)

    def find_study(self, name: str) -> StudyRecord:
        """Return the study of that name. Raises StudyNotFoundError."""
        return self._shelf.find_study(name)

    def list_studies(self) -> list[StudyRecord]:
        """Return all studies, oldest first."""
        return self._shelf.list_studies()

    def delete_study(self, study_id: int) -> None:
        """Delete a study and everything in it. Raises StudyNotFoundError."""
        self._shelf.delete_study(study_id)
        shutil.rmtree(Path(f"{self._path}-files") / str(study_id), ignore_errors=True)

    def add_space(self, study_id: int, space: str, expected_version: int) -> bool:
        """Append a version of the space; False when `expected_version` is not the next one."""
        return self._shelf.add_space(study_id, space, expected_version)

    def spaces(self, study_id: int) -> list[str]:
        """Return all versions of the space, oldest first."""
        return self._shelf.spaces(study_id)

    def set_study_attr(self, study_id: int, name: str, value: object) -> None:
        """Set a study attribute. Raises InvalidValueError."""
        self._shelf.set_study_attr(study_id, facts.attr_name(name), facts.attr_json(name, value))

    # -- following ----------------------------------------------------------------------------
    def changes(self, study_id: int, since: int, limit: int = 10_000) -> Changes:
        """Return what changed after `since`, at most `limit` trial rows; O(changes)."""
        since = max(since, 0)
        news = self._news(study_id, since, limit) if since else None
        return news or self._all_changes(study_id, since, limit)

    def _news(self, study_id: int, since: int, limit: int) -> Changes | None:
        """Take the short path of one statement; None when there is too much for it."""
        rows = self._db.read(sql.NEWS, (study_id, since, _FEW))
        if not rows:
            raise refusals.no_study(study_id)
        n_spaces, newest_report, trial_id, *_ = rows[0]
        if len(rows) == _FEW or len(rows) > limit or (newest_report or 0) > since:
            return None
        rows = [row[2:] for row in rows] if trial_id is not None else []
        seq = rows[-1][-1] if rows else since
        with self._db.in_our_terms():
            return sql.changes(seq, rows, [], n_spaces, more=False)

    def _all_changes(self, study_id: int, since: int, limit: int) -> Changes:
        with self._db.reading() as connection:
            n_spaces = self._shelf.n_spaces(connection, study_id)
            rows = connection.execute(sql.CHANGED, (study_id, since, limit + 1)).fetchall()
            more = len(rows) > limit
            upto = rows.pop()[-1] - 1 if more else _LAST
            reports = connection.execute(sql.REPORTED, (study_id, since, upto)).fetchall()
            newest = max((part[-1][-1] for part in (rows, reports) if part), default=since)
            seq = upto if more else newest
            return sql.changes(seq, rows, reports, n_spaces, more=more)

    def trials(self, study_id: int, numbers: Sequence[int] | None = None) -> list[TrialRecord]:
        """Return records by number (all if None), in the order asked for."""
        with self._db.reading() as connection:
            self._shelf.n_spaces(connection, study_id)
            if numbers is not None:
                return [self._record(connection, study_id, number) for number in numbers]
            ids = study_id << sql.SHIFT, study_id << sql.SHIFT | sql.MASK
            rows = connection.execute(sql.RECORDS, ids).fetchall()
            reports = connection.execute(sql.REPORTS, ids)
            return list(sql.records(rows, reports, connection.execute(sql.ATTRS, ids)))

    def _record(self, connection: Connection, study_id: int, number: int) -> TrialRecord:
        ids = (study_id << sql.SHIFT | facts.trial_number(number),) * 2
        rows = connection.execute(sql.RECORD, ids[:1]).fetchall()
        if not rows:
            raise refusals.no_trial(number)
        reports = connection.execute(sql.REPORTS, ids)
        (record,) = sql.records(rows, reports, connection.execute(sql.ATTRS, ids))
        return record

    # -- a trial's life -----------------------------------------------------------------------
    @contextmanager
    def ask_turn(self, study_id: int) -> Iterator[None]:
        """Wait (a bounded time) for this process's and thread's turn to ask."""
        turn = self._turns.get(study_id)
        if turn is None:
            lock = FileLock(Path(f"{self._path}-ask-{study_id}"))
            turn = self._turns.setdefault(study_id, lock)
        try:
            turn.acquire(facts.TURN_TIMEOUT_S)
            yield
        finally:
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
        """Record RUNNING trials from `expected_number` on; None when that number is taken.

        With a `key` they are durable on return, without one from the next change on.
        """
        drafts = [facts.draft(proposal) for proposal in proposals]
        first, now = facts.trial_number(expected_number), self._clock()
        lease_until = facts.lease_end(now, lease_s)
        rows = [
            sql.insert_arguments(
                study_id, number, draft, now,
                state=facts.RUNNING, lease_until=lease_until, owner=owner, key=key,
            )
            for number, draft in enumerate(drafts, first)
        ]  # fmt: skip
        if len(rows) == 1 and key is None and not drafts[0].attrs:
            is_asked = self._ask_one(study_id, rows[0])
        else:
            known, is_asked = self._ask_many(study_id, rows, drafts, key)
            if known:
                return known
        return [d.ticket(number) for number, d in enumerate(drafts, first)] if is_asked else None

    def _ask_one(self, study_id: int, row: sql.Row) -> bool:
        """Take the short path: one statement is one transaction."""
        is_asked = bool(self._db.write(sql.ASK, row))
        self._db.require_same_file()
        if not is_asked:
            self._require_study(study_id)
        return is_asked

    def _ask_many(
        self, study_id: int, rows: list[sql.Row], drafts: list[Draft], key: str | None
    ) -> tuple[list[Ticket], bool]:
        with self._db.writing(study_id, is_synced=key is not None) as connection:
            self._shelf.n_spaces(connection, study_id)
            known = keyed(connection, study_id, key)
            if known:
                return known, False
            for row, draft in zip(rows, drafts, strict=True):
                if not connection.execute(sql.ASK, row).fetchall():
                    return [], False
                set_attrs(connection, row[0], draft)
        return [], True

    def _require_study(self, study_id: int) -> None:
        if not self._db.read(sql.N_SPACES, (study_id,)):
            raise refusals.no_study(study_id)

    def find_ask(self, study_id: int, key: str) -> list[Ticket] | None:
        """Return the tickets that `key` allocated, None if there are none."""
        with self._db.reading() as connection:
            self._shelf.n_spaces(connection, study_id)
            known = keyed(connection, study_id, key)
        if known:
            self._db.acknowledge()
        return known or None

    def enqueue(self, study_id: int, proposals: Sequence[Proposal]) -> list[int]:
        """Record WAITING trials; return their numbers."""
        drafts = [facts.draft(proposal) for proposal in proposals]
        with self._db.writing(study_id) as connection:
            return [self._add(connection, study_id, draft) for draft in drafts]

    def add_finished(
        self, study_id: int, proposals: Sequence[Proposal], results: Sequence[Result]
    ) -> list[int]:
        """Record trials that were evaluated elsewhere, all or none; return their numbers."""
        checked = facts.all_finished(proposals, results)
        with self._db.writing(study_id) as connection:
            return [self._add_finished(connection, study_id, trial) for trial in checked]

    def _add(
        self, connection: Connection, study_id: int, draft: Draft, began: float | None = None
    ) -> int:
        number, now = self._shelf.next_number(connection, study_id), self._clock()
        row = sql.insert_arguments(study_id, number, draft, now, state=facts.WAITING, began=began)
        connection.execute(sql.ADD, row).fetchall()
        set_attrs(connection, row[0], draft)
        return number

    def _add_finished(self, connection: Connection, study_id: int, trial: Finished) -> int:
        number = self._add(connection, study_id, trial.draft, trial.started_at)
        trial_id = study_id << sql.SHIFT | number
        arguments = sql.tell_arguments(trial_id, trial.told, None, trial.ended(self._clock()))
        connection.execute(sql.TELL, arguments).fetchall()
        for step, blob in trial.reports.items():
            check = sql.report_check(trial_id, step, blob)
            connection.execute(sql.REPORT, (trial_id, study_id, step, 0, blob, check))
        return number

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
        draft, now = facts.draft(proposal), self._clock()
        trial_id = study_id << sql.SHIFT | facts.trial_number(number)
        row = sql.insert_arguments(
            study_id, trial_id & sql.MASK, draft, now,
            state=facts.RUNNING, lease_until=facts.lease_end(now, lease_s), owner=owner, key=key,
        )  # fmt: skip
        with self._db.writing(study_id) as connection:
            claimed = connection.execute(sql.CLAIM, (*row[:2], *row[4:12], now)).fetchall()
            if not claimed:
                self._shelf.standing(connection, trial_id)
                return None
            set_attrs(connection, trial_id, draft)
        return draft.ticket(trial_id & sql.MASK, claimed[0][0])

    def set_params(
        self, study_id: int, number: int, attempt: int, params: Labels, space_version: int
    ) -> None:
        """Replace a RUNNING trial's parameters. Raises StaleTrialError."""
        text = codec.encode_labels(params)
        trial_id = study_id << sql.SHIFT | facts.trial_number(number)
        check = sql.params_check(trial_id, text)
        with self._db.writing(study_id) as connection:
            self._shelf.require_held(connection, trial_id, attempt)
            connection.execute(sql.SET_PARAMS, (trial_id, study_id, text, check, space_version))

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
        trial_id = study_id << sql.SHIFT | facts.trial_number(number)
        lease_until = facts.lease_end(self._clock(), lease_s)
        with self._db.writing(study_id) as connection:
            renewal = (trial_id, study_id, lease_until, attempt, None)
            if not connection.execute(sql.RENEW, renewal).fetchall():
                self._shelf.require_held(connection, trial_id, attempt)
            if self._shelf.is_new_report(connection, trial_id, step, attempt, blob):
                if attempt > 1:
                    connection.execute(sql.SUPERSEDE, (trial_id, step, attempt))
                check = sql.report_check(trial_id, step, blob)
                connection.execute(sql.REPORT, (trial_id, study_id, step, attempt, blob, check))

    def tell(self, study_id: int, number: int, attempt: int | None, result: Result) -> bool:
        """Record the result of a trial, once; True if this call did, False if it was known."""
        told = facts.told(result)
        trial_id = study_id << sql.SHIFT | facts.trial_number(number)
        arguments = sql.tell_arguments(trial_id, told, attempt, self._clock())
        while True:
            written = self._db.write(sql.TELL, arguments)
            if written:
                self._db.acknowledge(study_id, written[0][0])
                return True
            if self._is_known(trial_id, attempt, told):
                self._db.acknowledge()
                return False

    def _is_known(self, trial_id: int, attempt: int | None, told: Told) -> bool:
        """Whether this is the trial's result; False if it became tellable. Raises otherwise."""
        with self._db.reading() as connection:
            standing = self._shelf.standing(connection, trial_id)
        if attempt is not None and attempt != standing.attempt:
            number = trial_id & sql.MASK
            raise refusals.stale(number, attempt, standing.attempt, standing.state)
        if standing.state not in facts.FINISHED:
            return False
        standing.require_same(told)
        return True

    def release(self, study_id: int, number: int, attempt: int) -> bool:
        """Put a RUNNING trial back in the queue; False if it is not ours any more."""
        trial_id = study_id << sql.SHIFT | facts.trial_number(number)
        with self._db.writing(study_id) as connection:
            self._shelf.standing(connection, trial_id)
            lost = connection.execute(sql.LOSE, (trial_id, study_id, "", attempt)).fetchall()
        return bool(lost)

    def pause(self, study_id: int, number: int, attempt: int) -> bool:
        """Lay a running trial aside; False if that attempt did before. Raises StaleTrialError."""
        return self._shelf.pause(study_id << sql.SHIFT | facts.trial_number(number), attempt)

    def renew(
        self, study_id: int, tickets: Sequence[tuple[int, int]], owner: str, lease_s: float
    ) -> list[int]:
        """Renew leases of (number, attempt) pairs; return the numbers no longer held."""
        lease_until = facts.lease_end(self._clock(), lease_s)
        owner_column = sql.to_column(owner)
        gone = []
        with self._db.writing(study_id) as connection:
            self._shelf.n_spaces(connection, study_id)
            for number, attempt in tickets:
                trial_id = study_id << sql.SHIFT | facts.trial_number(number)
                renewal = (trial_id, study_id, lease_until, attempt, owner_column)
                if not connection.execute(sql.RENEW, renewal).fetchall():
                    gone.append(number)
        return gone

    def expire(self, study_id: int) -> list[int]:
        """Mark RUNNING trials whose lease ran out as LOST; return them. Only reads if none did."""
        return self._shelf.expire(study_id)

    def set_user_attr(
        self, study_id: int, number: int, name: str, value: object, *, attempt: int | None = None
    ) -> None:
        """Set a trial attribute. Raises InvalidValueError, StaleTrialError, TrialNotFoundError."""
        name, text = facts.attr_name(name), facts.attr_json(name, value)
        trial_id = study_id << sql.SHIFT | facts.trial_number(number)
        with self._db.writing(study_id) as connection:
            if attempt is not None:
                self._shelf.require_held(connection, trial_id, attempt)
            if not connection.execute(sql.TOUCH, (trial_id, study_id)).fetchall():
                self._shelf.standing(connection, trial_id)
            connection.execute(sql.SET_ATTR, (trial_id, sql.to_column(name), text))

    def invalidate(self, study_id: int, number: int, reason: str, who: str) -> None:
        """Strike a finished trial out; doing it again changes nothing."""
        trial_id = study_id << sql.SHIFT | facts.trial_number(number)
        self._shelf.invalidate(trial_id, reason, who)

    def audit_log(self, study_id: int) -> list[Mapping[str, Any]]:
        """Return the audited changes: when, number, action, who, reason, before."""
        return self._shelf.audit_log(study_id)

    # -- the file -----------------------------------------------------------------------------
    def check(self) -> list[str]:
        """Return what is wrong with the file as a whole; O(file). Empty if it is sound."""
        return self._db.faults()

    def close(self) -> None:
        """Close the file; the next use opens it again."""
        _close(self._db, self._turns)


def _close(database: Database, turns: dict[int, FileLock]) -> None:
    database.close()
    while turns:
        with suppress(KeyError):  # another thread closes as well
            turns.popitem()[1].close()
