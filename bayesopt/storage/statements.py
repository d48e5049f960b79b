"""The SQL of the SQLite storage, and how rows become records and back."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from zlib import crc32

from bayesopt import codec
from bayesopt.errors import CorruptStoreError
from bayesopt.storage import facts
from bayesopt.storage.base import Changes, Label, Ticket
from bayesopt.storage.facts import Draft, Told
from bayesopt.storage.soundness import checksum
from bayesopt.trial import TrialRecord, TrialState, split_attrs

Row = tuple[Any, ...]

SHIFT = 40  # trial id = study_id << SHIFT | number
MASK = facts.MAX_NUMBER
_U32 = 0xFFFFFFFF

# Which told states each state may have.
_TOLD_STATES: dict[int, tuple[int | None, ...]] = {
    **dict.fromkeys((facts.WAITING, facts.RUNNING, facts.LOST, facts.PAUSED), (None,)),
    **{int(state): (int(state),) for state in facts.ENDINGS},
    facts.INVALID: tuple(int(state) for state in facts.ENDINGS),
}


def _next_seq(study: str) -> str:
    """Return the SQL of a study's next seq; three look-ups."""
    return (
        f"1 + max(coalesce((SELECT max(seq) FROM trial WHERE study_id = {study}), 0), "
        f"coalesce((SELECT max(seq) FROM report WHERE study_id = {study}), 0), "
        f"coalesce((SELECT changed FROM study WHERE id = {study}), 0))"
    )


# Every parameter is numbered; ?1 is the trial's id and ?2 the study's throughout.
# With the check sums that triggers keep from then on (see 0002_checks.sql).
_INSERT = f"""
INSERT INTO trial (id, seq, state, attempt, lease_until, params, params_check, space_version,
                   owner, ask_key, sampler, fallback, created_at, started_at, words_check,
                   standing_check)
SELECT ?1, next, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15,
    next * 1000003 + ?4 * 131071 + ?3 * 8191 + ?8 * 524287 + ?1 % 1000003
FROM (SELECT {_next_seq("?2")} AS next FROM study WHERE id = ?2)"""
ADD = f"{_INSERT} RETURNING seq"
ASK = f"""{_INSERT} WHERE ?1 = 1 + coalesce(
    (SELECT max(id) FROM trial WHERE id BETWEEN ?2 << 40 AND (?2 << 40) + {MASK}), (?2 << 40) - 1)
RETURNING seq"""
NEXT_NUMBER = f"""
SELECT (SELECT 1 + coalesce(max(trial.id) & {MASK}, -1) FROM trial
        WHERE trial.id BETWEEN ?1 << 40 AND (?1 << 40) + {MASK})
FROM study WHERE study.id = ?1"""
CLAIM = f"""
UPDATE trial SET seq = {_next_seq("?2")}, state = 1, attempt = attempt + 1, lease_until = ?3,
    params = ?4, params_check = ?5, space_version = ?6, owner = ?7, ask_key = ?8, sampler = ?9,
    fallback = ?10, started_at = ?11
WHERE id = ?1 AND state IN (0, 5, 7) RETURNING attempt"""
TELL = f"""
UPDATE trial SET seq = {_next_seq("?2")}, state = ?3, told_state = ?3, "values" = ?4,
    constraints = ?5, cost = ?6, result_check = ?7, error = ?8, finished_at = ?9,
    lease_until = NULL, variances = ?11
WHERE id = ?1 AND state IN (0, 1, 5, 7) AND attempt = coalesce(?10, attempt) RETURNING seq"""
SET_PARAMS = f"""
UPDATE trial SET seq = {_next_seq("?2")}, params = ?3, params_check = ?4, space_version = ?5
WHERE id = ?1"""
RENEW = f"""
UPDATE trial SET seq = CASE state WHEN 1 THEN seq ELSE {_next_seq("?2")} END, state = 1,
    lease_until = coalesce(?3, lease_until)
WHERE id = ?1 AND attempt = ?4 AND owner = coalesce(?5, owner)
    AND (state = 1 OR (state = 5 AND owner != '')) RETURNING id"""
