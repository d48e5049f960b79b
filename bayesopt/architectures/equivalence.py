"""Cells that are written differently and compute the same.

A cell is an acyclic graph: a node is the sum of what its edges bring, an edge applies an operation
to an earlier node. Two such texts are one network if only what does nothing differs: edges into
nowhere, nodes that are passed on unchanged, the order of nodes. `cell_key` is the same text for
these and another one for all others, up to this: an operation on a node that receives nothing
counts as nothing, though a bias might make it a constant.

Of each class of equal cells one is enough. `DenseCells.lesser` looks for an equal cell that comes
earlier in a fixed order, among those that differ in one edge, in two, or by two nodes that change
places. The cells without one are those to keep: never none of a class, and rarely two.

Source: the isomorphisms of NAS-Bench-201 (Dong and Yang, ICLR 2020, section 2.2) take operations on
equal inputs for one; here they keep weights of their own.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TypeAlias

ZERO, SKIP = "zero", "skip"
"""Labels of edges that bring nothing, and that bring a node as it is."""

Edge: TypeAlias = tuple[int, int]
Labels: TypeAlias = tuple[str, ...]
Indices: TypeAlias = tuple[int, ...]
Key: TypeAlias = tuple[Hashable, ...]

_INPUT = -1  # the cell's input among the sources of a sum


@dataclass(frozen=True)
class Module:
    """An operation at work: its label, and what its input is the sum of, source by multiplicity."""

    label: str
    sources: Mapping[int, int]


def dense_edges(n_nodes: int) -> list[Edge]:
    """Return the edges from every node to every later one, by target."""
    return [(i, j) for j in range(n_nodes) for i in range(j)]


@lru_cache(maxsize=2**16)
def cell_key(n_nodes: int, edges: tuple[Edge, ...], labels: Labels, output: str = "last") -> Key:
    """Return what is the same for cells that compute the same.

    Parameters
    ----------
    n_nodes : int
        Node 0 is the input.
    edges : tuple of (int, int)
        From an earlier node to a later one, ordered by the later.
    labels : tuple of str
        What each edge does: `ZERO`, `SKIP`, or any text.
    output : {"last", "sum", "concat"}
        What leaves the cell: the last node, or all but the input.

    Notes
    -----
    Exact: the graph of operations is brought to a canonical order by refining colours and, where
    some are left equal, trying each in turn. Exponential only in operations that are hard to tell
    apart.
    """
    return _Graph(*_at_work(n_nodes, edges, labels, output)).canonical()


@dataclass(frozen=True, eq=True)
class DenseCells:
    """All cells with an edge from every node to every later one.

    Attributes
    ----------
    n_nodes : int
    options : tuple of tuple of str
        What each edge may do (see `cell_key`), the edges in the order of `dense_edges`. Cells are
        compared edge by edge, an option that comes first here being the lesser.
    output : {"last", "sum", "concat"}
    """

    n_nodes: int
    options: tuple[Labels, ...]
    output: str = "last"

    def key(self, cell: Indices) -> Key:
        """Return the key of the cell whose edges have these options (see `cell_key`)."""
        return cell_key(self.n_nodes, self.edges, self.labels(cell), self.output)

    def labels(self, cell: Indices) -> Labels:
        """Return what the edges of a cell do."""
        return tuple(names[k] for names, k in zip(self.options, cell, strict=True))

    def lesser(self, cell: Indices) -> Indices | None:
        """Return an equal cell that comes earlier, None if there is none nearby; remembered.

        O(edges² options²) keys.
        """
        return _lesser(self, cell)

    def first(self, cell: Indices) -> Indices:
        """Return the cell that stands for this one."""
        while (lesser := self.lesser(cell)) is not None:
            cell = lesser
        return cell

    @cached_property
    def edges(self) -> tuple[Edge, ...]:
        """The edges, by target."""
        return tuple(dense_edges(self.n_nodes))

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        return hash((self.n_nodes, self.options, self.output))

    def neighbours(self, cell: Indices) -> Iterator[Indices]:
        """Yield earlier cells: one or two other edges, or two nodes in each other's place."""
        for k, chosen in enumerate(cell):
            yield from ((*cell[:k], option, *cell[k + 1 :]) for option in range(chosen))
        for a, b in itertools.combinations(range(1, self.n_nodes - 1), 2):
            swapped = self._swapped(cell, a, b)
            if swapped is not None and swapped < cell:
                yield swapped
        for a, b in itertools.combinations(range(len(cell)), 2):
            for option in range(cell[a]):
                for other in range(len(self.options[b])):
                    if other != cell[b]:
                        changed = list(cell)
                        changed[a], changed[b] = option, other
                        yield tuple(changed)

    def _swapped(self, cell: Indices, a: int, b: int) -> Indices | None:
        """Return the cell with nodes a and b in each other's place; None if an edge goes back."""
        places = {a: b, b: a}
        moved = {
            edge: names.index(ZERO) if ZERO in names else -1
            for edge, names in zip(self.edges, self.options, strict=True)
        }
        for (i, j), option, names in zip(self.edges, cell, self.options, strict=True):
            target = (places.get(i, i), places.get(j, j))
            if target in moved:
                moved[target] = option
            elif names[option] != ZERO:
                return None
        return None if -1 in moved.values() else tuple(moved.values())


