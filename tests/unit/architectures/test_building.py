"""Architectures as modules: the shapes that were foretold, and errors that say where."""

from __future__ import annotations

import importlib
import itertools
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from network_spaces import networks, sampled

from bayesopt.architectures import (
    OPERATIONS,
    Architecture,
    Cell,
    Choice,
    Graph,
    Layer,
    Network,
    Repeat,
    Residual,
    Sequential,
    Stage,
    Use,
)
from bayesopt.errors import InfeasibleSpaceError, MissingDependencyError, ShapeError
from bayesopt.space import Int

torch = pytest.importorskip("torch")
from bayesopt.architectures.building import MAKERS  # noqa: E402


def built(body, shape=(4, 8, 8), outputs=None, **own):
    network = Network(body, shape, outputs)
    return network.read({}).build(own or None)


def out(module, shape):
    return tuple(module(torch.zeros(2, *shape)).shape[1:])


@given(networks(), st.integers(0, 10**6))
@settings(max_examples=25)
def test_what_is_sampled_builds_and_gives_the_declared_shape(network, seed):
    try:
        space, configs = sampled(network, 3, seed)
    except InfeasibleSpaceError:
        return
    for config in configs:
        module = space["net"].build(config)
        x = torch.randn(2, 3, 8, 8, requires_grad=True)
        y = module.eval()(x)
        assert tuple(y.shape[1:]) == space["net"].read(config).output_shape
        assert network.outputs is None or y.shape == (2, 5)


def operations():
    """Every operation with a few of its settings, and what it takes."""
    for op, (kernel, stride, dilation) in itertools.product(
        ("conv", "sep_conv"), itertools.product((1, 2, 3, 4, 5), (1, 2, 3), (1, 2))
    ):
        yield Layer(op, kernel=kernel, stride=stride, dilation=dilation, width=6), (4, 9, 11)
    for op, kernel, stride in itertools.product(
        ("max_pool", "avg_pool"), (1, 2, 3, 5), (None, 1, 2)
    ):
        yield Layer(op, kernel=kernel, stride=stride), (4, 9, 11)
    for how in ("batch", "layer", "group", "none"):
        yield Layer("norm", how=how), (6, 5, 5)
        yield Layer("norm", how=how), (6,)
        yield Layer("linear", width=3, norm=how), (6,)
    for how in (
        "relu",
        "leaky_relu",
        "elu",
        "gelu",
        "silu",
        "hardswish",
        "tanh",
        "sigmoid",
        "none",
    ):
        yield Layer("activation", how=how), (3, 4, 4)
    yield Layer("conv", groups=2, bias=False, norm="group", activation="silu"), (4, 6, 6)
    for op in ("skip", "zero", "dropout", "flatten", "global_pool"):
        yield Layer(op), (4, 5, 6)
    yield Layer("global_pool", how="max"), (4, 5, 6)


@pytest.mark.parametrize(("layer", "shape"), list(operations()), ids=str)
def test_shapes_of_operations_are_those_of_torch(layer, shape):
    architecture = Network([layer], shape).read({})
    try:
        foretold = architecture.output_shape
    except ShapeError:
        with pytest.raises(ShapeError):
            architecture.build()
        settings = {**OPERATIONS[layer.op].defaults, **layer.settings}
        settings.pop("width", None)
        with pytest.raises(RuntimeError):
            MAKERS[layer.op](shape, 6, **settings)(torch.zeros(2, *shape))
        return
    assert out(architecture.build(), shape) == foretold


def test_every_operation_has_a_maker():
    assert set(MAKERS) == set(OPERATIONS)


def test_widths_follow_stages():
    body = {
        "stem": Layer("conv", width=6),
        "a": Stage(Sequential(["conv", Layer("conv", width=5), "conv"]), 1.5),
        "b": Stage("conv", 0.1),
        "c": Stage("conv", 2.2, multiple=4),
    }
    plan = Network(body, (3, 8, 8)).read({}).plan()
    widths = [step.after[0] for step in plan.steps]
    assert [step.after[0] for step in plan.steps[1].steps] == [9, 5, 9]
    assert widths == [6, 9, 1, 4]


def test_a_graph_computes_its_sums():
    cell = {
        (0, 1): "skip",
        (0, 2): Choice(["skip"]),
        (1, 2): "skip",
        (1, 3): "zero",
        (2, 3): "skip",
    }
    x = torch.randn(2, 4, 8, 8)
    torch.testing.assert_close(built([Graph(4, cell)])(x), 2 * x)
    torch.testing.assert_close(built([Graph(4, cell, "sum")])(x), 5 * x)
    torch.testing.assert_close(
        built([Graph(4, cell, "concat")])(x), torch.cat([x, 2 * x, 2 * x], 1)
    )
    torch.testing.assert_close(
        built([Graph(3, {(1, 2): "conv"})]).eval()(x).std(), torch.tensor(0.0), atol=1.0, rtol=0
    )
    torch.testing.assert_close(built([Residual("skip")])(x), 2 * x)
    assert out(built([Residual(Layer("conv", width=7, stride=2))], (4, 9, 9)), (4, 9, 9)) == (
        7,
        5,
        5,
    )
    assert out(built([Residual(Layer("linear", width=7))], (4,)), (4,)) == (7,)
    assert out(built([Stage(Graph(2, {(0, 1): "skip"}), 2)]), (4, 8, 8)) == (8, 8, 8)


