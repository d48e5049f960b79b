"""Networks as parameters: names, conditions, and the way back."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from network_spaces import KEEPING, networks, sampled

import bayesopt as bo
from bayesopt.architectures import (
    Architecture,
    Cell,
    Choice,
    Graph,
    Layer,
    Network,
    NetworkGroup,
    Repeat,
    Residual,
    Sequential,
    Stage,
    Use,
)
from bayesopt.errors import InfeasibleSpaceError, InvalidConfigError, SpaceError
from bayesopt.space import Categorical, Int, Ordinal, Space

seeds = st.integers(0, 10**6)
few = settings(max_examples=15)


class Consulted(dict):
    """A configuration that notes what is looked up."""

    def __init__(self, params):
        super().__init__(params)
        self.names = set()

    def __getitem__(self, name):
        self.names.add(name)
        return super().__getitem__(name)


@given(networks(fitting=False), seeds)
@few
def test_what_exists_is_exactly_what_a_reading_looks_up(network, seed):
    _, configs = sampled(network, 4, seed)
    for config in configs:
        consulted = Consulted(config)
        network.read(consulted, "net")
        assert consulted.names == set(config) - {"lr"}


@given(networks(fitting=False), seeds)
@few
def test_parameters_to_structure_and_back(network, seed):
    space, configs = sampled(network, 4, seed)
    for config in configs:
        architecture = space["net"].read(config)
        assert not any(part for part in walk(architecture) if is_open(part))
        assert {**space["net"].write(architecture), "lr": config["lr"]} == config
        assert Architecture.from_json(architecture.to_json()) == architecture


def walk(architecture):
    for part in (architecture.body, *architecture.shared.values()):
        yield from part.walk()


def is_open(part):
    settings = part.settings.values() if isinstance(part, Layer) else ()
    many = isinstance(part, Choice) and len(part.inner) > 1
    return isinstance(part, Cell | Repeat) or many or any(hasattr(s, "axis") for s in settings)


@given(networks())
@few
def test_a_space_survives_json_and_pickle(network):
    space = Space({"net": network}, ["p['net.stem.width'] < 9"])
    again = Space.from_json(space.to_json())
    for other in (again, pickle.loads(pickle.dumps(space)), again.with_parameter("x", Int(0, 1))):
        assert other["net"] == space["net"] == NetworkGroup("net", network)
        assert list(map(repr, other.constraints)) == list(map(repr, space.constraints))
    assert again == space
    assert again.to_json() == space.to_json()
    assert len(space._given) == 1


def test_names_are_readable():
    net = Network(
        {
            "stem": Layer("conv", width=Ordinal([8, 16])),
            "stage": Stage(Repeat(Residual("conv"), Int(1, 3)), widen=Ordinal([1, 2])),
            "cell": Cell(3, KEEPING),
            "free": Cell(4, ["conv", "skip"], n_inputs=2),
            "same": Repeat(Choice(["conv", "skip"]), Ordinal([0, 2]), shared=True),
        },
        (3, 8, 8),
    )
    assert list(Space({"net": net}).parameters) == [
        "net.stem.width",
        "net.stage.widen",
        "net.stage.depth",
        "net.cell.0-1",
        "net.cell.0-1.sep.kernel",
        "net.cell.0-2",
        "net.cell.0-2.sep.kernel",
        "net.cell.1-2",
        "net.cell.1-2.sep.kernel",
        "net.free.1.op1",
        "net.free.2.op1",
        "net.free.2.op2",
        "net.free.3.inputs",
        "net.free.3.op1",
        "net.free.3.op2",
        "net.same.depth",
        "net.same.each",
    ]
    assert Space({"net": net})["net"].network == net


def test_a_network_may_itself_be_conditional():
    net = Network({"a": Choice(["conv", "skip"])}, (3, 8, 8), when={"model": "cnn"})
    space = Space({"model": Categorical(["cnn", "forest"]), "net": net})
    rows = space.sample(40, np.random.default_rng(0))
    assert {("net.a" in config) for config in space.decode(rows)} == {True, False}
    with pytest.raises(InvalidConfigError, match=r"net\.a"):
        space["net"].read({"model": "forest"})


def test_a_study_keeps_its_networks(tmp_path):
    net = Network({"a": Repeat("conv", Int(1, 3)), "b": Choice(["conv", "skip"])}, (3, 8, 8))
    study = bo.create_study(
        {"net": net}, sampler="random", storage=tmp_path / "s.db", name="nas", seed=0
    )
    params = study.ask().params
    study.close()
    again = bo.load_study(tmp_path / "s.db", "nas")
    assert again.space["net"].read(params) == net.read(params)
    again.close()


@given(networks(), seeds)
@few
def test_only_what_fits_is_proposed(network, seed):
    try:
        space, configs = sampled(network, 8, seed)
    except InfeasibleSpaceError:
        return
    assert all(space["net"].read(config).problem == "" for config in configs)


@given(networks(fitting=False), seeds)
@settings(max_examples=40)
def test_what_is_foreseen_to_fit_does(network, seed):
    if not network.may_not_fit:
        space, configs = sampled(network, 12, seed)
        assert [space["net"].read(config).problem for config in configs] == [""] * 12


def test_usual_networks_are_foreseen_to_fit():
    blocks = Repeat(Residual(Layer("conv", kernel=Ordinal([3, 5]))), Int(1, 3))
    body = {
        "stem": "conv",
        "a": blocks,
        "p": "max_pool",
        "b": Stage(blocks, 2),
        "c": Cell(4, KEEPING),
    }
    assert not Network(body, (1, 8, 8), 10).may_not_fit
    assert Network({**body, "q": Repeat("max_pool", Int(1, 3))}, (1, 8, 8), 10).may_not_fit
    assert Network(["flatten", "conv"], (1, 8, 8)).may_not_fit


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: Layer(""), "name of an operation"),
        (lambda: Layer("conv", kernel=[3, 3]), "kernel"),
        (lambda: Layer("conv", kernel=Categorical([object])), "kernel"),
        (lambda: Choice([]), "at least one"),
        (lambda: Choice(["conv", Layer("conv", kernel=5)]), "different operations"),
        (lambda: Choice([Sequential([])]), "different operations"),
        (lambda: Choice("conv"), "a list or a mapping"),
        (lambda: Sequential([3]), "part of a network"),
        (lambda: Repeat("conv", -1), "depth"),
        (lambda: Repeat("conv", Int(0, 10**6)), "depth"),
        (lambda: Repeat("conv", Ordinal([1, "two"])), "depth"),
        (lambda: Stage("conv", 0), "widen"),
        (lambda: Cell(1, ["conv"]), "nodes"),
        (lambda: Cell(3, ["conv"], n_inputs=0), "n_inputs"),
        (lambda: Cell(60, ["conv"], n_inputs=20), "n_inputs"),
        (lambda: Cell(3, ["conv"], output="first"), "output"),
        (lambda: Graph(3, {(1, 0): "conv"}), "ascending"),
        (lambda: Graph(3, {(1, 3): "conv"}), "ascending"),
        (lambda: Graph(3, ["conv"]), "mapping"),
        (lambda: Network(["conv"], (8, 8)), "input_shape"),
        (lambda: Network(["conv"], (1, 8, 8), 0), "outputs"),
        (lambda: Network([Use("nobody")], (1, 8, 8)), "Use"),
        (lambda: Network(["conv"], (1, 8, 8), shared={"a": Use("a")}), "Use"),
        (lambda: Network([Layer("conv", kernal=3)], (1, 8, 8)), "kernal"),
        (lambda: Network([Layer("conv", kernel=0)], (1, 8, 8)), "kernel"),
        (lambda: Network([Layer("norm", how="best")], (1, 8, 8)), "one of batch"),
        (
            lambda: Space(
                {"n": Network({"a": Stage(Layer("conv", widen=Int(1, 2)), Int(1, 2))}, (1, 8, 8))}
            ),
            "widen",
        ),
        (lambda: NetworkGroup.of("net", {"kind": "network"}), "all of it"),
        (lambda: Architecture.from_json("[]"), "all of it"),
        (lambda: Architecture.from_json("{"), "all of it"),
    ],
)
def test_ill_defined_parts_are_refused(make, match):
    with pytest.raises((SpaceError, InvalidConfigError), match=match):
        make()


def test_architectures_of_other_networks_are_refused():
    net = Network({"a": Choice(["conv", "skip"]), "b": Repeat("conv", Int(1, 2))}, (1, 8, 8))
    fine = net.read({"net.a": "conv", "net.b.depth": 1})
    others = [
        Network({"a": Choice(["conv", "zero"]), "b": Repeat("conv", Int(1, 2))}, (1, 8, 8)),
        Network({"a": Choice(["conv", "skip"]), "b": Repeat("skip", Int(1, 2))}, (1, 8, 8)),
        Network({"a": Choice(["conv", "skip"]), "b": Repeat("conv", Int(2, 3))}, (1, 8, 8)),
        Network({"a": Residual("conv"), "b": Repeat("conv", Int(1, 2))}, (1, 8, 8)),
        Network({"a": Choice(["conv", "skip"])}, (1, 8, 8)),
    ]
    assert net.write(fine) == {"net.a": "conv", "net.b.depth": 1}
    for other in others:
        params = {"net.a": "zero" if other is others[0] else "skip", "net.b.depth": 2}
        if other is others[2]:
            params["net.b.depth"] = 3
        with pytest.raises(InvalidConfigError, match="net"):
            net.write(other.read(params))
    with pytest.raises(InvalidConfigError, match=r"net\.b\.depth"):
        net.read({"net.a": "conv"})
    with pytest.raises(InvalidConfigError, match="conv, skip"):
        net.read({"net.a": "pool", "net.b.depth": 1})
