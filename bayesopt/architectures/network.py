"""Networks as values of a `Space`, and what a configuration says of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from bayesopt.architectures.architecture import Architecture, check_outputs, checked_shape
from bayesopt.architectures.drawing import drawn
from bayesopt.architectures.foresight import surely_fits
from bayesopt.architectures.links import Use
from bayesopt.architectures.operations import OPERATIONS, Shape, check_settings
from bayesopt.architectures.parts import (
    Layer,
    Part,
    Sequential,
    numbered_parts,
    part_of,
    parts_json,
)
from bayesopt.architectures.reading import part_from, parts_from
from bayesopt.architectures.settings import is_open, join
from bayesopt.errors import InvalidConfigError, SpaceError, short_repr
from bayesopt.space import Parameter


@dataclass(frozen=True)
class Network:
    """A space of networks: a value of the mapping that a `Space` takes.

    Named ``"net"`` there, its parameters are ``net.stem.width``, ``net.stage1.depth``, ...

    Parameters
    ----------
    body : Part, or sequence or mapping of parts
        Parts one after another.
    input_shape : tuple of int
        Of one input, without the batch: (channels, height, width), or (features,).
    outputs : int, optional
        With it, a last layer with so many outputs is added (maps are averaged before); without it
        the body's output is the network's.
    shared : mapping of str to Part, optional
        Parts that the body refers to by `Use`, so that they are the same everywhere. Their
        parameters always exist.
    when : mapping, optional
        The condition under which the network exists.
    distinct : bool
        Whether of cells that compute the same only one is proposed (see ``equivalence``).
    fitting : bool
        Whether only networks are proposed whose shapes fit together.

    Raises
    ------
    SpaceError
        If a part is none, or a shape or a name is not right.

    Notes
    -----
    What is chosen always goes by labels and plain values, so a stored space knows its networks.
    Operations of your own are given by name, and by what they are to ``build``; before that they
    are taken to fit.
    """

    body: Part | str | Mapping[str, Part | str] | tuple[Part | str, ...] | list[Part | str]
    input_shape: Shape
    outputs: int | None = None
    shared: Mapping[str, Part | str] = field(default_factory=dict, hash=False)
    when: Mapping[str, object] | None = field(default=None, hash=False)
    distinct: bool = True
    fitting: bool = True

    kind: ClassVar[str] = "network"

    def __post_init__(self) -> None:
        is_part = isinstance(self.body, Part | str)
        body = part_of("body", self.body) if is_part else Sequential(self.body)  # type: ignore[arg-type]
        object.__setattr__(self, "body", body)
        object.__setattr__(self, "shared", numbered_parts("shared parts", dict(self.shared)))
        object.__setattr__(self, "input_shape", checked_shape(self.input_shape))
        check_outputs(self.outputs)
        _check_uses(self)
        _check_layers(self)

    @property
    def parts(self) -> Mapping[str, Part]:
        """The shared parts by name, and the body as ""."""
        return {**self.shared, "": self.body}  # type: ignore[dict-item]

    def expand(self, name: str) -> dict[str, Parameter]:
        """Return the parameters by dotted name."""
        flat: dict[str, Parameter] = {}
        for key, part in self.parts.items():
            join(flat, part.expand(within(name, key), dict(self.when or {})))
        return flat

    def definition(self) -> dict[str, Any]:
        """Return the network as JSON data; the condition is that of its parameters."""
        return {
            "kind": self.kind,
            "body": self.parts[""].to_json(),
            "input_shape": list(self.input_shape),
            "outputs": self.outputs,
            "shared": parts_json(self.shared),  # type: ignore[arg-type]
            "distinct": self.distinct,
            "fitting": self.fitting,
        }

    @classmethod
    def from_definition(cls, data: Mapping[str, Any]) -> Network:
        """Return the network that `definition` wrote. Raises SpaceError if it is none."""
        try:
            return cls(
                part_from(data["body"]),
                tuple(data["input_shape"]),
                data["outputs"],
                parts_from(data["shared"]),
                distinct=data["distinct"],
                fitting=data["fitting"],
            )
        except (LookupError, TypeError) as error:
            raise SpaceError("network as JSON", expected="all of it", got=repr(error)) from None

    def read(self, params: Mapping[str, Any], name: str = "net") -> Architecture:
        """Return the architecture of a configuration (see `NetworkGroup.read`)."""
        made = {key: part.fix(within(name, key), params) for key, part in self.parts.items()}
        return Architecture(made.pop(""), self.input_shape, self.outputs, made)

    def write(self, architecture: Architecture, name: str = "net") -> dict[str, Any]:
        """Return the configuration of an architecture (see `NetworkGroup.write`)."""
        theirs = {**architecture.shared, "": architecture.body}
        if set(theirs) != set(self.parts):
            raise InvalidConfigError(
                "architecture", expected=f"shared parts {list(self.shared)}", got=str(list(theirs))
            )
        found: dict[str, Any] = {}
        for key, part in self.parts.items():
            found.update(part.choices(within(name, key), theirs[key]))
        return found

    @property
    def may_not_fit(self) -> bool:
        """Whether shapes can be at odds, for all that is seen at once."""
        shared = {key: part for key, part in self.parts.items() if key}
        return not surely_fits(self.parts[""], shared, self.input_shape)

    def __str__(self) -> str:
        """Return what may be chosen as a tree."""
        return drawn(self.parts[""], {k: p for k, p in self.parts.items() if k}, {})


def within(name: str, key: str) -> str:
    """Return the name of a network's part; the body's is the network's."""
    return f"{name}.{key}" if key else name


def _check_uses(network: Network) -> None:
    """Raise SpaceError for a reference to nothing, or from one shared part to another."""
    for key, part in network.parts.items():
        for each in part.walk():
            if isinstance(each, Use) and (key or each.name not in network.shared):
                expected = "shared parts without references" if key else "the name of a shared part"
                raise SpaceError("Use", expected=expected, got=short_repr(each.name))


def _check_layers(network: Network) -> None:
    """Raise SpaceError if an operation of the package has a setting that it does not know."""
    layers = [e for p in network.parts.values() for e in p.walk() if isinstance(e, Layer)]
    for layer in layers:
        if layer.op in OPERATIONS:
            closed = {key: None for key, value in layer.settings.items() if is_open(value)}
            check_settings(layer.op, {**layer.settings, **closed}, skip=set(closed))
