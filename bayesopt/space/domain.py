"""The columns of a space as plain arrays: what compiled kernels and surrogates see of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bayesopt.space.activity import Requirement, Rule
from bayesopt.space.axes import Axis, Bools, CellAxis, Floats, Ints
from bayesopt.space.encoding import Layout
from bayesopt.space.parameters import Parameter

CONTINUOUS, ORDERED, NOMINAL = 0, 1, 2
"""Kinds of columns: an interval, cells in an order (integers, steps, ordinals), mere choices."""


class DomainArrays(NamedTuple):
    """What a kernel needs to snap rows and to tell which of their columns exist.

    Column j exists in a row if for each need k in ``need_ptr[j]:need_ptr[j+1]`` column
    ``need_column[k]`` exists and the index of its cell is in
    ``allowed[allowed_ptr[k]:allowed_ptr[k+1]]``.
    """

    kind: NDArray[np.int8]  # [d] CONTINUOUS, ORDERED, NOMINAL
    n_cells: Ints  # [d] number of cells; 0 of a continuous column; 1 of one that does not vary
    low: Floats  # [d] value of the first cell
    step: Floats  # [d] between cells
    log: Bools  # [d] whether cells lie on a logarithmic scale
    start: Floats  # [d] where the padded logarithmic scale begins
    end: Floats  # [d] and where it ends
    grain: Floats  # [d] how many steps a continuous coordinate is rounded to
    order: Ints  # [d] columns, parents before children
    need_ptr: Ints  # [d + 1]
    need_column: Ints  # [needs]
    allowed_ptr: Ints  # [needs + 1]
    allowed: Ints  # indices of cells


@dataclass(frozen=True, eq=False)
class Domain:
    """The columns of a space, described by arrays.

    Attributes
    ----------
    arrays : DomainArrays
        For kernels.
    conditional : bool[d]
        Whether a column exists in some rows only.
    axes : tuple of Axis, [d]
        Where values lie on each column.
    """

    arrays: DomainArrays
    conditional: Bools
    axes: tuple[Axis, ...]

    @property
    def d(self) -> int:
        """Number of columns."""
        return int(self.arrays.kind.size)

    @property
    def kind(self) -> NDArray[np.int8]:
        """CONTINUOUS, ORDERED or NOMINAL, [d]."""
        return self.arrays.kind

    @property
    def n_cells(self) -> Ints:
        """Number of cells, [d]; 0 of a continuous column, 1 of one that does not vary."""
        return self.arrays.n_cells

    @property
    def varies(self) -> Bools:
        """Whether a column has more than one value, [d]."""
        return np.asarray(self.arrays.n_cells != 1)

    @cached_property
    def is_constant(self) -> bool:
        """Whether no column has more than one value."""
        return not self.varies.any()

    @cached_property
    def is_smooth(self) -> bool:
        """Whether all columns that vary are continuous; they need not always exist."""
        return not self.arrays.n_cells[self.varies].any()

    def cell_units(self, column: int) -> Floats:
        """Return the coordinates of the cells of a column, ascending; none of a continuous one."""
        axis = self.axes[column]
        if not isinstance(axis, CellAxis):
            return np.empty(0)
        return axis.to_units(np.arange(axis.count, dtype=np.int64))

    @property
    def is_numeric(self) -> bool:
        """Whether every column is a continuous one that always exists."""
        return bool((self.arrays.kind == CONTINUOUS).all()) and not self.conditional.any()


def build_domain(layout: Layout) -> Domain:
    """Describe the columns of a layout."""
    names = list(layout.columns)
    axes = layout.axes
    cells = [axis if isinstance(axis, CellAxis) else None for axis in axes]
    scaled = [None if cell is None or cell.is_linear else cell for cell in cells]
    edges = [(0.0, 1.0) if cell is None else cell.edges for cell in scaled]
    needs = _needs_by_column(layout)
    pairs = [need for column in needs for need in column]
    arrays = DomainArrays(
        kind=np.array(
            [_kind(layout.parameters[n], a) for n, a in zip(names, axes, strict=True)], np.int8
        ),
        n_cells=np.array([_n_cells(axis) for axis in axes], dtype=np.int64),
        low=np.array([0.0 if cell is None else cell.low for cell in cells]),
        step=np.array([1.0 if cell is None else cell.step for cell in cells]),
        log=np.array([cell is not None for cell in scaled], dtype=np.bool_),
        start=np.array([start for start, _ in edges]),
        end=np.array([end for _, end in edges]),
        grain=np.array([1.0 if isinstance(axis, CellAxis) else axis.cells for axis in axes]),
        order=_order(layout),
        need_ptr=_offsets([len(column) for column in needs]),
        need_column=np.array([column for column, _ in pairs], dtype=np.int64),
        allowed_ptr=_offsets([len(allowed) for _, allowed in pairs]),
        allowed=np.array([i for _, allowed in pairs for i in allowed], dtype=np.int64),
    )
    conditional = np.array([bool(column) for column in needs], dtype=np.bool_)
    return Domain(arrays, conditional, axes)


def side_by_side(left: Domain, right: Domain) -> Domain:
    """Return the columns of two domains in a row; neither depends on the other."""
    a, b = left.arrays, right.arrays
    joined = {name: np.concatenate([getattr(a, name), getattr(b, name)]) for name in a._fields}
    joined["order"] = np.concatenate([a.order, b.order + left.d])
    joined["need_ptr"] = np.concatenate([a.need_ptr, b.need_ptr[1:] + a.need_ptr[-1]])
    joined["need_column"] = np.concatenate([a.need_column, b.need_column + left.d])
    joined["allowed_ptr"] = np.concatenate([a.allowed_ptr, b.allowed_ptr[1:] + a.allowed_ptr[-1]])
    conditional = np.concatenate([left.conditional, right.conditional])
    return Domain(DomainArrays(**joined), conditional, (*left.axes, *right.axes))


def _kind(parameter: Parameter, axis: Axis) -> int:
    if not isinstance(axis, CellAxis):
        return CONTINUOUS
    return ORDERED if parameter.is_ordered else NOMINAL


def _n_cells(axis: Axis) -> int:
    return 0 if axis.count == np.inf else int(axis.count)


def _offsets(lengths: Sequence[int]) -> Ints:
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)


def _order(layout: Layout) -> Ints:
    """Return the columns, unconditional ones first and parents before children."""
    later = [rule.column for rule in layout.activity.rules if rule.column is not None]
    first = [j for j in layout.columns.values() if j not in set(later)]
    return np.array(first + later, dtype=np.int64)


def _needs_by_column(layout: Layout) -> list[list[tuple[int, tuple[int, ...]]]]:
    """Return (parent column, allowed cells) of each column; constants hand on their own needs."""
    rules = {rule.name: rule for rule in layout.activity.rules}
    return [_resolved(rules[name], rules) if name in rules else [] for name in layout.columns]


def _resolved(rule: Rule, rules: Mapping[str, Rule]) -> list[tuple[int, tuple[int, ...]]]:
    found: list[tuple[int, tuple[int, ...]]] = []
    for need in rule.needs:
        found += _of_requirement(need, rules)
    return found


def _of_requirement(
    need: Requirement, rules: Mapping[str, Rule]
) -> list[tuple[int, tuple[int, ...]]]:
    if need.column is not None:
        return [(need.column, need.allowed)]
    return _resolved(rules[need.parent], rules) if need.parent in rules else []
