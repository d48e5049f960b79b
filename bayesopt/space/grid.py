"""Grids over a space: every combination of chosen values that is a distinct configuration."""

from __future__ import annotations

import operator
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeAlias

import numpy as np

from bayesopt.errors import InvalidConfigError, SpaceError, short_repr
from bayesopt.space.axes import CellAxis, Floats, Ints
from bayesopt.space.branches import Product, enumerate_configurations, rows_at
from bayesopt.space.categorical import Categorical
from bayesopt.space.encoding import Layout
from bayesopt.space.parameters import Parameter

_MOST_VALUES = 2**24  # of one parameter: 128 MB

Resolution: TypeAlias = int | Mapping[str, int | Sequence[object]] | None
"""How many values per parameter, or which ones; see `Space.grid`."""


@dataclass(frozen=True, eq=False)
class Grid:
    """The cells of a grid, numbered 0 to ``n_cells - 1`` in a fixed order.

    Inactive parameters are not multiplied out: each cell is a distinct configuration.
    Constraints are not applied here; pass the rows to `Space.feasible`.

    Attributes
    ----------
    axes : tuple of f64[k]
        The coordinates taken in each column.
    n_cells : int
        How many cells there are; may exceed 2**64.
    """

    axes: tuple[Floats, ...]
    tree: Product = field(repr=False)

    @cached_property
    def n_cells(self) -> int:
        """Number of cells."""
        return int(self.tree.count)

    def __len__(self) -> int:
        return self.n_cells

    def rows(self, index: Sequence[int] | Ints) -> Floats:
        """Return cells by number as snapped rows f64[k,d]; O(k d).

        Raises
        ------
        IndexError
            If a number is not in ``range(min(n_cells, 2**62))``.
        """
        numbers = np.asarray(index, dtype=np.int64)
        if numbers.size and not (numbers.min() >= 0 and numbers.max() < min(self.n_cells, 2**62)):
            raise IndexError(f"cell number outside range({self.n_cells})")
        return rows_at(self.tree, len(self.axes), numbers)

    def blocks(self, size: int = 4096) -> Iterator[Floats]:
        """Yield all cells in order, at most `size` rows at a time."""
        for start in range(0, min(self.n_cells, 2**62), size):
            yield self.rows(np.arange(start, min(start + size, self.n_cells), dtype=np.int64))


def build_grid(layout: Layout, resolution: Resolution) -> Grid:
    """Return the grid of a layout (see `Space.grid`)."""
    if isinstance(resolution, Mapping):
        _check_names(layout, resolution)
    axes = tuple(_axis_units(name, layout.parameters[name], resolution) for name in layout.columns)
    return Grid(axes, enumerate_configurations(layout, axes))


def _check_names(layout: Layout, resolution: Mapping[str, object]) -> None:
    unknown = [name for name in resolution if name not in layout.columns]
    if unknown:
        raise SpaceError(
            "resolution of a grid",
            expected="names of parameters with something to choose",
            got=", ".join(map(short_repr, unknown[:5])),
        )


def _axis_units(name: str, p: Parameter, resolution: Resolution) -> Floats:
    wanted = resolution.get(name) if isinstance(resolution, Mapping) else resolution
    if wanted is None:
        return _all_units(name, p)
    if isinstance(wanted, Sequence | np.ndarray) and not isinstance(wanted, str):
        return _given_units(name, p, wanted)
    if isinstance(p, Categorical) and not isinstance(resolution, Mapping):
        return _all_units(name, p)  # one number for all is about numbers, not choices
    return _even_units(name, p, _count(name, wanted))


def _all_units(name: str, p: Parameter) -> Floats:
    if p.n_values > _MOST_VALUES:
        raise SpaceError(
            f"grid over {name!r}",
            expected="a resolution",
            got=f"a parameter with {p.n_values} values",
            remedy=f"Say how many, e.g. {{{name!r}: 10}}, or list the values",
        )
    if isinstance(p.axis, CellAxis):
        return p.axis.to_units(np.arange(p.axis.count, dtype=np.int64))
    return np.array([0.5])


def _even_units(name: str, p: Parameter, k: int) -> Floats:
    """Return `k` coordinates spread evenly, ends included, or all if there are fewer."""
    if min(k, p.n_values) > _MOST_VALUES:
        raise SpaceError(
            f"grid over {name!r}",
            expected=f"at most {_MOST_VALUES} values of a parameter",
            got=f"a resolution of {k}",
            remedy="Take a lower resolution, or a sampler that needs no list of all values",
        )
    spread = np.linspace(0.0, 1.0, k) if k > 1 else np.array([0.5])
    axis = p.axis
    if isinstance(axis, CellAxis) and axis.count <= k:
        return axis.to_units(np.arange(axis.count, dtype=np.int64))
    return np.array([]) if axis is None else np.unique(axis.snap(spread))


def _given_units(name: str, p: Parameter, values: Sequence[object] | Floats) -> Floats:
    try:
        units = [p.to_unit(value) for value in values]
    except InvalidConfigError as error:
        raise SpaceError(
            f"grid over {name!r}", expected=error.expected, got=error.got, remedy=error.remedy
        ) from None
    if not units:
        raise SpaceError(f"grid over {name!r}", expected="at least one value", got="none")
    return np.array(list(dict.fromkeys(units)))


def _count(name: str, wanted: object) -> int:
    try:
        count = operator.index(wanted)  # type: ignore[arg-type]
    except TypeError:
        count = 0
    if count < 1 or isinstance(wanted, bool):
        raise SpaceError(
            f"grid over {name!r}", expected="a positive number of values", got=short_repr(wanted)
        )
    return count
