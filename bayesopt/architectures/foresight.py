"""Whether every network of a space can be built: the smallest maps that may come out of each part.

Where that cannot be seen at once the answer is no, and each configuration is looked at by itself.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from functools import singledispatch
from typing import Any, TypeAlias

from bayesopt.architectures.blocks import Repeat, Stage
from bayesopt.architectures.cells import Cell, Graph
from bayesopt.architectures.links import Residual, Use
from bayesopt.architectures.operations import OPERATIONS, Shape, windows
from bayesopt.architectures.parts import Choice, Layer, Part, Sequential, part_of
from bayesopt.errors import ShapeError
from bayesopt.space import Categorical, Int, Parameter

Sides: TypeAlias = tuple[int, ...]
"""The least height and width of maps; () of features."""

_MOST = 64  # values of a setting that are looked at one by one


class Unforeseen(Exception):
    """Shapes may be at odds."""


def surely_fits(body: Part, shared: Mapping[str, Part], input_shape: Shape) -> bool:
    """Whether shapes fit in every network of a space, for all that is seen at once."""
    try:
        least(body, input_shape[1:], shared)
    except Unforeseen:
        return False
    return True


@singledispatch
def least(part: Part, sides: Sides, shared: Mapping[str, Part]) -> Sides:
    """Return the least sides after a part, given those before; larger maps give no smaller ones.

    Raises
    ------
    Unforeseen
        If something may not fit.
    """
    raise Unforeseen


@least.register
def _of_layer(part: Layer, sides: Sides, shared: Mapping[str, Part]) -> Sides:
    if part.op in ("flatten", "global_pool", "linear"):
        if (part.op == "global_pool") > bool(sides) or (part.op == "linear" and sides):
            raise Unforeseen
        return ()
    settings = {**OPERATIONS[part.op].defaults, **part.settings} if part.op in OPERATIONS else {}
    if "kernel" not in settings:
        return sides
    if not sides or settings.get("groups", 1) != 1:
        raise Unforeseen
    return _least([_windows(sides, *each) for each in _combinations(settings)])


def _combinations(settings: Mapping[str, Any]) -> Iterable[tuple[Any, ...]]:
    names = ("kernel", "stride", "dilation")
    return itertools.product(*(_values(settings.get(name, 1)) for name in names))


def _windows(sides: Sides, kernel: int, stride: int | None, dilation: int) -> Sides:
    try:
        return windows((1, *sides), kernel, stride or kernel, dilation)
    except (ShapeError, TypeError):
        raise Unforeseen from None


def _values(setting: Any) -> list[Any]:
    if isinstance(setting, Int) and setting.n_values <= _MOST:
        return list(range(setting.low, setting.high + 1, setting.step or 1))
    if isinstance(setting, Categorical):
        return [entry.value for entry in setting.entries]
    if isinstance(setting, Parameter):
        raise Unforeseen
    return [setting]


@least.register
def _of_choice(part: Choice, sides: Sides, shared: Mapping[str, Part]) -> Sides:
    return _least([least(option, sides, shared) for option in part.inner.values()])


@least.register
def _of_sequence(part: Sequential, sides: Sides, shared: Mapping[str, Part]) -> Sides:
    for each in part.inner.values():
        sides = least(each, sides, shared)
    return sides


@least.register
def _of_repeat(part: Repeat, sides: Sides, shared: Mapping[str, Part]) -> Sides:
    after = [sides]
    block = part_of("part", part.part)
    for _ in range(max(part.depths)):
        after.append(least(block, after[-1], shared))
    return _least([after[depth] for depth in part.depths])


@least.register
def _of_stage(part: Stage, sides: Sides, shared: Mapping[str, Part]) -> Sides:
    return least(part.inner["part"], sides, shared)


@least.register
def _of_use(part: Use, sides: Sides, shared: Mapping[str, Part]) -> Sides:
    return least(shared[part.name], sides, shared)


@least.register
def _of_residual(part: Residual, sides: Sides, shared: Mapping[str, Part]) -> Sides:
    _check_kept(part, sides)
    return least(part.inner["part"], sides, shared)


@least.register(Cell)
@least.register(Graph)
def _of_graph(part: Cell | Graph, sides: Sides, shared: Mapping[str, Part]) -> Sides:
    _check_kept(part, sides)
    for each in part.walk():
        if isinstance(each, Stage | Use) or (isinstance(each, Layer) and "width" in each.settings):
            raise Unforeseen
    return _least([sides, *(least(each, sides, shared) for each in part.inner.values())])


def _check_kept(part: Part, sides: Sides) -> None:
    """Raise Unforeseen unless all layers keep the size of maps."""
    layers = [each for each in part.walk() if isinstance(each, Layer)]
    hidden = any(isinstance(each, Use) for each in part.walk())
    if hidden or not sides or not all(map(_keeps_size, layers)):
        raise Unforeseen


def _keeps_size(layer: Layer) -> bool:
    """Whether maps of any size have the same size after a layer, whatever is chosen."""
    settings = {**OPERATIONS[layer.op].defaults, **layer.settings} if layer.op in OPERATIONS else {}
    if "kernel" not in settings:
        return layer.op not in ("global_pool", "flatten", "linear")
    return all(
        kernel % 2 == 1 and (stride or kernel) == 1 for kernel, stride, _ in _combinations(settings)
    )


def _least(found: list[Sides]) -> Sides:
    """Return the least of several, which are all maps or all features."""
    if len({len(sides) for sides in found}) > 1:
        raise Unforeseen
    return tuple(min(each) for each in zip(*found, strict=True))