@lru_cache(maxsize=2**16)
def _lesser(cells: DenseCells, cell: Indices) -> Indices | None:
    summary = _summary(cells, cell)
    for other in cells.neighbours(cell):
        if _summary(cells, other) == summary and cells.key(other) == cells.key(cell):
            return other
    return None


@lru_cache(maxsize=2**16)
def _summary(cells: DenseCells, cell: Indices) -> Key:
    """Return what equal cells have in common and most others have not; cheaper than their keys."""
    labels = cells.labels(cell)
    modules, outputs = _at_work(cells.n_nodes, cells.edges, labels, cells.output)
    sizes = sorted((m.label, sum(m.sources.values())) for m in modules.values())
    return outputs.get(_INPUT, 0), tuple(sizes)


def _at_work(
    n_nodes: int, edges: Sequence[Edge], labels: Labels, output: str
) -> tuple[dict[int, Module], Counter[int]]:
    """Return the operations that the output depends on, and what it is the sum of."""
    modules, outputs = _modules(n_nodes, edges, labels, output)
    return {m: modules[m] for m in _live(modules, outputs)}, outputs


def _modules(
    n_nodes: int, edges: Sequence[Edge], labels: Labels, output: str
) -> tuple[list[Module], Counter[int]]:
    """Return the operations at work, inputs before users, and what the output is the sum of."""
    modules: list[Module] = []
    sums: list[Counter[int]] = [Counter() for _ in range(n_nodes)]
    sums[0][_INPUT] = 1
    for (i, j), label in zip(edges, labels, strict=True):
        if label == SKIP:
            sums[j] += sums[i]
        elif label != ZERO and sums[i]:
            modules.append(Module(label, dict(sums[i])))
            sums[j][len(modules) - 1] += 1
    if output == "last":
        return modules, sums[-1]
    if output == "sum":
        return modules, sum(sums[1:], Counter())
    # joined, not added: each node is a part of its own
    modules.extend(Module("part", dict(each)) for each in sums[1:])
    parts = range(len(modules) - n_nodes + 1, len(modules))
    return modules, Counter(dict.fromkeys(parts, 1))


def _live(modules: Sequence[Module], outputs: Mapping[int, int]) -> list[int]:
    """Return the modules that the output depends on, ascending."""
    live = {source for source in outputs if source != _INPUT}
    for m in reversed(range(len(modules))):
        if m in live:
            live |= {source for source in modules[m].sources if source != _INPUT}
    return sorted(live)


class _Graph:
    """The modules of a cell as a graph to be brought to a canonical order."""

    def __init__(self, modules: Mapping[int, Module], outputs: Mapping[int, int]) -> None:
        self._modules, self._outputs = modules, outputs
        self._users: dict[int, list[tuple[int, int]]] = {m: [] for m in modules}
        for m, module in modules.items():
            for source, times in module.sources.items():
                if source != _INPUT:
                    self._users[source].append((m, times))

    def canonical(self) -> Key:
        """Return the graph in its canonical order."""
        labels = {m: (module.label, self._outputs.get(m, 0)) for m, module in self._modules.items()}
        return self._first(self._refined(_ranked(labels)))

    def _first(self, colours: dict[int, int]) -> Key:
        """Return the first of all texts that the order of colours leaves open."""
        tied = self._tied(colours)
        if not tied:
            return self._text(colours)
        texts = []
        for m in tied:
            apart = {other: (colour, other != m) for other, colour in colours.items()}
            texts.append(self._first(self._refined(_ranked(apart))))
        return min(texts)

    def _tied(self, colours: Mapping[int, int]) -> list[int]:
        """Return the first modules of equal colour, one of each set of twins; [] if all differ."""
        groups: dict[int, list[int]] = {}
        for m, colour in colours.items():
            groups.setdefault(colour, []).append(m)
        ties = [group for _, group in sorted(groups.items()) if len(group) > 1]
        if not ties:
            return []
        twins = {
            (frozenset(self._modules[m].sources.items()), *sorted(self._users[m])): m
            for m in ties[0]
        }  # exchanging twins changes nothing: one of them does
        return list(twins.values())

    def _refined(self, colours: dict[int, int]) -> dict[int, int]:
        """Return the colours told apart by those of inputs and users, until nothing changes."""
        while True:
            signatures = {m: (colours[m], self._around(m, colours)) for m in self._modules}
            finer = _ranked(signatures)
            if len(set(finer.values())) == len(set(colours.values())):
                return finer
            colours = finer

    def _around(self, m: int, colours: Mapping[int, int]) -> Key:
        sources = sorted((colours.get(s, _INPUT), k) for s, k in self._modules[m].sources.items())
        users = sorted((colours[u], k) for u, k in self._users[m])
        return tuple(sources), tuple(users)

    def _text(self, colours: Mapping[int, int]) -> Key:
        lines = []
        for m in sorted(self._modules, key=colours.__getitem__):
            module = self._modules[m]
            sources = sorted((colours.get(s, _INPUT), k) for s, k in module.sources.items())
            lines.append((module.label, self._outputs.get(m, 0), tuple(sources)))
        return self._outputs.get(_INPUT, 0), tuple(lines)


def _ranked(signatures: Mapping[int, tuple[object, ...]]) -> dict[int, int]:
    """Return the places of signatures in their order."""
    places = {s: i for i, s in enumerate(sorted(set(signatures.values())))}
    return {m: places[s] for m, s in signatures.items()}
