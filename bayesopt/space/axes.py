"""Axes: where a parameter's values lie on the unit interval.

Two kinds. A `ContinuousAxis` maps an interval; its unit coordinates are rounded to a dyadic grid
(at most 2**-48 of the range, coarser where the bounds are so close together that floats cannot
tell neighbours apart), so that ``to_units(from_units(u)) == u`` exactly, on every machine: rows
can be compared bit by bit. A `CellAxis` cuts the interval into cells, one per value.

All functions are vectorised and silent under ``np.seterr(all="raise")``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]
Bools: TypeAlias = NDArray[np.bool_]

MAX_CELLS = 2**51
"""Most values of a linear discrete axis: beyond, doubles cannot address each cell."""

MAX_LOG_CELLS = 2**40
"""Largest ratio high / step of a logarithmic discrete axis, for the same reason."""

_MAX_BITS = 48
_EXACT_POWER = 22  # 10**22 is the largest power of ten that a double holds exactly
_POWERS = np.array([10.0**p for p in range(_EXACT_POWER + 1)])


@dataclass(frozen=True)
class ContinuousAxis:
    """The interval [low, high], on a logarithmic scale if `log`."""

    low: float
    high: float
    log: bool = False
    start: float = field(init=False, repr=False)
    span: float = field(init=False, repr=False)
    cells: float = field(init=False, repr=False)

    def __post_init__(self) -> None:
        start, end = self._warp_scalar(self.low), self._warp_scalar(self.high)
        object.__setattr__(self, "start", start)
        object.__setattr__(self, "span", end - start)
        object.__setattr__(self, "cells", 2.0 ** self._bits())

    @cached_property
    def scale(self) -> float:
        """One half where high - low overflows, else one."""
        return 0.5 if math.isinf(self.high - self.low) else 1.0

    def _warp_scalar(self, x: float) -> float:
        return math.log(x) if self.log else x * self.scale

    def _bits(self) -> int:
        """Return how many bits of a unit coordinate survive a round trip through a double.

        The errors of the warp, its inverse, the subtraction and the division are added up in
        units of 2**-53 of the range, with a factor of two to spare.
        """
        if self.span <= 0:
            return 0
        extreme = max(abs(self.start), abs(self.start + self.span))
        tiny = 5e-324 / (self.low if self.log else self.span)  # subnormals have fewer digits
        if self.log:
            error = 3 + (4 * extreme + 2) / self.span + 2.0**53 * tiny / self.span
        else:
            error = 3 + 3 * (extreme / self.span) + 2.0**53 * tiny
        if not math.isfinite(error):
            return 0
        return max(0, min(_MAX_BITS, math.floor(53 - math.log2(4 * error))))

    @property
    def count(self) -> float:
        """Number of values: 1 or infinity."""
        return math.inf if self.low < self.high else 1

    def snap(self, u: Floats) -> Floats:
        """Return the nearest coordinates of the grid; NaN becomes 0.5. Idempotent."""
        if not self.low < self.high:
            return np.full_like(u, 0.5)
        with np.errstate(all="ignore"):
            return np.asarray(np.rint(_to_unit_interval(u) * self.cells) / self.cells)

    def to_units(self, x: Floats) -> Floats:
        """Return the coordinates of values; those outside the interval are clipped into it."""
        if not self.low < self.high:
            return np.full(np.shape(x), 0.5)
        with np.errstate(all="ignore"):
            clipped = np.clip(x, self.low, self.high)
            warped = np.log(clipped) if self.log else clipped * self.scale
            return self.snap((warped - self.start) / self.span)

    def from_units(self, u: Floats) -> Floats:
        """Return the values at coordinates, written with as few decimals as tell them apart."""
        if not self.low < self.high:
            return np.full(np.shape(u), self.low)
        u = self.snap(u)
        with np.errstate(all="ignore"):
            warped = self.start + u * self.span
            raw = np.exp(warped) if self.log else warped / self.scale
            raw = np.clip(raw, self.low, self.high)
            tidy = self._tidy(raw, u)
        return np.where(u == 0.0, self.low, np.where(u == 1.0, self.high, tidy))

    def _tidy(self, raw: Floats, u: Floats) -> Floats:
        """Return a short decimal from the same grid cell, so that 0.1 comes back as 0.1.

        With `digits` the least count of decimals for which some decimal must lie in the cell,
        any value written with fewer comes back exactly (it is the only one in the cell).
        """
        width = math.log10(self.span) - math.log10(self.cells) - math.log10(self.scale)
        magnitude = np.log10(raw) if self.log else np.zeros_like(raw)
        digits = np.ceil(-(width + magnitude)).astype(np.int64)
        best = raw
        for decimals in (digits, digits - 1):
            candidate = _round_decimals(raw, decimals)
            same = (self.to_units(candidate) == u) & np.isfinite(candidate)
            best = np.where(
                same & (candidate >= self.low) & (candidate <= self.high), candidate, best
            )
        return best


@dataclass(frozen=True)
class CellAxis:
    """`count` values low, low + step, ...; equal cells, or cells of a logarithmic scale.

    On a linear scale value i lies at ``(i + 0.5) / count``. On a logarithmic scale the axis is
    ``log(x)``, padded by half a step at both ends.
    """

    count: int
    low: float = 0.0
    step: float = 1.0
    log: bool = False

    @cached_property
    def _edges(self) -> tuple[float, float]:
        """The two ends of the padded logarithmic axis."""
        below = max(self.low - self.step / 2, self.low * (self.low / (self.low + self.step)))
        top = self.low + (self.count - 1) * self.step
        return math.log(below), math.log(top) + math.log1p(self.step / 2 / top)

    def snap(self, u: Floats) -> Floats:
        """Return the coordinate of the value in whose cell each coordinate lies. Idempotent."""
        return self.to_units(self.index(u))

    def to_units(self, index: Ints) -> Floats:
        """Return the coordinates of the values with these indices."""
        if self.count == 1 or not self.log:
            return np.asarray((index + 0.5) / self.count)
        start, end = self._edges
        with np.errstate(all="ignore"):
            u = (np.log(self.low + index * self.step) - start) / (end - start)
            return np.asarray(np.rint(u * 2.0**_MAX_BITS) / 2.0**_MAX_BITS)

    def index(self, u: Floats) -> Ints:
        """Return the index of the value in whose cell each coordinate lies."""
        u = _to_unit_interval(u)
        with np.errstate(all="ignore"):
            if self.count == 1 or not self.log:
                raw = np.floor(u * self.count)
            else:
                start, end = self._edges
                raw = np.rint((np.exp(start + u * (end - start)) - self.low) / self.step)
        return np.clip(raw, 0, self.count - 1).astype(np.int64)

    def mass(self, index: Ints) -> Floats:
        """Return the widths of the cells with these indices: their probabilities."""
        if self.count == 1 or not self.log:
            return np.full(np.shape(index), 1.0 / self.count)
        start, end = self._edges
        with np.errstate(all="ignore"):
            x = self.low + index * self.step
            upper = np.minimum(np.log(x + self.step / 2), end)
            lower = np.where(index == 0, start, np.log(np.abs(x - self.step / 2)))
        return np.asarray((upper - lower) / (end - start))


Axis: TypeAlias = ContinuousAxis | CellAxis


def _to_unit_interval(u: Floats) -> Floats:
    """Clip to [0, 1]; NaN becomes 0.5."""
    u = np.asarray(u, dtype=np.float64)
    return np.clip(np.where(np.isnan(u), 0.5, u), 0.0, 1.0)


def _round_decimals(x: Floats, decimals: Ints) -> Floats:
    """Round each element to its own number of decimals, to the nearest double of the decimal."""
    small = np.abs(decimals) <= _EXACT_POWER
    power = _POWERS[np.where(small, np.abs(decimals), 0)]
    # both operands of the last operation are exact, so it rounds correctly
    above, below = np.rint(x * power) / power, np.rint(x / power) * power
    rounded: Floats = np.where(decimals >= 0, above, below)
    if small.all():
        return rounded
    slow = [_round_text(a, int(p)) for a, p in zip(x[~small], decimals[~small], strict=True)]
    rounded[~small] = slow
    return rounded


def _round_text(x: float, decimals: int) -> float:
    """Round through text: for decimals beyond the exact powers of ten."""
    digits = math.floor(math.log10(abs(x))) + decimals if x else 0
    return float(f"{x:.{min(max(digits, 0), 17)}e}")
