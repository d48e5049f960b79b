"""Parts that connect others: residual connections, and references to shared parts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from bayesopt.architectures.parts import Condition, Params, Part, part_of
from bayesopt.architectures.settings import mismatch, named
from bayesopt.space import Parameter


@dataclass(frozen=True)
class Residual(Part):
    """A part whose input is added to its output.

    Where shapes differ, the input goes through a 1 × 1 convolution (of features: a linear map).

    Parameters
    ----------
    part : Part or str
    """

    part: Part | str

    kind: ClassVar[str] = "residual"

    def __post_init__(self) -> None:
        object.__setattr__(self, "part", part_of("part of a Residual", self.part))

    @property
    def inner(self) -> Mapping[str, Part]:
        """The part that the input is added to."""
        return {"part": part_of("part", self.part)}

    def expand(self, name: str, when: Condition) -> dict[str, Parameter]:
        """Return what is open within."""
        return self.inner["part"].expand(name, when)

    def fix(self, name: str, params: Params) -> Residual:
        """Return the connection around the chosen part."""
        return Residual(self.inner["part"].fix(name, params))

    def choices(self, name: str, made: Part) -> dict[str, Any]:
        """Return what was chosen within."""
        if not isinstance(made, Residual):
            raise mismatch(name, "a residual connection", made)
        return self.inner["part"].choices(name, made.inner["part"])

    def to_json(self) -> dict[str, Any]:
        """Return the definition as JSON data."""
        return {"kind": self.kind, "part": self.inner["part"].to_json()}


@dataclass(frozen=True)
class Use(Part):
    """A part that the network shares under a name: the same choices wherever it is used.

    Each use has weights of its own.

    Parameters
    ----------
    name : str
        One of `Network.shared`.
    """

    name: str

    kind: ClassVar[str] = "use"

    def __post_init__(self) -> None:
        named("shared part", self.name)

    def expand(self, name: str, when: Condition) -> dict[str, Parameter]:
        """Return nothing: the network has the parameters."""
        return {}

    def fix(self, name: str, params: Params) -> Use:
        """Return the reference."""
        return self

    def choices(self, name: str, made: Part) -> dict[str, Any]:
        """Return nothing: the network has the parameters."""
        if made != self:
            raise mismatch(name, f"a use of {self.name!r}", made)
        return {}

    def to_json(self) -> dict[str, Any]:
        """Return the definition as JSON data."""
        return {"kind": self.kind, "name": self.name}
