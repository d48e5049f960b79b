"""Parts around another part: several times, or wider."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from bayesopt.architectures.parts import Condition, Params, Part, Sequential, part_of
from bayesopt.architectures.settings import (
    checked_setting,
    fixed,
    is_open,
    join,
    mismatch,
    parameter,
    setting_json,
)
from bayesopt.errors import InvalidConfigError, SpaceError, short_repr
from bayesopt.space import Int, Ordinal, Parameter

MAX_DEPTH = 1000
"""Most blocks of a `Repeat`."""


@dataclass(frozen=True)
class Repeat(Part):
    """A part several times, one after another, each with weights of its own.

    Parameters
    ----------
    part : Part or str
    depth : int, Int or Ordinal
        How many times; 0 is fine.
    shared : bool
        Whether all blocks are of one kind; else each has parameters of its own, and block k exists
        where the depth is above k.

    Raises
    ------
    SpaceError
        If a depth is no count.
    """

    part: Part | str
    depth: int | Int | Ordinal
    shared: bool = False

    kind: ClassVar[str] = "repeat"

    def __post_init__(self) -> None:
        object.__setattr__(self, "part", part_of("part of a Repeat", self.part))
        if not all(type(n) is int and 0 <= n <= MAX_DEPTH for n in self.depths):
            raise SpaceError(
                "depth of a Repeat",
                expected=f"a count up to {MAX_DEPTH}, or an Int or Ordinal of counts",
                got=short_repr(self.depth),
            )

    @property
    def depths(self) -> list[Any]:
        """The depths it may have, in their order."""
        if isinstance(self.depth, Int):
            if self.depth.high > MAX_DEPTH:
                return [self.depth.high]
            return list(range(self.depth.low, self.depth.high + 1, self.depth.step or 1))
        if isinstance(self.depth, Ordinal):
            return [entry.value for entry in self.depth.entries]
        return [self.depth]

    @property
    def inner(self) -> Mapping[str, Part]:
        """The blocks of the deepest."""
        return dict.fromkeys(self._keys(max(self.depths)), part_of("part", self.part))

    def expand(self, name: str, when: Condition) -> dict[str, Parameter]:
        """Return the depth, and what is open in each block."""
        flat: dict[str, Parameter] = {}
        if isinstance(self.depth, Parameter):
            flat[f"{name}.depth"] = parameter(self.depth, when)
        for k, (key, block) in enumerate(self.inner.items()):
            there = [depth for depth in self.depths if depth > k]
            always = len(there) == len(self.depths)
            join(flat, block.expand(f"{name}.{key}", when if always else {f"{name}.depth": there}))
        return flat

    def fix(self, name: str, params: Params) -> Sequential:
        """Return the blocks in a sequence; of shared ones each is the same."""
        depth: Any = fixed(self.depth, f"{name}.depth", params)
        if depth not in self.depths:
            raise InvalidConfigError(
                f"{name}.depth", expected=f"one of {self.depths}", got=short_repr(depth)
            )
        keys = ["each"] * depth if self.shared else self._keys(depth)
        part = self.inner[keys[0]] if keys else None
        blocks = [part.fix(f"{name}.{key}", params) for key in keys] if part else []
        return Sequential({str(k): block for k, block in enumerate(blocks)})

    def choices(self, name: str, made: Part) -> dict[str, Any]:
        """Return the depth, and what was chosen in the blocks."""
        if not isinstance(made, Sequential) or len(made.inner) not in self.depths:
            raise mismatch(name, f"a sequence of {self.depths} blocks", made)
        found: dict[str, Any] = {f"{name}.depth": len(made.inner)} if is_open(self.depth) else {}
        blocks = list(made.inner.values())
        if self.shared and any(block != blocks[0] for block in blocks):
            raise mismatch(name, "blocks of one kind", made)
        keys = self._keys(len(blocks))
        for key, block in zip(keys, blocks, strict=False):
            found.update(self.inner[key].choices(f"{name}.{key}", block))
        return found

    def to_json(self) -> dict[str, Any]:
        """Return the definition as JSON data."""
        part = part_of("part", self.part).to_json()
        data = {"kind": self.kind, "part": part, "depth": setting_json(self.depth)}
        return {**data, "shared": True} if self.shared else data

    def _keys(self, depth: int) -> list[str]:
        """Return the names of the blocks that have parameters."""
        return ["each"][:depth] if self.shared else [str(k) for k in range(depth)]


@dataclass(frozen=True)
class Stage(Part):
    """A part that is wider, or narrower, than what comes before.

    Its layers and cells have `widen` times as many channels as the stage's input, rounded up to a
    multiple of `multiple`, except where a layer says its own width.

    Parameters
    ----------
    part : Part or str
    widen : float, Float, Int, Categorical or Ordinal
        Above 0.
    multiple : int

    Raises
    ------
    SpaceError
        If a setting is neither plain nor a parameter.
    """

    part: Part | str
    widen: Any
    multiple: int = 1

    kind: ClassVar[str] = "stage"

    def __post_init__(self) -> None:
        object.__setattr__(self, "part", part_of("part of a Stage", self.part))
        object.__setattr__(self, "widen", checked_setting("widen", self.widen))
        if not is_open(self.widen) and not _is_positive(self.widen):
            raise SpaceError("widen", expected="a number above 0", got=short_repr(self.widen))

    @property
    def inner(self) -> Mapping[str, Part]:
        """The part that is widened."""
        return {"part": part_of("part", self.part)}

    def expand(self, name: str, when: Condition) -> dict[str, Parameter]:
        """Return the multiplier, and what is open within."""
        flat: dict[str, Parameter] = {}
        if isinstance(self.widen, Parameter):
            flat[f"{name}.widen"] = parameter(self.widen, when)
        join(flat, self.inner["part"].expand(name, when))
        return flat

    def fix(self, name: str, params: Params) -> Stage:
        """Return the stage with its multiplier."""
        part = self.inner["part"].fix(name, params)
        return Stage(part, fixed(self.widen, f"{name}.widen", params), self.multiple)

    def choices(self, name: str, made: Part) -> dict[str, Any]:
        """Return the multiplier, and what was chosen within."""
        if not isinstance(made, Stage):
            raise mismatch(name, "a stage", made)
        mine = {f"{name}.widen": made.widen} if is_open(self.widen) else {}
        return {**mine, **self.inner["part"].choices(name, made.inner["part"])}

    def to_json(self) -> dict[str, Any]:
        """Return the definition as JSON data."""
        data = {"kind": self.kind, "part": self.inner["part"].to_json()}
        return {**data, "widen": setting_json(self.widen), "multiple": self.multiple}


def _is_positive(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value > 0
