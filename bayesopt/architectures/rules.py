"""What every configuration of a network's space satisfies: predicates for its `Space`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from bayesopt.architectures.blocks import Stage
from bayesopt.architectures.cells import Cell, edge_name
from bayesopt.architectures.equivalence import SKIP, ZERO, DenseCells, Edge, Indices, dense_edges
from bayesopt.architectures.links import Residual
from bayesopt.architectures.network import Network, within
from bayesopt.architectures.parts import Layer, Params, Part


@dataclass(frozen=True)
class CellChoices:
    """A dense cell of a space: its parameters, and which cells they make.

    Attributes
    ----------
    name : str
        Of the cell; its parameters are ``name.0-1``, ...
    cell : Cell
    """

    name: str
    cell: Cell

    @cached_property
    def cells(self) -> DenseCells:
        """All cells that can be chosen."""
        options = tuple(
            tuple(self._meaning(label, edge) for label in self._labels)
            for edge in dense_edges(self.cell.n_nodes)
        )
        return DenseCells(self.cell.n_nodes, options, self.cell.output)

    def indices(self, params: Params) -> Indices | None:
        """Return the options of a configuration; None if the cell does not exist there."""
        try:
            return tuple(self._labels.index(params[name]) for name in self._names)
        except KeyError:
            return None

    def first(self, params: Params) -> dict[str, Any]:
        """Return the configuration whose cell stands for all that compute the same."""
        found = dict(params)
        here = self.indices(params)
        if here is None:
            return found
        for name, before, after in zip(self._names, here, self.cells.first(here), strict=True):
            if before != after:
                self._put(found, name, self._labels[after])
        return found

    def _put(self, params: dict[str, Any], name: str, label: str) -> None:
        """Set an edge's operation; what the one before had to choose goes."""
        gone = [key for key in params if key.startswith(f"{name}.")]
        for key in gone:
            del params[key]
        params[name] = label

    @cached_property
    def _names(self) -> tuple[str, ...]:
        edges = dense_edges(self.cell.n_nodes)
        return tuple(f"{self.name}.{edge_name(edge)}" for edge in edges)

    @cached_property
    def _labels(self) -> tuple[str, ...]:
        """The labels, those first that do least."""
        rank = {ZERO: 0, SKIP: 1}
        labels = list(self.cell.inner)
        return tuple(sorted(labels, key=lambda label: rank.get(self._plain(label), 2)))

    def _meaning(self, label: str, edge: Edge) -> str:
        """Return what an option does, as far as cells are compared.

        What has something to choose is taken to differ from edge to edge.
        """
        meaning = self._plain(label)
        has_choices = bool(self.cell.inner[label].expand("", {}))
        return f"{meaning} {edge_name(edge)}" if has_choices else meaning

    def _plain(self, label: str) -> str:
        option = self.cell.inner[label]
        does_nothing = isinstance(option, Layer) and option.op in (ZERO, SKIP)
        return option.op if does_nothing else f"operation {label}"  # type: ignore[attr-defined]


def cells_of(network: Network, name: str) -> Iterator[CellChoices]:
    """Yield the dense cells of a network that have something to choose."""
    for key, part in network.parts.items():
        yield from _cells_in(part, within(name, key))


def _cells_in(part: Part, name: str) -> Iterator[CellChoices]:
    if isinstance(part, Cell):
        if part.is_dense and len(part.inner) > 1:
            yield CellChoices(name, part)
        return
    is_transparent = isinstance(part, Residual | Stage)
    for key, inner in part.inner.items():
        yield from _cells_in(inner, name if is_transparent else f"{name}.{key}")


class Rule:
    """A predicate of configurations, with a name of its own among constraints."""

    def __init__(self, name: str, what: str) -> None:
        self.__qualname__ = f"{what} of {name!r}"

    def __repr__(self) -> str:
        return self.__qualname__


class Fitting(Rule):
    """Whether the network of a configuration can be built, as far as its shapes say."""

    def __init__(self, name: str, network: Network) -> None:
        super().__init__(name, "fitting shapes")
        self._name, self._network = name, network

    def __call__(self, params: Params) -> bool:
        """Return whether it can, and True where there is no network."""
        is_there = any(k == self._name or k.startswith(f"{self._name}.") for k in params)
        return not is_there or not self._network.read(params, self._name).problem


class Distinct(Rule):
    """Whether the cells of a configuration stand for all that compute the same."""

    def __init__(self, name: str, cells: tuple[CellChoices, ...]) -> None:
        super().__init__(name, "distinct cells")
        self._cells = cells

    def __call__(self, params: Params) -> bool:
        """Return whether they do."""
        found = ((each.cells, each.indices(params)) for each in self._cells)
        return all(here is None or cells.lesser(here) is None for cells, here in found)
