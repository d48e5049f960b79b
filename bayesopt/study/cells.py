"""Cells of a CSV file that come back as what they were.

A spreadsheet cell has no type. Here a cell is text as it stands where that is unambiguous, and JSON
otherwise: ``sgd`` is a string, ``1`` an integer, ``1.0`` a float, ``true`` a boolean, ``null``
None, and ``"1"`` (with the quotes) the string. An empty cell is nothing at all. Text with control
characters is written as JSON too, so that a line of the file is a row of the table.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from bayesopt import codec
from bayesopt.errors import CorruptStoreError, InvalidValueError, short_repr


def to_cell(value: object) -> str:
    """Return any JSON-able value as the text of a cell (tagged as in ``bayesopt.codec``)."""
    if isinstance(value, float) and math.isfinite(value):
        return repr(value)
    if not isinstance(value, str):
        return codec.encode(value)
    if value and value.isprintable() and value.strip() == value and from_cell(value) == value:
        return value
    return json.dumps(value)


def from_cell(text: str) -> Any:
    """Return the value that :func:`to_cell` wrote; text that is no JSON stands for itself."""
    try:
        return codec.decode(text)
    except CorruptStoreError:
        return text


def to_number(number: float | None) -> str:
    """Return a number as its shortest exact text, ``nan``, ``inf`` or ``-inf``; None is empty."""
    return "" if number is None else repr(float(number))


def from_number(text: str, what: str) -> float | None:
    """Return the number that :func:`to_number` wrote. Raises InvalidValueError."""
    if not text.strip():
        return None
    try:
        return float(text)
    except ValueError:
        raise InvalidValueError(what, expected="a number", got=short_repr(text)) from None


def to_header(prefix: str, name: str) -> str:
    """Return the column of ``name`` among those that begin with ``prefix``."""
    plain = name.isprintable() and not name.startswith('"') and name.strip() == name
    return prefix + (name if plain else json.dumps(name))


def from_header(prefix: str, header: str) -> str:
    """Return the name that :func:`to_header` put behind ``prefix``."""
    name = header.removeprefix(prefix)
    found = from_cell(name) if name.startswith('"') else name
    return found if isinstance(found, str) else name


def label_from_cell(text: str, parameter: Any) -> Any:
    """Return what a cell means for one parameter, None for a parameter not known.

    Files of other programs do not tell the string 1 from the number 1; the parameter does.
    """
    value = from_cell(text)
    if parameter is None or parameter.contains(value):
        return value
    readings = (text, _SPREADSHEET.get(text, value), *_as_float(text))
    return next((found for found in readings if parameter.contains(found)), value)


_SPREADSHEET: Mapping[str, object] = {
    "True": True,
    "False": False,
    "TRUE": True,
    "FALSE": False,
    "None": None,
}


def _as_float(text: str) -> tuple[float, ...]:
    try:
        return (float(text),)
    except ValueError:
        return ()
