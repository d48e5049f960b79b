"""One row at a time, without the price that array operations have on so little.

It computes what `Layout` computes for many rows, to the last bit: a row is read once, and gives its
labels, its snapped coordinates and its activity.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from bayesopt.space.activity import Activity
from bayesopt.space.axes import Bools, CellAxis, ContinuousAxis, Floats, round_decimal
from bayesopt.space.labels import Label, LabelKey, is_native, label_key
from bayesopt.space.numeric import Float, Int
from bayesopt.space.parameters import Parameter
from bayesopt.space.stacks import Stack

_NOTHING: Any = object()
_MOST_LISTED = 4096  # values of a parameter whose labels and coordinates are kept in a list


class Reading(NamedTuple):
    """What a row of the cube stands for."""

    labels: dict[str, Label]
    row: Floats
    """The nearest representable row f64[d], inactive columns at `INACTIVE`."""
    active: Bools
    """Which columns exist, bool[d]."""


@dataclass(frozen=True, eq=False)
class Cells:
    """The values of a discrete parameter, one by one."""

    parameter: Parameter
    axis: CellAxis

    def find(self, unit: float) -> int | None:
        """Return what ``axis.index`` returns, or None where that takes array operations."""
        if self.axis.is_linear:
            count = self.axis.count
            inside = 0.5 if math.isnan(unit) else min(max(unit, 0.0), 1.0)
            return min(math.floor(inside * count), count - 1)
        return self._known.get(unit)

    def unit(self, index: int) -> float:
        """Return what ``axis.to_units`` returns."""
        if self.axis.is_linear:
            return (index + 0.5) / self.axis.count
        if self._units:
            return self._units[index]
        return float(self.axis.to_units(np.array([index]))[0])

    def label(self, index: int) -> Label:
        """Return the label of value `index`."""
        return self._labels[index] if self._labels else self._labels_at([index])[0]

    def find_label(self, label: Label) -> int | None:
        """Return the index of a label, or None if finding out takes more than a look."""
        p = self.parameter
        if not isinstance(p, Int):
            return self._by_label.get(label_key(label)) if is_native(label) else None
        if type(label) is not int or not p.low <= label <= p.high:
            return None
        index, off = divmod(label - p.low, p.step or 1)
        return None if off else index

    @cached_property
    def _by_label(self) -> dict[LabelKey, int]:
        return {label_key(label): index for index, label in enumerate(self._labels)}

    def _labels_at(self, index: Sequence[int]) -> list[Label]:
        return self.parameter.labels_at(np.array(index, dtype=np.float64))

    @cached_property
    def _labels(self) -> list[Label]:
        count = self.axis.count
        return self._labels_at(range(count)) if count <= _MOST_LISTED else []

    @cached_property
    def _units(self) -> list[float]:
        count = self.axis.count
        units: list[float] = []
        if count <= _MOST_LISTED:
            units = self.axis.to_units(np.arange(count)).tolist()
        return units

    @cached_property
    def _known(self) -> dict[float, int]:
        return {unit: index for index, unit in enumerate(self._units)}


@dataclass(frozen=True, eq=False)
class Interval:
    """The values of a continuous parameter, one by one.

    Logarithms and exponentials are NumPy's, which other libraries' may differ from in the last bit.
    """

    axis: ContinuousAxis

    def snap(self, unit: float) -> float:
        """Return what ``axis.snap`` returns."""
        if not self._varies:
            return 0.5
        inside = unit if 0.0 <= unit <= 1.0 else 0.5 if math.isnan(unit) else float(unit > 0.0)
        return round(inside * self.axis.cells) / self.axis.cells

    def unit(self, x: float) -> float:
        """Return what ``axis.to_units`` returns."""
        axis = self.axis
        warped = float(np.log(x)) if axis.log else x * axis.scale
        return self.snap((warped - axis.start) / (axis.span or 1.0))

    def value(self, unit: float) -> float:
        """Return what ``axis.from_units`` returns of a snapped coordinate."""
        axis = self.axis
        if unit in (0.0, 1.0) or not self._varies:
            return axis.high if unit == 1.0 else axis.low
        warped = axis.start + unit * axis.span
        raw = float(np.exp(warped)) if axis.log else warped / axis.scale
        raw = min(max(raw, axis.low), axis.high)
        return self._tidy(raw, unit)

    def _tidy(self, raw: float, unit: float) -> float:
        """Return the shortest decimal from the same grid cell (see ``ContinuousAxis``)."""
        width = self._width + float(np.log10(raw)) if self.axis.log else self._width
        decimals = -math.floor(width)
        for digits in (decimals - 1, decimals):
            short = round_decimal(raw, digits)
            if self.unit(short) == unit:
                return short
        return raw

    @cached_property
    def _varies(self) -> bool:
        return self.axis.low < self.axis.high

    @cached_property
    def _width(self) -> float:
        return float(self.axis.width)


@dataclass(frozen=True, eq=False)
class SingleRow:
    """Reads single rows of a space.

    Parameters
    ----------
    parameters : mapping of str to Parameter
    columns : mapping of str to int
    stacks : sequence of Stack
        All axes, grouped by kind.
    activity : Activity
    inactive : float
        The coordinate of what does not exist.
    """

    parameters: Mapping[str, Parameter]
    columns: Mapping[str, int]
    stacks: Sequence[Stack]
    activity: Activity
    inactive: float

    @cached_property
    def _cells(self) -> tuple[tuple[int, Cells], ...]:
        named = ((j, self.parameters[name]) for name, j in self.columns.items())
        return tuple((j, Cells(p, p.axis)) for j, p in named if isinstance(p.axis, CellAxis))

    @cached_property
    def _uneven(self) -> tuple[tuple[Stack, CellAxis], ...]:
        """The columns whose cells are not equally wide: their index takes a logarithm."""
        stacked = ((each, each.axis) for each in self.stacks)
        return tuple((s, a) for s, a in stacked if isinstance(a, CellAxis) and not a.is_linear)

    @cached_property
    def _intervals(self) -> tuple[tuple[int, Interval], ...]:
        axes = ((j, self.parameters[name].axis) for name, j in self.columns.items())
        return tuple((j, Interval(axis)) for j, axis in axes if isinstance(axis, ContinuousAxis))

    def active(self, u: Floats) -> Bools:
        """Return which columns exist in a row f64[d], bool[d]."""
        index = self._index(u)
        return self._mask(self.activity.absent(index))

    def snap(self, u: Floats) -> Floats:
        """Return the nearest representable row f64[d], inactive columns at `INACTIVE`."""
        index, row = self._index(u), u.tolist()
        for j, interval in self._intervals:
            row[j] = interval.snap(row[j])
        for j, cells in self._cells:
            row[j] = cells.unit(index[j])
        return self._without(self.activity.absent(index), row)

    def read(self, u: Floats) -> Reading:
        """Return what a row f64[d] stands for."""
        index, row = self._index(u), u.tolist()
        found: list[Label] = [None] * len(row)
        with np.errstate(all="ignore"):
            for j, interval in self._intervals:
                row[j] = unit = interval.snap(row[j])
                found[j] = interval.value(unit)
        for j, cells in self._cells:
            row[j] = cells.unit(index[j])
            found[j] = cells.label(index[j])
        absent = self.activity.absent(index)
        labels = {
            name: self._constants[name] if j is None else found[j]
            for name, j in self._places
            if name not in absent
        }
        return Reading(labels, self._without(absent, row), self._mask(absent))

    def decode(self, u: Floats) -> dict[str, Any]:
        """Return the configuration that a row f64[d] stands for."""
        return {
            name: self.parameters[name].from_label(label) if name in self._objects else label
            for name, label in self.read(u).labels.items()
        }

    @cached_property
    def _objects(self) -> set[str]:
        """The parameters whose values may be other things than their labels."""
        return {name for name, p in self.parameters.items() if not isinstance(p, Float | Int)}

    def encode(self, labels: Mapping[str, Label]) -> tuple[Floats, Bools] | None:
        """Return row f64[d] and activity bool[d] of labels that are exactly a configuration.

        None if they are not, or if only array operations can tell.
        """
        index: dict[int, int | None] = {}
        values: dict[int, float] = {}
        for name, label in labels.items():
            j = self.columns.get(name, -1)
            if j in self._cell:
                index[j] = self._cell[j].find_label(label)
            elif j in self._interval and type(label) is float and math.isfinite(label):
                values[j] = label
            elif not self._is_constant(name, label):
                return None
        absent = self.activity.absent(index)  # type: ignore[arg-type]
        whole = len(labels) + len(absent) == len(self.parameters)
        if not whole or None in index.values() or not absent.isdisjoint(labels):
            return None
        return self._encoded(index, values, absent)  # type: ignore[arg-type]

    def _encoded(
        self, index: Mapping[int, int], values: Mapping[int, float], absent: set[str]
    ) -> tuple[Floats, Bools] | None:
        row = [self.inactive] * len(self.columns)
        for j, i in index.items():
            row[j] = self._cell[j].unit(i)
        with np.errstate(all="ignore"):
            for j, x in values.items():
                interval = self._interval[j]
                if not interval.axis.low <= x <= interval.axis.high:
                    return None
                row[j] = interval.unit(x)
        return self._without(absent, row), self._mask(absent)

    def _is_constant(self, name: str, label: Label) -> bool:
        """Tell whether a label is that of a constant."""
        known = self._constants.get(name, _NOTHING)
        return type(known) is type(label) and known == label

    @cached_property
    def _cell(self) -> dict[int, Cells]:
        return dict(self._cells)

    @cached_property
    def _interval(self) -> dict[int, Interval]:
        return dict(self._intervals)

    def _index(self, u: Floats) -> dict[int, int]:
        """Return by column the indices of discrete values."""
        units: list[float] = u.tolist()
        index = {j: cells.find(units[j]) for j, cells in self._cells}
        if None in index.values():
            for each, axis in self._uneven:
                found = axis.index(u[each.columns])
                index.update(zip(each.listed, found.tolist(), strict=True))
        return index  # type: ignore[return-value]

    @cached_property
    def _places(self) -> tuple[tuple[str, int | None], ...]:
        return tuple((name, self.columns.get(name)) for name in self.parameters)

    @cached_property
    def _constants(self) -> dict[str, Label]:
        blank = np.array([math.nan])
        constant = (name for name in self.parameters if name not in self.columns)
        return {name: self.parameters[name].labels_at(blank)[0] for name in constant}

    def _without(self, absent: set[str], row: list[float]) -> Floats:
        for name in absent:
            if name in self.columns:
                row[self.columns[name]] = self.inactive
        return np.array(row, dtype=np.float64)

    def _mask(self, absent: set[str]) -> Bools:
        active = [True] * len(self.columns)
        for name in absent:
            if name in self.columns:
                active[self.columns[name]] = False
        return np.array(active, dtype=np.bool_)
