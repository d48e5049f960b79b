"""All columns of a space at once: a few array operations a row, however many parameters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from bayesopt.space.axes import Axis, CellAxis, Floats, Ints, stack


@dataclass(frozen=True, eq=False)
class Stack:
    """Columns whose axes are of one kind, and the axis that stands for all of them."""

    columns: Ints
    axis: Axis

    @cached_property
    def listed(self) -> list[int]:
        """The columns as a list."""
        listed: list[int] = self.columns.tolist()
        return listed


def stacks_of(axes: Sequence[Axis]) -> list[Stack]:
    """Group the columns of a space by kind of axis."""
    kinds: dict[str, list[int]] = {}
    for j, axis in enumerate(axes):
        if isinstance(axis, CellAxis):
            kinds.setdefault("linear cells" if axis.is_linear else "log cells", []).append(j)
        else:
            kinds.setdefault("continuous" if axis.low < axis.high else "fixed", []).append(j)
    return [
        Stack(np.array(columns), stack([axes[j] for j in columns])) for columns in kinds.values()
    ]


def snap(stacks: Sequence[Stack], u: Floats) -> Floats:
    """Return the nearest representable coordinates f64[n,d]."""
    snapped = np.full(u.shape, 0.5)
    for each in stacks:
        snapped[:, each.columns] = each.axis.snap(u[:, each.columns])
    return snapped


def positions(stacks: Sequence[Stack], u: Floats) -> Floats:
    """Return the positions f64[n,d] (values or indices) at coordinates."""
    found = np.zeros(u.shape)
    for each in stacks:
        found[:, each.columns] = each.axis.positions(u[:, each.columns])
    return found


def to_units(stacks: Sequence[Stack], found: Floats) -> Floats:
    """Return the coordinates f64[n,d] of positions; 0.5 where there is none (NaN)."""
    u = np.full(found.shape, 0.5)
    for each in stacks:
        u[:, each.columns] = each.axis.to_units(found[:, each.columns])
    u[np.isnan(u)] = 0.5
    return u
