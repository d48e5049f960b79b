"""Distinct configurations as a sum-product tree: counted exactly, enumerated by number.

Conditions decide which parameters exist. Independent groups of parameters multiply; the values of
a parent, put into classes that activate the same children, add up. Equal subtrees are built once,
so that trees of conditions cost about as many nodes as there are parameters.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeAlias

import numpy as np

from bayesopt.errors import SpaceError
from bayesopt.space.axes import Floats, Ints
from bayesopt.space.encoding import INACTIVE, Layout

MAX_WORK = 100_000
"""Most entries in all subtrees together; spaces with more entangled conditions are not counted."""

_MAX_INDEX = 2**62

Count: TypeAlias = int | float
Open: TypeAlias = dict[str, tuple[str, ...]]
"""Undecided parameters, each with the undecided parents its condition still names."""


class TooEntangledError(Exception):
    """The conditions need subtrees with more than `MAX_WORK` entries."""


@dataclass(frozen=True)
class Leaf:
    """A parameter without undecided children: any of its values."""

    column: int | None
    n_values: Count
    units: Floats | None = None

    @property
    def count(self) -> Count:
        """Number of values."""
        return self.n_values

    def fill(self, rows: Floats, where: Ints, index: Ints) -> None:
        """Write values number `index` into rows `where`."""
        if self.column is not None and self.units is not None:
            rows[where, self.column] = self.units[index]


@dataclass(frozen=True)
class Product:
    """Independent parts: every combination. The last part varies fastest."""

    parts: tuple[Node, ...]

    @cached_property
    def count(self) -> Count:
        """Product of the parts' counts."""
        counts = [part.count for part in self.parts]
        # not inf * n: a huge int does not convert to a float
        return math.inf if math.inf in counts else math.prod(counts)

    def fill(self, rows: Floats, where: Ints, index: Ints) -> None:
        """Write combinations number `index` into rows `where`."""
        for part in reversed(self.parts):
            size = min(part.count, _MAX_INDEX)
            part.fill(rows, where, index % int(size))
            index = index // int(size)


@dataclass(frozen=True)
class Branch:
    """A parent: for each class of its values, a leaf and what then follows."""

    cases: tuple[Product, ...]

    @cached_property
    def count(self) -> Count:
        """Sum over the cases."""
        counts = [case.count for case in self.cases]
        return math.inf if math.inf in counts else sum(counts)

    def fill(self, rows: Floats, where: Ints, index: Ints) -> None:
        """Write combinations number `index` into rows `where`."""
        start = 0
        for case in self.cases:
            if start >= _MAX_INDEX:
                return
            end = min(start + int(case.count), _MAX_INDEX)
            mine = (index >= start) & (index < end)
            if mine.any():
                case.fill(rows, where[mine], index[mine] - start)
            start = end


Node: TypeAlias = Leaf | Product | Branch


