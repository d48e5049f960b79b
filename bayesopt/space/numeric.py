"""Numbers as parameters: `Float` and `Int`."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from bayesopt.errors import InvalidConfigError, SpaceError, short_repr
from bayesopt.space.axes import (
    MAX_CELLS,
    MAX_LOG_CELLS,
    Axis,
    Bools,
    CellAxis,
    ContinuousAxis,
    Floats,
    Ints,
)
from bayesopt.space.labels import Label, plain
from bayesopt.space.parameters import Column, Parameter

_MAX_INT = 2**53
_STEP_SLACK = 1e-6  # how far off the grid, in steps, a float may be: 0.1 * 3 is a multiple of 0.1


@dataclass(frozen=True, eq=False)
class Float(Parameter):
    """A real number between two bounds, both included.

    Parameters
    ----------
    low, high : float
        The bounds; equal bounds are legal, and so is a range wider than the largest double.
    log : bool
        Search on a logarithmic scale; needs ``low > 0``.
    step : float, optional
        Only low, low + step, ... are values. It must divide ``high - low``; the grid is computed
        in decimal, so that ``Float(0, 1, step=0.1)`` holds 0.3 and not 0.30000000000000004.
    when : mapping, optional
        The condition under which the parameter exists, e.g. ``{"optimizer": "sgd"}``.
    default : float, optional
        The value of old trials if the parameter is added to a study, and of configurations that
        leave it out where filling in is asked for.

    Raises
    ------
    SpaceError
        If a bound is not a finite number, ``low > high``, the scale is logarithmic and
        ``low <= 0``, or the step does not divide the range or gives more than 2**51 values.
    """

    low: float
    high: float
    _: KW_ONLY
    log: bool = False
    step: float | None = None
    when: Mapping[str, object] | None = None
    default: float | None = None

    kind: ClassVar[str] = "float"

    def __post_init__(self) -> None:
        object.__setattr__(self, "low", _bound(self.low, "low"))
        object.__setattr__(self, "high", _bound(self.high, "high"))
        object.__setattr__(self, "log", bool(self.log))
        _check_range(self)
        if self.step is not None:
            object.__setattr__(self, "step", _bound(self.step, "step"))
            _check_step(self)
        self._store_condition()
        _store_default(self)

    @cached_property
    def axis(self) -> Axis:
        """A continuous axis, or one of cells if there is a step."""
        if self.step is None:
            return ContinuousAxis(self.low, self.high, self.log)
        return CellAxis(round(_n_steps(self)) + 1, self.low, self.step, self.log)

    def to_label(self, value: object) -> float:
        """Return `value` as a float; InvalidConfigError if it is outside or off the grid."""
        number = _number(value)
        if number is not None and self.low <= number <= self.high and self._on_grid(number):
            return number
        raise _outside(self, value)

    def from_label(self, label: Label) -> float:
        """Return the value of a label: itself."""
        return self.to_label(label)

    def positions(self, labels: Sequence[Label]) -> tuple[Floats, Bools]:
        """Return values, or indices if there is a step (see `Parameter.positions`)."""
        x, known = floats_of(labels)
        inside = known & (x >= self.low) & (x <= self.high)
        if self.step is None:
            return x, inside
        index, off = self._index(x)
        return np.where(known, index, math.nan), inside & (off <= _STEP_SLACK)

    def values_at(self, positions: Floats) -> list[Any]:
        """Return the values at positions f64[n] as Python floats."""
        column = positions if self.step is None else self._grid_values(positions)
        values: list[Any] = column.tolist()
        return values

    def column(self, u: Floats) -> Column:
        """Return the values at coordinates f64[n] as float64."""
        positions = self.axis.positions(u)
        return positions if self.step is None else self._grid_values(positions)

    def to_dict(self) -> dict[str, Any]:
        """Return the definition as JSON data."""
        return _numeric_dict(self)

    def _grid_values(self, positions: Floats) -> Floats:
        index, inverse = np.unique(positions, return_inverse=True)
        grid = np.array([self._grid_value(int(i)) for i in index], dtype=np.float64)
        return grid[inverse]

    def _grid_value(self, index: int) -> float:
        """Return value `index` of the grid, computed in exact decimal arithmetic."""
        exact = _exact(self.low) + index * _exact(self.step or 0.0)
        return min(max(float(exact), self.low), self.high)

    def _index(self, x: Floats) -> tuple[Ints, Floats]:
        """Return the nearest grid indices and how far off them the values are, in steps."""
        axis = self.axis
        top = axis.count - 1
        with np.errstate(all="ignore"):
            raw = (np.clip(x, self.low, self.high) - self.low) / (self.step or 1.0)
            raw = np.where(np.isnan(raw), 0.0, raw)
            index = np.clip(np.rint(raw), 0, top)
            slack = 4 * np.spacing(np.abs(np.where(np.isnan(x), 0.0, x))) / (self.step or 1.0)
            off = np.maximum(np.abs(raw - index) - slack, 0.0)
        return index.astype(np.int64), off

    def _on_grid(self, number: float) -> bool:
        if self.step is None:
            return True
        return bool(self._index(np.array([number]))[1][0] <= _STEP_SLACK)


@dataclass(frozen=True, eq=False)
class Int(Parameter):
    """An integer between two bounds, both included.

    Parameters
    ----------
    low, high : int
        The bounds, at most 2**53 in size.
    log : bool
        Search on a logarithmic scale; needs ``low >= 1``.
    step : int, optional
        Only low, low + step, ... are values; it must divide ``high - low``.
    when, default
        As for `Float`.

    Raises
    ------
    SpaceError
        As for `Float`; and if there are more than 2**51 values (2**40 on a logarithmic scale),
        beyond which a double cannot address each one.
    """

    low: int
    high: int
    _: KW_ONLY
    log: bool = False
    step: int | None = None
    when: Mapping[str, object] | None = None
    default: int | None = None

    kind: ClassVar[str] = "int"

    def __post_init__(self) -> None:
        object.__setattr__(self, "low", _int_bound(self.low, "low"))
        object.__setattr__(self, "high", _int_bound(self.high, "high"))
        object.__setattr__(self, "log", bool(self.log))
        _check_range(self)
        if self.step is not None:
            object.__setattr__(self, "step", _int_bound(self.step, "step"))
        _check_step(self)
        self._store_condition()
        _store_default(self)

    @cached_property
    def axis(self) -> CellAxis:
        """One cell per value."""
        step = self.step or 1
        return CellAxis((self.high - self.low) // step + 1, float(self.low), float(step), self.log)

    def to_label(self, value: object) -> int:
        """Return `value` as an int; InvalidConfigError if it is outside or off the grid."""
        value = plain(value)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        in_range = type(value) is int and self.low <= value <= self.high
        if in_range and (value - self.low) % (self.step or 1) == 0:  # type: ignore[operator]
            return value  # type: ignore[return-value]
        raise _outside(self, value)

    def from_label(self, label: Label) -> int:
        """Return the value of a label: itself."""
        return self.to_label(label)

    def positions(self, labels: Sequence[Label]) -> tuple[Floats, Bools]:
        """Return the indices of the values (see `Parameter.positions`)."""
        x, known = floats_of(labels)
        with np.errstate(all="ignore"):
            raw = (np.minimum(np.maximum(x, self.low), self.high) - self.low) / (self.step or 1)
            index = np.minimum(np.maximum(np.rint(raw), 0), self.axis.count - 1)
        return index, known & (x >= self.low) & (x <= self.high) & (raw == index)

    def values_at(self, positions: Floats) -> list[Any]:
        """Return the values at indices f64[n] as Python ints."""
        exact: list[Any] = (self.low + positions.astype(np.int64) * (self.step or 1)).tolist()
        return exact

    def column(self, u: Floats) -> Column:
        """Return the values at coordinates f64[n] as float64 (exact: at most 2**53)."""
        column: Column = (self.low + self.axis.index(u) * (self.step or 1)).astype(np.float64)
        return column

    def to_dict(self) -> dict[str, Any]:
        """Return the definition as JSON data."""
        return _numeric_dict(self)


def floats_of(labels: Sequence[Label]) -> tuple[Floats, Bools]:
    """Return labels as float64 and whether each was a number; NaN where it was not."""
    if set(map(type, labels)) <= {int, float}:
        try:
            x = np.array(labels, dtype=np.float64)
            return x, ~np.isnan(x)
        except OverflowError:
            pass
    numbers = [_number(label) for label in labels]
    x = np.array([math.nan if number is None else number for number in numbers], dtype=np.float64)
    return x, ~np.isnan(x)


def _number(value: object) -> float | None:
    """Return `value` as a float, or None if it is not a number; a bool is not."""
    value = plain(value)
    if type(value) is float:
        return value
    if type(value) is not int:
        return None
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _bound(value: object, what: str) -> float:
    number = _number(value)
    if number is None or not math.isfinite(number):
        raise SpaceError(f"`{what}` of a Float", expected="a finite number", got=short_repr(value))
    return number


def _int_bound(value: object, what: str) -> int:
    value = plain(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if type(value) is not int:
        raise SpaceError(f"`{what}` of an Int", expected="an integer", got=short_repr(value))
    if abs(value) > _MAX_INT:
        raise SpaceError(
            f"`{what}` of an Int",
            expected="at most 2**53 in size, where doubles are exact",
            got=short_repr(value),
            remedy="Count in larger units, or use Float(..., log=True)",
        )
    return value


def _check_range(p: Float | Int) -> None:
    if p.low > p.high:
        raise SpaceError(
            f"range of a {type(p).__name__}",
            expected="low <= high",
            got=f"low={p.low!r}, high={p.high!r}",
            remedy="Swap the bounds",
        )
    if p.log and p.low <= 0:
        raise SpaceError(
            f"logarithmic {type(p).__name__}",
            expected="low > 0",
            got=f"low={p.low!r}",
            remedy="Raise the lower bound, or drop log=True",
        )


def _exact(x: float) -> Fraction:
    """Return the decimal that a float is written as, exactly: 0.1 is one tenth."""
    return Fraction(repr(x))


def _n_steps(p: Float | Int) -> Fraction:
    step = 1 if p.step is None else p.step
    return (_exact(p.high) - _exact(p.low)) / _exact(step)


def _check_step(p: Float | Int) -> None:
    """Raise SpaceError unless the step divides the range into few enough values."""
    if p.step is not None and p.step <= 0:
        raise SpaceError("`step`", expected="a positive number", got=repr(p.step))
    steps = _n_steps(p)
    if abs(steps - round(steps)) > _STEP_SLACK * float(min(Fraction(1), steps)):
        fits = _exact(p.low) + math.floor(steps) * _exact(p.step or 1)
        fitting = int(fits) if isinstance(p, Int) else float(fits)
        raise SpaceError(
            f"`step` of {type(p).__name__}({p.low!r}, {p.high!r})",
            expected="a step that divides high - low",
            got=repr(p.step),
            remedy=f"Use high={fitting!r}, or leave the step out",
        )
    limit = MAX_LOG_CELLS if p.log else MAX_CELLS
    size = _exact(p.high) / _exact(p.step or 1) if p.log else steps + 1
    if size > limit:
        raise SpaceError(
            f"{type(p).__name__}({p.low!r}, {p.high!r}, log={p.log})",
            expected=f"at most 2**{limit.bit_length() - 1} values, each exact on the unit interval",
            got="more",
            remedy="Use a larger step, or a Float without one",
        )


def _store_default(p: Float | Int) -> None:
    if p.default is None:
        return
    try:
        object.__setattr__(p, "default", p.to_label(p.default))
    except InvalidConfigError as error:
        raise SpaceError("`default`", expected=error.expected, got=error.got) from None


def _outside(p: Float | Int, value: object) -> InvalidConfigError:
    kind = "a number" if isinstance(p, Float) else "an integer"
    step = "" if p.step is None else f" in steps of {p.step!r}"
    expected = f"{kind} from {p.low!r} to {p.high!r}{step}"
    return InvalidConfigError(type(p).__name__, expected=expected, got=short_repr(value))


def _numeric_dict(p: Float | Int) -> dict[str, Any]:
    data: dict[str, Any] = {"kind": p.kind, "low": p.low, "high": p.high, **p._common()}
    if p.log:
        data["log"] = True
    if p.step is not None:
        data["step"] = p.step
    return data