LOSE = f"""
UPDATE trial SET seq = {_next_seq("?2")}, state = 5, owner = coalesce(?3, owner)
WHERE id = ?1 AND state = 1 AND attempt = coalesce(?4, attempt) RETURNING seq"""
PAUSE = f"""
UPDATE trial SET seq = {_next_seq("?2")}, state = 7, owner = '', lease_until = NULL
WHERE id = ?1 AND attempt = ?3 AND (state = 1 OR (state = 5 AND owner != '')) RETURNING seq"""
INVALIDATE = f"UPDATE trial SET seq = {_next_seq('?2')}, state = 6 WHERE id = ?1"
TOUCH = f"UPDATE trial SET seq = {_next_seq('?2')} WHERE id = ?1 RETURNING id"
REPORT = f"""
INSERT OR REPLACE INTO report (trial_id, step, seq, attempt, "values", "check")
VALUES (?1, ?3, {_next_seq("?2")}, ?4, ?5, ?6)"""
SUPERSEDE = "DELETE FROM report WHERE trial_id = ? AND step >= ? AND attempt < ?"
SET_ATTR = """
INSERT OR REPLACE INTO trial_attr (trial_id, name, value, "check")
VALUES (?1, ?2, ?3, checksum(?1, ?2, ?3))"""
ADD_SPACE = """
INSERT INTO space (study_id, version, definition, "check")
VALUES (?1, ?2, ?3, checksum(?1, ?2, ?3))"""
SET_STUDY_ATTR = """
INSERT OR REPLACE INTO study_attr (study_id, name, value, "check")
VALUES (?1, ?2, ?3, checksum(?1, ?2, ?3))"""
TOUCH_STUDY = f"UPDATE study SET changed = {_next_seq('?1')} WHERE id = ?1"

OVERDUE = "SELECT id FROM trial WHERE study_id = ? AND state = 1 AND lease_until < ? ORDER BY id"
ANY_OVERDUE = """
SELECT (SELECT trial.id FROM trial WHERE trial.study_id = ?1 AND state = 1 AND lease_until < ?2
        LIMIT 1) FROM study WHERE study.id = ?1"""
N_SPACES = "SELECT n_spaces FROM study WHERE id = ?"
STANDING = """
SELECT state, attempt, owner, told_state, "values", constraints, cost, variances, error FROM trial
WHERE id = ?"""
TICKETS = """
SELECT id, params, params_check, standing, standing_check, attempt, sampler, fallback FROM trial
WHERE study_id = ? AND ask_key = ? ORDER BY id"""

_FACTS = """
    id, state, params, params_check, told_state, "values", constraints, cost, variances,
    result_check, standing, standing_check, space_version"""
CHANGED = f"""
SELECT {_FACTS}, seq FROM trial WHERE study_id = ? AND seq > ? ORDER BY seq LIMIT ?"""
# All in one statement, which needs no transaction around it; not for many rows.
NEWS = """
SELECT study.n_spaces, (SELECT max(report.seq) FROM report WHERE report.study_id = ?1), {facts}
FROM study LEFT JOIN trial ON trial.study_id = ?1 AND trial.seq > ?2
WHERE study.id = ?1 ORDER BY trial.seq LIMIT ?3""".format(
    facts=", ".join(f"trial.{name.strip()}" for name in f"{_FACTS}, seq".split(","))
)
REPORTED = """
SELECT trial_id, step, "values", "check", place, place_check, attempt, seq FROM report
WHERE study_id = ? AND seq > ? AND seq <= ? ORDER BY seq"""

_WORDS = """
    lease_until, owner, ask_key, sampler, fallback, error, created_at, started_at, finished_at"""
_RECORD = f"""
SELECT {_FACTS}, {_WORDS}, words_check, attempt FROM trial WHERE"""
RECORDS = f"{_RECORD} id BETWEEN ? AND ? ORDER BY id"
RECORD = f"{_RECORD} id = ?"
REPORTS = """
SELECT trial_id, step, "values", "check", place, place_check FROM report
WHERE trial_id BETWEEN ? AND ?
ORDER BY trial_id, step"""
ATTRS = """
SELECT trial_id, name, value, "check" FROM trial_attr WHERE trial_id BETWEEN ? AND ?
ORDER BY trial_id"""


# -- text and checks ------------------------------------------------------------------------


def to_column(text: str) -> str | bytes:
    """Return text as SQLite can keep it: TEXT, or a BLOB of what TEXT cannot hold."""
    if "\0" in text:
        return text.encode("utf-8", "surrogatepass")
    try:
        text.encode()
    except UnicodeEncodeError:  # a lone surrogate
        return text.encode("utf-8", "surrogatepass")
    return text


def from_column(column: str | bytes) -> str:
    """Return what :func:`to_column` was given."""
    return column if isinstance(column, str) else column.decode("utf-8", "surrogatepass")