@pytest.mark.parametrize(
    ("body", "match"),
    [
        (["max_pool"] * 4, "max_pool at '3': kernel"),
        ([Layer("max_pool", kernel=8), Layer("conv", kernel=2)], "conv at '1'"),
        (["linear"], "Put 'global_pool' or 'flatten' before it"),
        (["flatten", "conv"], "before 'global_pool' and 'flatten'"),
        (["global_pool", "global_pool"], "global_pool at '1'"),
        ([Layer("conv", groups=3)], "divisor"),
        (["convolve"], "operations={name: function}"),
        ([Residual("flatten")], "projection"),
        ([Graph(3, {(0, 2): "skip", (0, 1): "skip", (1, 2): "max_pool"})], "node 2 of '0'"),
        ([Graph(3, {(0, 1): "skip", (0, 2): "max_pool"}, "concat")], "output of '0'"),
    ],
)
def test_what_cannot_be_built_says_where_and_why(body, match):
    architecture = Network(body, (4, 8, 8)).read({})
    if "convolve" not in body:
        assert architecture.problem
    with pytest.raises(ShapeError, match=match):
        architecture.build()


def test_what_is_still_open_cannot_be_built():
    for part in (
        Choice(["conv", "skip"]),
        Repeat("conv", 2),
        Cell(3, ["conv"]),
        Stage("conv", Int(1, 2)),
    ):
        with pytest.raises(ShapeError, match="nothing is open"):
            Architecture(part, (4, 8, 8)).build()
    with pytest.raises(ShapeError, match="Use at"):
        Architecture(Use("cell"), (4, 8, 8)).build()


def test_operations_of_ones_own():
    def halve(shape, width, *, times=1):
        return torch.nn.Sequential(*(torch.nn.AvgPool2d(2) for _ in range(times)))

    net = Network(["conv", Layer("halve", times=Int(1, 2)), "conv"], (4, 8, 8), 3)
    architecture = net.read({"net.1.times": 2})
    assert architecture.problem == ""
    assert architecture.build({"halve": halve})(torch.zeros(1, 4, 8, 8)).shape == (1, 3)
    with pytest.raises(ShapeError, match="halve"):
        net.read({"net.1.times": 1}).build()
    with pytest.raises(ShapeError, match="halve at '1'"):
        Network([Layer("conv", kernel=3, stride=8), Layer("halve", times=1)], (4, 8, 8)).read(
            {}
        ).build({"halve": halve})


def test_the_same_seed_gives_the_same_weights():
    architecture = Network(["conv", "conv"], (4, 8, 8), 3).read({})
    torch.manual_seed(0)
    first = architecture.build().state_dict()
    torch.manual_seed(0)
    second = architecture.build().state_dict()
    assert list(first) == [
        "body.0.weight",
        "body.0.bias",
        "body.1.weight",
        "body.1.bias",
        "head_linear.weight",
        "head_linear.bias",
    ]
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_a_drawing_shows_choices_and_shapes():
    block = Choice({"res": Residual("conv"), "skip": "skip"})
    body = {
        "stem": Layer("conv", width=6),
        "blocks": Repeat(block, 2, shared=True),
        "cell": Cell(3, ["zero", "conv"]),
    }
    net = Network({**body, "again": Use("pool")}, (3, 8, 8), shared={"pool": Layer("max_pool")})
    params = {
        "net.blocks.each": "res",
        "net.cell.0-1": "zero",
        "net.cell.0-2": "conv",
        "net.cell.1-2": "zero",
    }
    assert (
        str(net.read(params))
        == """\
├─ stem: conv width=6 → 6 × 8 × 8
├─ blocks: in sequence
│  ├─ 0: res = residual, conv → 6 × 8 × 8
│  └─ 1: res = residual, conv → 6 × 8 × 8
├─ cell: graph of 3 nodes, output last
│  ├─ 0-1: zero
│  ├─ 0-2: conv → 6 × 8 × 8
│  └─ 1-2: zero
└─ again: use pool
pool: max_pool"""
    )
    assert "one of" in str(net)
    assert str(Network("conv", (3, 8, 8)).read({})) == "conv → 3 × 8 × 8"


def test_without_torch_it_says_what_to_install(monkeypatch):
    for name in ("torch", "bayesopt.architectures.building", "bayesopt.architectures.scores"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MissingDependencyError, match="pip install torch"):
        built(["conv"])
    with pytest.raises(MissingDependencyError, match="pip install torch"):
        importlib.import_module("bayesopt.architectures.scores")


def test_any_name_will_do_for_a_part():
    body = {"forward": "conv", "training": "skip", "a.b": "conv"}
    assert out(built(body), (4, 8, 8)) == (4, 8, 8)
