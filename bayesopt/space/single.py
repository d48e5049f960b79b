"""One row at a time, without the price that array operations have on so little.

It computes what `Layout` computes for many rows, to the last bit: a row is read once, and gives its
labels, its snapped coordinates and its activity.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from bayesopt.space.activity import Activity
from bayesopt.space.axes import Bools, CellAxis, ContinuousAxis, Floats
from bayesopt.space.labels import Label
from bayesopt.space.parameters import Parameter
from bayesopt.space.stacks import Stack

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
    def _uneven(self) -> tuple[Stack, ...]:
        """The columns whose cells are not equally wide: their index takes a logarithm."""
        return tuple(
            s for s in self.stacks if isinstance(s.axis, CellAxis) and not s.axis.is_linear
        )

    @cached_property
    def _continuous(self) -> tuple[Stack, ...]:
        return tuple(each for each in self.stacks if isinstance(each.axis, ContinuousAxis))

    def active(self, u: Floats) -> Bools:
        """Return which columns exist in a row f64[d], bool[d]."""
        index = self._index(u)
        return self._mask(self.activity.absent(index))

    def snap(self, u: Floats) -> Floats:
        """Return the nearest representable row f64[d], inactive columns at `INACTIVE`."""
        index = self._index(u)
        row = np.empty(len(u))
        for each in self._continuous:
            row[each.columns] = each.axis.snap(u[each.columns])
        for j, cells in self._cells:
            row[j] = cells.unit(index[j])
        return self._without(self.activity.absent(index), row)

    def read(self, u: Floats) -> Reading:
        """Return what a row f64[d] stands for."""
        index = self._index(u)
        row = np.empty(len(u))
        found: list[Label] = [None] * len(u)
        for each in self._continuous:
            row[each.columns], values = each.axis.read(u[each.columns])  # type: ignore[union-attr]
            for j, value in zip(each.listed, values.tolist(), strict=True):
                found[j] = value
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

    def _index(self, u: Floats) -> dict[int, int]:
        """Return by column the indices of discrete values."""
        units: list[float] = u.tolist()
        index = {j: cells.find(units[j]) for j, cells in self._cells}
        if None in index.values():
            for each in self._uneven:
                found = each.axis.index(u[each.columns])  # type: ignore[union-attr]
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

    def _without(self, absent: set[str], row: Floats) -> Floats:
        for name in absent:
            if name in self.columns:
                row[self.columns[name]] = self.inactive
        return row

    def _mask(self, absent: set[str]) -> Bools:
        active = np.ones(len(self.columns), dtype=np.bool_)
        for name in absent:
            if name in self.columns:
                active[self.columns[name]] = False
        return active
