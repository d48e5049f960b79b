"""CMA-ES by replay: the same as the package's own loop, whatever happens in between."""

from __future__ import annotations

import numpy as np
import pytest
from cmaes import CatCMAwM

from bayesopt.errors import SettingsError
from bayesopt.history import History
from bayesopt.rng import named_rng, trial_rng
from bayesopt.samplers import CMAESSampler, RandomSampler
from bayesopt.schedulers import ASHAScheduler
from bayesopt.space import Categorical, Float, Int, Space
from bayesopt.trial import TrialState

NUMBERS = Space({f"x{j}": Float(0.0, 1.0) for j in range(4)})
MIXED = Space(
    {
        "x": Float(0.0, 1.0),
        "i": Int(0, 20),
        "c": Categorical(["a", "b", "c"]),
        "on": Categorical([False, True]),
    }
)


def cigar(config):
    x = np.array(list(config.values())) - 0.3
    return float(x[0] ** 2 + 1e4 * (x[1:] ** 2).sum())


def play(sampler, space, loss, n, seed=0):
    history = History(space, seed=seed)
    for _ in range(n):
        ask_and_tell(sampler, history, loss)
    return history


def ask_and_tell(sampler, history, loss):
    space = history.space
    rows = sampler.propose(space, history, 1, trial_rng(history.seed, history.n)).rows
    config = space.decode(rows)[0]
    history.tell(history.append(config), loss(config))


def test_it_is_the_loop_of_the_package():
    history = play(CMAESSampler(population_size=8, restarts=False), NUMBERS, cigar, 80, seed=5)
    reference = CatCMAwM(
        x_space=[[0.0, 1.0]] * 4,
        population_size=8,
        mean=np.full(4, 0.5),
        sigma=1.0 / 6.0,
        cov=np.eye(4),
    )
    for generation in range(10):
        solutions = []
        for number in range(8 * generation, 8 * generation + 8):
            reference.reseed_rng(int(named_rng(5, number, "cmaes").integers(2**32)))
            drawn = iter(reference.ask, None)
            solution = next(one for one in drawn if ((one.x > 0.0) & (one.x < 1.0)).all())
            np.testing.assert_allclose(history.X[number], solution.x, atol=1e-9)
            solutions.append((solution, float(history.values[number, 0])))
        reference.tell(solutions)


def test_it_draws_within_the_ranges_while_it_can():
    """Four of five draws of so wide a distribution would be at an edge if clipped."""
    for seed in range(5):
        X = play(CMAESSampler(sigma=0.5), NUMBERS, cigar, 8, seed=seed).X
        assert ((X > 0.0) & (X < 1.0)).all()


def test_it_learns_what_chance_does_not():
    ours = np.log10(play(CMAESSampler(), NUMBERS, cigar, 500).values.min())
    assert ours < np.log10(play(RandomSampler(), NUMBERS, cigar, 500).values.min()) - 3


def test_integers_and_choices_are_solved_too():
    def loss(config):
        wrong = (config["c"] != "c") + (config["on"] is not True)
        return (config["x"] - 0.7) ** 2 + abs(config["i"] - 17) / 20 + wrong

    history = play(CMAESSampler(), MIXED, loss, 250)
    assert history.values.min() < 1e-2
    assert MIXED.decode(history.X[[history.best()]])[0]["c"] == "c"


def test_the_smallest_population_has_nothing_to_warn_of():
    sampler = CMAESSampler(population_size=3, restarts=False)
    for space in (NUMBERS, MIXED):
        history = play(sampler, space, lambda config: float(len(str(config))), 12)
        assert history.space.feasible(history.X).all()


def test_a_generation_is_learned_from_once_all_of_it_is_over():
    sampler = CMAESSampler(population_size=4)
    history = play(sampler, NUMBERS, cigar, 3)
    straggler = history.append(NUMBERS.decode(NUMBERS.sample(1, np.random.default_rng(0)))[0])
    first = sampler._search(NUMBERS, history)
    for _ in range(5):
        ask_and_tell(sampler, history, cigar)
    assert first._first == 0
    history.tell(straggler, None, TrialState.FAIL)
    ask_and_tell(sampler, history, cigar)
    assert first._first == 8


def test_a_search_that_has_converged_starts_anew_with_twice_the_population():
    sampler = CMAESSampler(population_size=4)
    history = History(Space({"x": Float(0.0, 1.0), "y": Float(0.0, 1.0)}), seed=2)
    for _ in range(900):
        ask_and_tell(
            sampler, history, lambda config: round(config["x"] ** 2 + (config["y"] - 0.4) ** 2, 12)
        )
    search = sampler._search(history.space, history)
    assert search._n_restarts >= 1
    assert search._size == 4 * 2**search._n_restarts


def test_values_that_nobody_can_compare_become_ranks():
    sampler = CMAESSampler(population_size=6)
    history = History(NUMBERS, seed=0)
    for value in (1e308, -1e308, float("inf"), 1.0, None, 2.0) * 4:
        rows = sampler.propose(NUMBERS, history, 1, trial_rng(0, history.n)).rows
        state = TrialState.FAIL if value is None else TrialState.COMPLETE
        history.tell(history.append(NUMBERS.decode(rows)[0]), value, state)
    assert np.isfinite(sampler.propose(NUMBERS, history, 1, trial_rng(0, 24)).rows).all()


@pytest.mark.parametrize(
    "wrong",
    [
        {"population_size": 2},
        {"sigma": 0.0},
        {"sigma": "wide"},
        {"sigma": True},
        {"restarts": "no"},
    ],
)
def test_settings_out_of_range_are_refused(wrong):
    with pytest.raises(SettingsError, match=next(iter(wrong))):
        CMAESSampler(**wrong)


def test_it_learns_from_trials_that_are_paused_at_rungs() -> None:
    space = Space({"x": Float(0.0, 1.0), "y": Float(0.0, 1.0)})
    scheduler, sampler = ASHAScheduler(max_steps=9, mode="pause"), CMAESSampler()
    history, losses = History(space, seed=0), []
    for n in range(60):
        view = scheduler.view(history)
        row = sampler.propose(space, view, 1, trial_rng(0, n)).rows
        losses.append(float(((row - 0.2) ** 2).sum()))
        number = history.append(space.decode(row)[0], TrialState.PAUSED)
        for step in (1, 3) if n % 3 == 0 else (1,):
            history.report(number, step, losses[-1] + 1 / step)
    assert np.mean(losses[-12:]) < 0.2 * np.mean(losses[:12])
