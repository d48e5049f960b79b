"""The Sobol sequence: which point comes when."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import qmc

from bayesopt.history import History
from bayesopt.rng import named_rng, trial_rng
from bayesopt.samplers import QMCSampler
from bayesopt.space import Categorical, Constant, Float, Int, Space
from bayesopt.trial import TrialState

SQUARE = Space({"x": Float(0.0, 1.0), "y": Float(0.0, 1.0)})


def propose(history: History, n: int, sampler: QMCSampler | None = None) -> np.ndarray:
    rng = trial_rng(history.seed, history.n)
    return (sampler or QMCSampler()).propose(history.space, history, n, rng).rows


def follow(history: History, n: int, sampler: QMCSampler | None = None) -> np.ndarray:
    sampler = sampler or QMCSampler()
    for _ in range(n):
        history.append(history.space.decode(propose(history, 1, sampler))[0])
    return history.X[-n:]


def test_it_is_the_scrambled_sequence_of_the_seed() -> None:
    rng = named_rng(3, 0, "qmc.scramble")
    points = SQUARE.snap(qmc.Sobol(2, rng=rng).random(512))
    assert np.array_equal(follow(History(SQUARE, seed=3), 300), points[:300])
    assert np.array_equal(propose(History(SQUARE, seed=3), 512), points)
    assert not np.array_equal(propose(History(SQUARE, seed=4), 512), points)


def test_without_scrambling_it_is_the_plain_sequence() -> None:
    points = qmc.Sobol(2, scramble=False).random(64)
    for seed in (0, 1):
        rows = propose(History(SQUARE, seed=seed), 64, QMCSampler(scramble=False))
        assert np.array_equal(rows, points)


def test_it_is_more_even_than_chance() -> None:
    rows = propose(History(SQUARE), 256)
    random = np.random.default_rng(0).random((256, 2))
    assert qmc.discrepancy(rows) < 0.1 * qmc.discrepancy(random)


def test_points_that_others_asked_for_are_passed_over() -> None:
    points = propose(History(SQUARE, seed=1), 10)
    history = History(SQUARE, seed=1)
    for config in SQUARE.decode(points[[0, 3, 7]]):
        history.append(config)
    assert np.array_equal(propose(history, 7), np.delete(points, [0, 3, 7], axis=0))


def test_enqueued_points_do_not_cost_points_of_the_sequence() -> None:
    history = History(SQUARE, seed=1)
    history.append({"x": 0.123, "y": 0.456})
    assert np.array_equal(propose(history, 5), propose(History(SQUARE, seed=1), 5))


def test_a_constrained_sequence_is_the_feasible_part() -> None:
    half = Space(dict(SQUARE.parameters), constraints=["x < y"])
    rows = propose(History(half, seed=5), 100)
    points = propose(History(SQUARE, seed=5), 512)
    assert np.array_equal(rows, points[points[:, 0] < points[:, 1]][:100])


def test_a_noisy_study_may_repeat_and_goes_on_by_number() -> None:
    space = Space({"c": Categorical(["a", "b", "c"])})
    history = History(space, seed=2, noisy=True)
    rows = follow(history, 600)
    counts = np.unique(rows, return_counts=True)[1]
    assert len(counts) == 3
    assert counts.min() > 190  # Sobol points fall evenly
    again = History(space, seed=2, noisy=True)
    assert np.array_equal(propose(again, 600), rows)
    constants = History(Space({"k": Constant(1)}), noisy=True)
    suggestion = QMCSampler().propose(constants.space, constants, 1000, np.random.default_rng(0))
    assert suggestion.rows.shape == (1000, 0)
    assert not suggestion.fallback


@pytest.mark.parametrize("used", [["x"], ["x", "y"], []], ids=str)
def test_define_by_run_moves_on_whatever_the_objective_used(used: list[str]) -> None:
    history, sampler = History(SQUARE, seed=1, define_by_run=True), QMCSampler()
    proposed = []
    for _ in range(6):
        row = propose(history, 1, sampler)
        proposed.append(row[0, 0])
        # what the objective used: a part of the proposal, and y from elsewhere
        config = {**SQUARE.decode(row)[0], "y": 0.5}
        number = history.append(SQUARE.decode(row)[0])
        assert np.array_equal(propose(history, 1, QMCSampler()), propose(history, 1, sampler))
        history.apply(Used(number, {name: config[name] for name in used}))
    assert len(set(proposed)) == 6


class Used:
    """The news that a failed trial used these parameters."""

    def __init__(self, number: int, params: dict[str, float]) -> None:
        self.seq = np.iinfo(np.int64).max
        self.numbers, self.states = [number], [int(TrialState.FAIL)]
        self.params, self.values = [params], [None]
        self.constraints, self.costs, self.variances = [{}], [None], ()
        self.report_numbers, self.report_steps = [], []
        self.report_values, self.report_attempts = [], []


def test_define_by_run_begins_with_nothing_and_without_a_note() -> None:
    history = History(Space({}), define_by_run=True)
    for _ in range(3):
        suggestion = QMCSampler().propose(history.space, history, 2, trial_rng(0, history.n))
        assert suggestion.rows.shape == (2, 0)
        assert not suggestion.fallback
        history.append({})


def test_heavy_rejection_falls_back_and_says_so() -> None:
    space = Space({name: Float(0.0, 1.0) for name in "abcd"}, constraints=["a + b + c + d < 0.06"])
    history = History(space, seed=1)
    suggestion = QMCSampler().propose(space, history, 4, trial_rng(1, 0))
    assert suggestion.rows.shape == (4, 4)
    assert space.feasible(suggestion.rows).all()
    assert "at random" in suggestion.fallback
    noisy = History(space, seed=1, noisy=True)
    assert "at random" in QMCSampler().propose(space, noisy, 4, trial_rng(1, 0)).fallback


def test_more_dimensions_than_sobol_has_fall_back_and_say_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(qmc.Sobol, "MAXDIM", 1)
    suggestion = QMCSampler().propose(SQUARE, History(SQUARE), 3, np.random.default_rng(0))
    assert suggestion.rows.shape == (3, 2)
    assert "at random" in suggestion.fallback


def test_all_of_a_finite_space_is_found_then_it_is_exhausted() -> None:
    space = Space({"i": Int(0, 30), "c": Categorical(["a", "b"])})
    history = History(space, seed=9)
    rows = follow(history, 62)
    assert len(np.unique(rows, axis=0)) == 62
    suggestion = QMCSampler().propose(space, history, 1, trial_rng(9, 62))
    assert "exhausted" in suggestion.fallback


def test_a_struck_out_point_comes_back_first() -> None:
    sampler, history = QMCSampler(), History(SQUARE, seed=1)
    rows = follow(history, 20, sampler).copy()
    other = History(SQUARE, seed=1)
    for i, config in enumerate(SQUARE.decode(rows)):
        if i != 4:
            other.append(config, TrialState.FAIL)
    assert np.array_equal(propose(other, 1, sampler), rows[4:5])
