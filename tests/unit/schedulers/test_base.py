"""Schedulers as JSON, by name and as objects."""

from __future__ import annotations

import numpy as np
import pytest

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
