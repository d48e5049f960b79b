"""Objectives and surroundings that go wrong all the time, with every sampler there is."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import bayesopt as bo

SPACE = {
    "lr": bo.Float(1e-5, 1e-1, log=True),
    "depth": bo.Int(1, 10),
    "kind": bo.Categorical([f"kind {n}" for n in range(10)]),
}
SAMPLERS = {
    "random": "random",
    "qmc": "qmc",
    "grid": bo.GridSampler(resolution=10),
    "tpe": "tpe",
}


@pytest.fixture(params=SAMPLERS)
def sampler(request: pytest.FixtureRequest) -> Any:
    return SAMPLERS[request.param]


@pytest.mark.parametrize("storage", ["memory", "sqlite"])
def test_a_study_of_which_99_in_100_fail(sampler: Any, storage: str, tmp_path: Path) -> None:
    path = None if storage == "memory" else tmp_path / "study.db"
    study = bo.create_study(SPACE, sampler=sampler, storage=path, seed=0)

    def objective(trial: bo.Trial) -> float:
        if trial.number % 100 == 42:
            return float(trial.number)
        if trial.number % 3 == 0:
            raise RuntimeError("out of memory")
        if trial.number % 3 == 1:
            return math.nan
        raise bo.TrialPruned

    study.optimize(objective, n_trials=200, catch=RuntimeError, progress=False)
    counts = dict.fromkeys(("COMPLETE", "FAIL", "PRUNED"), 0)
    for record in study.trials:
        counts[record.state.name] += 1
    assert (counts["COMPLETE"], sum(counts.values())) == (2, 200)
    assert study.best_trial.number == 42
    assert len({tuple(record.params.items()) for record in study.trials}) == 200
    study.close()


def test_a_study_of_which_all_fail(sampler: Any) -> None:
    study = bo.create_study(SPACE, sampler=sampler, seed=0)
    study.optimize(lambda trial: math.nan, n_trials=30, progress=False)
    assert {record.state for record in study.trials} == {bo.TrialState.FAIL}
    assert study.best_trials == []
    assert study.ask().number == 30


@pytest.mark.parametrize("value", [-1e300, 5e-324, 1.7976931348623157e308])
def test_a_constant_objective(sampler: Any, value: float) -> None:
    study = bo.create_study(SPACE, sampler=sampler, seed=0)
    study.optimize(lambda trial: value, n_trials=20, progress=False)
    assert study.best_value == value
    assert study.best_trial.number == 0


def test_a_thousand_copies_of_one_point_with_other_values(sampler: Any) -> None:
    study = bo.create_study(SPACE, sampler=sampler, seed=0)
    params = {"lr": 1e-3, "depth": 3, "kind": "kind 3"}
    for n in range(1000):
        study.add_trial(params, float(n))
    assert study.best_trial.number == 0
    asked = [study.ask().params for _ in range(5)]
    assert params not in asked
    assert len({tuple(each.items()) for each in asked}) == 5


def test_five_thousand_categories(sampler: Any, tmp_path: Path) -> None:
    space = {"word": bo.Categorical([f"word {n}" for n in range(5000)]), "x": bo.Float(0, 1)}
    study = bo.create_study(space, sampler=sampler, storage=tmp_path / "study.db", seed=0)
    study.optimize(lambda trial: float(trial.number), n_trials=10, progress=False)
    asked = [record.params for record in study.trials]
    study.close()
    again = bo.load_study(tmp_path / "study.db")
    assert [record.params for record in again.trials] == asked
    assert again.ask().params not in asked
    again.close()


def test_categories_of_all_types_come_back_as_they_were(sampler: Any, tmp_path: Path) -> None:
    choices = [None, True, 0, 1.5, "1.5", "", (1, (2, "x")), math.inf]
    space = {"choice": bo.Categorical(choices)}
    study = bo.create_study(space, sampler=sampler, storage=tmp_path / "study.db", seed=0)
    study.optimize(lambda trial: 0.0, n_trials=8, progress=False)
    study.close()
    again = bo.load_study(tmp_path / "study.db")
    found = [record.params["choice"] for record in again.trials]
    assert sorted(map(repr, found)) == sorted(map(repr, choices))  # each once, and with its type
    again.close()


def test_an_impatient_numpy(sampler: Any) -> None:
    with np.errstate(all="raise"):
        study = bo.create_study(SPACE, sampler=sampler, seed=0)
        study.optimize(lambda trial: trial.params["lr"] * 5e-324, n_trials=20, progress=False)
        assert len(study.trials) == 20


@pytest.fixture(params=["float16", "float64"])
def changed_torch(request: pytest.FixtureRequest) -> Iterator[Any]:
    torch = pytest.importorskip("torch")
    before = torch.get_default_dtype()
    torch.set_default_dtype(getattr(torch, request.param))
    torch.set_default_device("meta")  # holds no numbers: whatever computed with it would fail
    try:
        yield torch
    finally:
        torch.set_default_device(None)
        torch.set_default_dtype(before)


def test_torch_with_other_defaults(sampler: Any, changed_torch: Any) -> None:
    def run(values: list[float] | None) -> bo.Study:
        study = bo.create_study(SPACE, sampler=sampler, seed=0)
        for n in range(12):
            trial = study.ask()
            loss = changed_torch.tensor(trial.params["lr"] + n, device="cpu")
            study.tell(trial, loss if values is None else values[n])
        return study

    study = run(None)
    values = [record.value for record in study.trials]
    assert all(isinstance(value, float) for value in values)
    with changed_torch.device("cpu"):
        same = run(values)
    assert [r.params for r in study.trials] == [r.params for r in same.trials]
    assert changed_torch.get_default_device().type == "meta"


def test_a_learning_rate_schedule_under_other_torch_defaults(changed_torch: Any) -> None:
    bundle = bo.LearningRateSchedule(["cosine"], lr=bo.Float(1e-3, 1e-1, log=True))
    study = bo.create_study({"schedule": bundle}, sampler="random", seed=0)
    schedule = bundle.build(study.ask().params, 10)
    weight = changed_torch.nn.Parameter(changed_torch.zeros(2, device="cpu"))
    optimizer = changed_torch.optim.SGD([weight], lr=1.0)
    scheduler = schedule.torch(optimizer)
    for step in range(3):
        assert optimizer.param_groups[0]["lr"] == pytest.approx(schedule.lr(step), rel=1e-12)
        optimizer.step()
        scheduler.step()
