"""Samplers that take the cost of an evaluation into account, when they are asked to."""

from __future__ import annotations

import numpy as np
import pytest

import bayesopt as bo
from bayesopt.errors import SettingsError
from bayesopt.samplers.cost import cost_exponent

SPACE = {"quality": bo.Float(0.0, 1.0), "effort": bo.Float(1.0, 1000.0, log=True)}


def value(params: dict) -> float:
    """Return a value that effort does nothing for."""
    return float((params["quality"] - 0.3) ** 2)


def run(sampler: bo.GPSampler, n: int = 16, **options) -> bo.Study:
    study = bo.create_study(SPACE, sampler=sampler, seed=0, **options)
    for _ in range(n):
        trial = study.ask()
        told = value(trial.params)
        values = [told, -told] if len(study.directions) > 1 else told
        study.tell(trial, values, cost=trial.params["effort"])
    return study


def late_effort(study: bo.Study) -> float:
    return float(np.median([record.params["effort"] for record in study.trials[7:]]))


def test_a_gain_per_cost_keeps_to_cheap_configurations() -> None:
    blind, aware = run(bo.GPSampler()), run(bo.GPSampler(cost=1.0))
    assert late_effort(aware) < 0.2 * late_effort(blind)


def test_without_a_budget_auto_looks_at_no_cost() -> None:
    blind, auto = run(bo.GPSampler(cost="off")), run(bo.GPSampler())
    assert [t.params for t in auto.trials] == [t.params for t in blind.trials]


def test_several_objectives_have_a_price_too() -> None:
    aims = ["minimize", "maximize"]
    blind = run(bo.GPSampler(), 14, directions=aims)
    aware = run(bo.GPSampler(cost=1.0), 14, directions=aims)
    assert late_effort(aware) < 0.3 * late_effort(blind)


def test_the_default_sampler_passes_costs_on() -> None:
    aware = bo.AutoSampler(cost=1.0)
    same = run(bo.GPSampler(cost=1.0), 12)
    assert [t.params for t in run(aware, 12).trials] == [t.params for t in same.trials]
    assert bo.AutoSampler().with_cost_budget(5.0).choice(same.history)[0].cost_budget == 5.0
    assert bo.AutoSampler(cost="off").with_cost_budget(5.0).cost_budget is None


def test_the_exponent_follows_budget_and_history() -> None:
    history = run(bo.GPSampler(), 8).history
    spent = history.cost.sum()
    assert cost_exponent("off", 10.0, history, 6) == 0.0
    assert cost_exponent("auto", None, history, 6) == 0.0
    assert cost_exponent(0.5, 1e-9, history, 6) == 0.5
    budget = 2.0 * spent
    expected = (budget - spent) / (budget - budget / 8)  # the design cost more than its eighth
    assert cost_exponent("auto", budget, history, 6) == pytest.approx(expected)
    assert cost_exponent("auto", 0.5 * spent, history, 6) == 0.0


@pytest.mark.parametrize("settings", [{"cost": "yes"}, {"cost": 2.0}, {"cost_budget": 0.0}])
@pytest.mark.parametrize("kind", [bo.GPSampler, bo.AutoSampler])
def test_settings_without_a_meaning_are_refused(kind, settings) -> None:
    with pytest.raises(SettingsError, match="cost"):
        kind(**settings)


def test_the_design_ends_when_it_has_cost_an_eighth_of_the_budget() -> None:
    study = run(bo.GPSampler(n_startup=6, cost_budget=1e9), 8)
    assert [t.sampler for t in study.trials] == ["gp:design"] * 6 + ["gp"] * 2
    study = run(bo.GPSampler(n_startup=6, cost_budget=100.0), 8)
    assert [t.sampler for t in study.trials] == ["gp:design"] * 4 + ["gp"] * 4
    study = run(bo.GPSampler(n_startup=6, cost="off", cost_budget=100.0), 8)
    assert [t.sampler for t in study.trials] == ["gp:design"] * 6 + ["gp"] * 2