def params_check(trial_id: int, params: str) -> int:
    """Return the check sum of a trial's parameters."""
    return crc32(params.encode(), trial_id & _U32)


def result_check(
    trial_id: int,
    state: int,
    values: bytes | None,
    constraints: str | None,
    cost: bytes | None,
    variances: bytes | None = None,
) -> int:
    """Return the check sum of a trial's result."""
    check = crc32(values or b"", (trial_id << 3 | state) & _U32)
    if constraints is not None:
        check = crc32(constraints.encode(), check)
    if cost is not None:
        check = crc32(cost, ~check & _U32)
    return check if variances is None else crc32(b"variances" + variances, check)


def report_check(trial_id: int, step: float, values: bytes) -> int:
    """Return the check sum of a report."""
    return crc32(values + struct.pack("<d", step), trial_id & _U32)


def _damaged(trial_id: int, what: str) -> CorruptStoreError:
    return CorruptStoreError(
        f"{what} of trial {trial_id & MASK}",
        expected="what was written",
        got="a check sum that does not fit",
        remedy="The file was damaged: restore a backup.",
    )


def _columns(rows: Sequence[Row], n: int) -> list[tuple[Any, ...]]:
    return list(zip(*rows, strict=True)) if rows else [()] * n


def _verify(columns: Sequence[tuple[Any, ...]]) -> None:
    """Raise CorruptStoreError if parameters or a result are not what was written.

    The columns are those of _FACTS. It goes by column, for this is done to every row there is.
    """
    ids, states, params, checks, told_states, *told_columns, told_checks = columns[:10]
    standings, standing_checks = columns[10:]
    if standings != standing_checks:
        raise _damaged(_first(ids, standings, standing_checks), "standing")
    found = tuple(map(crc32, map(str.encode, params), [trial_id & _U32 for trial_id in ids]))
    if found != checks:
        raise _damaged(_first(ids, found, checks), "parameters")
    for state, told_state in set(zip(states, told_states, strict=True)):
        if told_state not in _TOLD_STATES[state]:
            raise _damaged(ids[states.index(state)], "state")
    told = zip(ids, told_states, *told_columns, strict=True)
    sums = tuple(None if each[1] is None else result_check(*each) for each in told)
    if sums != told_checks:
        raise _damaged(_first(ids, sums, told_checks), "result")


def _verify_reports(reports: Iterable[Row]) -> None:
    """Raise CorruptStoreError if rows of REPORTED or REPORTS are not what was written."""
    for trial_id, step, values, check, place, place_check, *_ in reports:
        if report_check(trial_id, step, values) != check or place != place_check:
            raise _damaged(trial_id, "a report")


def _first(ids: Sequence[int], found: Sequence[object], stored: Sequence[object]) -> int:
    return next(i for i, a, b in zip(ids, found, stored, strict=True) if a != b)


# -- arguments of the statements ------------------------------------------------------------


def insert_arguments(
    study_id: int,
    number: int,
    draft: Draft,
    now: float,
    *,
    state: int,
    lease_until: float | None = None,
    owner: str = "",
    key: str | None = None,
    began: float | None = None,
) -> Row:
    """Return the arguments of ADD and ASK; `began` is when a trial from elsewhere did."""
    trial_id = study_id << SHIFT | number
    now = float(now if began is None else began)
    params, is_running = codec.dump_labels(draft.params), state == facts.RUNNING
    until = None if lease_until is None else float(lease_until)  # as the column gives it back
    started_at = now if is_running else began
    words = (
        to_column(owner),
        None if key is None else to_column(key),
        to_column(draft.sampler),
        to_column(draft.fallback),
    )
    return (
        trial_id,
        study_id,
        state,
        1 if is_running else 0,
        until,
        params,
        params_check(trial_id, params),
        draft.space_version,
        *words,
        now,
        started_at,
        checksum(trial_id, until, *words, "", now, started_at, None),
    )


def tell_arguments(trial_id: int, told: Told, attempt: int | None, now: float) -> Row:
    """Return the arguments of TELL."""
    state, values, constraints, cost, variances, error = told
    check = result_check(trial_id, state, values, constraints, cost, variances)
    study_id = trial_id >> SHIFT
    error_column = to_column(error)
    return (
        trial_id, study_id, state, values, constraints, cost, check, error_column, now, attempt,
        variances,
    )  # fmt: skip


# -- rows into records ----------------------------------------------------------------------


