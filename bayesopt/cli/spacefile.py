"""A search space as a person writes it in JSON.

The entries are those of ``Space.to_json``, with what a person may leave out: a list stands for a
categorical parameter, a bare value for a constant, and the name is the key::

    {"lr": {"type": "float", "low": 1e-5, "high": 0.1, "log": true},
     "optimizer": ["sgd", "adamw"],
     "momentum": {"type": "float", "low": 0, "high": 0.99, "when": {"optimizer": "sgd"}}}

or ``{"parameters": {...}, "constraints": ["batch * depth <= 1024"]}``. What ``bayesopt space``
prints is taken as well.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bayesopt.errors import InvalidValueError, SpaceError, short_repr
from bayesopt.space import (
    Bundle,
    Categorical,
    Constant,
    Float,
    Int,
    LearningRateSchedule,
    Ordinal,
    Parameter,
    Space,
)

_NUMBER = ("low", "high", "log", "step", "when", "default")
_CHOICES = ("choices", "when", "default")
_PARTS = ("lr", "gamma", "drops", "decay", "floor", "cycles", "stretch", "warmup")
_KEYS: Mapping[str, tuple[str, ...]] = {
    "float": _NUMBER,
    "int": _NUMBER,
    "categorical": _CHOICES,
    "ordinal": _CHOICES,
    "constant": ("value", "when"),
    "lr_schedule": ("kinds", "when", *_PARTS),
}
_NEEDED: Mapping[str, tuple[str, ...]] = {
    "float": ("low", "high"),
    "int": ("low", "high"),
    "categorical": ("choices",),
    "ordinal": ("choices",),
    "constant": ("value",),
    "lr_schedule": (),
}
_MADE: Mapping[str, type[Parameter]] = {
    "float": Float,
    "int": Int,
    "categorical": Categorical,
    "ordinal": Ordinal,
    "constant": Constant,
}


def read_text(source: str) -> str:
    """Return JSON text that is given as such, as the name of a file, or as ``-`` for stdin.

    Raises
    ------
    OSError
        If there is no such file, or it cannot be read.
    InvalidValueError
        If it is nothing, or no text.
    """
    if not source.strip():
        raise InvalidValueError(
            "JSON", expected="JSON, the name of a file, or -", got=short_repr(source)
        )
    if source.lstrip()[:1] in ("{", "["):
        return source
    try:
        return sys.stdin.read() if source == "-" else Path(source).read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidValueError(short_repr(source), expected="UTF-8", got=str(error)) from None


def parse_json(text: str, what: str) -> Any:
    """Return strict JSON: no NaN, no key twice in an object. Raises InvalidValueError."""
    try:
        return json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise InvalidValueError(what, expected="JSON", got=str(error)) from None


def space_of(text: str) -> Space:
    """Return the space that a JSON text describes.

    Raises
    ------
    InvalidValueError
        If it is no JSON.
    SpaceError
        If it is no space; the message names the parameter.
    """
    data = parse_json(text, "space")
    if not isinstance(data, dict):
        raise SpaceError("space", expected="a JSON object of parameters", got=short_repr(data))
    if "format" in data and isinstance(data.get("parameters"), list):
        return Space.from_json(text)
    constraints: Any = ()
    if "parameters" in data and set(data) <= {"parameters", "constraints"}:
        data, constraints = data["parameters"], data.get("constraints", ())
    if not isinstance(data, dict) or not data:
        raise SpaceError("space", expected="at least one parameter", got=short_repr(data))
    return Space({name: _parameter(name, entry) for name, entry in data.items()}, constraints)


def _parameter(name: str, entry: object) -> Parameter | Bundle:
    try:
        return _made(entry)
    except SpaceError as error:
        raise error.of_parameter(name) from None


def _made(entry: object) -> Parameter | Bundle:
    if isinstance(entry, list):
        return Categorical(entry)
    if not isinstance(entry, dict):
        return Constant(entry)
    kind, settings = _settings(entry)
    if kind != "lr_schedule":
        return _MADE[kind](**settings)
    parts = {key: _part(value) for key, value in settings.items() if key in _PARTS}
    return LearningRateSchedule(**{**settings, **parts})


def _part(entry: object) -> Any:
    """Return a part of a schedule: a parameter, or a number that stays as it is."""
    return _made(entry) if isinstance(entry, dict | list) else entry


def _settings(entry: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the type of a parameter and its settings, all of them known."""
    settings = dict(entry)
    kind = settings.pop("type", None) or settings.pop("kind", None)
    if not isinstance(kind, str) or kind not in _KEYS:
        raise SpaceError("type", expected=f"one of {', '.join(_KEYS)}", got=short_repr(kind))
    unknown, missing = set(settings) - set(_KEYS[kind]), set(_NEEDED[kind]) - set(settings)
    if unknown or missing:
        raise SpaceError(
            f"type {kind}",
            expected=f"the settings {', '.join(_KEYS[kind])}",
            got=f"{_quoted(unknown)} too" if unknown else f"no {_quoted(missing)}",
        )
    return kind, settings


def _quoted(names: set[str]) -> str:
    return ", ".join(map(short_repr, sorted(names)))


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"{short_repr(next(n for n in names if names.count(n) > 1))} twice")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name}, which is no JSON")
