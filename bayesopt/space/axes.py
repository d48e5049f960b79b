"""Axes: where a parameter's values lie on the unit interval.

Two kinds. A `ContinuousAxis` maps an interval; its unit coordinates are rounded to a dyadic grid
(at most 2**-48 of the range, coarser where the bounds are so close together that floats cannot
tell neighbours apart), so that ``to_units(from_units(u)) == u`` exactly, on every machine: rows
can be compared bit by bit. A `CellAxis` cuts the interval into cells, one per value.

All functions are vectorised and silent under ``np.seterr(all="raise")``. An axis may also stand for
several: `stack` makes one whose attributes are arrays [k], for coordinates [n,k], so that a whole
row costs about as many calls as one number.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeAlias

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
_FEWER = np.array([0, 1])
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
        if not self._varies:
            return np.full_like(u, 0.5)
        with np.errstate(all="ignore"):
            return self._round(to_unit_interval(u))

    def to_units(self, x: Floats) -> Floats:
        """Return the coordinates of values; those outside the interval are clipped into it."""
        if not self._varies:
            return np.full(np.shape(x), 0.5)
        with np.errstate(all="ignore"):
            return self._to_units(np.minimum(np.maximum(x, self.low), self.high))

    def from_units(self, u: Floats) -> Floats:
        """Return the values at coordinates, written with as few decimals as tell them apart."""
        return self.read(u)[1]

    def read(self, u: Floats) -> tuple[Floats, Floats]:
        """Return the nearest coordinates of the grid, and the values there (see `from_units`)."""
        if not self._varies:
            return np.full(np.shape(u), 0.5), np.full(np.shape(u), self.low)
        with np.errstate(all="ignore"):
            u = self._round(to_unit_interval(u))
            raw = self._unwarp(self.start + u * self.span)
            raw = np.minimum(np.maximum(raw, self.low), self.high)
            tidy = self._tidy(raw, u)
        return u, np.where(u == 0.0, self.low, np.where(u == 1.0, self.high, tidy))

    def positions(self, u: Floats) -> Floats:
        """Return the values at coordinates: a continuous axis is addressed by value."""
        return self.from_units(u)

    @cached_property
    def _varies(self) -> bool:
        return bool(np.all(np.asarray(self.low) < self.high))

    @cached_property
    def _scales(self) -> str:
        """Whether no, every or only some of the stacked axes are logarithmic."""
        if np.ndim(self.log) == 0:
            return "log" if self.log else "linear"
        return "log" if np.all(self.log) else "mixed" if np.any(self.log) else "linear"

    @cached_property
    def width(self) -> Floats:
        """Decimal logarithm of the width of a grid cell (of its ratio, if logarithmic)."""
        width = np.log10(self.span) - np.log10(self.cells) - np.log10(self.scale)
        return np.asarray(width)

    def _round(self, u: Floats) -> Floats:
        return np.asarray(np.rint(u * self.cells) / self.cells)

    def _to_units(self, x: Floats) -> Floats:
        return self._round(to_unit_interval((self._warp(x) - self.start) / self.span))

    def _warp(self, x: Floats) -> Floats:
        if self._scales == "linear":
            return x * self.scale
        if self._scales == "log":
            return np.asarray(np.log(x))
        return np.where(self.log, np.log(x), x * self.scale)

    def _unwarp(self, warped: Floats) -> Floats:
        if self._scales == "linear":
            return warped / self.scale
        if self._scales == "log":
            return np.asarray(np.exp(warped))
        return np.where(self.log, np.exp(warped), warped / self.scale)

    def _tidy(self, raw: Floats, u: Floats) -> Floats:
        """Return a short decimal from the same grid cell, so that 0.1 comes back as 0.1.

        With `digits` the least count of decimals for which some decimal must lie in the cell,
        any value written with fewer comes back exactly (it is the only one in the cell).
        """
        width = self.width
        if self._scales != "linear":
            width = width + np.where(self.log, np.log10(raw), 0.0)
        fewer = _FEWER.reshape((2,) + (1,) * raw.ndim)
        first, second = candidates = _round_decimals(raw, -np.floor(width).astype(np.int64) - fewer)
        # those beyond an end have its coordinate, where the end itself is returned
        same = self._round(_clip((self._warp(candidates) - self.start) / self.span)) == u
        return np.where(same[1], second, np.where(same[0], first, raw))


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
    def edges(self) -> tuple[Floats, Floats]:
        """The two ends of the padded logarithmic axis."""
        low, step = np.asarray(self.low), np.asarray(self.step)
        below = np.maximum(low - step / 2, low * (low / (low + step)))
        top = low + (self.count - 1) * step
        return np.log(below), np.log(top) + np.log1p(step / 2 / top)

    @cached_property
    def is_linear(self) -> bool:
        """Whether the cells are equally wide (all of them, if stacked)."""
        return not self.log or bool(np.ndim(self.count) == 0 and self.count == 1)

    def snap(self, u: Floats) -> Floats:
        """Return the coordinate of the value in whose cell each coordinate lies. Idempotent."""
        return self.to_units(self.index(u))

    def to_units(self, index: Ints | Floats) -> Floats:
        """Return the coordinates of the values with these indices; NaN of NaN."""
        if self.is_linear:
            return np.asarray((index + 0.5) / self.count)
        start, end = self.edges
        with np.errstate(all="ignore"):
            u = (np.log(self.low + index * self.step) - start) / (end - start)
            return np.asarray(np.rint(u * 2.0**_MAX_BITS) / 2.0**_MAX_BITS)

    def index(self, u: Floats) -> Ints:
        """Return the index of the value in whose cell each coordinate lies."""
        u = to_unit_interval(u)
        with np.errstate(all="ignore"):
            if self.is_linear:
                raw = np.floor(u * self.count)
            else:
                start, end = self.edges
                raw = np.rint((np.exp(start + u * (end - start)) - self.low) / self.step)
        return np.minimum(np.maximum(raw, 0), self.count - 1).astype(np.int64)

    def positions(self, u: Floats) -> Floats:
        """Return the indices at coordinates as float64: cells are addressed by index."""
        return self.index(u).astype(np.float64)

    def mass(self, index: Ints) -> Floats:
        """Return the widths of the cells with these indices: their probabilities."""
        if self.is_linear:
            return np.full(np.shape(index), 1.0 / self.count)
        start, end = self.edges
        with np.errstate(all="ignore"):
            x = self.low + index * self.step
            upper = np.minimum(np.log(x + self.step / 2), end)
            lower = np.where(index == 0, start, np.log(np.abs(x - self.step / 2)))
        return np.asarray((upper - lower) / (end - start))


Axis: TypeAlias = ContinuousAxis | CellAxis


def stack(axes: Sequence[Axis]) -> Axis:
    """Return one axis that stands for several varying ones of a kind (cells: of one scale)."""
    first = axes[0]
    stacked = object.__new__(type(first))
    names = [f.name for f in dataclasses.fields(first)]
    if isinstance(first, ContinuousAxis):
        names.append("scale")
    for name in names:
        column: Any = np.array([getattr(axis, name) for axis in axes])
        object.__setattr__(stacked, name, column)
    if isinstance(first, CellAxis):
        object.__setattr__(stacked, "log", not first.is_linear)
    return stacked


def to_unit_interval(u: Floats) -> Floats:
    """Clip to [0, 1]; NaN becomes 0.5."""
    u = np.asarray(u, dtype=np.float64)
    return np.where(np.isnan(u), 0.5, _clip(u))


def _clip(u: Floats) -> Floats:
    return np.minimum(np.maximum(u, 0.0), 1.0)


def _round_decimals(x: Floats, decimals: Ints) -> Floats:
    """Round elements to numbers of decimals (which broadcast), to the decimal's nearest double."""
    size = np.abs(decimals)
    power = _POWERS.take(size, mode="clip")
    # both operands of the last operation are exact, so it rounds correctly
    rounded: Floats = np.rint(x * power) / power
    if decimals.min(initial=0) < 0:
        rounded = np.where(decimals >= 0, rounded, np.rint(x / power) * power)
    if size.max(initial=0) > _EXACT_POWER:
        large = np.broadcast_to(size > _EXACT_POWER, rounded.shape)
        x, decimals = np.broadcast_to(x, rounded.shape), np.broadcast_to(decimals, rounded.shape)
        rounded[large] = _round_extremes(x[large], decimals[large])
    return rounded


def round_decimal(x: float, decimals: int) -> float:
    """Round one number as `_round_decimals` does, without the price of arrays."""
    size = abs(decimals)
    if size > _EXACT_POWER:
        return float(_round_decimals(np.array([x]), np.array([decimals]))[0])
    power = 10.0**size
    return round(x * power) / power if decimals >= 0 else round(x / power) * power


def _round_extremes(x: Floats, decimals: Ints) -> Floats:
    """Round where powers of ten are inexact: through text, so only numbers that end in zeros.

    Those are the ones that people write; all but one in a thousand others keep their digits.
    """
    digits = np.rint(x * 10.0 ** np.clip(decimals, -300, 300))
    rounded = x.copy()
    for i in np.flatnonzero(digits % 1000 == 0).tolist():
        rounded[i] = _round_text(float(x[i]), int(decimals[i]))
    return rounded


def _round_text(x: float, decimals: int) -> float:
    """Round to the double nearest to a decimal."""
    digits = math.floor(math.log10(abs(x))) + decimals if x else 0
    return float(f"{x:.{min(max(digits, 0), 17)}e}")
