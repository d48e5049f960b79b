"""Spaces as plain data and back: what a peer is told, and what its values mean."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import bayesopt as bo
from benchmarks.contestants import flat
from benchmarks.contestants.flat import Choice, Number
from benchmarks.contestants.translate import config_of, describe, values_of

TREE = bo.Space(
    {
        "C": bo.Float(1e-3, 1e3, log=True, when={"model": "svm"}),
        "gamma": bo.Float(1e-5, 10, log=True, when={"model": "svm", "kernel": "rbf"}),
        "model": bo.Categorical(["svm", "forest", "knn"]),
        "kernel": bo.Categorical(["rbf", "linear"], when={"model": "svm"}),
        "depth": bo.Int(1, 31, step=2, when={"model": ["forest"]}),
        "leaf": bo.Float(0, 0.5, step=0.1, when={"depth": [3, 5]}),
        "batch": bo.Ordinal([8, 16, 32]),
        "tool": bo.Constant("sklearn"),
        "only": bo.Int(7, 7, when={"model": ["svm", "knn"]}),
        "late": bo.Float(0, 1, when={"only": 7}),
    }
)


def by_name(space):
    return {p.name: p for p in describe(space)}


def test_every_kind_is_described():
    described = by_name(TREE)
    assert described["C"] == Number("C", 1e-3, 1e3, log=True, when=(("model", (0,)),))
    assert described["model"] == Choice("model", 3)
    assert described["batch"] == Choice("batch", 3, ordered=True)
    assert described["depth"] == Number(
        "depth", 1, 31, integer=True, step=2, when=(("model", (1,)),)
    )
    assert described["leaf"] == Number("leaf", 0.0, 0.5, step=0.1, when=(("depth", (3, 5)),))


def test_parents_come_first():
    names = [p.name for p in describe(TREE)]
    for p in describe(TREE):
        assert all(names.index(parent) < names.index(p.name) for parent, _ in p.when)


def test_what_cannot_vary_is_left_out_and_its_condition_handed_on():
    described = by_name(TREE)
    assert not {"tool", "only"} & set(described)
    assert described["late"].when == (("model", (0, 2)),)


def test_implied_terms_are_left_out():
    assert by_name(TREE)["gamma"].when == (("kernel", (0,)),)
    narrower = bo.Space(
        {
            "a": bo.Categorical(["x", "y", "z"]),
            "b": bo.Categorical([0, 1], when={"a": ["x", "y"]}),
            "c": bo.Float(0, 1, when={"a": "x", "b": 1}),  # a = x is more than b implies
        }
    )
    assert by_name(narrower)["c"].when == (("a", (0,)), ("b", (1,)))


def test_json_round_trip():
    described = describe(TREE)
    assert flat.from_json(json.loads(json.dumps(flat.to_json(described)))) == described


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_values_and_configurations_are_the_same_thing(seed):
    [config] = TREE.decode(TREE.sample(1, np.random.default_rng(seed)))
    values = values_of(TREE, config)
    assert flat.active(describe(TREE), values) == values
    back, feasible = config_of(TREE, json.loads(json.dumps(values)))
    assert back == config
    assert list(map(type, back.values())) == list(map(type, config.values()))
    assert feasible


def test_values_of_inactive_parameters_do_not_matter():
    values = {p.name: 0 for p in describe(TREE)} | {"model": 2, "late": 0.25}
    config, _ = config_of(TREE, values)
    assert config == {"model": "knn", "batch": 8, "tool": "sklearn", "only": 7, "late": 0.25}


def test_values_between_or_beyond_are_moved_to_the_nearest():
    values = {"model": 1, "depth": 3.9, "leaf": 0.77, "batch": 2}
    config, _ = config_of(TREE, values)
    assert (config["depth"], config["leaf"], config["batch"]) == (3, 0.5, 32)


def test_constraints_are_looked_at():
    space = bo.Space({"x": bo.Float(0, 1), "y": bo.Float(0, 1)}, constraints=["x + y <= 1"])
    assert config_of(space, {"x": 0.5, "y": 0.25}) == ({"x": 0.5, "y": 0.25}, True)
    assert config_of(space, {"x": 0.5, "y": 0.75}) == ({"x": 0.5, "y": 0.75}, False)


@pytest.mark.parametrize(
    "p",
    [
        Number("x", -2.0, 3.0),
        Number("x", 1e-4, 10.0, log=True),
        Number("x", 0.0, 1.0, step=0.25),
        Number("x", 1, 100, integer=True, log=True, step=1),
        Number("x", 3, 15, integer=True, step=3),
    ],
    ids=str,
)
def test_unit_coordinates(p):
    assert p.from_unit(-0.1) == pytest.approx(p.low, rel=1e-12)
    assert p.from_unit(1.1) == pytest.approx(p.high, rel=1e-12)
    for x in map(p.from_unit, np.linspace(0, 1, 23)):
        assert p.nearest(x) == x
        assert p.from_unit(p.to_unit(x)) == pytest.approx(x, rel=1e-12)
        assert isinstance(x, int) == p.integer
    if p.log:
        middle = p.from_unit(0.5)
        assert middle == pytest.approx((p.low * p.high) ** 0.5, rel=1e-12)
