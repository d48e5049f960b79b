"""Schedulers as JSON, by name and as objects."""

from __future__ import annotations

import math

import numpy as np
import pytest

import bayesopt as bo
from bayesopt import schedulers
from bayesopt.errors import SettingsError
from bayesopt.history import History
from bayesopt.schedulers import Decision, MedianScheduler, NeverScheduler
from bayesopt.space import Float, Space


@pytest.mark.parametrize(
    "scheduler", [NeverScheduler(), MedianScheduler(percentile=25.0, n_startup_trials=3)]
)
def test_the_round_trip_through_json_is_exact(scheduler: schedulers.Scheduler) -> None:
    assert schedulers.from_spec(schedulers.to_spec(scheduler)) == scheduler
    assert schedulers.resolve(scheduler) is scheduler


def test_names_and_none_stand_for_schedulers() -> None:
    assert schedulers.resolve("median") == MedianScheduler()
    assert schedulers.resolve(None) == NeverScheduler()


@pytest.mark.parametrize("bad", ["no such", 5, MedianScheduler])
def test_what_is_no_scheduler_is_named(bad: object) -> None:
    with pytest.raises(SettingsError, match="scheduler"):
        schedulers.resolve(bad)  # type: ignore[arg-type]


def test_never_means_never() -> None:
    history = History(Space({"x": Float(0.0, 1.0)}))
    history.append({"x": 0.5})
    history.report(0, 0, float("nan"))
    assert NeverScheduler().decide(history, 0, np.random.default_rng(0)) is Decision.CONTINUE


@pytest.mark.parametrize(
    "make",
    [
        lambda: bo.ASHAScheduler(min_steps=5e-324),
        lambda: bo.ASHAScheduler(max_steps=1e308),
        lambda: bo.ASHAScheduler(eta=1e308),
        lambda: bo.ASHAScheduler(smoothing=10**9),
        lambda: bo.HyperbandScheduler(max_steps=1e300, min_steps=1e-300),
        lambda: bo.SuccessiveHalvingScheduler(max_steps=9, n_begin=10**400),
        lambda: bo.PBTScheduler(max_steps=5e-324),
        lambda: bo.PBTScheduler(max_steps=9, population=10**400),
        lambda: bo.MedianScheduler(n_warmup_steps=math.inf),
        lambda: bo.PatienceScheduler(min_delta=math.inf),
    ],
)
def test_settings_beyond_all_measure_are_refused(make):
    with pytest.raises(SettingsError):
        make()


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    "scheduler",
    [
        bo.ASHAScheduler(),
        bo.ASHAScheduler(min_steps=1e-100, eta=1e6),
        bo.ASHAScheduler(smoothing=10**6),
        bo.ASHAScheduler(max_steps=1e100, mode="pause"),
        bo.HyperbandScheduler(max_steps=1e100, min_steps=1e-100),
        bo.SuccessiveHalvingScheduler(max_steps=1e100),
        bo.PBTScheduler(max_steps=1e100),
        bo.MedianScheduler(n_startup_trials=1, interval=1e-300),
        bo.PatienceScheduler(),
    ],
)
@pytest.mark.parametrize("steps", [(5e-324,), (1e308,), (0, 1, 1e300, 1e308)])
def test_steps_beyond_all_measure_are_no_problem(scheduler, steps):
    study = bo.create_study(
        {"x": bo.Float(0.0, 1.0)}, sampler="random", scheduler=scheduler, seed=0
    )
    for _ in range(4):
        trial = study.ask()
        for step in steps:
            trial.report(trial.params["x"], step)
            trial.should_prune()
        study.tell(trial, trial.params["x"])
    assert [trial.state.name for trial in study.trials] == ["COMPLETE"] * 4
