"""Which cells are equal, against a search through all orders of their operations."""

from __future__ import annotations

import itertools
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayesopt.architectures import Cell, Layer, Network, Use
from bayesopt.architectures.equivalence import DenseCells, cell_key, dense_edges
from bayesopt.architectures.rules import Distinct
from bayesopt.space import Ordinal, Space

OPS = ("zero", "skip", "a", "b")
FIVE = ("zero", "skip", "a", "b", "c")


def by_brute_force(n_nodes, labels, output):
    """Return the least text over all orders of the operations at work."""
    sums, ops = [[] for _ in range(n_nodes)], []
    sums[0] = ["x"]
    for (i, j), label in zip(dense_edges(n_nodes), labels, strict=True):
        if label == "skip":
            sums[j] = sums[j] + sums[i]
        elif label != "zero" and sums[i]:
            ops.append((label, list(sums[i])))
            sums[j] = [*sums[j], len(ops) - 1]
    leaves = {
        "last": [sums[-1]],
        "sum": [[s for node in sums[1:] for s in node]],
        "concat": sums[1:],
    }[output]
    live, front = set(), [s for leaf in leaves for s in leaf if s != "x"]
    while front:
        op = front.pop()
        if op not in live:
            live.add(op)
            front += [s for s in ops[op][1] if s != "x"]

    def text(order):
        place = {op: k for k, op in enumerate(order)} | {"x": -1}
        lines = [(ops[op][0], sorted(place[s] for s in ops[op][1])) for op in order]
        return lines, sorted(sorted(place[s] for s in leaf) for leaf in leaves)

    return min(text(order) for order in itertools.permutations(sorted(live)))


@pytest.mark.parametrize("output", ["last", "sum", "concat"])
def test_all_small_cells_are_told_apart_as_they_should(output):
    edges = tuple(dense_edges(3))
    pairs = {
        (cell_key(3, edges, cell, output), str(by_brute_force(3, cell, output)))
        for cell in itertools.product(OPS, repeat=3)
    }
    keys, texts = zip(*pairs, strict=True)
    assert len(set(keys)) == len(set(texts)) == len(pairs)


@given(st.integers(0, 10**6), st.sampled_from(["last", "sum", "concat"]))
def test_so_are_larger_ones(seed, output):
    rng = random.Random(seed)
    edges = tuple(dense_edges(4))
    cell = [rng.choice(OPS) for _ in edges]
    near = list(cell)
    for k in rng.sample(range(6), 2):
        near[k] = rng.choice(OPS)
    swapped = list(cell)
    swapped[0], swapped[1] = cell[1], cell[0]
    for other in (near, swapped, [rng.choice(OPS) for _ in edges]):
        same = by_brute_force(4, cell, output) == by_brute_force(4, other, output)
        keys = [cell_key(4, edges, tuple(each), output) for each in (cell, other)]
        assert (keys[0] == keys[1]) == same


def test_operations_that_look_alike_are_told_apart_by_what_uses_them():
    # a(x) + a(a(x)) with one inner a, or with two of them
    edges = tuple(dense_edges(4))
    one = {(0, 1): "a", (1, 2): "skip", (1, 3): "a", (2, 3): "skip"}
    two = {(0, 1): "a", (0, 2): "a", (1, 3): "a", (2, 3): "skip"}
    keys = [cell_key(4, edges, tuple(c.get(e, "zero") for e in edges)) for c in (one, two)]
    assert keys[0] != keys[1]


def test_each_class_of_small_cells_keeps_exactly_one():
    cells = DenseCells(3, (FIVE,) * 3)
    every = list(itertools.product(range(5), repeat=3))
    kept = [cell for cell in every if cells.lesser(cell) is None]
    assert (
        len({cells.key(cell) for cell in every}) == len({cells.key(c) for c in kept}) == len(kept)
    )
    for cell in every:
        assert cells.first(cell) in kept
        assert cells.key(cells.first(cell)) == cells.key(cell)
        assert cells.first(cell) <= cell


@pytest.mark.slow
def test_the_cells_of_nas_bench_201():
    cells = DenseCells(4, (FIVE,) * 6)
    every = list(itertools.product(range(5), repeat=6))
    classes = {cells.key(cell) for cell in every}
    kept = [cell for cell in every if cells.lesser(cell) is None]
    assert len(classes) == len({cells.key(cell) for cell in kept}) == 5425
    assert len(kept) - len(classes) < 0.01 * len(classes)


NET = Network(
    {
        "cell": Cell(
            4,
            {
                "conv": "conv",
                "none": "zero",
                "sep": Layer("sep_conv", kernel=Ordinal([3, 5])),
                "same": "skip",
            },
        )
    },
    (3, 8, 8),
)


def test_a_space_proposes_one_of_each_and_a_configuration_finds_it():
    space, free = Space({"net": NET}), Space({"net": Network(NET.body, (3, 8, 8), distinct=False)})
    assert [type(rule) for rule in space.constraints] == [Distinct]
    assert free.constraints == ()
    rows = free.sample(60, np.random.default_rng(0))
    moved = 0
    for config in free.decode(rows):
        first = space["net"].representative(config)
        assert space.feasible(space.encode([first])).all()
        assert space["net"].representative(first) == first
        moved += first != config
    assert 0 < moved < 60


def test_an_edge_into_nowhere_is_none():
    space = Space({"net": NET})
    config = {f"net.cell.{i}-{j}": "none" for i, j in dense_edges(4)}
    config |= {"net.cell.0-3": "conv", "net.cell.0-1": "sep", "net.cell.0-1.sep.kernel": 5}
    assert space["net"].representative(config) == {
        **{f"net.cell.{i}-{j}": "none" for i, j in dense_edges(4)},
        "net.cell.0-3": "conv",
    }


def test_cells_within_blocks_and_shared_ones_are_looked_at():
    from bayesopt.architectures import Repeat, Residual, Stage
    from bayesopt.space import Int

    cell = Cell(3, ["zero", "skip", "conv"])
    body = {"a": Repeat(Residual(Stage(cell, 2)), Int(1, 2)), "b": Use("c")}
    space = Space({"net": Network(body, (3, 8, 8), shared={"c": cell})})
    (rule,) = space.constraints
    assert [each.name for each in rule._cells] == ["net.c", "net.a.0", "net.a.1"]
    configs = space.decode(space.sample(50, np.random.default_rng(1)))
    assert all(
        config.get("net.a.1.0-1") != "conv" or has_use(config, "net.a.1") for config in configs
    )


def has_use(config, name):
    """Whether node 1 leads anywhere."""
    return config[f"{name}.1-2"] != "zero"
