"""Settings of samplers and schedulers that are out of their range."""

from __future__ import annotations

import math

from bayesopt.errors import SettingsError, short_repr


def is_number(value: object, low: float = -math.inf, high: float = math.inf) -> bool:
    """Whether `value` is a number that a float can be, no truth value, in [low, high]."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    try:
        return low <= float(value) <= high
    except OverflowError:  # an int of hundreds of digits
        return False


def is_count(value: object, least: int = 1) -> bool:
    """Whether `value` is a whole number of at least `least`."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def require_number(
    name: str, value: object, low: float, high: float = math.inf, *, above: bool = False
) -> None:
    """Raise SettingsError unless `value` is a number in [low, high]; `above` leaves out `low`."""
    if not is_number(value, low, high) or (above and value == low):
        bracket = "(" if above else "["
        expected = f"a number in {bracket}{low:g}, {high:g}]"
        raise SettingsError(name, expected=expected, got=short_repr(value))


def require_count(name: str, value: object, least: int = 1) -> None:
    """Raise SettingsError unless `value` is a whole number of at least `least`."""
    if not is_count(value, least):
        raise SettingsError(name, expected=f"a whole number >= {least}", got=short_repr(value))


def require_choice(name: str, value: object, choices: tuple[object, ...]) -> None:
    """Raise SettingsError unless `value` is one of `choices`."""
    if not isinstance(value, str | None) or value not in choices:
        raise SettingsError(name, expected=f"one of {choices}", got=short_repr(value))


def require_flag(name: str, value: object) -> None:
    """Raise SettingsError unless `value` is True or False."""
    if not isinstance(value, bool):
        raise SettingsError(name, expected="True or False", got=short_repr(value))
