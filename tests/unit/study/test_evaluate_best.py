"""The best configuration is evaluated again, under seeds that no trial had."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

import bayesopt as bo
from bayesopt.errors import InvalidValueError, NoTrialsError, StudyError, TrialNotFoundError


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


def test_the_best_may_be_the_one_that_is_believed_to_be():
    study = bo.create_study({"x": bo.Float(-1, 1)}, sampler="random", noisy=True, seed=0)
    for x in np.linspace(-1, 1, 31):
        lucky = 0.9 < x < 0.95
        study.add_trial({"x": float(x)}, x**2 - 1.5 * lucky)
    believed = study.best(by="model")
    assert believed.number != study.best_trial.number == study.evaluate_best(noisy).number
    found = study.evaluate_best(noisy, seeds=3, by="model")
    assert (found.number, found.params) == (believed.number, believed.params)
    assert found.told == believed.value
    with pytest.raises(InvalidValueError, match="by"):
        study.evaluate_best(noisy, by="luck")


def test_another_trial_may_be_evaluated(study):
    found = study.evaluate_best(noisy, seeds=3, trial=4)
    assert (found.number, found.told) == (4, study.trials[4].value)
    assert found.values.tolist() == [noisy(study.trials[4].params, seed) for seed in found.seeds]
    open_one = study.ask()
    assert math.isnan(study.evaluate_best(noisy, seeds=3, trial=open_one.number).told)
    with pytest.raises(TrialNotFoundError):
        study.evaluate_best(noisy, trial=99)
    several = bo.create_study({"x": bo.Float(0, 1)}, directions=["minimize"] * 2, seed=0)
    number = several.ask().number
    with pytest.raises(StudyError):
        several.evaluate_best(noisy, trial=number)


@pytest.mark.parametrize(
    "objective",
    [lambda trial: 0.0, lambda params, *, seed: 0.0, lambda params, seed, data: 0.0, 3, None],
)
def test_an_objective_takes_a_configuration_and_a_seed(study, objective):
    with pytest.raises(InvalidValueError, match=r"a configuration and a seed.*params, seed"):
        study.evaluate_best(objective)


def test_what_an_objective_may_look_like(study):
    class Seeded:
        def __call__(self, params, seed, scale=1.0):
            return scale * seed

    for objective in (Seeded(), lambda *given: given[1]):
        assert study.evaluate_best(objective, seeds=[1, 2]).values.tolist() == [1.0, 2.0]
    with pytest.raises(TypeError):  # nobody knows what it takes, so it is called
        study.evaluate_best(max)


def test_hints_are_those_of_the_history(study):
    assert study.hints() == []
    few = bo.create_study({"lr": bo.Float(1e-5, 1.0)}, seed=0)
    assert [hint.kind for hint in few.hints()] == ["scale", "budget"]
