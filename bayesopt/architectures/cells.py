"""Cells: small acyclic graphs whose edges are operations."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, TypeAlias

from bayesopt.architectures.equivalence import Edge, dense_edges
from bayesopt.architectures.parts import (
    Choice,
    Condition,
    Layer,
    Params,
    Part,
    labelled_parts,
    part_of,
    parts_json,
)
from bayesopt.architectures.settings import chosen, join, mismatch, parameter
from bayesopt.errors import SpaceError, short_repr
from bayesopt.space import Categorical, Parameter

OUTPUTS = ("last", "sum", "concat")
MAX_NODES = 64
MAX_INPUTS = 10_000

EdgeParts: TypeAlias = Mapping[Edge, Part | str]


@dataclass(frozen=True)
class Graph(Part):
    """Nodes that are sums: each adds what its edges make of earlier nodes.

    Parameters
    ----------
    n_nodes : int
        Node 0 is the input.
    edges : mapping of (int, int) to Part or str
        From an earlier node to a later one. A node without edges is zero.
    output : {"last", "sum", "concat"}
        The last node; or all but the input, added, or joined along the channels.

    Raises
    ------
    SpaceError
        If there are fewer than two nodes, or an edge does not go from an earlier node to a later.
    """

    n_nodes: int
    edges: EdgeParts = field(hash=False)
    output: str = "last"

    kind: ClassVar[str] = "graph"

    def __post_init__(self) -> None:
        check_nodes(self.n_nodes, self.output)
        ordered = sorted(_checked_edges(self.n_nodes, self.edges), key=lambda edge: edge[::-1])
        parts = {edge: part_of(f"edge {edge}", self.edges[edge]) for edge in ordered}
        object.__setattr__(self, "edges", parts)

    @property
    def inner(self) -> Mapping[str, Part]:
        """The parts on edges: "0-2" is the one from node 0 to node 2."""
        return {edge_name(edge): part for edge, part in self.parts.items()}

    @property
    def parts(self) -> Mapping[Edge, Part]:
        """The parts by edge."""
        return self.edges  # type: ignore[return-value]

    def expand(self, name: str, when: Condition) -> dict[str, Parameter]:
        """Return what is open on the edges."""
        flat: dict[str, Parameter] = {}
        for key, part in self.inner.items():
            join(flat, part.expand(f"{name}.{key}", when))
        return flat

    def fix(self, name: str, params: Params) -> Graph:
        """Return the graph with chosen parts."""
        made = {e: p.fix(f"{name}.{edge_name(e)}", params) for e, p in self.parts.items()}
        return Graph(self.n_nodes, made, self.output)

    def choices(self, name: str, made: Part) -> dict[str, Any]:
        """Return what was chosen on the edges."""
        if not isinstance(made, Graph) or list(made.parts) != list(self.parts):
            raise mismatch(name, f"a graph with edges {', '.join(self.inner)}", made)
        found: dict[str, Any] = {}
        for edge, part in self.parts.items():
            found.update(part.choices(f"{name}.{edge_name(edge)}", made.parts[edge]))
        return found

    def to_json(self) -> dict[str, Any]:
        """Return the definition as JSON data."""
        edges = parts_json(self.inner)
        return {"kind": self.kind, "n_nodes": self.n_nodes, "edges": edges, "output": self.output}


@dataclass(frozen=True)
class Cell(Part):
    """A graph to be chosen.

    Without `n_inputs` every node has an edge from every earlier one, as in NAS-Bench-201: leave an
    edge out with the operation "zero". With it, each node chooses that many of the earlier ones (or
    all, if there are no more), as in DARTS.

    Parameters
    ----------
    n_nodes : int
        Node 0 is the input, and the last one leaves the cell unless `output` says otherwise.
    operations : sequence of str or Layer, or mapping of str to Part or str
        What an edge may be, by label (see `Choice`).
    n_inputs : int, optional
    output : {"last", "sum", "concat"}
        The last node; or all but the input, added, or joined along the channels.

    Raises
    ------
    SpaceError
        If an operation is none, or a number is out of range.

    Notes
    -----
    The parameters of a cell `c` are ``c.0-1`` for the operation on the edge from node 0 to node 1,
    or ``c.2.inputs`` ("0+1") and ``c.2.op1``, ``c.2.op2`` for those of node 2.
    """

    n_nodes: int
    operations: Mapping[str, Part | str] | Sequence[Layer | str] = field(hash=False)
    n_inputs: int | None = None
    output: str = "last"

    kind: ClassVar[str] = "cell"

    def __post_init__(self) -> None:
        check_nodes(self.n_nodes, self.output)
        found = labelled_parts("operations of a Cell", self.operations)
        object.__setattr__(self, "operations", found)
        if self.n_inputs is not None and not self._has_few_inputs():
            expected = f"a count that leaves no node more than {MAX_INPUTS} ways"
            raise SpaceError("n_inputs of a Cell", expected=expected, got=short_repr(self.n_inputs))

    @property
    def inner(self) -> Mapping[str, Part]:
        """The operations by label."""
        return self.operations  # type: ignore[return-value]

    @property
    def is_dense(self) -> bool:
        """Whether all edges are there."""
        return self.n_inputs is None

    @cached_property
    def graph(self) -> Graph:
        """The graph of a dense cell, with a choice on every edge."""
        return Graph(
            self.n_nodes,
            dict.fromkeys(dense_edges(self.n_nodes), Choice(self.operations)),
            self.output,
        )

    def expand(self, name: str, when: Condition) -> dict[str, Parameter]:
        """Return the operations on edges and, where nodes choose, their inputs."""
        if self.is_dense:
            return self.graph.expand(name, when)
        flat: dict[str, Parameter] = {}
        for j in range(1, self.n_nodes):
            options = self._inputs(j)
            if len(options) > 1:
                flat[f"{name}.{j}.inputs"] = parameter(Categorical(list(options)), when)
            for slot in range(len(options[next(iter(options))])):
                join(flat, self._edge.expand(f"{name}.{j}.op{slot + 1}", when))
        return flat

    def fix(self, name: str, params: Params) -> Graph:
        """Return the chosen graph."""
        if self.is_dense:
            return self.graph.fix(name, params)
        edges: dict[Edge, Part] = {}
        for j in range(1, self.n_nodes):
            options = self._inputs(j)
            sources = next(iter(options.values()))
            if len(options) > 1:
                sources = options[chosen(f"{name}.{j}.inputs", params, options)]
            for slot, i in enumerate(sources):
                edges[i, j] = self._edge.fix(f"{name}.{j}.op{slot + 1}", params)
        return Graph(self.n_nodes, edges, self.output)

    def choices(self, name: str, made: Part) -> dict[str, Any]:
        """Return the inputs of nodes and the operations on their edges."""
        if self.is_dense:
            return self.graph.choices(name, made)
        if not isinstance(made, Graph) or made.n_nodes != self.n_nodes:
            raise mismatch(name, f"a graph of {self.n_nodes} nodes", made)
        found: dict[str, Any] = {}
        for j in range(1, self.n_nodes):
            options, sources = self._inputs(j), [i for i, k in made.parts if k == j]
            label = "+".join(map(str, sources))
            if label not in options:
                raise mismatch(f"{name}.{j}", f"inputs {' or '.join(options)}", made)
            if len(options) > 1:
                found[f"{name}.{j}.inputs"] = label
            for slot, i in enumerate(sources):
                found.update(self._edge.choices(f"{name}.{j}.op{slot + 1}", made.parts[i, j]))
        return found

    def to_json(self) -> dict[str, Any]:
        """Return the definition as JSON data."""
        data: dict[str, Any] = {"kind": self.kind, "n_nodes": self.n_nodes}
        data |= {"operations": parts_json(self.inner), "output": self.output}
        return data if self.is_dense else {**data, "n_inputs": self.n_inputs}

    def _has_few_inputs(self) -> bool:
        n = self.n_inputs
        if type(n) is not int or n < 1:
            return False
        return max(math.comb(j, min(n, j)) for j in range(1, self.n_nodes)) <= MAX_INPUTS

    @cached_property
    def _edge(self) -> Choice:
        return Choice(self.operations)

    def _inputs(self, j: int) -> dict[str, tuple[int, ...]]:
        """Return what node j may be made from, by label."""
        sets = itertools.combinations(range(j), min(self.n_inputs or j, j))
        return {"+".join(map(str, sources)): sources for sources in sets}


def edge_name(edge: Edge) -> str:
    """Return the name of an edge: "0-2"."""
    return f"{edge[0]}-{edge[1]}"


def check_nodes(n_nodes: object, output: object) -> None:
    """Raise SpaceError unless there is a count of nodes, and a known output."""
    if type(n_nodes) is not int or not 2 <= n_nodes <= MAX_NODES:
        raise SpaceError("nodes of a cell", expected=f"2 to {MAX_NODES}", got=short_repr(n_nodes))
    if output not in OUTPUTS:
        expected = f"one of {', '.join(OUTPUTS)}"
        raise SpaceError("output of a cell", expected=expected, got=short_repr(output))


def _checked_edges(n_nodes: int, edges: object) -> list[Edge]:
    if not isinstance(edges, Mapping):
        raise SpaceError("edges", expected="a mapping of (from, to) to part", got=short_repr(edges))
    for edge in edges:
        pair = isinstance(edge, tuple) and len(edge) == 2 and all(type(n) is int for n in edge)
        if not pair or not 0 <= edge[0] < edge[1] < n_nodes:
            raise SpaceError(
                "edge", expected=f"two nodes below {n_nodes}, ascending", got=short_repr(edge)
            )
    return list(edges)
