"""Trials as text: JSON, JSON lines and CSV, written and read.

A *row* is one trial as a plain dict (see ``bayesopt.study.exchange.row_of``). JSON follows the
convention of :mod:`bayesopt.codec` for what JSON cannot say (``{"$": "nan"}``); the cells of a CSV
file are those of :mod:`bayesopt.study.cells`.
"""

from __future__ import annotations

import contextlib
import csv
import json
import math
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TextIO

from bayesopt import codec
from bayesopt.errors import (
    BayesOptError,
    CorruptStoreError,
    InvalidValueError,
    StudyError,
    short_repr,
)
from bayesopt.space import Space
from bayesopt.study import cells

Format = Literal["csv", "json", "jsonl"]
Row = Mapping[str, Any]
MARK = "bayesopt-trials"
VERSION = 1

_PREFIXES = {"params": "params_", "constraints": "constraint_", "user_attrs": "user_attrs_"}
_TEXTS = ("sampler", "fallback", "error")
_TIMES = ("started_at", "finished_at")


@dataclass(frozen=True)
class Head:
    """What a file needs to know of the study."""

    name: str
    directions: tuple[str, ...]
    space: Space


@dataclass(frozen=True)
class Found:
    """What a file holds: rows, the place of each in it, and columns without a meaning here."""

    rows: list[dict[str, Any]]
    places: list[str]
    ignored_columns: tuple[str, ...] = ()


@contextlib.contextmanager
def located(where: str) -> Iterator[None]:
    """Say in every error where in the file it is."""
    try:
        yield
    except BayesOptError as error:
        raise type(error)(
            f"{where}: {error.what}",
            expected=error.expected,
            got=error.got,
            remedy=error.remedy,
        ) from error


# -- JSON -----------------------------------------------------------------------------------------


def to_json(row: Row) -> dict[str, Any]:
    """Return a row as data that any strict JSON writer takes."""
    return {key: _tagged(value) for key, value in row.items()}


def _tagged(value: object) -> Any:
    """Return data tagged as the codec does it; here with no limit to the size of the whole."""
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    if isinstance(value, list):
        return [_tagged(item) for item in value]
    if isinstance(value, dict):
        items = [[name, _tagged(item)] for name, item in value.items()]
        return {"$": "dict", "items": items} if "$" in value else dict(items)
    return json.loads(codec.encode(value))


def _write_json(head: Head, rows: Iterable[Row], stream: TextIO) -> None:
    study = {
        "name": head.name,
        "directions": list(head.directions),
        "space": json.loads(head.space.to_json()),
    }
    opening = json.dumps({"format": MARK, "version": VERSION, "study": study})
    stream.write(f'{opening[:-1]}, "trials": [')
    for i, row in enumerate(rows):
        stream.write(",\n" if i else "\n")
        stream.write(json.dumps(to_json(row), allow_nan=False))
    stream.write("\n]}\n")


def _write_jsonl(head: Head, rows: Iterable[Row], stream: TextIO) -> None:
    for row in rows:
        stream.write(json.dumps(to_json(row), allow_nan=False) + "\n")


def _read_json(head: Head, stream: TextIO) -> Found:
    data = _decoded(stream.read(), "the file")
    if isinstance(data, dict):
        _check_head(head, data)
        data = data.get("trials")
    if not isinstance(data, list):
        raise InvalidValueError(
            "file of trials",
            expected='a JSON list, or an object with "trials"',
            got=short_repr(data),
            remedy="JSON lines and CSV are read with their own format.",
        )
    places = [f"trial {i} of the file" for i in range(len(data))]
    return Found(list(map(_object, data, places)), places)


def _check_head(head: Head, data: Row) -> None:
    if data.get("format", MARK) != MARK or data.get("version", VERSION) != VERSION:
        raise InvalidValueError(
            "file of trials",
            expected=f"format {MARK!r}, version {VERSION}",
            got=f"{short_repr(data.get('format'))}, version {short_repr(data.get('version'))}",
        )
    study = data.get("study")
    directions = study.get("directions") if isinstance(study, dict) else None
    if directions is not None and directions != list(head.directions):
        raise StudyError(
            f"trials for study {head.name!r}",
            expected=f"directions {list(head.directions)}",
            got=short_repr(directions),
            remedy="Import them into a study with the same objectives.",
        )


def _read_jsonl(head: Head, stream: TextIO) -> Found:
    found = Found([], [])
    for i, line in enumerate(stream, 1):
        if line.strip():
            found.places.append(f"line {i}")
            found.rows.append(_object(_decoded(line, f"line {i}"), f"line {i}"))
    return found


def _decoded(text: str, where: str) -> Any:
    try:
        return codec.decode(text)
    except CorruptStoreError as error:
        raise InvalidValueError(
            where,
            expected='strict JSON, with {"$": "nan"} for NaN',
            got=str(error.__cause__ or short_repr(text)),
        ) from None


def _object(data: object, where: str) -> dict[str, Any]:
    if isinstance(data, dict):
        return data
    raise InvalidValueError(where, expected="one trial as a JSON object", got=short_repr(data))


# -- CSV ------------------------------------------------------------------------------------------


