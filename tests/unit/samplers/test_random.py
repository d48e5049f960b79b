"""Random rows, and how the last unknown ones are found."""

from __future__ import annotations

import numpy as np
from scipy import stats

from bayesopt.history import History
from bayesopt.rng import trial_rng
from bayesopt.samplers import RandomSampler
from bayesopt.samplers.fresh import EXHAUSTED, NOTHING_NEW, Batch
from bayesopt.space import Categorical, Float, Int, Space


def follow(history: History, n: int) -> list[str]:
    notes = []
    for _ in range(n):
        rng = trial_rng(history.seed, history.n)
        suggestion = RandomSampler().propose(history.space, history, 1, rng)
        history.append(history.space.decode(suggestion.rows)[0])
        notes.append(suggestion.fallback)
    return notes


def test_floats_are_uniform_on_their_scale() -> None:
    space = Space({"lr": Float(1e-6, 1.0, log=True), "x": Float(0.0, 1.0)})
    rows = RandomSampler().propose(space, History(space), 2000, trial_rng(0, 0)).rows
    for column in rows.T:
        assert stats.kstest(column, "uniform").pvalue > 0.01


def test_a_first_draw_is_that_of_the_space() -> None:
    space = Space({"x": Float(0.0, 1.0), "c": Categorical(["a", "b"])})
    rows = RandomSampler().propose(space, History(space), 5, trial_rng(3, 0)).rows
    assert np.array_equal(rows, space.sample(5, trial_rng(3, 0)))


def test_the_last_of_a_large_finite_space_are_found() -> None:
    space = Space({"i": Int(0, 49), "j": Int(0, 49)})
    history = History(space, seed=1)
    order = np.random.default_rng(0).permutation(2500)
    for config in space.decode(space.grid().rows(order[:2496])):
        history.append(config)
    assert follow(history, 4) == [""] * 4
    assert len(np.unique(history.X, axis=0)) == 2500
    assert follow(history, 1) == [EXHAUSTED]


def test_where_nothing_new_can_be_found_it_says_so() -> None:
    space = Space({"i": Int(0, 400_000), "only": Float(0.0, 0.0)}, constraints=["i == 7"])
    history = History(space)
    assert follow(history, 3) == ["", NOTHING_NEW, NOTHING_NEW]


def test_a_noisy_study_repeats_without_a_note() -> None:
    space = Space({"c": Categorical(["a", "b"])})
    history = History(space, noisy=True)
    assert follow(history, 10) == [""] * 10


def test_a_batch_drops_copies_and_stops_when_full() -> None:
    batch = Batch(3, 1)
    batch.offer(np.array([[0.0], [-0.0], [0.5]]))
    assert batch.missing == 1
    batch.offer(np.array([[0.5], [0.75], [1.0]]))
    assert batch.rows().tolist() == [[0.0], [0.5], [0.75]]
