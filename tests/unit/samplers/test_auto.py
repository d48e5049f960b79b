"""The default sampler: who proposes when."""

from __future__ import annotations

import functools

import numpy as np
import pytest

import bayesopt as bo
from bayesopt.errors import SettingsError
from bayesopt.history import History
from bayesopt.rng import trial_rng
from bayesopt.samplers import AutoSampler, GPSampler
from bayesopt.samplers.auto import proposal_s
from bayesopt.space import Float, Space

SPACE = Space({"x": Float(0.0, 1.0), "y": Float(0.0, 1.0)})


@functools.cache
def after(n: int, cost: float | None = None) -> History:
    history = History(SPACE, seed=1)
    rows = SPACE.sample(n, np.random.default_rng(0))
    for config, row in zip(SPACE.decode(rows), rows, strict=True):
        history.tell(history.append(config), float((row**2).sum()), cost=cost)
    return history


def test_it_is_the_default() -> None:
    study = bo.create_study({"x": bo.Float(0.0, 1.0)}, seed=0)
    assert study.sampler == AutoSampler()
    study.optimize(lambda trial: trial.params["x"] ** 2, n_trials=8)
    assert {trial.sampler for trial in study.trials} == {"auto:gp:design", "auto:gp"}
    assert study.best_value < 0.01


@pytest.mark.parametrize(
    ("n", "cost", "who", "reason"),
    [
        (30, None, "gp", ""),
        (300, 0.001, "gp", ""),  # cheap trials, but the process is quick as well
        (900, 0.001, "tpe", "0.03 s"),
        (900, 60.0, "gp", ""),
        (900, None, "gp", ""),
        (1300, None, "gp", "800 of 1300"),
        (1300, 0.001, "tpe", "0.03 s"),
    ],
)
def test_who_proposes_depends_on_what_trials_cost(
    n: int, cost: float | None, who: str, reason: str
) -> None:
    sampler, why = AutoSampler().choice(after(n, cost))
    assert sampler.name == who
    assert reason in why
    assert (not reason) == (not why)


def test_every_outcome_has_a_process_that_takes_its_time() -> None:
    n = 400  # one outcome takes less than .03 s, two take more
    assert proposal_s(n, SPACE.d) < 0.03 < proposal_s(n, SPACE.d, 2)
    histories = [
        History(SPACE, seed=1),
        History(SPACE, seed=1),
        History(SPACE, seed=1, n_objectives=2),
    ]
    for config in SPACE.decode(SPACE.sample(n, np.random.default_rng(0))):
        for history in histories:
            history.append(config)
    for i in range(n):
        histories[0].tell(i, float(i), cost=0.001)
        histories[1].tell(i, float(i), cost=0.001, constraints={"memory": -1.0})
        histories[2].tell(i, [float(i), 1.0], cost=0.001)
    who = [AutoSampler().choice(history)[0].name for history in histories]
    assert who == ["gp", "tpe", "tpe"]


def test_the_local_process_sees_a_part() -> None:
    sampler, _ = AutoSampler().choice(after(1300))
    assert isinstance(sampler, GPSampler)
    assert sampler.max_points == 800


def test_a_trial_says_who_made_it_and_why() -> None:
    history = after(900, 0.001)
    made = AutoSampler().propose(SPACE, history, 1, trial_rng(0, 0))
    who = "auto:tpe:difference (a GP of 800 trials would take more than 0.03 s"
    assert made.sampler.startswith(who)


def test_the_median_cost_of_finished_trials_sets_the_budget() -> None:
    history = History(SPACE)
    for k, config in enumerate(SPACE.decode(SPACE.sample(5, np.random.default_rng(0)))):
        number = history.append(config)
        if k < 4:
            history.tell(number, 1.0, cost=None if k == 0 else 100.0 * k)
    assert AutoSampler(share=0.1).budget_s(history) == pytest.approx(20.0)
    assert AutoSampler(share=0.0).budget_s(history) == 0.03
    assert AutoSampler().budget_s(History(SPACE)) == pytest.approx(0.2)


def test_the_cost_model_grows_with_trials_and_dimensions() -> None:
    costs = [proposal_s(n, 5) for n in range(0, 1500, 7)]
    assert costs == sorted(costs)
    assert proposal_s(100, 50) > proposal_s(100, 5)


@pytest.mark.parametrize("share", [2.0, float("nan"), "half", None, True])
def test_a_share_is_checked(share: object) -> None:
    with pytest.raises(SettingsError, match="share"):
        AutoSampler(share=share)


def test_a_study_is_handed_over_as_its_trials_become_cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bayesopt.samplers.auto._LOCAL_POINTS", 20)
    monkeypatch.setattr("bayesopt.samplers.auto._LOCAL_FROM", 30)
    study = bo.create_study(SPACE, seed=0)

    def told(n: int, cost: float) -> str:
        for row in SPACE.sample(n, np.random.default_rng(n)):
            config = SPACE.decode(row[None])[0]
            study.enqueue(config)
            study.tell(study.ask(), float((row**2).sum()), cost=cost)
        trial = study.ask()
        study.tell(trial, 1.0, cost=cost)
        return study.get_trial(trial.number).sampler

    assert told(25, 60.0) == "auto:gp"
    assert told(15, 60.0).startswith("auto:gp (20 of 41 trials)")
    monkeypatch.setattr("bayesopt.samplers.auto._LEAST_BUDGET_S", 0.001)
    who = "auto:tpe:difference (a GP of 20 trials would take more than"
    assert told(50, 0.001).startswith(who)
