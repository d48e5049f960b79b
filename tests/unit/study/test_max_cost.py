"""A budget of cost: told over the whole study, whoever spent it."""

from __future__ import annotations

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
