"""Trials out of a study, and into another one.

Parameters (as their labels), values, constraints, costs and user attributes come back bit for bit.
What the files look like is in :mod:`bayesopt.study.formats`.
"""

from __future__ import annotations

import dataclasses
import math
import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO, get_args

from bayesopt import codec
from bayesopt.errors import BayesOptError, InvalidConfigError, InvalidValueError, short_repr
from bayesopt.lineage import origin_attrs
from bayesopt.space import Space
from bayesopt.storage.base import Labels, Proposal, Result
from bayesopt.study.formats import READERS, WRITERS, Format, Found, Head, located
from bayesopt.study.records import checked_attrs, proposal_of
from bayesopt.study.study import Study
from bayesopt.study.telling import make_result
from bayesopt.trial import TrialRecord, TrialState

FileLike = str | os.PathLike[str] | TextIO

_IMPORTED = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL)


# -- out ------------------------------------------------------------------------------------------


def export_trials(study: Study, target: FileLike, file_format: Format | None = None) -> int:
    """Write all trials of a study; return how many.

    Parameters
    ----------
    study : Study
    target : path or text stream
        A file appears complete or not at all: it is written beside its place and moved there.
    file_format : {"csv", "json", "jsonl"}, optional
        By default what the path's suffix says. CSV leaves intermediate reports out.

    Raises
    ------
    InvalidValueError
        If no format is given and the suffix names none.
    OSError
        If the file cannot be written.
    """
    chosen = _chosen_format(target, file_format)
    rows = [row_of(record) for record in stored_trials(study)]
    head = _head(study)

    def write(stream: TextIO) -> None:
        WRITERS[chosen](head, rows, stream)

    if isinstance(target, str | os.PathLike):
        write_atomically(target, write)
    else:
        write(target)
    return len(rows)


def stored_trials(study: Study, numbers: Sequence[int] | None = None) -> list[TrialRecord]:
    """Return trials with labels as their parameters. Raises TrialNotFoundError."""
    return study.storage.trials(study._context.study_id, numbers)


def row_of(record: TrialRecord) -> dict[str, Any]:
    """Return one trial as plain data; times are seconds since the epoch, None while unknown.

    A clone has an entry "origin": which trial it was cloned from, at which step.
    """
    origin = record.origin
    return {
        "number": record.number,
        "state": record.state.name,
        "values": None if record.values is None else list(record.values),
        "params": dict(record.params),
        "constraints": dict(record.constraints),
        "cost": record.cost,
        "variances": None if record.variances is None else list(record.variances),
        "reports": [[step, list(values)] for step, values in sorted(record.reports.items())],
        "user_attrs": dict(record.user_attrs),
        "sampler": record.sampler,
        "fallback": record.fallback,
        "error": record.error,
        "attempt": record.attempt,
        "started_at": None if math.isnan(record.started_at) else record.started_at,
        "finished_at": None if math.isnan(record.finished_at) else record.finished_at,
        **({} if origin is None else {"origin": origin.to_attr()}),
    }


def write_atomically(path: str | os.PathLike[str], write: Callable[[TextIO], None]) -> None:
    """Let `write` fill a file that takes the place of `path` once it is complete and on disk.

    Links are followed; devices and pipes are written to directly. Raises OSError.
    """
    goal = Path(os.path.realpath(path))
    if goal.exists() and not goal.is_file():
        with goal.open("w", encoding="utf-8", newline="") as stream:
            write(stream)
        return
    draft = goal.with_name(f".{goal.name[:60]}.{os.getpid()}.tmp")
    try:
        with draft.open("w", encoding="utf-8", newline="") as stream:
            write(stream)
            stream.flush()
            os.fsync(stream.fileno())
        if goal.exists():
            draft.chmod(goal.stat().st_mode & 0o7777)
        draft.replace(goal)
    except BaseException as error:
        if isinstance(error, OSError) and error.filename == str(draft):
            error.filename = os.fspath(path)  # the one that the caller knows
        draft.unlink(missing_ok=True)
        raise


