"""Architectures as modules of torch. The only module here, with `scores`, that imports it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from bayesopt.architectures.equivalence import Edge
from bayesopt.architectures.operations import Operation, Settings, Shape
from bayesopt.architectures.planning import ChainPlan, GraphPlan, LayerPlan, Plan, ResidualPlan
from bayesopt.errors import MissingDependencyError, ShapeError, short_repr

try:
    import torch
    from torch import Tensor, nn
except ImportError:
    raise MissingDependencyError(
        "building a network", expected="torch", remedy="pip install torch"
    ) from None

Maker: TypeAlias = Callable[..., Any]
"""``make(shape, width, **settings) -> nn.Module``."""


def module_of(plan: Plan, own: Mapping[str, Maker]) -> nn.Module:
    """Return the module of a plan, freshly initialised; `own` are operations besides `MAKERS`."""
    return _module(plan, {**MAKERS, **own})


def measured(own: Mapping[str, Maker]) -> dict[str, Operation]:
    """Return what can be known of operations by trying them on zeros."""
    return {name: Operation({}, _measured(make)) for name, make in own.items()}


def _measured(make: Maker) -> Callable[[Shape, int, Settings], Shape]:
    """Return the rule that finds the shape after an operation by trying it."""

    def rule(before: Shape, width: int, settings: Settings) -> Shape:
        with torch.random.fork_rng(devices=[]), torch.no_grad():
            try:
                after = make(before, width, **settings).eval()(torch.zeros(1, *before))
                return tuple(int(side) for side in after.shape[1:])
            except (RuntimeError, TypeError, ValueError, AttributeError) as error:
                expected = f"a module for inputs of shape {before}"
                raise ShapeError("module", expected=expected, got=short_repr(error)) from error

    return rule


def _module(plan: Plan, makers: Mapping[str, Maker]) -> nn.Module:
    if isinstance(plan, LayerPlan):
        made: nn.Module = makers[plan.op](plan.before, plan.width, **plan.settings)
        return made
    if isinstance(plan, ChainPlan):
        steps = [_module(step, makers) for step in plan.steps]
        return _named(plan.named, steps)
    if isinstance(plan, ResidualPlan):
        projection = _module(plan.projection, makers) if plan.projection else nn.Identity()
        return Added(_module(plan.body, makers), projection)
    entry = _module(plan.entry, makers) if plan.entry else nn.Identity()
    return Graph(plan, entry, {e: _module(p, makers) for e, p in plan.edges.items()})


def _named(names: tuple[str, ...], modules: list[nn.Module]) -> nn.Sequential:
    chain = nn.Sequential()
    for name, module in zip(names, modules, strict=True):
        plain = name.replace(".", "_")
        chain.add_module(f"{plain}_" if hasattr(chain, plain) else plain, module)
    return chain


class Added(nn.Module):
    """A residual connection: the projected input added to the body's output."""

    def __init__(self, body: nn.Module, projection: nn.Module) -> None:
        super().__init__()
        self.body, self.projection = body, projection

    def forward(self, x: Tensor) -> Tensor:
        """Return the sum."""
        return self.body(x) + self.projection(x)


class Graph(nn.Module):
    """A graph whose nodes are sums of what edges make of earlier nodes."""

    def __init__(self, plan: GraphPlan, entry: nn.Module, edges: Mapping[Edge, nn.Module]) -> None:
        super().__init__()
        self.entry = entry
        self.edges = nn.ModuleDict({f"{i}-{j}": module for (i, j), module in edges.items()})
        self._shapes, self._output = plan.nodes, plan.output
        self._sources = [[i for i in range(j) if (i, j) in edges] for j in range(len(plan.nodes))]

    def forward(self, x: Tensor) -> Tensor:
        """Return what leaves the graph."""
        nodes = [self.entry(x)]
        for j in range(1, len(self._shapes)):
            terms = [self.edges[f"{i}-{j}"](nodes[i]) for i in self._sources[j]]
            nodes.append(sum(terms) if terms else x.new_zeros(len(x), *self._shapes[j]))
        if self._output == "last":
            return nodes[-1]
        if self._output == "sum":
            return sum(nodes[1:])
        return torch.cat(nodes[1:], dim=1)


