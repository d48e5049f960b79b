"""Strict JSON for what users attach to studies and trials, and exact float64 blobs.

Standard JSON has no NaN and no infinities, and JSON readers disagree about large integers, so
those travel as tagged objects: ``{"$": "nan"}``, ``{"$": "inf"}``, ``{"$": "-inf"}`` and
``{"$": "int", "hex": "0x…"}``. A user's own dict that has a key ``"$"`` is written as
``{"$": "dict", "items": [[key, value], …]}``, so nothing a user stores can be mistaken for a tag.

What comes back is what went in, except that tuples and arrays come back as lists, and NumPy
scalars, enumeration members and 0-d arrays or tensors as plain Python numbers and strings.
Text is pure ASCII, so lone surrogates and NUL characters survive any database.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from bayesopt.errors import CorruptStoreError, InvalidValueError, short_repr

Label = str | int | float | bool | None

MAX_CHARS = 1_000_000
"""Longest encoded attribute, in characters."""

_MAX_DEPTH = 100
_MAX_PLAIN_BITS = 8192  # Python refuses to parse decimal integers of more than 4,300 digits
_TAG = "$"
_SPECIAL = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}

_dumps = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode


# -- any JSON-able value --------------------------------------------------------------------


def encode(value: object, what: str = "value") -> str:
    """Return `value` as one line of ASCII JSON.

    Parameters
    ----------
    value : object
        None, bool, int of any size, float, str, list, tuple, dict with str keys, NumPy scalar,
        NumPy array of numbers or strings, 0-d tensor.
    what : str
        Names the value in error messages.

    Raises
    ------
    InvalidValueError
        For anything else, for nesting deeper than 100 and beyond `MAX_CHARS`.
    """
    text = _dumps(_tagged(value, what, 0))
    if len(text) > MAX_CHARS:
        raise InvalidValueError(
            what,
            expected=f"at most {MAX_CHARS} characters of JSON",
            got=f"{len(text)}",
            remedy="Write it to a file and store the path.",
        )
    return text


def decode(text: str) -> Any:
    """Return the value that :func:`encode` wrote. Raises CorruptStoreError for other text."""
    try:
        return json.loads(text, object_hook=_untagged, parse_constant=_reject_constant)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise CorruptStoreError(
            "stored JSON", expected="text written by this package", got=short_repr(text)
        ) from error


def normalise(value: object, what: str = "value") -> Any:
    """Return `value` as it will come back from a storage: a deep copy in plain Python types."""
    return decode(encode(value, what))


def _tagged(value: object, what: str, depth: int) -> Any:
    kind = type(value)
    if value is None or kind is bool or kind is str:
        return value
    if kind is int:
        return _tagged_int(value)  # type: ignore[arg-type]
    if kind is float:
        return _tagged_float(value)  # type: ignore[arg-type]
    if depth >= _MAX_DEPTH:
        raise InvalidValueError(
            what,
            expected=f"at most {_MAX_DEPTH} levels of nesting",
            got="more (or a container that contains itself)",
            remedy="Store a flatter value.",
        )
    if isinstance(value, dict):
        return _tagged_dict(value, what, depth)
    if isinstance(value, list | tuple):
        return [_tagged(item, what, depth + 1) for item in value]
    return _tagged(_to_plain(value, what), what, depth + 1)


def _tagged_int(value: int) -> Any:
    if value.bit_length() <= _MAX_PLAIN_BITS:
        return value
    return {_TAG: "int", "hex": hex(value)}


def _tagged_float(value: float) -> Any:
    if math.isfinite(value):
        return value
    return {_TAG: "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"}


def _tagged_dict(value: dict[Any, Any], what: str, depth: int) -> Any:
    pairs = [[_key(key, what), _tagged(item, what, depth + 1)] for key, item in value.items()]
    if any(key == _TAG for key, _ in pairs):
        return {_TAG: "dict", "items": pairs}
    return dict(pairs)


def _key(key: object, what: str) -> str:
    if isinstance(key, str):
        return key if type(key) is str else str.__str__(key)
    raise InvalidValueError(
        what,
        expected="dict keys of type str",
        got=f"{type(key).__name__} {short_repr(key)}",
        remedy="Convert the keys with str().",
    )


def _to_plain(value: object, what: str) -> object:
    """Turn a subclass, scalar or array of another library into a plain Python object."""
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, np.longdouble | np.clongdouble) and value.itemsize > 8:
        raise _unsupported(value, what, "Convert it with float().")
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value)
    if getattr(value, "ndim", None) == 0 and callable(getattr(value, "item", None)):
        return _item(value, what)
    if isinstance(value, set | frozenset):
        raise _unsupported(value, what, "Convert the set with sorted().")
    raise _unsupported(value, what, "Store plain numbers, strings, lists and dicts, or a path.")


def _item(value: Any, what: str) -> object:
    plain = value.item()
    if plain is None or isinstance(plain, bool | int | float | str):
        return plain
    raise _unsupported(value, what, "Convert it to a number or a string.")


def _unsupported(value: object, what: str, remedy: str) -> InvalidValueError:
    return InvalidValueError(
        what,
        expected="something JSON can hold",
        got=f"{type(value).__name__} {short_repr(value)}",
        remedy=remedy,
    )


def _untagged(found: dict[str, Any]) -> Any:
    if _TAG not in found:
        return found
    tag = found[_TAG]
    if tag == "dict":
        return dict(found["items"])
    if tag == "int":
        return int(found["hex"], 16)
    return _SPECIAL[tag]


def _reject_constant(name: str) -> Any:
    raise ValueError(f"bare {name} in JSON")


# -- parameters as labels -------------------------------------------------------------------


def encode_labels(labels: Mapping[str, Label]) -> str:
    """Return parameters (labels, see ``Space.to_labels``) as one line of ASCII JSON.

    Raises InvalidValueError unless every key is a str and every value a str, int, bool, None or
    finite float (NumPy scalars of these kinds are converted).
    """
    return dump_labels(plain_labels(labels))


def dump_labels(plain: dict[str, Label]) -> str:
    """Return what :func:`plain_labels` made as one line of ASCII JSON."""
    return _dumps(plain)


def plain_labels(labels: Mapping[str, Label]) -> dict[str, Label]:
    """Return a copy of `labels` in plain Python types. Raises as :func:`encode_labels`."""
    return {
        name if type(name) is str else _key(name, "parameter name"): (
            value if type(value) is str or value is True or value is False else _label(name, value)
        )
        for name, value in labels.items()
    }


def _label(name: str, value: object) -> Label:
    kind = type(value)
    if value is None or (kind is float and math.isfinite(value)):  # type: ignore[arg-type]
        return value  # type: ignore[return-value]
    if kind is int and value.bit_length() <= _MAX_PLAIN_BITS:  # type: ignore[attr-defined]
        return value  # type: ignore[return-value]
    what = f"parameter {short_repr(name)}"
    if kind in (int, float, list, tuple, dict):
        raise InvalidValueError(
            what,
            expected=f"str, bool, None, finite float or int of at most {_MAX_PLAIN_BITS} bits",
            got=f"{kind.__name__}" if kind is int else short_repr(value),
            remedy="Pass labels made by Space.to_labels.",
        )
    plain = _to_plain(value, what)
    if isinstance(plain, bool | str):
        return plain
    return _label(name, plain)


def decode_labels(texts: Iterable[str]) -> list[Mapping[str, Label]]:
    """Return the label dicts of many :func:`encode_labels` texts, parsed in one go.

    Costs about 1 µs per text. Raises CorruptStoreError.
    """
    texts = list(texts)
    try:
        found = json.loads(f"[{','.join(texts)}]", parse_constant=_reject_constant)
    except (ValueError, TypeError, RecursionError) as error:
        raise CorruptStoreError("stored parameters", expected="JSON objects") from error
    if len(found) != len(texts) or not all(type(labels) is dict for labels in found):
        raise CorruptStoreError("stored parameters", expected="one JSON object per trial")
    return found  # type: ignore[no-any-return]


# -- float64 tuples -------------------------------------------------------------------------


def pack_floats(values: Iterable[float], what: str = "value") -> bytes:
    """Return float64 values as little-endian bytes, bit for bit. Raises InvalidValueError."""
    values = tuple(values)
    try:
        return struct.pack(f"<{len(values)}d", *values)
    except (struct.error, OverflowError, TypeError, ValueError) as error:
        raise InvalidValueError(
            what,
            expected="numbers that fit a float64",
            got=short_repr(values),
            remedy="Convert them with float() first.",
        ) from error


def unpack_floats(blob: bytes) -> tuple[float, ...]:
    """Return what :func:`pack_floats` packed. Raises CorruptStoreError."""
    if len(blob) % 8:
        raise CorruptStoreError("stored numbers", expected="8 bytes each", got=f"{len(blob)} bytes")
    return struct.unpack(f"<{len(blob) // 8}d", blob)
