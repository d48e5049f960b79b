"""Counting and enumerating distinct configurations, against brute force."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayesopt.errors import SpaceError
from bayesopt.space import Categorical, Constant, Float, Int, Ordinal, Space


@st.composite
def finite_spaces(draw: st.DrawFn) -> Space:
    params: dict = {}
    domains: dict[str, list] = {}
    for i in range(draw(st.integers(0, 6))):
        name = f"p{i}"
        some = st.lists(st.sampled_from(sorted(domains)), max_size=3, unique=True)
        parents = draw(some) if domains else []
        when = {
            parent: draw(st.lists(st.sampled_from(domains[parent]), min_size=1, unique=True))
            for parent in parents
        } or None
        kind = draw(st.sampled_from(["cat", "int", "const", "step"]))
        if kind == "cat":
            params[name], domains[name] = Categorical(["a", "b", "c"], when=when), ["a", "b", "c"]
        elif kind == "int":
            params[name], domains[name] = Int(1, 3, log=True, when=when), [1, 2, 3]
        elif kind == "const":
            params[name], domains[name] = Constant("k", when=when), ["k"]
        else:
            params[name] = Float(0, 1, step=0.5, when=when)
    return Space(dict(draw(st.permutations(list(params.items())))))


def brute_force(space: Space) -> set:
    """Return all distinct configurations, out of the full product."""
    axes = [space[name].axis.to_units(np.arange(space[name].n_values)) for name in space.names]
    product = np.array(list(itertools.product(*axes))).reshape(math.prod(map(len, axes)), space.d)
    return {tuple(sorted(config.items())) for config in space.decode(product)}


@given(finite_spaces())
def test_size_and_grid_agree_with_brute_force(space: Space) -> None:
    expected = brute_force(space)
    assert space.size == len(expected)
    grid = space.grid()
    assert grid.n_cells == len(grid) == space.size
    rows = np.concatenate([*grid.blocks(7)])
    assert (space.snap(rows) == rows).all()
    configs = [tuple(sorted(config.items())) for config in space.decode(rows)]
    assert len(configs) == len(expected)
    assert set(configs) == expected
    shuffled = np.random.default_rng(0).permutation(len(grid))
    assert (grid.rows(shuffled) == rows[shuffled]).all()


def test_inactive_branches_are_not_multiplied() -> None:
    space = Space(
        {"opt": Categorical(["sgd", "adam"]), "momentum": Float(0, 0.9, when={"opt": "sgd"})}
    )
    grid = space.grid(3)
    assert space.decode(grid.rows(range(grid.n_cells))) == [
        {"opt": "sgd", "momentum": 0.0},
        {"opt": "sgd", "momentum": 0.45},
        {"opt": "sgd", "momentum": 0.9},
        {"opt": "adam"},
    ]


def test_the_last_parameter_varies_fastest() -> None:
    space = Space({"a": Int(0, 1), "b": Int(0, 2)})
    values = [tuple(c.values()) for c in space.decode(space.grid().rows(range(6)))]
    assert values == list(itertools.product(range(2), range(3)))


def test_large_spaces_are_counted_without_listing() -> None:
    assert Space({f"n{i}": Int(1, 10**9) for i in range(100)}).size == 10**900
    tree: dict = {"root": Int(0, 2**50)}
    for i in range(40):
        tree[f"b{i}"] = Categorical([0, 1], when={"root": i})
        tree[f"c{i}"] = Int(1, 10, when={f"b{i}": 1})
    assert Space(tree).size == 2**50 + 1 - 40 + 40 * 11
    independent: dict = {}
    for i in range(40):
        independent[f"b{i}"] = Categorical([0, 1])
        independent[f"c{i}"] = Int(1, 10, when={f"b{i}": 1})
    assert Space(independent).size == 11**40
    fan: dict = {"root": Categorical([0, 1])}
    for i in range(40):
        fan[f"b{i}"] = Categorical([0, 1], when={"root": 1})
        fan[f"c{i}"] = Int(1, 10, when={f"b{i}": 1})
    assert Space(fan).size == 1 + 11**40


def test_continuous_spaces_are_infinite() -> None:
    assert Space({"x": Float(0, 1)}).size == math.inf
    assert Space({"n": Int(0, 2**51 - 1), "x": Float(0, 1)}).size == math.inf
    assert Space({"x": Float(2, 2), "n": Int(1, 3)}).size == 3
    assert Space({"x": Float(2, 2)}).size == 1
    huge = {f"n{i}": Int(1, 2**50) for i in range(30)}
    assert Space({**huge, "x": Float(0, 1)}).size == math.inf
    branch = {**{n: Int(1, 2**50, when={"c": "a"}) for n in huge}, "c": Categorical(["a", "b"])}
    assert Space({**branch, "x": Float(0, 1, when={"c": "b"})}).size == math.inf


def test_entangled_conditions_are_given_up_on() -> None:
    tangle: dict = {f"a{i}": Categorical([0, 1]) for i in range(24)}
    for i, j in itertools.combinations(range(24), 2):
        tangle[f"c{i}.{j}"] = Float(0, 1, step=0.5, when={f"a{i}": 1, f"a{j}": 1})
    space = Space(tangle)
    assert space.size == math.inf
    with pytest.raises(SpaceError, match="branches"):
        space.grid()


def test_grids_beyond_64_bits_can_be_entered() -> None:
    space = Space({f"n{i}": Int(0, 2**20 - 1) for i in range(6)})
    grid = space.grid({f"n{i}": 2**20 for i in range(6)})
    assert grid.n_cells == 2**120
    assert space.decode(grid.rows([0, 1, 2**40 + 3])) == [
        {f"n{i}": 0 for i in range(6)},
        {**{f"n{i}": 0 for i in range(5)}, "n5": 1},
        {**{f"n{i}": 0 for i in range(3)}, "n3": 1, "n4": 0, "n5": 3},
    ]
    with pytest.raises(IndexError):
        grid.rows([-1])
    with pytest.raises(IndexError):
        Space({"n": Int(0, 3)}).grid().rows([4])


def test_resolutions() -> None:
    space = Space(
        {
            "x": Float(0, 1),
            "lr": Float(1e-4, 1, log=True),
            "n": Int(1, 100),
            "c": Categorical(list("abcdefgh")),
            "k": Ordinal([1, 2, 3]),
        }
    )
    grid = space.grid(5)
    assert [len(axis) for axis in grid.axes] == [5, 5, 5, 8, 3]
    assert space["x"].values(grid.axes[0]) == [0, 0.25, 0.5, 0.75, 1]
    assert space["lr"].values(grid.axes[1]) == pytest.approx([1e-4, 1e-3, 1e-2, 1e-1, 1])
    assert space["n"].values(grid.axes[2])[0::4] == [1, 100]
    grid = space.grid({"x": 1, "lr": [0.1, 0.01, 0.1], "n": np.array([3, 5]), "c": 2})
    assert [len(axis) for axis in grid.axes] == [1, 2, 2, 2, 3]
    assert space["lr"].values(grid.axes[1]) == [0.1, 0.01]
    assert space["n"].values(grid.axes[2]) == [3, 5]
    assert space["x"].values(grid.axes[0]) == [0.5]


@pytest.mark.parametrize(
    ("resolution", "says"),
    [
        (None, "resolution"),
        ({"n": 3}, "'x'"),
        (0, "positive"),
        (-1, "positive"),
        (2.5, "positive"),
        (True, "positive"),
        ("3", "positive"),
        ({"x": 2, "typo": 2}, "typo"),
        ({"x": []}, "at least one"),
        ({"x": [0.5, 1.5]}, "number from"),
        ({"x": ["a"]}, "number from"),
        ({"x": 2, "n": [101]}, "integer from"),
        (10**9, "at most 16777216 values"),
        ({"x": 10**12, "n": 2}, "at most 16777216 values"),
    ],
)
def test_bad_resolutions_are_typed_errors(resolution: object, says: str) -> None:
    space = Space({"x": Float(0, 1), "n": Int(1, 100)})
    with pytest.raises(SpaceError, match=says):
        space.grid(resolution)  # type: ignore[arg-type]


def test_values_on_a_grid_are_recognised_when_they_come_back() -> None:
    space = Space({"x": Float(0, 1), "lr": Float(1e-5, 1e-1, log=True)})
    rows = space.grid(7).rows(range(49))
    assert (space.encode(space.decode(rows)) == rows).all()
