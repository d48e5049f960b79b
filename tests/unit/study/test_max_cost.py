"""A budget of cost: told over the whole study, whoever spent it."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import numpy as np
import pytest

import bayesopt as bo
from bayesopt.errors import InvalidValueError
from bayesopt.history.spending import committed, spent, typical_cost

SPACE = {"x": bo.Float(0.0, 1.0)}


def costing(cost: float):
    def objective(trial: bo.Trial) -> float:
        trial.set_cost(cost)
        return float(trial.params["x"])

    return objective


def test_no_trial_begins_once_it_is_spent() -> None:
    study = bo.create_study(SPACE, sampler="random", seed=0)
    study.optimize(costing(3.0), max_cost=10.0)
    assert len(study.trials) == 4  # 9 < 10
    study.optimize(costing(3.0), max_cost=10.0)
    assert len(study.trials) == 4
    study.optimize(costing(3.0), n_trials=5, max_cost=100.0)
    assert len(study.trials) == 5


@pytest.mark.parametrize("sampler", ["random", "gp"])
def test_costs_that_add_up_beyond_float64_are_a_spent_budget(sampler: str) -> None:
    study = bo.create_study({"x": bo.Float(0.0, 1.0)}, sampler=sampler, seed=0)

    def dear(trial: bo.Trial) -> float:
        trial.set_cost(1.7e308)
        return trial.params["x"]

    study.optimize(dear, n_trials=6)
    study.optimize(dear, max_cost=1e308)  # warnings are errors here
    assert len(study.trials) == 6
    study.sampler = bo.GPSampler(cost_budget=1e308, n_startup=4)
    study.tell(study.ask(), 0.5)


def test_a_restart_goes_on_counting(tmp_path) -> None:
    path = tmp_path / "study.db"
    first = bo.create_study(SPACE, storage=path, sampler="random", seed=0)
    first.optimize(costing(2.0), max_cost=5.0)
    first.close()
    again = bo.load_study(path)
    assert spent(again.history) == 6.0
    again.optimize(costing(2.0), max_cost=9.0)
    assert len(again.trials) == 5
    again.close()


def test_failures_and_what_was_struck_out_cost_what_they_cost() -> None:
    study = bo.create_study(SPACE, sampler="random", seed=0)
    study.tell(study.ask(), state="fail", cost=4.0)
    study.tell(study.ask(), 1.0, cost=4.0)
    study.invalidate(1, "a bug")
    study.tell(study.ask(), 1.0)
    assert (spent(study.history), typical_cost(study.history)) == (8.0, 4.0)
    study.optimize(costing(1.0), max_cost=8.0)
    assert len(study.trials) == 3


def test_what_is_being_evaluated_counts_as_typical() -> None:
    study = bo.create_study(SPACE, sampler="random", seed=0)
    for cost in (1.0, 3.0, 100.0):
        study.tell(study.ask(), 1.0, cost=cost)
    study.ask()
    assert committed(study.history) == 107.0
    assert committed(study.history, []) == 104.0


def test_many_workers_begin_no_more_than_the_budget_holds() -> None:
    study = bo.create_study(SPACE, sampler="random", seed=0)
    study.tell(study.ask(), 1.0, cost=1.0)
    study.optimize(costing(1.0), max_cost=5.0, n_jobs=4, threads=True)
    assert len(study.trials) == 5


def test_the_sampler_hears_of_the_budget() -> None:
    heard: list[float | None] = []

    class Spy(bo.GPSampler):
        def propose(self, space, history, n, rng):
            heard.append(self.cost_budget)
            return super().propose(space, history, n, rng)

    study = bo.create_study(SPACE, sampler=Spy(), seed=0)
    study.optimize(costing(1.0), max_cost=2.0)
    assert heard == [2.0, 2.0]
    assert study.sampler.cost_budget is None


@pytest.mark.parametrize("budget", [0.0, -1.0, float("nan"), True, "much", -(10**400), np.ones(2)])
def test_a_budget_is_a_positive_number(budget) -> None:
    study = bo.create_study(SPACE, sampler="random")
    with pytest.raises(InvalidValueError, match="max_cost"):
        study.optimize(costing(1.0), max_cost=budget)


@pytest.mark.parametrize("budget", [float("inf"), 10**400])
def test_a_budget_beyond_all_numbers_is_none(budget) -> None:
    study = bo.create_study(SPACE, sampler="random")
    study.optimize(costing(1.0), n_trials=2, max_cost=budget)
    assert len(study.trials) == 2


HALVING = bo.SuccessiveHalvingScheduler(max_steps=4, eta=2)  # 4 begin, 2 get to 2, 1 to 4


def in_stretches(trial: bo.Trial) -> float:
    """Cost one for each step; a trial that goes on knows how far it was, though not by whom."""
    step = max(trial.user_attrs.get("step", 0), 0)
    while step < 4:
        step += 1
        trial.set_user_attr("step", step)
        trial.set_cost(step - trial.user_attrs.get("begun", 0))
        trial.report(trial.number, step)
        if trial.should_prune():
            trial.set_user_attr("begun", step)
            raise bo.TrialPruned
    return float(trial.number)


@pytest.mark.parametrize("is_stored", [False, True])
def test_all_attempts_at_a_paused_trial_count(is_stored: bool, tmp_path: Path) -> None:
    path = tmp_path / "study.db" if is_stored else None
    study = bo.create_study(SPACE, sampler="random", scheduler=HALVING, storage=path, seed=0)
    study.optimize(in_stretches, n_trials=4)
    assert [trial.cost for trial in study.trials] == [4.0, 2.0, 1.0, 1.0]
    assert spent(study.history) == 8.0
    study.close()


def test_what_a_paused_trial_has_cost_is_spent() -> None:
    study = bo.create_study(SPACE, sampler="random", scheduler=HALVING, seed=0)
    study.optimize(in_stretches, max_cost=3.0)
    assert [trial.state for trial in study.trials] == [bo.TrialState.PAUSED] * 3
    assert spent(study.history) == 3.0
    study.optimize(in_stretches, max_cost=5.0)  # the fourth, and the first goes on
    assert [len(trial.reports) for trial in study.trials] == [2, 1, 1, 1]


def test_a_restart_knows_what_was_paused(tmp_path: Path) -> None:
    path = tmp_path / "study.db"
    first = bo.create_study(SPACE, sampler="random", scheduler=HALVING, storage=path, seed=0)
    first.optimize(in_stretches, max_cost=3.0)
    first.close()
    again = bo.load_study(path)
    again.optimize(in_stretches, max_cost=3.0)
    assert len(again.trials) == 3
    again.close()


def test_telling_the_same_again_adds_nothing(tmp_path: Path) -> None:
    for storage in (None, tmp_path / "study.db"):
        study = bo.create_study(SPACE, sampler="random", storage=storage, seed=0)
        study.tell(study.ask(), state="paused", cost=2.0)
        second = study.ask()
        study.tell(second, state="paused", cost=3.0)
        study.tell(second, state="paused", cost=3.0)
        third = study.ask()
        assert third.attempt == 3
        for _ in range(2):
            study.tell(third, 1.0, cost=4.0)
            study.tell(0, 1.0, cost=4.0)
        assert study.trials[0].cost == 9.0
        with pytest.raises(bo.TellConflictError):
            study.tell(third, 1.0, cost=5.0)
        study.close()


def test_a_paused_trial_has_no_result_yet() -> None:
    study = bo.create_study(SPACE, sampler="random", seed=0)
    trial = study.ask()
    for told in ({"values": 1.0}, {"constraints": [1.0]}, {"variance": 1.0}, {"cost": -1.0}):
        with pytest.raises(InvalidValueError):
            study.tell(trial, state="paused", **told)
    assert study.trials[0].state is bo.TrialState.RUNNING


def test_a_host_adds_up_attempts_as_well() -> None:
    history = bo.History(bo.Space(SPACE))
    for _ in range(3):
        history.append({"x": 0.5})
    history.pause(0, cost=2.0)
    history.pause(0, cost=2.0)
    history.pause(1)
    assert spent(history) == 2.0
    history.resume(0)
    history.tell(0, 1.0, cost=5.0)
    history.tell(1, 1.0)
    history.tell(2, 1.0, cost=1.0)
    assert spent(history) == 8.0
    assert history.cost[0] == 7.0
    assert np.isnan(history.cost[1])


def dies_first(trial: bo.Trial) -> float:
    if trial.attempt == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    trial.set_cost(1.0)
    return 0.0


def test_the_time_of_a_worker_that_died_counts() -> None:
    study = bo.create_study(SPACE, sampler="random", seed=0)
    study.optimize(dies_first, n_trials=1, n_jobs=2, progress=False)
    (trial,) = study.trials
    assert trial.attempt == 2
    assert trial.cost is not None
    assert trial.cost > 1.0