def _write_csv(head: Head, rows: Sequence[Row], stream: TextIO) -> None:
    n_objectives = len(head.directions)
    names = {key: list(dict.fromkeys(n for row in rows for n in row[key])) for key in _PREFIXES}
    place = {name: i for i, name in enumerate(head.space.parameters)}
    names["params"].sort(key=lambda name: place.get(name, len(place)))
    named = [cells.to_header(_PREFIXES[key], name) for key in names for name in names[key]]
    values = ["value"] if n_objectives == 1 else [f"value_{i}" for i in range(n_objectives)]
    writer = csv.writer(stream, lineterminator="\n")
    noise = [each.replace("value", "variance") for each in values]
    noise = noise if any(row.get("variances") for row in rows) else []
    header = [*values, *noise, *named, "cost", *_TIMES, *_TEXTS, "attempt"]
    writer.writerow(["number", "state", *header])
    for row in rows:
        writer.writerow(_cells(row, names, n_objectives, len(noise)))


def _cells(
    row: Row, names: Mapping[str, list[str]], n_objectives: int, n_variances: int
) -> Iterator[str]:
    yield str(row["number"])
    yield row["state"]
    yield from map(cells.to_number, row["values"] or [None] * n_objectives)
    yield from map(cells.to_number, row.get("variances") or [None] * n_variances)
    for key, wanted in names.items():
        write = cells.to_number if key == "constraints" else cells.to_cell
        yield from (write(row[key][name]) if name in row[key] else "" for name in wanted)
    yield from (cells.to_number(row[key]) for key in ("cost", *_TIMES))
    yield from (cells.to_cell(row[key]) if row[key] else "" for key in _TEXTS)
    yield str(row["attempt"])


Take = Callable[[dict[str, Any], str], None]
"""Puts a cell that is not empty into a row."""


def _read_csv(head: Head, stream: TextIO) -> Found:
    limit = csv.field_size_limit(sys.maxsize)
    try:
        reader = csv.reader(stream, strict=True)
        header = next(reader, [])
        takes = _takes(header, head)
        found = Found([], [], tuple(name for name in header if name and takes[name] is _ignore))
        for line in reader:
            if line:
                found.places.append(f"line {reader.line_num}")
                found.rows.append(_row(line, header, takes, found.places[-1]))
        return found
    except csv.Error as error:
        raise InvalidValueError(
            f"line {reader.line_num}", expected="comma-separated values", got=str(error)
        ) from None
    finally:
        csv.field_size_limit(limit)


def _row(
    line: list[str], header: list[str], takes: Mapping[str, Take], where: str
) -> dict[str, Any]:
    if len(line) != len(header):
        raise InvalidValueError(where, expected=f"{len(header)} cells", got=f"{len(line)}")
    row: dict[str, Any] = {"params": {}, "constraints": {}, "user_attrs": {}}
    row |= {"told": {}, "noise": {}}
    for name, text in zip(header, line, strict=True):
        if text:
            with located(where):
                takes[name](row, text)
    for key, found in (("values", row.pop("told")), ("variances", row.pop("noise"))):
        row[key] = [value for _, value in sorted(found.items())] if found else None
    return row


def _takes(header: Sequence[str], head: Head) -> dict[str, Take]:
    """Return what each column means. Raises InvalidValueError for one that is there twice."""
    doubled = {name for name in header if name and header.count(name) > 1}
    if doubled or not any(header):
        raise InvalidValueError(
            "header of the CSV file",
            expected="distinct columns such as number, state, value, params_<name>",
            got=f"{short_repr(sorted(doubled))} twice" if doubled else "none",
        )
    return {name: _take(name, head) for name in header}


def _take(column: str, head: Head) -> Take:
    for key, prefix in _PREFIXES.items():
        if column.startswith(prefix):
            return _take_named(key, cells.from_header(prefix, column), column, head.space)
    if column in ("state", *_TEXTS):
        return lambda row, text: row.__setitem__(column, _text(text))
    if column == "cost":
        return lambda row, text: row.__setitem__(column, cells.from_number(text, column))
    stem, _, index = column.partition("_")
    if stem in ("value", "values") and (index.isdecimal() or column == "value"):
        return lambda row, text: _tell(row["told"], int(index or 0), text, column)
    if stem == "variance" and (index.isdecimal() or column == "variance"):
        return lambda row, text: _tell(row["noise"], int(index or 0), text, column)
    if column in ("number", "attempt", *_TIMES):
        return _pass_over
    return _ignore


def _take_named(key: str, name: str, column: str, space: Space) -> Take:
    if key == "params":
        parameter = space.parameters.get(name)
        return lambda row, text: row[key].__setitem__(name, cells.label_from_cell(text, parameter))
    if key == "constraints":
        return lambda row, text: row[key].__setitem__(name, cells.from_number(text, column))
    return lambda row, text: row[key].__setitem__(name, cells.from_cell(text))


def _tell(told: dict[int, float], index: int, text: str, column: str) -> None:
    number = cells.from_number(text, column)
    if number is not None:
        told[index] = number


def _text(text: str) -> str:
    found = cells.from_cell(text)
    return found if isinstance(found, str) else text


def _pass_over(row: dict[str, Any], text: str) -> None:
    """Leave out what an export has and an import does not need."""


def _ignore(row: dict[str, Any], text: str) -> None:
    """Leave out what means nothing here."""


WRITERS: Mapping[Format, Callable[[Head, Sequence[Row], TextIO], None]] = {
    "csv": _write_csv,
    "json": _write_json,
    "jsonl": _write_jsonl,
}
READERS: Mapping[Format, Callable[[Head, TextIO], Found]] = {
    "csv": _read_csv,
    "json": _read_json,
    "jsonl": _read_jsonl,
}
