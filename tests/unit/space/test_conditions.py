"""Which parameters exist where: against a naive reading of the conditions, one row at a time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayesopt.errors import SpaceError
from bayesopt.space import INACTIVE, Categorical, Constant, Float, Int, Ordinal, Space


@st.composite
def conditional_params(draw: st.DrawFn) -> dict:
    """Return parameters with random conditions on earlier ones, defined in a random order."""
    params: dict = {}
    domains: dict[str, list] = {}
    for i in range(draw(st.integers(1, 7))):
        name = f"p{i}"
        terms = {}
        for parent in draw(
            st.lists(st.sampled_from(sorted(domains)), max_size=2, unique=True)
            if domains
            else st.just([])
        ):
            values = draw(st.lists(st.sampled_from(domains[parent]), min_size=1, unique=True))
            terms[parent] = values if len(values) > 1 or draw(st.booleans()) else values[0]
        when = terms or None
        kind = draw(st.sampled_from(["cat", "bool", "ord", "int", "const", "float"]))
        if kind == "cat":
            params[name], domains[name] = Categorical(["a", "b", "c"], when=when), ["a", "b", "c"]
        elif kind == "bool":
            params[name], domains[name] = Categorical([True, False], when=when), [True, False]
        elif kind == "ord":
            params[name], domains[name] = Ordinal([1, 2, 4], when=when), [1, 2, 4]
        elif kind == "int":
            params[name], domains[name] = Int(0, 3, when=when), [0, 1, 2, 3]
        elif kind == "const":
            params[name], domains[name] = Constant("k", when=when), ["k"]
        else:
            params[name] = Float(0, 1, when=when)
    return dict(draw(st.permutations(list(params.items()))))


def naive_config(params: dict, values: dict) -> dict:
    """Return those of `values` whose conditions hold, found by brute repetition."""
    config: dict = {}
    for _ in params:
        config = {
            name: values[name]
            for name, p in params.items()
            if all(
                parent in config and config[parent] in list(allowed)
                for parent, allowed in (p.when or {}).items()
            )
        }
    return config


@given(conditional_params(), st.integers(0, 2**32))
def test_active_masks_agree_with_a_naive_reading(params: dict, seed: int) -> None:
    space = Space(params)
    u = np.random.default_rng(seed).random((20, space.d))
    snapped = space.snap(u)
    active = space.active(u)
    decoded = space.decode(u)
    for i, row in enumerate(u):
        values = {
            name: p.value if isinstance(p, Constant) else p.from_unit(row[space.names.index(name)])
            for name, p in params.items()
        }
        expected = naive_config(params, values)
        assert decoded[i] == expected
        assert {n for n, on in zip(space.names, active[i], strict=True) if on} == {
            n for n in expected if not isinstance(params[n], Constant)
        }
    assert (snapped[~active] == INACTIVE).all()
    assert (space.active(snapped) == active).all()
    assert (space.snap(snapped) == snapped).all()
    rows, mask, inside = space.encode_with_mask(decoded)
    assert (rows == snapped).all()
    assert (mask == active).all()
    assert inside.all()


def test_a_condition_on_a_condition() -> None:
    space = Space(
        {
            "beta": Float(0, 1, when={"momentum": True}),  # children may come first
            "momentum": Categorical([True, False], when={"opt": ["sgd", "rms"]}),
            "opt": Categorical(["sgd", "rms", "adam"]),
        }
    )
    assert space.decode(np.array([[0.5, 0.25, 0.9]])) == [{"opt": "adam"}]
    assert space.decode(np.array([[0.5, 0.25, 0.1]])) == [
        {"opt": "sgd", "momentum": True, "beta": 0.5}
    ]
    assert space.decode(np.array([[0.5, 0.75, 0.5]])) == [{"opt": "rms", "momentum": False}]


def test_keys_are_anded_and_lists_ored() -> None:
    space = Space(
        {
            "a": Categorical(["x", "y"]),
            "n": Int(1, 4),
            "c": Float(0, 1, when={"a": "x", "n": [1, np.int64(2)]}),
        }
    )
    grid = space.grid({"c": 1}).rows(range(8 + 0))
    for config in space.decode(grid):
        assert ("c" in config) == (config["a"] == "x" and config["n"] in (1, 2))


def test_values_of_conditions_are_told_apart_by_type() -> None:
    space = Space({"a": Categorical([True, 1, "1"]), "b": Float(0, 1, when={"a": 1})})
    assert ["b" in c for c in space.decode(np.array([[0.1, 0.5], [0.5, 0.5], [0.9, 0.5]]))] == [
        False,
        True,
        False,
    ]


def test_tuples_are_values_where_the_parent_has_them_else_lists() -> None:
    space = Space(
        {
            "shape": Categorical([(1, 2), (3, 4)]),
            "n": Int(1, 5),
            "a": Float(0, 1, when={"shape": (1, 2)}),
            "b": Float(0, 1, when={"n": (1, 2)}),
            "c": Float(0, 1, when={"shape": [(1, 2), (3, 4)]}),
        }
    )
    config = space.decode(np.array([[0.25, 0.3, 0.5, 0.5, 0.5]]))[0]
    assert set(config) == {"shape", "n", "a", "b", "c"}
    config = space.decode(np.array([[0.75, 0.9, 0.5, 0.5, 0.5]]))[0]
    assert set(config) == {"shape", "n", "c"}


def test_conditions_may_name_objects() -> None:
    space = Space(
        {"f": Categorical({"mean": np.mean, "max": np.max}), "x": Float(0, 1, when={"f": np.mean})}
    )
    assert dict(space["x"].when) == {"f": ("mean",)}
    assert space.decode(np.array([[0.25, 0.5]])) == [{"f": np.mean, "x": 0.5}]


@pytest.mark.parametrize(
    ("params", "says"),
    [
        ({"a": Float(0, 1, when={"b": 1})}, "name of a parameter"),
        ({"a": Int(0, 1), "b": Float(0, 1, when={"a": 2})}, "got 2"),
        ({"a": Categorical(["x"]), "b": Float(0, 1, when={"a": ["x", "z"]})}, "got 'z'"),
        ({"a": Constant("x"), "b": Float(0, 1, when={"a": "y"})}, "got 'y'"),
        ({"a": Float(0, 1), "b": Float(0, 1, when={"a": 0.5})}, "continuous"),
        ({"a": Int(0, 1, when={"a": 1})}, "cycle"),
        ({"a": Int(0, 1, when={"b": 1}), "b": Int(0, 1, when={"a": 1})}, "cycle"),
    ],
)
def test_bad_conditions_are_typed_errors(params: dict, says: str) -> None:
    with pytest.raises(SpaceError, match=says):
        Space(params)


@pytest.mark.parametrize("when", [{}, {"a": []}, "a", [("a", 1)], {1: 2}])
def test_malformed_conditions_are_typed_errors(when: object) -> None:
    with pytest.raises(SpaceError, match="condition"):
        Float(0, 1, when=when)  # type: ignore[arg-type]


def test_long_chains_of_conditions_work() -> None:
    params: dict = {"p0": Categorical([0, 1])}
    for i in range(1, 60):
        params[f"p{i}"] = Categorical([0, 1], when={f"p{i - 1}": 1})
    space = Space(dict(reversed(params.items())))
    assert space.size == 61
    assert len(space.decode(np.full((1, 60), 0.9))[0]) == 60


def test_conditions_on_objects_can_be_compared() -> None:
    label_free = object()
    assert Float(0, 1, when={"f": np.mean}) == Float(0, 1, when={"f": [np.mean]})
    assert Float(0, 1, when={"f": np.mean}) != Float(0, 1, when={"f": np.max})
    assert Float(0, 1, when={"f": label_free}) == Float(0, 1, when={"f": label_free})
    assert Float(0, 1, when={"f": label_free}) != Float(0, 1, when={"f": object()})