# -- in -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ImportReport:
    """What an import did, or would do.

    Attributes
    ----------
    n_trials : int
        How many trials of the file can be imported.
    numbers : tuple of int
        The numbers they have in the study now; empty after a dry run.
    left_out : mapping of str to int
        State and number of trials that are not imported: those unfinished or struck out.
    ignored_columns : tuple of str
        Columns of a CSV file that mean nothing here.
    """

    n_trials: int
    numbers: tuple[int, ...] = ()
    left_out: Mapping[str, int] = field(default_factory=dict)
    ignored_columns: tuple[str, ...] = ()


def import_trials(
    study: Study,
    source: FileLike,
    file_format: Format | None = None,
    *,
    dry_run: bool = False,
    allow_outside: bool = False,
) -> ImportReport:
    """Add the finished trials of a file to a study: all of them, or none.

    They get the study's next numbers. Times and attempts stay behind; CSV has no
    intermediate reports. From which trial a clone comes is kept where all trials of the file keep
    their numbers.

    Parameters
    ----------
    study : Study
    source : path or text stream
        What :func:`export_trials` wrote, or a CSV file with columns ``params_<name>`` and
        ``value`` (``value_0``, ``value_1``, … for several objectives).
    file_format : {"csv", "json", "jsonl"}, optional
        By default what the path's suffix says.
    dry_run : bool
        Check everything, record nothing.
    allow_outside : bool
        Record parameters that are not in the study's space as they are; samplers treat them like
        trials of an older version of the space.

    Raises
    ------
    InvalidValueError
        If the file or a trial in it makes no sense; the message says where.
    InvalidConfigError
        If a trial is not in the study's space.
    StudyError
        If the file belongs to a study with other directions.
    OSError
        If the file cannot be read.
    """
    found = _read(study, source, _chosen_format(source, file_format))
    left_out: Counter[str] = Counter()
    kept: list[tuple[str, Mapping[str, Any]]] = []
    results: list[Result] = []
    for where, row in zip(found.places, found.rows, strict=True):
        with located(where):
            state = _state_of(row)
            if state in _IMPORTED:
                results.append(_result(row, state, len(study.directions)))
                kept.append((where, row))
            else:
                left_out[state.name] += 1
    proposals = _with_origins(study, kept, _proposals(study, kept, allow_outside))
    report = ImportReport(len(results), (), dict(left_out), found.ignored_columns)
    if dry_run or not results:
        return report
    numbers = study.storage.add_finished(study._context.study_id, proposals, results)
    return dataclasses.replace(report, numbers=tuple(numbers))


def _chosen_format(file: FileLike, given: str | None) -> Format:
    suffix = Path(file).suffix[1:].lower() if isinstance(file, str | os.PathLike) else ""
    for known in get_args(Format):
        if known == (given or suffix):
            return known  # type: ignore[no-any-return]
    raise InvalidValueError(
        "format of a file of trials",
        expected=", ".join(get_args(Format)),
        got=short_repr(given or suffix),
        remedy="Name the format, or give the file its suffix.",
    )


def _head(study: Study) -> Head:
    return Head(study.name, study.directions, study.space)


def _read(study: Study, source: FileLike, chosen: Format) -> Found:
    try:
        if isinstance(source, str | os.PathLike):
            with open(source, encoding="utf-8-sig", newline="") as stream:
                return READERS[chosen](_head(study), stream)
        return READERS[chosen](_head(study), source)
    except UnicodeDecodeError as error:
        raise InvalidValueError("file of trials", expected="UTF-8 text", got=str(error)) from None


def _state_of(row: Mapping[str, Any]) -> TrialState:
    name = row.get("state") or "COMPLETE"
    if isinstance(name, str) and name.upper() in TrialState.__members__:
        return TrialState[name.upper()]
    raise InvalidValueError(
        "state", expected=f"one of {', '.join(TrialState.__members__)}", got=short_repr(name)
    )


