"""An architecture: what a configuration says of a network."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from bayesopt.architectures.drawing import drawn
from bayesopt.architectures.operations import OPERATIONS, Shape
from bayesopt.architectures.parts import Layer, Part, parts_json
from bayesopt.architectures.planning import (
    ChainPlan,
    LayerPlan,
    Place,
    Plan,
    layer_plan,
    layers,
    plan,
)
from bayesopt.architectures.reading import part_from, parts_from
from bayesopt.errors import ShapeError, SpaceError, short_repr
from bayesopt.space.labels import canonical_json


@dataclass(frozen=True)
class Architecture:
    """A network in which nothing is left to choose.

    Attributes
    ----------
    body : Part
    input_shape : tuple of int
    outputs : int or None
    shared : mapping of str to Part
        What `Use` refers to.
    """

    body: Part
    input_shape: Shape
    outputs: int | None = None
    shared: Mapping[str, Part] = field(default_factory=dict, hash=False)

    def plan(self, operations: Mapping[str, Any] | None = None) -> Plan:
        """Return every layer with its settings and shapes.

        Parameters
        ----------
        operations : mapping of str to Operation, optional
            Your own, by name.

        Raises
        ------
        ShapeError
            If the shapes do not fit together, a setting is out of range, or an operation is
            unknown.
        """
        known = {**OPERATIONS, **(operations or {})}
        place = Place("", self.input_shape, None, self.shared, known)
        body = plan(self.body, place)
        if self.outputs is None:
            return body
        steps = [body, *_head(place.at("head", body.after), self.outputs)]
        names = ("body", *(step.path for step in steps[1:]))
        return ChainPlan("", names, tuple(steps), self.input_shape, steps[-1].after)

    @cached_property
    def problem(self) -> str:
        """Why it cannot be built, by what is known without building it; "" if it can."""
        if not self._names <= set(OPERATIONS):
            return ""
        try:
            self.plan()
        except ShapeError as error:
            return str(error)
        return ""

    @property
    def output_shape(self) -> Shape:
        """The shape of one output. Raises ShapeError as `plan` does."""
        return self.plan().after

    def build(self, operations: Mapping[str, Any] | None = None) -> Any:
        """Return the ``torch.nn.Module``, freshly initialised.

        Parameters
        ----------
        operations : mapping of str to callable, optional
            Your own operations, which may take the place of the package's:
            ``make(shape, width, **settings)`` returns a module for inputs of a shape (without the
            batch) that gives `width` channels or features, as far as it has a say in that. What
            shape comes out is found by trying it on zeros.

        Returns
        -------
        torch.nn.Module
            Takes a batch of inputs. Its parts have the names of the network's.

        Raises
        ------
        ShapeError
            If the shapes do not fit together, a setting is out of range, or an operation is
            unknown.
        MissingDependencyError
            If torch is not installed.

        Notes
        -----
        Weights are drawn from torch's generator in the order of the layers: the same seed and the
        same architecture give the same module.
        """
        from bayesopt.architectures.building import measured, module_of

        own = dict(operations or {})
        return module_of(self.plan(measured(own)), own)

    def to_json(self) -> str:
        """Return the architecture as JSON text, the same for equal ones."""
        data = {
            "body": self.body.to_json(),
            "input_shape": list(self.input_shape),
            "outputs": self.outputs,
            "shared": parts_json(self.shared),
        }
        return canonical_json(data)

    @classmethod
    def from_json(cls, text: str) -> Architecture:
        """Return the architecture that `to_json` wrote. Raises SpaceError if it is none."""
        try:
            data = json.loads(text)
            shape, shared = checked_shape(tuple(data["input_shape"])), parts_from(data["shared"])
            return cls(part_from(data["body"]), shape, data["outputs"], shared)
        except (LookupError, TypeError, ValueError) as error:
            if isinstance(error, SpaceError):
                raise
            got = repr(error)
            raise SpaceError("architecture as JSON", expected="all of it", got=got) from None

    def __str__(self) -> str:
        """Return it as a tree, a line per layer, with shapes where they fit."""
        known = self._names <= set(OPERATIONS) and not self.problem
        made = {each.path: each.after for each in layers(self.plan())} if known else {}
        return drawn(self.body, self.shared, made)

    @property
    def _names(self) -> set[str]:
        parts = [self.body, *self.shared.values()]
        return {each.op for part in parts for each in part.walk() if isinstance(each, Layer)}


def _head(place: Place, outputs: int) -> Iterator[LayerPlan]:
    """Yield the last layers: features are what maps are on average."""
    pooled = None
    if len(place.shape) == 3:
        pooled = layer_plan("global_pool", {}, place.at("pool"))
        yield pooled
    shape = place.shape if pooled is None else pooled.after
    yield layer_plan("linear", {"width": outputs}, place.at("linear", shape))


def checked_shape(given: object) -> Shape:
    """Return the shape of an input. Raises SpaceError if it is none."""
    sides = tuple(given) if isinstance(given, list | tuple) else ()
    if len(sides) in (1, 3) and all(type(side) is int and side > 0 for side in sides):
        return sides
    raise SpaceError(
        "input_shape", expected="(channels, height, width) or (features,)", got=short_repr(given)
    )


def check_outputs(given: object) -> None:
    """Raise SpaceError unless it is a count, or None."""
    if given is not None and (type(given) is not int or given < 1):
        raise SpaceError("outputs", expected="a count, or None", got=short_repr(given))
