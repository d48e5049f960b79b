"""The design that a model starts from."""

from __future__ import annotations

import numpy as np
import pytest

from bayesopt.history import History
from bayesopt.rng import trial_rng
from bayesopt.samplers import GPSampler, TPESampler
from bayesopt.samplers.design import design_size, offer_design
from bayesopt.samplers.fresh import Batch
from bayesopt.space import Categorical, Constant, Float, Int, Space

SPACE = Space(
    {"x": Float(0.0, 1.0), "y": Float(0.0, 1.0), "c": Categorical(list("abcde")), "i": Int(0, 9)}
)


def design(history: History, n: int, n_rows: int = 10) -> np.ndarray:
    batch = Batch(n, history.space.d)
    offer_design(batch, history.space, history, n_rows)
    return batch.rows()


@pytest.mark.parametrize("seed", range(5))
def test_every_stratum_and_every_choice_comes_equally_often(seed: int) -> None:
    rows = design(History(SPACE, seed=seed), 10)
    for j in (0, 1, 3):
        assert sorted(np.floor(rows[:, j] * 10)) == list(range(10))
    assert sorted(np.floor(rows[:, 2] * 5)) == sorted(list(range(5)) * 2)


@pytest.mark.parametrize("n_rows", [1, 4, 7, 10])
def test_the_first_row_is_the_middle_of_the_ranges_but_for_choices(n_rows: int) -> None:
    space = Space({**SPACE.parameters, "lr": Float(1e-4, 1.0, log=True), "deep": Int(1, 9)})
    first = {}
    for seed in range(8):
        rows = design(History(space, seed=seed), n_rows, n_rows)
        first[seed] = space.decode(rows[:1])[0]
        assert {name: first[seed][name] for name in ("x", "y", "i", "deep")} == {
            "x": 0.5,
            "y": 0.5,
            "i": 5,
            "deep": 5,
        }
        assert first[seed]["lr"] == pytest.approx(1e-2)
        assert all(sorted(np.floor(rows[:, j] * n_rows)) == list(range(n_rows)) for j in (0, 1))
    assert len({config["c"] for config in first.values()}) > 1


def test_the_size_goes_by_the_parameters_that_always_exist() -> None:
    floats = {f"x{i}": Float(0.0, 1.0) for i in range(30)}
    sizes = {d: design_size(Space(dict(list(floats.items())[:d]))) for d in (1, 4, 7, 8, 10, 30)}
    assert sizes == {1: 4, 4: 4, 7: 4, 8: 6, 10: 10, 30: 10}
    branches = {name: Float(0.0, 1.0, when={"c": "a"}) for name in floats}
    fixed = {"k": Constant(1), "x": Float(0.0, 1.0)}
    assert design_size(Space({"c": Categorical(["a", "b"]), **fixed, **branches})) == 4


@pytest.mark.parametrize("noisy", [False, True])
def test_what_begins_before_there_is_a_model_is_spread_in_tens(noisy: bool) -> None:
    history = History(SPACE, seed=2, noisy=noisy)
    rows = []
    for _ in range(24):
        rows.append(design(history, 1, n_rows=4)[0])
        history.append(SPACE.decode(rows[-1][None])[0])
    for begin, end in ((0, 4), (4, 14), (14, 24)):
        strata = np.floor(np.array(rows)[begin:end, 0] * (end - begin))
        assert sorted(strata) == list(range(end - begin))


def test_only_the_first_block_has_the_middle() -> None:
    rows = design(History(SPACE, seed=0), 30)
    assert (rows[:, 0] == 0.5).sum() == 1


def test_where_parameters_are_conditional_the_design_has_no_middle() -> None:
    branch = Float(0.0, 1.0, when={"c": "a"})
    rows = design(History(Space({**SPACE.parameters, "branch": branch}), seed=0), 30)
    assert not (rows[:, 0] == 0.5).any()


def test_rows_are_further_apart_than_random_ones() -> None:
    plane = Space({"x": Float(0.0, 1.0), "y": Float(0.0, 1.0)})

    def closest(rows: np.ndarray) -> float:
        gaps = np.linalg.norm(rows[:, None] - rows[None], axis=2)
        return float(gaps[np.triu_indices(len(rows), 1)].min())

    rng = np.random.default_rng(0)
    random = np.mean([closest(rng.random((10, 2))) for _ in range(50)])
    ours = np.mean([closest(design(History(plane, seed=s), 10)) for s in range(10)])
    assert ours > 2 * random


def test_one_by_one_they_are_the_same_as_at_once() -> None:
    together = design(History(SPACE, seed=4), 14)
    history = History(SPACE, seed=4)
    for row in together:
        assert np.array_equal(design(history, 1)[0], row)
        history.append(SPACE.decode(row[None])[0])


def test_only_feasible_rows_are_offered() -> None:
    space = Space({"x": Float(0.0, 1.0), "y": Float(0.0, 1.0)}, constraints=["x + y < 0.7"])
    rows = design(History(space, seed=0), 12)
    assert len(rows) == 12
    assert space.feasible(rows).all()


def test_studies_of_different_seeds_begin_differently() -> None:
    assert not np.array_equal(design(History(SPACE, seed=1), 4), design(History(SPACE, seed=2), 4))


def test_where_rows_may_repeat_the_design_goes_on_all_the_same() -> None:
    space = Space({"x": Float(0.0, 1.0), "y": Float(0.0, 1.0)})
    history = History(space, seed=3, noisy=True)
    rows = []
    for _ in range(25):
        rows.append(design(history, 1)[0])
        history.append(space.decode(rows[-1][None, :])[0])
    assert len(np.unique(rows, axis=0)) == 25


@pytest.mark.parametrize("make", [GPSampler, TPESampler])
@pytest.mark.parametrize("seed", range(5))
def test_the_first_trial_is_the_guess_also_where_few_completions_are_feasible(
    make: type[GPSampler | TPESampler], seed: int
) -> None:
    space = Space({"x": Float(0.0, 1.0), "y": Float(0.0, 1.0)}, constraints=["x + y < 0.95"])
    sampler = make(prior={"x": 0.9})
    rows = sampler.propose(space, History(space, seed=seed), 1, trial_rng(seed, 0)).rows
    assert rows[0, 0] == pytest.approx(0.9)
    assert space.feasible(rows).all()


def test_a_guess_that_the_constraints_rule_out_does_not_keep_a_study_from_beginning() -> None:
    space = Space({"x": Float(0.0, 1.0), "y": Float(0.0, 1.0)}, constraints=["x < 0.5"])
    made = GPSampler(prior={"x": 0.9}).propose(space, History(space, seed=0), 4, trial_rng(0, 0))
    assert space.feasible(made.rows).all()
