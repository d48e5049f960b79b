"""Studies as rows of a SQLite store: creating, finding, deleting, and looking trials up."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from sqlite3 import Connection
from typing import Any, NamedTuple

from bayesopt import codec
from bayesopt.storage import facts, refusals
from bayesopt.storage import statements as sql
from bayesopt.storage.base import StudyRecord, StudySpec, Ticket
from bayesopt.storage.database import Database
from bayesopt.storage.facts import Draft, Told
from bayesopt.storage.soundness import checksum
from bayesopt.trial import TrialState

_STUDIES = f"""
SELECT id, name, directions, seed, noisy, sampler, scheduler, n_spaces, created_at, changed,
    belongings, "check",
    1 + coalesce((SELECT max(trial.id) & {sql.MASK} FROM trial
                  WHERE trial.id BETWEEN study.id << 40 AND (study.id << 40) + {sql.MASK}), -1)
FROM study"""


class Standing(NamedTuple):
    """Where a trial stands."""

    number: int
    state: int
    attempt: int
    owner: str
    told: Told | None

    def is_held(self, attempt: int) -> bool:
        """Whether `attempt` may still write: nobody took the trial over, nor was it given back."""
        return self.attempt == attempt and facts.is_owned(self.state, self.owner)

    def require_same(self, told: Told) -> None:
        """Raise TellConflictError unless `told` is the trial's result."""
        facts.require_same(self.number, self.told, told)