def ticket(row: Row) -> Ticket:
    """Return the ticket in a row of TICKETS."""
    trial_id, params, check, standing, standing_check, attempt, sampler, fallback = row
    if params_check(trial_id, params) != check or standing != standing_check:
        raise _damaged(trial_id, "parameters")
    (labels,) = codec.decode_labels([params])
    return Ticket(trial_id & MASK, attempt, labels, from_column(sampler), from_column(fallback))


def changes(
    seq: int, rows: Sequence[Row], reports: Sequence[Row], n_spaces: int, *, more: bool
) -> Changes:
    """Return the rows of CHANGED and REPORTED in columns; about 5 µs per trial."""
    _verify_reports(reports)
    *columns, versions, _ = _columns(rows, 14)
    _verify(columns)
    ids, states, params, _, _, values, constraints, costs, variances, *_ = columns
    return Changes(
        seq=seq,
        numbers=[trial_id & MASK for trial_id in ids],
        states=list(states),
        params=codec.decode_labels(params),
        values=_floats(values),
        constraints=[{} if text is None else codec.decode(text) for text in constraints],
        costs=[None if cost is None else cost[0] for cost in _floats(costs)],
        space_versions=list(versions),
        report_numbers=[row[0] & MASK for row in reports],
        report_steps=[row[1] for row in reports],
        report_values=[codec.unpack_floats(row[2]) for row in reports],
        report_attempts=[row[6] for row in reports],
        n_spaces=n_spaces,
        more=more,
        variances=_floats(variances) if any(variances) else (),
    )


def _floats(blobs: Sequence[bytes | None]) -> list[tuple[float, ...] | None]:
    """Return the numbers in each blob; quick where all hold as many."""
    sizes = {None if blob is None else len(blob) for blob in blobs}
    if len(sizes) == 1:
        (size,) = sizes
        if size is None:
            return [None] * len(blobs)
        if size and size % 8 == 0:
            return list(struct.iter_unpack(f"<{size // 8}d", b"".join(blobs)))  # type: ignore[arg-type]
    return [None if blob is None else codec.unpack_floats(blob) for blob in blobs]


def records(
    rows: Sequence[Row], reports: Iterable[Row], attrs: Iterable[Row]
) -> Iterator[TrialRecord]:
    """Yield the records of RECORDS or RECORD with their REPORTS and ATTRS."""
    _verify(_columns([row[:12] for row in rows], 12))
    reports = list(reports)
    _verify_reports(reports)
    reports_of: dict[int, dict[float, tuple[float, ...]]] = {}
    for trial_id, step, values, *_ in reports:
        reports_of.setdefault(trial_id, {})[step] = codec.unpack_floats(values)
    attrs_of: dict[int, dict[str, Any]] = {}
    for trial_id, name, value, check in attrs:
        if checksum(trial_id, name, value) != check:
            raise _damaged(trial_id, "an attribute")
        attrs_of.setdefault(trial_id, {})[from_column(name)] = codec.decode(value)
    labels = codec.decode_labels([row[2] for row in rows])
    for row, params in zip(rows, labels, strict=True):
        yield _record(row, params, reports_of.get(row[0], {}), attrs_of.get(row[0], {}))


def _record(
    row: Row,
    params: Mapping[str, Label],
    reports: dict[float, tuple[float, ...]],
    attrs: dict[str, Any],
) -> TrialRecord:
    trial_id, state, _, _, _, values, constraints, cost, variances, *rest = row
    _, _, _, space_version, *rest = rest
    *words, words_check, attempt = rest
    if checksum(trial_id, *words) != words_check:
        raise _damaged(trial_id, "description")
    _, owner, _, sampler, fallback, error, created_at, started_at, finished_at = words
    user_attrs, system_attrs = split_attrs(attrs)
    return TrialRecord(
        number=trial_id & MASK,
        state=TrialState(state),
        params=params,
        values=None if values is None else codec.unpack_floats(values),
        constraints={} if constraints is None else codec.decode(constraints),
        cost=None if cost is None else codec.unpack_floats(cost)[0],
        reports=reports,
        user_attrs=user_attrs,
        sampler=from_column(sampler),
        fallback=from_column(fallback),
        error=from_column(error),
        attempt=attempt,
        owner=from_column(owner),
        space_version=space_version,
        created_at=created_at,
        started_at=math.nan if started_at is None else started_at,
        finished_at=math.nan if finished_at is None else finished_at,
        variances=None if variances is None else codec.unpack_floats(variances),
        system_attrs=system_attrs,
    )