def _result(row: Mapping[str, Any], state: TrialState, n_objectives: int) -> Result:
    return make_result(
        n_objectives,
        row.get("values"),
        state,
        row.get("constraints"),
        row.get("cost"),
        _text(row, "error"),
        _reports(row),
        row.get("variances"),
    )


def _reports(row: Mapping[str, Any]) -> dict[Any, Any]:
    found = row.get("reports") or []
    if isinstance(found, list) and all(map(_is_report, found)):
        return dict(found)
    raise InvalidValueError("reports", expected="a list of [step, values]", got=short_repr(found))


def _is_report(entry: object) -> bool:
    return isinstance(entry, list) and len(entry) == 2 and not isinstance(entry[0], list | dict)


def _proposals(
    study: Study, rows: Sequence[tuple[str, Mapping[str, Any]]], allow_outside: bool
) -> list[Proposal]:
    """Check all configurations, together where possible: one by one takes much longer."""
    made: list[Proposal] = []
    known = _common_version(study, rows)
    for i, (where, row) in enumerate(rows):
        with located(where):
            attrs = checked_attrs(_mapping(row, "user_attrs"))
            if known is not None:
                proposal = Proposal(known[0][i], space_version=known[1], user_attrs=attrs)
            else:
                proposal = _proposal(study, _mapping(row, "params"), attrs, allow_outside)
            sampler = _text(row, "sampler") or "user"
            made.append(
                dataclasses.replace(proposal, sampler=sampler, fallback=_text(row, "fallback"))
            )
    return made


def _with_origins(
    study: Study, rows: Sequence[tuple[str, Mapping[str, Any]]], proposals: list[Proposal]
) -> list[Proposal]:
    """Say from which trials clones come, where they have the numbers that the file gives them."""
    if study.history.n or any(row.get("number") != i for i, (_, row) in enumerate(rows)):
        return proposals
    found = [origin_attrs(row.get("origin")) for _, row in rows]
    return [
        dataclasses.replace(proposal, user_attrs={**proposal.user_attrs, **origin})
        for proposal, origin in zip(proposals, found, strict=True)
    ]


def _common_version(
    study: Study, rows: Sequence[tuple[str, Mapping[str, Any]]]
) -> tuple[list[Labels], int] | None:
    """Return all labels in normal form and their space's version; None if one does not fit."""
    space, version = study.space, study._context.follower.space_version
    if study._context.define_by_run:
        return None
    try:
        labels = [_normal(space, _mapping(row, "params")) for _, row in rows]
        encoded, _, _ = space.encode_labels(labels, strict=True)
    except BayesOptError:
        return None
    if not space.feasible(encoded).all():
        return None
    return labels, version


def _normal(space: Space, labels: Mapping[str, Any]) -> Labels:
    """Return labels as the space writes them: the integer 1 of a Float is 1.0."""
    known = space.parameters
    return {n: known[n].to_label(v) if n in known else v for n, v in labels.items()}


def _proposal(
    study: Study, labels: Mapping[str, Any], attrs: dict[str, Any], allow_outside: bool
) -> Proposal:
    try:
        return proposal_of(study._context, labels, attrs, partial=False)
    except InvalidConfigError:
        if not allow_outside:
            raise
        return Proposal(codec.plain_labels(labels), user_attrs=attrs)


def _mapping(row: Mapping[str, Any], key: str) -> dict[str, Any]:
    found = row.get(key) or {}
    if isinstance(found, dict):
        return found
    raise InvalidValueError(key, expected="an object of names and values", got=short_repr(found))


def _text(row: Mapping[str, Any], key: str) -> str:
    found = row.get(key) or ""
    if isinstance(found, str):
        return found
    raise InvalidValueError(key, expected="text", got=short_repr(found))
