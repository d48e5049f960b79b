"""Arguments that are out of their range.

`require_...` of settings (SettingsError), `checked_...` of what else a caller passes
(InvalidValueError).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from bayesopt.errors import InvalidValueError, SettingsError, short_repr


def is_number(value: object, low: float = -math.inf, high: float = math.inf) -> bool:
    """Whether `value` is a number that a float can be, no truth value, in [low, high]."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    try:
        return low <= float(value) <= high
    except OverflowError:  # an int of hundreds of digits
        return False


MOST = 1_000_000
"""What a count may be at most: more than that is a slip, and might take all memory."""


def is_count(value: object, least: int = 1, most: int = MOST) -> bool:
    """Whether `value` is a whole number in [least, most]."""
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def require_number(
    name: str, value: object, low: float, high: float = math.inf, *, above: bool = False
) -> None:
    """Raise SettingsError unless `value` is a finite number in [low, high].

    `above` leaves out `low`.
    """
    is_usable = is_number(value, low, high) and abs(float(value)) < math.inf  # type: ignore
    if not is_usable or (above and value == low):
        end = ")" if high == math.inf else "]"
        expected = f"a number in {'(' if above else '['}{low:g}, {high:g}{end}"
        raise SettingsError(name, expected=expected, got=short_repr(value))


def require_count(name: str, value: object, least: int = 1, most: int = MOST) -> None:
    """Raise SettingsError unless `value` is a whole number in [least, most]."""
    if is_count(value, least, most):
        return
    too_many = f" and at most {most:,}" if is_number(value, most) else ""
    raise SettingsError(
        name, expected=f"a whole number >= {least}{too_many}", got=short_repr(value)
    )


def require_choice(name: str, value: object, choices: tuple[object, ...]) -> None:
    """Raise SettingsError unless `value` is one of `choices`."""
    if not isinstance(value, str | None) or value not in choices:
        raise SettingsError(name, expected=f"one of {choices}", got=short_repr(value))


def require_flag(name: str, value: object) -> None:
    """Raise SettingsError unless `value` is True or False."""
    if not isinstance(value, bool):
        raise SettingsError(name, expected="True or False", got=short_repr(value))


def is_whole(value: object) -> bool:
    """Whether a value is a whole number, and no truth value."""
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def checked_integer(name: str, value: Any) -> int:
    """Return a whole number. Raises InvalidValueError."""
    if not is_whole(value):
        raise InvalidValueError(name, expected="a whole number", got=short_repr(value))
    return int(value)


def checked_count(name: str, value: Any, least: int) -> int:
    """Return a whole number of at least so much. Raises InvalidValueError."""
    if not is_whole(value) or int(value) < least:
        raise InvalidValueError(name, expected=f"a whole number >= {least}", got=short_repr(value))
    return int(value)


def checked_flag(name: str, value: object) -> bool:
    """Return a truth value. Raises InvalidValueError."""
    if not isinstance(value, bool | np.bool_):
        raise InvalidValueError(name, expected="True or False", got=short_repr(value))
    return bool(value)
