"""A space as plain data, for tools in environments where ours does not run.

A value is a number, or the index of a choice. Parameters with a single value are left out, parents
come before their children. This module imports nothing but the standard library; `describe` and
`config_of`, which know `bayesopt.Space`, are in `translate`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeAlias

Condition: TypeAlias = "tuple[tuple[str, tuple[float, ...]], ...]"
"""Pairs of a parent and the values that it may have, AND-ed; () is always true."""

Values: TypeAlias = "dict[str, float]"
"""Numbers and indices by name, those of inactive parameters left out or not."""


@dataclass(frozen=True)
class Number:
    """A number in [low, high]; with a `step`, only low, low + step, ... are values."""

    name: str
    low: float
    high: float
    integer: bool = False
    log: bool = False
    step: float | None = None
    when: Condition = ()

    def nearest(self, x: float) -> float:
        """Return the value nearest to `x`, an int if it is an integer parameter."""
        x = min(max(float(x), self.low), self.high)
        if self.step is not None:
            x = min(self.low + round((x - self.low) / self.step) * self.step, self.high)
        return round(x) if self.integer else x

    @property
    def count(self) -> float:
        """Number of values; infinite without a step."""
        if self.step is None:
            return math.inf
        return round((self.high - self.low) / self.step) + 1

    def to_unit(self, x: float) -> float:
        """Return where `x` lies in [0, 1], on the parameter's scale."""
        low, high, x = self._warp(self.low), self._warp(self.high), self._warp(x)
        return (x - low) / (high - low)

    def from_unit(self, u: float) -> float:
        """Return the value nearest to the coordinate `u`."""
        low, high = self._warp(self.low), self._warp(self.high)
        warped = low + min(max(float(u), 0.0), 1.0) * (high - low)
        return self.nearest(math.exp(warped) if self.log else warped)

    def _warp(self, x: float) -> float:
        return math.log(x) if self.log else float(x)


@dataclass(frozen=True)
class Choice:
    """One of `count` choices, given by index."""

    name: str
    count: int
    ordered: bool = False
    when: Condition = ()


Parameter: TypeAlias = "Number | Choice"
Flat: TypeAlias = "tuple[Parameter, ...]"


def is_active(parameter: Parameter, values: Mapping[str, float]) -> bool:
    """Tell whether a parameter exists beside `values`, which hold active parameters only."""
    return all(name in values and values[name] in allowed for name, allowed in parameter.when)


def active(space: Flat, values: Mapping[str, float]) -> Values:
    """Return `values` without those of inactive parameters."""
    kept: Values = {}
    for parameter in space:
        if is_active(parameter, kept):
            kept[parameter.name] = values[parameter.name]
    return kept


def to_json(space: Flat) -> list[dict[str, Any]]:
    """Return the space as JSON data."""
    return [{"kind": type(parameter).__name__, **asdict(parameter)} for parameter in space]


def from_json(data: Sequence[Mapping[str, Any]]) -> Flat:
    """Return the space that `to_json` wrote."""
    return tuple(_parameter(dict(entry)) for entry in data)


def _parameter(entry: dict[str, Any]) -> Parameter:
    kinds = {"Number": Number, "Choice": Choice}
    when = tuple((parent, tuple(allowed)) for parent, allowed in entry.pop("when"))
    return kinds[entry.pop("kind")](**entry, when=when)
