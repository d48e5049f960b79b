"""Labels: the JSON-native names under which choices are stored and compared.

A string, an integer, a finite float, a boolean and None are their own labels, told apart by type
as well as by value (``True``, ``1`` and ``1.0`` are three labels). Other objects get a label from
what they are; what has no stable label must be given one by the user.
"""

from __future__ import annotations

import enum
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from bayesopt.errors import SpaceError, short_repr

Label: TypeAlias = str | int | float | bool | None
"""What stands for a value in JSON, in storages and in histories."""

LabelKey: TypeAlias = str | tuple[type, Label]
"""A hashable stand-in for a label that keeps True, 1 and 1.0 apart."""

_NATIVE = (str, int, float, bool, type(None))
_OPAQUE = ["object"]
_MAX_BITS = 4096


def plain(value: object) -> object:
    """Return NumPy scalars, 0-d arrays and 0-d tensors as plain Python; other objects as is."""
    if type(value) in _NATIVE:
        return value
    if getattr(value, "shape", None) == () and callable(getattr(value, "item", None)):
        return value.item()  # type: ignore[attr-defined]
    return value


def is_native(value: object) -> bool:
    """Tell whether `value` is its own label.

    Types count exactly (an IntEnum is not an int); integers of thousands of digits, which JSON
    readers refuse, do not.
    """
    if isinstance(value, float):
        return type(value) is float and math.isfinite(value)
    if type(value) is int:
        return value.bit_length() <= _MAX_BITS
    return type(value) in _NATIVE


def label_key(label: Label) -> LabelKey:
    """Return the dictionary key of `label`; strings, the usual case, are their own keys."""
    return label if isinstance(label, str) else (type(label), label)


def label_of_key(key: LabelKey) -> Label:
    """Return the label that a key stands for."""
    return key if isinstance(key, str) else key[1]


def canonical_json(data: object) -> str:
    """Return the one JSON text of `data`: sorted keys, no spaces, ASCII, no NaN."""
    return json.dumps(
        data, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False
    )


@dataclass(frozen=True, eq=False)
class Choice:
    """One value of a categorical parameter, its label and how the value is written in JSON.

    `spec` is the value itself if native, ``["tuple", ...]``, ``["list", ...]``,
    ``["dict", [key, value], ...]`` or ``["float", "nan"]`` for plain data, and ``["object"]`` for
    what JSON cannot hold.
    """

    label: Label
    value: object
    spec: object

    @property
    def is_opaque(self) -> bool:
        """Whether the value cannot be restored from JSON."""
        return self.spec == _OPAQUE

    def to_json(self) -> object:
        """Return the JSON form: the label alone where that says everything."""
        if self.spec is self.label:
            return self.label
        if is_native(self.spec) and label_key(self.label) == label_key(self.spec):  # type: ignore[arg-type]
            return self.label
        return {"label": self.label, "value": self.spec}


def choice_of(value: object) -> Choice:
    """Return the choice of an unlabelled value.

    Raises
    ------
    SpaceError
        If the value has no label that would be the same in another process.
    """
    value = plain(value)
    if is_native(value):
        return Choice(value, value, value)  # type: ignore[arg-type]
    spec = describe(value)
    if spec == _OPAQUE:
        return Choice(_name_of(value), value, spec)
    if isinstance(value, float):
        return Choice(str(value), value, spec)
    return Choice(_data_text(value), value, spec)


def labelled_choice(label: object, value: object) -> Choice:
    """Return the choice of a value that the user labelled."""
    label = plain(label)
    if not is_native(label):
        raise SpaceError(
            "label of a choice",
            expected="a string, an integer, a finite float, a boolean or None",
            got=short_repr(label),
        )
    value = plain(value)
    return Choice(label, value, describe(value))  # type: ignore[arg-type]


def choice_from_json(data: object, like: Mapping[LabelKey, object]) -> Choice:
    """Return the choice that `to_json` wrote; `like` maps label keys to known objects.

    An opaque value that `like` does not know is represented by its label.
    """
    if not isinstance(data, dict):
        return choice_of(data)
    label: Label = data["label"]
    if data["value"] == _OPAQUE:
        return Choice(label, like.get(label_key(label), label), _OPAQUE)
    return Choice(label, restore(data["value"]), data["value"])


def describe(value: object) -> object:
    """Return the `spec` of a value (see `Choice`)."""
    value = plain(value)
    if is_native(value):
        return value
    if type(value) is float:
        return ["float", str(value)]
    if type(value) in (list, tuple):
        items = [describe(item) for item in value]  # type: ignore[attr-defined]
        return _OPAQUE if _OPAQUE in items else [type(value).__name__, *items]
    if type(value) is dict and all(type(key) is str for key in value):
        pairs = [[key, describe(item)] for key, item in value.items()]
        return _OPAQUE if any(pair[1] == _OPAQUE for pair in pairs) else ["dict", *pairs]
    return _OPAQUE


def restore(spec: object) -> object:
    """Return the value that `describe` described."""
    if not isinstance(spec, list):
        return spec
    kind, items = spec[0], spec[1:]
    if kind == "float":
        return float(items[0])
    if kind == "dict":
        return {key: restore(item) for key, item in items}
    values = [restore(item) for item in items]
    return tuple(values) if kind == "tuple" else values


def _name_of(value: object) -> str:
    """Return the qualified name of a class, a function or an enum member."""
    if isinstance(value, enum.Enum):
        return f"{type(value).__qualname__}.{value.name}"
    name = getattr(value, "__qualname__", None)
    if isinstance(name, str) and "<" not in name:  # lambdas and local functions share names
        return name
    raise SpaceError(
        "choice without a stable label",
        expected="a plain value, a class, a module-level function, or plain lists and dicts",
        got=short_repr(value),
        remedy="Give a mapping label -> object instead of a list",
    )


def _data_text(value: object) -> str:
    """Return the readable JSON text of plain data; tuples read as lists, NaN as a string."""
    return json.dumps(_jsonable(value), sort_keys=True, ensure_ascii=True)


def _jsonable(value: object) -> object:
    value = plain(value)
    if isinstance(value, list | tuple):
        return [_jsonable(item) for item in value]
    if isinstance(value, dict):
        return {key: _jsonable(item) for key, item in value.items()}
    return value if is_native(value) else str(value)