class Shelf:
    """The studies of one store."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._db, self._clock = database, clock

    # -- studies ------------------------------------------------------------------------------
    def create_study(self, spec: StudySpec, space: str) -> int:
        """Create a study with version 0 of its space. Raises StudyExistsError."""
        name = sql.to_column(spec.name)
        with self._db.writing() as connection:
            if connection.execute("SELECT 1 FROM study WHERE name = ?", (name,)).fetchall():
                raise refusals.study_exists(spec.name)
            ((study_id,),) = connection.execute(
                "INSERT INTO study (name, directions, seed, noisy, sampler, scheduler, n_spaces, "
                "created_at) VALUES (?, ?, ?, ?, ?, ?, 1, ?) RETURNING id",
                (
                    name,
                    json.dumps(spec.directions),
                    str(spec.seed),
                    spec.noisy,
                    sql.to_column(spec.sampler),
                    sql.to_column(spec.scheduler),
                    self._clock(),
                ),
            ).fetchall()
            self._write_space(connection, study_id, 0, space)
        self._db.acknowledge(study_id, 0)
        return int(study_id)

    def find_study(self, name: str) -> StudyRecord:
        """Return the study of that name. Raises StudyNotFoundError."""
        column = sql.to_column(name) if isinstance(name, str) else None
        with self._db.reading() as connection:
            rows = connection.execute(f"{_STUDIES} WHERE name = ?", (column,)).fetchall()
            if not rows:
                raise refusals.no_study(name)
            return _study(connection, rows[0])

    def list_studies(self) -> list[StudyRecord]:
        """Return all studies, oldest first."""
        with self._db.reading() as connection:
            rows = connection.execute(f"{_STUDIES} ORDER BY id").fetchall()
            return [_study(connection, row) for row in rows]

    def delete_study(self, study_id: int) -> None:
        """Delete a study and everything in it. Raises StudyNotFoundError."""
        ids = (study_id << sql.SHIFT, study_id << sql.SHIFT | sql.MASK)
        with self._db.writing() as connection:
            self.n_spaces(connection, study_id)
            # Owners first: else their sums would be kept up, row by row.
            connection.execute("DELETE FROM trial WHERE id BETWEEN ? AND ?", ids)
            connection.execute("DELETE FROM trial_attr WHERE trial_id BETWEEN ? AND ?", ids)
            connection.execute("DELETE FROM report WHERE trial_id BETWEEN ? AND ?", ids)
            connection.execute("DELETE FROM study WHERE id = ?", (study_id,))
            for table in ("audit", "study_attr", "space"):
                connection.execute(f"DELETE FROM {table} WHERE study_id = ?", (study_id,))
            connection.execute("INSERT INTO deleted_study VALUES (?, ?)", (study_id, self._clock()))

    def n_spaces(self, connection: Connection, study_id: int) -> int:
        """Return how many versions of its space a study has. Raises StudyNotFoundError."""
        rows = connection.execute(sql.N_SPACES, (study_id,)).fetchall()
        if not rows:
            raise refusals.no_study(study_id)
        return int(rows[0][0])

    def add_space(self, study_id: int, space: str, expected_version: int) -> bool:
        """Append a version of the space; False when `expected_version` is not the next one."""
        with self._db.writing(study_id) as connection:
            if expected_version != self.n_spaces(connection, study_id):
                return False
            connection.execute("UPDATE study SET n_spaces = n_spaces + 1 WHERE id = ?", (study_id,))
            self._write_space(connection, study_id, expected_version, space)
            connection.execute(sql.TOUCH_STUDY, (study_id,))
            return True

    def _write_space(self, connection: Connection, study_id: int, version: int, space: str) -> None:
        connection.execute(sql.ADD_SPACE, (study_id, version, sql.to_column(space)))

    def spaces(self, study_id: int) -> list[str]:
        """Return all versions of the space, oldest first."""
        with self._db.reading() as connection:
            n_spaces = self.n_spaces(connection, study_id)
            rows = connection.execute(
                'SELECT study_id, version, definition, "check" FROM space WHERE study_id = ? '
                "ORDER BY version",
                (study_id,),
            ).fetchall()
            if len(rows) != n_spaces:
                raise LookupError(f"{len(rows)} of {n_spaces} versions of a space")
            _verify(rows, "a space")
            return [sql.from_column(row[2]) for row in rows]

    def set_study_attr(self, study_id: int, name: str, text: str) -> None:
        """Set a study attribute, given as JSON."""
        with self._db.writing(study_id) as connection:
            self.n_spaces(connection, study_id)
            connection.execute(sql.SET_STUDY_ATTR, (study_id, sql.to_column(name), text))
            connection.execute(sql.TOUCH_STUDY, (study_id,))

    # -- trials -------------------------------------------------------------------------------
    def next_number(self, connection: Connection, study_id: int) -> int:
        """Return the number of the next trial. Raises StudyNotFoundError."""
        rows = connection.execute(sql.NEXT_NUMBER, (study_id,)).fetchall()
        if not rows:
            raise refusals.no_study(study_id)
        return int(rows[0][0])

    def standing(self, connection: Connection, trial_id: int) -> Standing:
        """Return where a trial stands. Raises TrialNotFoundError, StudyNotFoundError."""
        rows = connection.execute(sql.STANDING, (trial_id,)).fetchall()
        if not rows:
            self.n_spaces(connection, trial_id >> sql.SHIFT)
            raise refusals.no_trial(trial_id & sql.MASK)
        ((state, attempt, owner, told_state, values, constraints, cost, noise, error),) = rows
        told = None
        if told_state is not None:
            told = Told(told_state, values, constraints, cost, noise, sql.from_column(error))
        return Standing(trial_id & sql.MASK, state, attempt, sql.from_column(owner), told)

    def require_held(self, connection: Connection, trial_id: int, attempt: int) -> None:
        """Raise StaleTrialError unless `attempt` may still write to the trial."""
        standing = self.standing(connection, trial_id)
        if not standing.is_held(attempt):
            raise refusals.stale(standing.number, attempt, standing.attempt, standing.state)

    def is_new_report(
        self, connection: Connection, trial_id: int, step: float, attempt: int, values: bytes
    ) -> bool:
        """Whether an attempt has not reported this step yet. Raises ReportConflictError."""
        known = connection.execute(
            'SELECT attempt, "values" FROM report WHERE trial_id = ? AND step = ?',
            (trial_id, step),
        ).fetchall()
        if known and known[0][0] == attempt and known[0][1] != values:
            raise refusals.report_conflict(trial_id & sql.MASK, step)
        return not known or known[0][0] != attempt

    def expire(self, study_id: int) -> list[int]:
        """Mark RUNNING trials whose lease ran out as LOST; return them. Only reads if none did."""
        overdue = (study_id, self._clock())
        found = self._db.read(sql.ANY_OVERDUE, overdue)
        if not found:
            raise refusals.no_study(study_id)
        if found[0][0] is None:
            return []
        with self._db.writing(study_id) as connection:
            ids = [row[0] for row in connection.execute(sql.OVERDUE, overdue)]
            for trial_id in ids:
                connection.execute(sql.LOSE, (trial_id, study_id, None, None)).fetchall()
        return [trial_id & sql.MASK for trial_id in ids]

    def pause(self, trial_id: int, attempt: int) -> bool:
        """Lay a running trial aside; False if that attempt did before. Raises StaleTrialError."""
        study_id = trial_id >> sql.SHIFT
        with self._db.writing(study_id) as connection:
            standing = self.standing(connection, trial_id)
            if standing.state == facts.PAUSED and standing.attempt == attempt:
                return False
            self.require_held(connection, trial_id, attempt)
            connection.execute(sql.PAUSE, (trial_id, study_id, attempt)).fetchall()
        return True

    def invalidate(self, trial_id: int, reason: str, who: str) -> None:
        """Strike a finished trial out; doing it again changes nothing."""
        study_id = trial_id >> sql.SHIFT
        with self._db.writing(study_id) as connection:
            standing = self.standing(connection, trial_id)
            if standing.state not in facts.FINISHED:
                raise refusals.not_finished(standing.number, standing.state)
            if standing.state == facts.INVALID:
                return
            before = {"state": TrialState(standing.state).name}
            connection.execute(
                "INSERT INTO audit (study_id, number, at, action, who, reason, before) "
                "VALUES (?, ?, ?, 'invalidate', ?, ?, ?)",
                (
                    study_id,
                    standing.number,
                    self._clock(),
                    sql.to_column(who),
                    sql.to_column(reason),
                    codec.encode(before),
                ),
            )
            connection.execute(sql.INVALIDATE, (trial_id, study_id))

    def audit_log(self, study_id: int) -> list[Mapping[str, Any]]:
        """Return the audited changes, oldest first."""
        with self._db.reading() as connection:
            self.n_spaces(connection, study_id)
            rows = connection.execute(
                "SELECT id, study_id, number, at, action, who, reason, before, "
                '"check" FROM audit WHERE study_id = ? ORDER BY id',
                (study_id,),
            ).fetchall()
            _verify(rows, "the audit log")
            return [_audit_entry(*row[2:-1]) for row in rows]


def keyed(connection: Connection, study_id: int, key: str | None) -> list[Ticket]:
    """Return the tickets that were handed out under `key`, by number."""
    if key is None:
        return []
    found = connection.execute(sql.TICKETS, (study_id, sql.to_column(key)))
    return [sql.ticket(row) for row in found.fetchall()]


def set_attrs(connection: Connection, trial_id: int, draft: Draft) -> None:
    """Write the user attributes of a proposal."""
    rows = [(trial_id, sql.to_column(name), text) for name, text in draft.attrs.items()]
    if rows:
        connection.executemany(sql.SET_ATTR, rows)


def _verify(rows: Sequence[Sequence[Any]], what: str) -> None:
    """Raise ValueError unless the last column of each row is the check sum of the others."""
    if any(checksum(*columns) != check for *columns, check in rows):
        raise ValueError(f"{what} with a check sum that does not fit")


def _study(connection: Connection, row: sql.Row) -> StudyRecord:
    *columns, n_trials = row
    _verify([columns], "a study")
    study_id, name, directions, seed, noisy, sampler, scheduler, _, created_at, *_ = columns
    spec = StudySpec(
        name=sql.from_column(name),
        directions=tuple(json.loads(directions)),
        seed=int(seed),
        noisy=bool(noisy),
        sampler=sql.from_column(sampler),
        scheduler=sql.from_column(scheduler),
    )
    attrs = connection.execute(
        'SELECT study_id, name, value, "check" FROM study_attr WHERE study_id = ?', (study_id,)
    ).fetchall()
    _verify(attrs, "an attribute of a study")
    found = {sql.from_column(name): codec.decode(value) for _, name, value, _ in attrs}
    return StudyRecord(study_id, spec, created_at, n_trials, found)


def _audit_entry(
    number: int, at: float, action: str, who: str | bytes, reason: str | bytes, before: str
) -> dict[str, Any]:
    return {
        "when": at,
        "number": number,
        "action": action,
        "who": sql.from_column(who),
        "reason": sql.from_column(reason),
        "before": codec.decode(before),
    }
