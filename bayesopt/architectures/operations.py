"""The operations that come with the package: their settings, and what shape each gives.

============  =================================================================================
conv          convolution: kernel=3, stride=1, width, dilation=1, groups=1, bias=True,
              norm="none", activation="none"
sep_conv      depthwise, then pointwise convolution: the same without groups
max_pool      kernel=2, stride (the kernel)
avg_pool      the same; what is beyond the border does not count
global_pool   maps to features: how="avg" or "max"
flatten       maps to features
linear        features to features: width, bias=True, norm, activation
norm          how="batch", "layer", "group" or "none"; groups=8 at most
activation    how="relu", "leaky_relu", "elu", "gelu", "silu", "hardswish", "tanh", "sigmoid" or
              "none"
dropout       rate=0.5
skip          what comes in
zero          nothing: an edge that is not there
============  =================================================================================

`width` is the number of channels or features that come out: by default those of the stage, or as
many as come in. Odd kernels keep the size, divided by the stride and rounded up. `norm` and
`activation` follow the operation. A shape is (channels, height, width) of maps, or
(features,).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from bayesopt.errors import ShapeError, short_repr

Shape: TypeAlias = tuple[int, ...]
Settings: TypeAlias = Mapping[str, Any]
ShapeRule: TypeAlias = Callable[[Shape, int, Settings], Shape]

NORMS = ("batch", "layer", "group", "none")
ACTIVATIONS = (
    "relu",
    "leaky_relu",
    "elu",
    "gelu",
    "silu",
    "hardswish",
    "tanh",
    "sigmoid",
    "none",
)
POOLS = ("avg", "max")


@dataclass(frozen=True)
class Operation:
    """What is known of an operation without building it.

    Attributes
    ----------
    defaults : mapping
        Its settings.
    shape : callable
        ``shape(before, width, settings) -> after``; raises ShapeError where it cannot be.
    """

    defaults: Settings
    shape: ShapeRule


def settings_of(op: str, given: Settings) -> dict[str, Any]:
    """Return all settings of an operation that comes with the package, checked.

    Raises
    ------
    ShapeError
        If one is none of its settings, or out of its range.
    """
    check_settings(op, given)
    return {**OPERATIONS[op].defaults, **given}


def check_settings(op: str, given: Settings, skip: Collection[str] = ()) -> None:
    """Raise ShapeError if an operation has no such settings, or a value is out of its range.

    The values of some are not looked at: they are still open.
    """
    known = OPERATIONS[op].defaults
    if not set(given) <= set(known):
        expected = f"settings among {', '.join(known)}" if known else "no settings"
        raise ShapeError(f"operation {op!r}", expected=expected, got=short_repr(sorted(given)))
    for name, value in given.items():
        if name not in skip:
            _check_setting(op, name, value)


def _check_setting(op: str, name: str, value: object) -> None:
    options = _OPTIONS.get((op, name)) or _OPTIONS.get(("", name))
    if options is not None:
        ok, expected = value in options, f"one of {', '.join(options)}"
    elif name == "bias":
        ok, expected = isinstance(value, bool), "a bool"
    elif name == "rate":
        ok, expected = _is_number(value) and 0 <= value < 1, "a number from 0 to below 1"  # type: ignore[operator]
    else:
        optional = value is None and name in ("width", "stride")
        ok, expected = optional or (type(value) is int and value >= 1), "an int of at least 1"
    if not ok:
        raise ShapeError(f"{name} of {op!r}", expected=expected, got=short_repr(value))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _same(before: Shape, width: int, settings: Settings) -> Shape:
    return before


def _conv(before: Shape, width: int, settings: Settings) -> Shape:
    kernel, dilation = settings["kernel"], settings["dilation"]
    groups = settings.get("groups", 1)
    if before[0] % groups or width % groups:
        raise ShapeError(
            "groups", expected=f"a divisor of {before[0]} and {width} channels", got=str(groups)
        )
    return (width, *windows(before, kernel, settings["stride"], dilation))


def _pool(before: Shape, width: int, settings: Settings) -> Shape:
    kernel = settings["kernel"]
    return (before[0], *windows(before, kernel, settings["stride"] or kernel, 1))


def windows(before: Shape, kernel: int, stride: int, dilation: int) -> Shape:
    """Return how many windows there are along each side of maps."""
    sides = maps(before)[1:]
    reach = dilation * (kernel - 1)
    after = tuple((side + 2 * (reach // 2) - reach - 1) // stride + 1 for side in sides)
    if min(after) < 1:
        raise ShapeError(
            "kernel",
            expected=f"a kernel and dilation within maps of {sides[0]} × {sides[1]}",
            got=f"{kernel} and {dilation}",
        )
    return after


def _global_pool(before: Shape, width: int, settings: Settings) -> Shape:
    return (maps(before)[0],)


def _flatten(before: Shape, width: int, settings: Settings) -> Shape:
    n = 1
    for side in before:
        n *= side
    return (n,)


def _linear(before: Shape, width: int, settings: Settings) -> Shape:
    if len(before) != 1:
        raise ShapeError(
            "linear",
            expected="features",
            got=f"maps {before}",
            remedy="Put 'global_pool' or 'flatten' before it",
        )
    return (width,)


def maps(shape: Shape) -> Shape:
    """Return a shape of maps. Raises ShapeError if it is none."""
    if len(shape) == 3:
        return shape
    raise ShapeError(
        "operation on maps",
        expected="(channels, height, width)",
        got=str(shape),
        remedy="Put it before 'global_pool' and 'flatten'",
    )


_AFTER = {"norm": "none", "activation": "none"}
_WINDOW = {"kernel": 3, "stride": 1, "width": None, "dilation": 1}

OPERATIONS: Mapping[str, Operation] = {
    "conv": Operation({**_WINDOW, "groups": 1, "bias": True, **_AFTER}, _conv),
    "sep_conv": Operation({**_WINDOW, "bias": True, **_AFTER}, _conv),
    "max_pool": Operation({"kernel": 2, "stride": None}, _pool),
    "avg_pool": Operation({"kernel": 2, "stride": None}, _pool),
    "global_pool": Operation({"how": "avg"}, _global_pool),
    "flatten": Operation({}, _flatten),
    "linear": Operation({"width": None, "bias": True, **_AFTER}, _linear),
    "norm": Operation({"how": "batch", "groups": 8}, _same),
    "activation": Operation({"how": "relu"}, _same),
    "dropout": Operation({"rate": 0.5}, _same),
    "skip": Operation({}, _same),
    "zero": Operation({}, _same),
}
"""By name."""

_OPTIONS: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("norm", "how"): NORMS,
    ("activation", "how"): ACTIVATIONS,
    ("global_pool", "how"): POOLS,
    ("", "norm"): NORMS,
    ("", "activation"): ACTIVATIONS,
}
