"""Evolution finds more than chance, in steady state, for one objective and for several."""

from __future__ import annotations

import numpy as np
import pytest

from bayesopt.errors import SettingsError
from bayesopt.history import History
from bayesopt.rng import trial_rng
from bayesopt.samplers import EvolutionSampler, RandomSampler
from bayesopt.space import Categorical, Float, Int, Space
from bayesopt.trial import TrialState

CHOICES = Space({f"c{j}": Categorical(list("abcd")) for j in range(20)})
NUMBERS = Space({f"x{j}": Float(0.0, 1.0) for j in range(6)})


def play(sampler, space, loss, n, seed=0, n_objectives=1):
    history = History(space, n_objectives, seed=seed)
    for _ in range(n):
        rows = sampler.propose(space, history, 1, trial_rng(seed, history.n)).rows
        config = space.decode(rows)[0]
        history.tell(history.append(config), loss(config))
    return history


def n_wrong(config):
    return float(sum(value != "b" for value in config.values()))


@pytest.mark.parametrize("survival", ["best", "age"])
def test_it_finds_more_than_chance_among_choices(survival):
    sampler = EvolutionSampler(survival=survival)
    ours = [play(sampler, CHOICES, n_wrong, 250, seed).values.min() for seed in range(3)]
    chance = [play(RandomSampler(), CHOICES, n_wrong, 250, seed).values.min() for seed in range(3)]
    assert max(ours) < min(chance) - 2


def test_fronts_of_two_objectives_are_wider_and_nearer_than_by_chance():
    def zdt1(config):
        x = np.array(list(config.values()))
        g = 1.0 + 9.0 * x[1:].mean()
        return float(x[0]), float(g * (1.0 - np.sqrt(x[0] / g)))

    def volume(history):
        Y = history.values[history.pareto()]
        Y = Y[np.argsort(Y[:, 0])]
        widths = np.diff(np.append(Y[:, 0], 2.0).clip(max=2.0))
        return float((widths * (6.0 - Y[:, 1]).clip(min=0.0)).sum())

    ours = volume(play(EvolutionSampler(), NUMBERS, zdt1, 200, 1, n_objectives=2))
    assert ours > volume(play(RandomSampler(), NUMBERS, zdt1, 200, 1, n_objectives=2)) + 0.5


def test_four_objectives_are_selected_by_reference():
    sampler = EvolutionSampler(population_size=8)
    history = History(NUMBERS, 4, seed=0)
    for _ in range(30):
        rows = sampler.propose(NUMBERS, history, 1, trial_rng(0, history.n)).rows
        history.tell(history.append(NUMBERS.decode(rows)[0]), rows[0, :4].tolist())
    crowded = EvolutionSampler(population_size=8, diversity="crowding")
    assert set(sampler._population(history)) != set(crowded._population(history))


def test_what_is_running_does_not_breed_and_is_not_proposed_again():
    space, sampler = Space({"i": Int(0, 40)}), EvolutionSampler(population_size=4)
    history = History(space, seed=3)
    for number in range(4):
        history.tell(history.append({"i": number}), float(number))
    running = history.append({"i": 20})
    assert running not in sampler._population(history)
    for _ in range(10):
        rows = sampler.propose(space, history, 3, trial_rng(3, history.n)).rows
        assert not history.contains(rows).any()
        for config in space.decode(rows):
            history.append(config)


def test_after_failures_only_it_still_proposes():
    sampler, history = EvolutionSampler(population_size=4), History(NUMBERS, seed=1)
    for _ in range(12):
        suggestion = sampler.propose(NUMBERS, history, 1, trial_rng(1, history.n))
        number = history.append(NUMBERS.decode(suggestion.rows)[0])
        history.tell(number, None, TrialState.FAIL)
    assert "drawn at random" in suggestion.fallback


@pytest.mark.parametrize(
    "wrong",
    [
        {"population_size": 1},
        {"population_size": True},
        {"tournament_size": 0},
        {"survival": "strongest"},
        {"diversity": "none"},
        {"crossover_rate": 1.5},
        {"mutation_rate": -0.1},
        {"mutation_rate": "often"},
    ],
)
def test_settings_out_of_range_are_refused(wrong):
    with pytest.raises(SettingsError, match=next(iter(wrong))):
        EvolutionSampler(**wrong)
