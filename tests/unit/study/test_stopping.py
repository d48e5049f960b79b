"""Rules that end ``optimize`` before its budget does."""

from __future__ import annotations

import logging

import pytest

import bayesopt as bo
from bayesopt.errors import InvalidValueError, SettingsError

SPACE = {"x": bo.Float(-5, 5)}


def early(trial):
    """Twelve trials improve, less and less; none does after that."""
    return 0.5 ** min(trial.number, 12) + 0.01 * abs(trial.params["x"]) * (trial.number > 12)


def test_a_study_that_stands_still_stops_and_says_why(caplog):
    study = bo.create_study(SPACE, sampler="random", seed=0)
    with caplog.at_level(logging.INFO, "bayesopt"):
        rule = bo.StopWhenIdle(least=0.02)
    with caplog.at_level(logging.INFO, "bayesopt"):
        study.optimize(early, n_trials=400, stop=rule)
    assert 40 < len(study.trials) < 100
    assert "expected to gain" in caplog.text
    n = len(study.trials)
    study.optimize(early, n_trials=400, stop=rule)
    assert len(study.trials) == n


def test_what_is_worth_it_goes_on():
    study = bo.create_study(SPACE, sampler="random", seed=0)
    study.optimize(lambda t: -float(t.number), n_trials=40, stop=bo.StopWhenIdle())
    assert len(study.trials) == 40
    assert bo.StopWhenIdle(least=10.0)(study.history)
    assert not bo.StopWhenIdle(least=10.0, window=40)(study.history)


def test_a_price_is_in_the_units_of_the_objective_and_of_costs():
    history = bo.History(bo.Space(SPACE))
    for i in range(40):  # each trial gains 2 and costs 10
        history.tell(history.append({"x": -5 + i / 4}), -2.0 * i, cost=10.0)
    assert not bo.StopWhenIdle(price=0.15)(history)
    assert bo.StopWhenIdle(price=0.35)(history)


def test_a_rule_of_ones_own_is_asked_once_for_each_trial_that_ended():
    seen = []

    def rule(history):
        seen.append(history.n)
        return "enough" if history.n >= 5 else ""

    study = bo.create_study(SPACE, sampler="random", seed=0)
    study.optimize(lambda t: t.params["x"], n_trials=50, stop=rule)
    assert len(study.trials) == 5
    assert seen == [0, 1, 2, 3, 4, 5]


def test_workers_finish_what_they_have(tmp_path):
    study = bo.create_study(SPACE, sampler="random", seed=0, storage=tmp_path / "s.db")
    stop = lambda history: "enough" if history.count(bo.TrialState.COMPLETE) >= 4 else ""  # noqa: E731
    study.optimize(lambda t: t.params["x"], n_trials=50, n_jobs=2, threads=True, stop=stop)
    assert 4 <= len(study.trials) <= 6
    assert all(t.state is bo.TrialState.COMPLETE for t in study.trials)
    study.close()


@pytest.mark.parametrize("setting", [{"least": -1}, {"price": "a"}, {"window": 0}])
def test_settings_are_checked(setting):
    with pytest.raises(SettingsError):
        bo.StopWhenIdle(**setting)


def test_something_that_is_no_rule_is_refused():
    study = bo.create_study(SPACE, seed=0)
    with pytest.raises(InvalidValueError, match="stop"):
        study.optimize(early, n_trials=1, stop=3)
    with pytest.raises(InvalidValueError, match=r"the class StopWhenIdle.*StopWhenIdle\(\)"):
        study.optimize(early, n_trials=1, stop=bo.StopWhenIdle)
    assert not study.trials
