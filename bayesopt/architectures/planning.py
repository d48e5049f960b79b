"""From an architecture to a plan: every layer with its settings, and the shapes before and after.

A plan is made without torch, so that what cannot be built is known before it is tried.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import singledispatch
from typing import TypeAlias

from bayesopt.architectures.blocks import Repeat, Stage
from bayesopt.architectures.cells import Cell, Graph
from bayesopt.architectures.equivalence import ZERO, Edge
from bayesopt.architectures.links import Residual, Use
from bayesopt.architectures.operations import (
    OPERATIONS,
    Operation,
    Settings,
    Shape,
    settings_of,
)
from bayesopt.architectures.parts import Choice, Layer, Part, Sequential
from bayesopt.errors import ShapeError, short_repr


@dataclass(frozen=True)
class LayerPlan:
    """One operation.

    Attributes
    ----------
    path : str
        Where it stands: "stage1.0.conv".
    op : str
    settings : mapping
        All of them, `width` aside.
    width : int
        What was asked for.
    before, after : tuple of int
        Shapes, without the batch.
    """

    path: str
    op: str
    settings: Settings = field(hash=False)
    width: int
    before: Shape
    after: Shape


@dataclass(frozen=True)
class ChainPlan:
    """One after another; `named` are the names of the steps."""

    path: str
    named: tuple[str, ...]
    steps: tuple[Plan, ...]
    before: Shape
    after: Shape


@dataclass(frozen=True)
class ResidualPlan:
    """What comes in is added to what the body gives, by way of a projection if shapes differ."""

    path: str
    body: Plan
    projection: LayerPlan | None
    before: Shape
    after: Shape


@dataclass(frozen=True)
class GraphPlan:
    """A graph; `entry` brings the input to the width of the nodes.

    Edges that are zero are left out, so a node without any is zero.
    """

    path: str
    entry: LayerPlan | None
    edges: Mapping[Edge, Plan] = field(hash=False)
    nodes: tuple[Shape, ...]
    output: str
    before: Shape
    after: Shape


Plan: TypeAlias = LayerPlan | ChainPlan | ResidualPlan | GraphPlan


@dataclass(frozen=True)
class Place:
    """Where a part stands.

    Attributes
    ----------
    path : str
    shape : tuple of int
        What comes in.
    width : int or None
        Channels that the stage around it wants; None to keep those that come in.
    shared : mapping of str to Part
        What `Use` refers to.
    known : mapping of str to Operation
        Operations by name; of others nothing is known.
    """

    path: str
    shape: Shape
    width: int | None
    shared: Mapping[str, Part]
    known: Mapping[str, Operation]

    @property
    def target(self) -> int:
        """The channels of a layer that does not say its own."""
        return self.shape[0] if self.width is None else self.width

    def at(self, key: str, shape: Shape | None = None) -> Place:
        """Return the place of a part within."""
        path = f"{self.path}.{key}" if self.path else key
        return replace(self, path=path, shape=self.shape if shape is None else shape)


@singledispatch
def plan(part: Part, place: Place) -> Plan:
    """Return the plan of a part in which nothing is open.

    Raises
    ------
    ShapeError
        If shapes do not fit together, a setting is out of range, or an operation is unknown.
    """
    raise ShapeError(f"part at {place.path!r}", expected="a known part", got=short_repr(part))


@plan.register
def _of_layer(part: Layer, place: Place) -> Plan:
    if part.op not in place.known:
        raise ShapeError(
            f"operation at {place.path!r}",
            expected=f"one of {', '.join(place.known)}",
            got=short_repr(part.op),
            remedy="Give your own as operations={name: function}",
        )
    return layer_plan(part.op, part.settings, place)


def layer_plan(op: str, given: Settings, place: Place) -> LayerPlan:
    """Return the plan of an operation; errors say where it stands."""
    try:
        settings = settings_of(op, given) if op in OPERATIONS else dict(given)
        width = settings.pop("width", None) or place.target
        after = place.known[op].shape(place.shape, int(width), settings)
    except ShapeError as error:
        raise ShapeError(
            f"{op} at {place.path!r}: {error.what}",
            expected=error.expected,
            got=error.got,
            remedy=error.remedy,
        ) from None
    return LayerPlan(place.path, op, settings, int(width), place.shape, after)


@plan.register
def _of_choice(part: Choice, place: Place) -> Plan:
    if len(part.inner) > 1:
        raise _open(place, part)
    return plan(part.inner[part.label], place.at(part.label))


@plan.register
def _of_sequence(part: Sequential, place: Place) -> Plan:
    steps: list[Plan] = []
    shape = place.shape
    for key, each in part.inner.items():
        steps.append(plan(each, place.at(key, shape)))
        shape = steps[-1].after
    return ChainPlan(place.path, tuple(part.inner), tuple(steps), place.shape, shape)


@plan.register
def _of_stage(part: Stage, place: Place) -> Plan:
    if not isinstance(part.widen, int | float):
        raise _open(place, part)
    channels = math.ceil(round(part.widen * place.shape[0] / part.multiple, 9)) * part.multiple
    return plan(part.inner["part"], replace(place, width=max(1, channels)))


@plan.register
def _of_residual(part: Residual, place: Place) -> Plan:
    body = plan(part.inner["part"], place)
    projection = None
    if body.after != place.shape:
        projection = _projection(place.at("projection"), body.after)
    return ResidualPlan(place.path, body, projection, place.shape, body.after)


@plan.register
def _of_use(part: Use, place: Place) -> Plan:
    if part.name not in place.shared:
        raise ShapeError(
            f"Use at {place.path!r}",
            expected=f"one of {', '.join(place.shared) or 'the shared parts'}",
            got=short_repr(part.name),
        )
    return plan(place.shared[part.name], place)


@plan.register
def _of_graph(part: Graph, place: Place) -> Plan:
    entry = None
    if place.shape[0] != place.target:
        entry = _projection(place.at("entry"), (place.target, *place.shape[1:]))
    nodes: list[Shape] = [place.shape if entry is None else entry.after]
    edges: dict[Edge, Plan] = {}
    for j in range(1, part.n_nodes):
        for i in range(j):
            if (i, j) in part.parts and not is_zero(part.parts[i, j]):
                edges[i, j] = plan(part.parts[i, j], place.at(f"{i}-{j}", nodes[i]))
        nodes.append(_summed(place, j, [edges[e].after for e in edges if e[1] == j], nodes[0]))
    after = _joined(place, part.output, nodes)
    return GraphPlan(place.path, entry, edges, tuple(nodes), part.output, place.shape, after)


@plan.register(Cell)
@plan.register(Repeat)
def _of_open(part: Part, place: Place) -> Plan:
    raise _open(place, part)


def _open(place: Place, part: Part) -> ShapeError:
    return ShapeError(
        f"part at {place.path!r}",
        expected="an architecture in which nothing is open",
        got=short_repr(part),
        remedy="Read one from a configuration: space[name].read(params)",
    )


def is_zero(part: Part) -> bool:
    """Whether an edge brings nothing."""
    if isinstance(part, Choice) and len(part.inner) == 1:
        return is_zero(part.inner[part.label])
    return isinstance(part, Layer) and part.op == ZERO


def _projection(place: Place, after: Shape) -> LayerPlan:
    """Return the 1 × 1 convolution, or the linear map, from one shape to another."""
    before = place.shape
    if len(before) == len(after) == 1:
        return layer_plan("linear", {"width": after[0]}, place)
    if len(before) == len(after) == 3:
        stride = -(-before[1] // after[1])
        settings = {"kernel": 1, "stride": stride, "width": after[0]}
        made = layer_plan("conv", settings, place)
        if made.after == after:
            return made
    raise ShapeError(
        f"sum at {place.path!r}",
        expected=f"a shape that a projection of {before} has",
        got=str(after),
    )


def _summed(place: Place, node: int, shapes: list[Shape], default: Shape) -> Shape:
    """Return the shape of a node whose edges have these shapes."""
    if len(set(shapes)) > 1:
        raise ShapeError(
            f"node {node} of {place.path!r}",
            expected="edges of one shape",
            got=", ".join(map(str, shapes)),
            remedy="Operations in a cell keep the size, and their width is the cell's",
        )
    return shapes[0] if shapes else default


def _joined(place: Place, output: str, nodes: list[Shape]) -> Shape:
    """Return the shape that leaves a graph."""
    if output == "last":
        return nodes[-1]
    if output == "sum":
        return _summed(place, len(nodes), nodes[1:], nodes[0])
    if len({shape[1:] for shape in nodes[1:]}) > 1:
        got = ", ".join(map(str, nodes[1:]))
        raise ShapeError(f"output of {place.path!r}", expected="nodes of one size", got=got)
    return (sum(shape[0] for shape in nodes[1:]), *nodes[1][1:])


def layers(made: Plan) -> Iterator[LayerPlan]:
    """Yield all layers of a plan, those that project included."""
    if isinstance(made, LayerPlan):
        yield made
    elif isinstance(made, ChainPlan):
        for step in made.steps:
            yield from layers(step)
    elif isinstance(made, ResidualPlan):
        yield from layers(made.body)
        yield from filter(None, [made.projection])
    else:
        yield from filter(None, [made.entry])
        for each in made.edges.values():
            yield from layers(each)