class SeparableConv(nn.Module):
    """A convolution of each channel by itself, then one of 1 × 1 across channels."""

    def __init__(self, n_in: int, n_out: int, bias: bool, **window: int) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(n_in, n_in, groups=n_in, bias=False, **window)
        self.pointwise = nn.Conv2d(n_in, n_out, 1, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        """Return both applied."""
        return self.pointwise(self.depthwise(x))


def _conv(shape: Shape, width: int, *, norm: str, activation: str, **window: Any) -> nn.Module:
    padding = window["dilation"] * (window["kernel"] - 1) // 2
    kernel = window.pop("kernel")
    made = nn.Conv2d(shape[0], width, kernel, padding=padding, **window)
    return _followed(made, (width, *shape[1:]), norm, activation)


def _sep_conv(shape: Shape, width: int, *, norm: str, activation: str, **window: Any) -> nn.Module:
    padding = window["dilation"] * (window["kernel"] - 1) // 2
    window["kernel_size"] = window.pop("kernel")
    made = SeparableConv(shape[0], width, padding=padding, **window)
    return _followed(made, (width, *shape[1:]), norm, activation)


def _linear(shape: Shape, width: int, *, bias: bool, norm: str, activation: str) -> nn.Module:
    made = nn.Linear(shape[0], width, bias=bias)
    return _followed(made, (width,), norm, activation)


def _followed(made: nn.Module, shape: Shape, norm: str, activation: str) -> nn.Module:
    """Return a module followed by a norm and an activation, where there are any."""
    if norm == "none" and activation == "none":
        return made
    after = nn.Sequential()
    after.add_module("op", made)
    if norm != "none":
        after.add_module("norm", _norm(shape, shape[0], how=norm, groups=8))
    if activation != "none":
        after.add_module("activation", ACTIVATIONS[activation]())
    return after


def _norm(shape: Shape, width: int, *, how: str, groups: int) -> nn.Module:
    n = shape[0]
    if how == "batch":
        return nn.BatchNorm2d(n) if len(shape) == 3 else nn.BatchNorm1d(n)
    if how == "layer":
        return nn.GroupNorm(1, n)
    if how == "group":
        return nn.GroupNorm(max(g for g in range(1, min(groups, n) + 1) if n % g == 0), n)
    return nn.Identity()


def _max_pool(shape: Shape, width: int, *, kernel: int, stride: int | None) -> nn.Module:
    return nn.MaxPool2d(kernel, stride or kernel, (kernel - 1) // 2)


def _avg_pool(shape: Shape, width: int, *, kernel: int, stride: int | None) -> nn.Module:
    padding = (kernel - 1) // 2
    return nn.AvgPool2d(kernel, stride or kernel, padding, count_include_pad=False)


def _global_pool(shape: Shape, width: int, *, how: str) -> nn.Module:
    pool = nn.AdaptiveAvgPool2d(1) if how == "avg" else nn.AdaptiveMaxPool2d(1)
    return nn.Sequential(pool, nn.Flatten())


class Zero(nn.Module):
    """Nothing, in the shape of what comes in."""

    def forward(self, x: Tensor) -> Tensor:
        """Return zeros."""
        return torch.zeros_like(x)


ACTIVATIONS: Mapping[str, Callable[[], nn.Module]] = {
    "relu": nn.ReLU,
    "leaky_relu": nn.LeakyReLU,
    "elu": nn.ELU,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "hardswish": nn.Hardswish,
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
    "none": nn.Identity,
}

MAKERS: Mapping[str, Maker] = {
    "conv": _conv,
    "sep_conv": _sep_conv,
    "max_pool": _max_pool,
    "avg_pool": _avg_pool,
    "global_pool": _global_pool,
    "flatten": lambda shape, width: nn.Flatten(),
    "linear": _linear,
    "norm": _norm,
    "activation": lambda shape, width, how: ACTIVATIONS[how](),
    "dropout": lambda shape, width, rate: nn.Dropout(rate),
    "skip": lambda shape, width: nn.Identity(),
    "zero": lambda shape, width: Zero(),
}
"""The package's operations, by name."""
