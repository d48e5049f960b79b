"""The best configuration is evaluated again, under seeds that no trial had."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

import bayesopt as bo
from bayesopt.errors import InvalidValueError, NoTrialsError, StudyError


def noisy(params, seed):
    return params["x"] ** 2 + 0.1 * np.random.default_rng(seed).normal()


@pytest.fixture
def study():
    study = bo.create_study({"x": bo.Float(-1, 1)}, sampler="random", seed=0)
    study.optimize(lambda trial: noisy(trial.params, trial.number), n_trials=10)
    return study


def test_the_interval_is_that_of_the_mean(study):
    found = study.evaluate_best(noisy, seeds=6)
    assert found.values.tolist() == [noisy(study.best_params, seed) for seed in found.seeds]
    assert found.told == study.best_value
    assert found.number == study.best_trial.number
    low, high = stats.t.interval(0.95, 5, loc=found.mean, scale=stats.sem(found.values))
    assert (found.low, found.high) == pytest.approx((low, high))
    assert len(study.trials) == 10


def test_seeds_are_fresh_repeatable_and_may_be_given(study):
    seeds = study.evaluate_best(noisy, seeds=4).seeds
    assert len(set(seeds)) == 4
    assert min(seeds) > 1000
    assert study.evaluate_best(noisy, seeds=4).seeds == seeds
    assert study.evaluate_best(noisy, seeds=[3, 5]).seeds == (3, 5)


@pytest.mark.parametrize("seeds", [1, 0, -3, True, [1], [2, 2], None, 1.5])
def test_too_few_seeds_are_refused(study, seeds):
    with pytest.raises(InvalidValueError, match="seeds"):
        study.evaluate_best(noisy, seeds=seeds)


@pytest.mark.parametrize("value", [math.nan, math.inf, None, "0.5"])
def test_only_numbers_are_values(study, value):
    with pytest.raises(InvalidValueError):
        study.evaluate_best(lambda params, seed: value)


def test_there_must_be_a_best():
    space = {"x": bo.Float(0, 1)}
    with pytest.raises(NoTrialsError):
        bo.create_study(space, seed=0).evaluate_best(noisy)
    with pytest.raises(StudyError):
        bo.create_study(space, directions=["minimize"] * 2, seed=0).evaluate_best(noisy)


def test_hints_are_those_of_the_history(study):
    assert study.hints() == []
    few = bo.create_study({"lr": bo.Float(1e-5, 1.0)}, seed=0)
    assert [hint.kind for hint in few.hints()] == ["scale", "budget"]
