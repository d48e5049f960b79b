"""Regularised evolution, against the loop of the paper; and mutations of network spaces."""

from __future__ import annotations

from collections import deque

import numpy as np
import pytest

from bayesopt.architectures import Cell, Choice, Layer, Network, Repeat
from bayesopt.history import History
from bayesopt.rng import trial_rng
from bayesopt.samplers import EvolutionSampler
from bayesopt.samplers.breeding import Parents, cross, mutate
from bayesopt.space import Categorical, Float, Int, Ordinal, Space

CHOICES = Space({f"c{j}": Categorical(list("abcd")) for j in range(8)})
NETWORKS = Space(
    {
        "net": Network(
            {
                "stem": Layer("conv", width=Ordinal([2, 4, 8])),
                "blocks": Repeat(
                    Choice({"a": Layer("conv", kernel=Ordinal([1, 3])), "b": "skip"}), Int(1, 3)
                ),
                "cell": Cell(3, ["zero", "skip", "conv"]),
            },
            (1, 8, 8),
        ),
        "lr": Float(1e-4, 1e-1, log=True),
    }
)


def loss(config):
    return float(sum(hash_of(name, value) for name, value in config.items()))


def hash_of(name, value):
    return sum(map(ord, f"{name}{value:.3g}" if isinstance(value, float) else f"{name}{value}")) % 7


def played(space, sampler, n, seed):
    history = History(space, seed=seed)
    rows = []
    for _ in range(n):
        row = sampler.propose(space, history, 1, trial_rng(seed, history.n)).rows[0]
        config = space.decode(row[None])[0]
        history.tell(history.append(config), loss(config))
        rows.append(row)
    return np.array(rows), history


def by_the_paper(space, first, population_size, sample_size, n, seed):
    """Algorithm 1 of Real et al.: a queue; the best of a sample has a child; the oldest dies.

    Draws are taken in the order in which the sampler takes them.
    """
    queue, told = deque(), []
    for row in first:
        told.append((loss(space.decode(row[None])[0]), len(told), row))
        queue.append(told[-1])
    while len(told) < n:
        rng = trial_rng(seed, len(told))
        ranked = sorted(queue, key=lambda each: each[:2])
        samples = rng.integers(len(ranked), size=(32, sample_size))
        mates = rng.integers(len(ranked), size=(32, sample_size))
        parents = [
            min((ranked[i] for i in sample), key=lambda each: each[:2])[2] for sample in samples
        ]
        others = [
            min((ranked[i] for i in sample), key=lambda each: each[:2])[2] for sample in mates
        ]
        children = mutated(space, np.array(parents), np.array(others), rng)
        known = {row.tobytes() for _, _, row in told}
        fresh = [
            c
            for c, ok in zip(children, space.feasible(children), strict=True)
            if ok and c.tobytes() not in known
        ]
        told.append((loss(space.decode(fresh[0][None])[0]), len(told), fresh[0]))
        queue.append(told[-1])
        queue.popleft()
    return np.array([row for _, _, row in told])


def mutated(space, parents, others, rng):
    exists = space.active(parents)
    rng.random(len(parents))  # who has two parents: nobody
    cross(space, Parents(parents, others, exists, space.active(others)), rng)
    fresh = np.where(exists, parents, rng.random(parents.shape))
    return space.snap(mutate(space, fresh, exists, 0.0, rng))


@pytest.mark.parametrize("space", [CHOICES, NETWORKS], ids=["choices", "networks"])
def test_it_is_the_algorithm_of_the_paper(space):
    sampler = EvolutionSampler(population_size=6, survival="age", tournament_size=2)
    rows, _ = played(space, sampler, 40, seed=3)
    np.testing.assert_array_equal(rows, by_the_paper(space, rows[:6], 6, 2, 40, seed=3))


def test_a_child_differs_from_one_of_the_young_in_one_decision():
    sampler = EvolutionSampler(population_size=6, survival="age")
    rows, history = played(NETWORKS, sampler, 60, seed=1)
    active = NETWORKS.active(rows)
    assert NETWORKS.feasible(rows).all()
    for k in range(6, 60):
        differs = [(rows[k] != rows[p]) & active[k] & active[p] for p in range(k - 6, k)]
        assert min(d.sum() for d in differs) == 1
    assert history.n == 60


def test_mutants_of_networks_change_one_decision_and_are_configurations():
    rng = np.random.default_rng(0)
    rows = NETWORKS.sample(200, rng)
    exists = NETWORKS.active(rows)
    fresh = np.where(exists, rows, rng.random(rows.shape))
    mutants = NETWORKS.snap(mutate(NETWORKS, fresh, exists, 0.0, rng))
    both = exists & NETWORKS.active(mutants)
    assert (((mutants != rows) & both).sum(axis=1) == 1).all()
    for before, after in zip(NETWORKS.decode(rows), NETWORKS.decode(mutants), strict=True):
        NETWORKS.validate(after)
        assert NETWORKS["net"].read(before) is not None
        shared = {name for name in before if name in after and before[name] != after[name]}
        assert len(shared) == 1


def test_the_population_is_the_latest_and_several_changes_are_an_option():
    history = History(CHOICES, seed=0)
    for k, config in enumerate(CHOICES.decode(CHOICES.sample(12, np.random.default_rng(0)))):
        history.tell(history.append(config), float(k))
    ageing = EvolutionSampler(population_size=5, survival="age")
    assert ageing._population(history).tolist() == [7, 8, 9, 10, 11]
    rows = (
        EvolutionSampler(population_size=5, survival="age", mutation_rate=1.0)
        .propose(CHOICES, history, 8, trial_rng(0, 12))
        .rows
    )
    old = history.X[7:12]
    assert all((row != old).all(axis=1).any() for row in rows)