@dataclass
class _Builder:
    """Builds the tree; `units` are the values to enumerate, None to count only."""

    layout: Layout
    units: Sequence[Floats] | None
    built: dict[frozenset[tuple[str, tuple[str, ...]]], Product] = field(default_factory=dict)
    work: int = 0

    def root(self) -> Product:
        parents = {name: tuple(p.condition or ()) for name, p in self.layout.parameters.items()}
        return self.product(parents)

    def product(self, still_open: Open) -> Product:
        key = frozenset(still_open.items())
        if key not in self.built:
            self.work += len(still_open)
            if self.work > MAX_WORK:
                raise TooEntangledError
            groups = _independent_groups(still_open)
            self.built[key] = Product(tuple(self.group(group) for group in groups))
        return self.built[key]

    def group(self, group: Open) -> Node:
        root = next(name for name, parents in group.items() if not parents)
        column = self.layout.columns.get(root)
        if len(group) == 1:
            return Leaf(column, *self.values(root))
        children = [name for name, parents in group.items() if root in parents]
        cases = []
        for leaf, active in self.classes(root, children):
            rest = _decide(group, root, {c for c, on in zip(children, active, strict=True) if on})
            cases.append(Product((leaf, self.product(rest))))
        return Branch(tuple(cases))

    def values(self, name: str) -> tuple[Count, Floats | None]:
        """Return how many values a parameter has here, and their coordinates."""
        column = self.layout.columns.get(name)
        if column is None or self.units is None:
            return self.layout.parameters[name].n_values, None
        return len(self.units[column]), self.units[column]

    def classes(self, root: str, children: list[str]) -> list[tuple[Leaf, tuple[bool, ...]]]:
        """Return the values of `root` by which of `children` they activate."""
        column = self.layout.columns.get(root)
        allowed = [self.needs[child, root] for child in children]
        if column is None:
            return [(Leaf(None, 1), (True,) * len(children))]
        if self.units is None:
            return self.counted_classes(root, allowed)
        axis = self.layout.axes[column]
        index = axis.index(self.units[column])  # type: ignore[union-attr]
        members: dict[tuple[bool, ...], list[float]] = {}
        for i, unit in zip(index.tolist(), self.units[column].tolist(), strict=True):
            members.setdefault(tuple(i in a for a in allowed), []).append(unit)
        return [(Leaf(column, len(u), np.array(u)), key) for key, u in members.items()]

    def counted_classes(
        self, root: str, allowed: list[frozenset[int]]
    ) -> list[tuple[Leaf, tuple[bool, ...]]]:
        """Count classes without listing values: a parent may have billions."""
        sizes: dict[tuple[bool, ...], Count] = {}
        mentioned = frozenset[int]().union(*allowed)
        for i in mentioned:
            key = tuple(i in a for a in allowed)
            sizes[key] = sizes.get(key, 0) + 1
        others = self.layout.parameters[root].n_values - len(mentioned)
        if others:
            sizes[(False,) * len(allowed)] = others
        return [(Leaf(None, size), key) for key, size in sizes.items()]

    @cached_property
    def needs(self) -> dict[tuple[str, str], frozenset[int]]:
        """By (child, parent), the indices of the parent's values under which the child exists."""
        rules = self.layout.activity.rules
        return {(r.name, n.parent): frozenset(n.allowed) for r in rules for n in r.needs}


def count_configurations(layout: Layout) -> Count:
    """Return the exact number of distinct configurations, or ``math.inf``.

    Infinity also stands for conditions too entangled to count (see `MAX_WORK`).
    """
    try:
        return _Builder(layout, None).root().count
    except (TooEntangledError, RecursionError):
        return math.inf


def enumerate_configurations(layout: Layout, units: Sequence[Floats]) -> Product:
    """Return the tree of all configurations whose columns take the given coordinates.

    Raises
    ------
    SpaceError
        If the conditions are too entangled.
    """
    try:
        return _Builder(layout, units).root()
    except (TooEntangledError, RecursionError):
        raise SpaceError(
            "grid",
            expected="conditions with a manageable number of different branches",
            got="more",
            remedy="Use another sampler, or fewer parents per parameter",
        ) from None


def rows_at(tree: Product, d: int, index: Ints) -> Floats:
    """Return configurations by number, f64[k,d], inactive columns at `INACTIVE`."""
    rows = np.full((len(index), d), INACTIVE)
    tree.fill(rows, np.arange(len(index)), np.asarray(index, dtype=np.int64))
    return rows


def _independent_groups(still_open: Open) -> list[Open]:
    """Split into groups without conditions between them, in order of definition."""
    leader = {name: name for name in still_open}

    def find(name: str) -> str:
        while leader[name] != name:
            leader[name] = name = leader[leader[name]]
        return name

    for name, parents in still_open.items():
        for parent in parents:
            leader[find(name)] = find(parent)
    groups: dict[str, Open] = {}
    for name, parents in still_open.items():
        groups.setdefault(find(name), {})[name] = parents
    return list(groups.values())


def _decide(group: Open, root: str, active: set[str]) -> Open:
    """Return what is open once `root` has a value: satisfied keys go, inactive children too."""
    gone = {name for name, parents in group.items() if root in parents and name not in active}
    while True:
        orphans = {n for n, parents in group.items() if n not in gone and gone & set(parents)}
        if not orphans:
            break
        gone |= orphans
    return {
        name: tuple(parent for parent in parents if parent != root)
        for name, parents in group.items()
        if name != root and name not in gone
    }
