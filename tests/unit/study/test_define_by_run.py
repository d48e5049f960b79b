"""Studies without a declared space: the objective declares what it needs."""

from __future__ import annotations

import pytest

import bayesopt as bo


@pytest.fixture(params=["memory", "sqlite"])
def study(request, tmp_path):
    storage = None if request.param == "memory" else tmp_path / "study.db"
    study = bo.create_study(storage=storage, sampler="random", seed=3)
    yield study
    study.close()


def objective(trial: bo.Trial) -> float:
    lr = trial.suggest_float("lr", 1e-5, 1e-1, log=True)
    kind = trial.suggest_categorical("kind", ["sgd", "adam"])
    momentum = trial.suggest_float("momentum", 0.0, 0.99) if kind == "sgd" else 0.0
    depth = trial.suggest_int("depth", 1, 4)
    return lr + momentum + depth


def run(study: bo.Study, n: int) -> list[dict]:
    for _ in range(n):
        trial = study.ask()
        study.tell(trial, objective(trial))
    return [dict(record.params) for record in study.trials]


def test_the_space_becomes_what_was_seen(study):
    params = run(study, 20)
    assert set(study.space.names) == {"lr", "kind", "momentum", "depth"}
    for config in params:
        assert ("momentum" in config) == (config["kind"] == "sgd")
        assert 1e-5 <= config["lr"] <= 1e-1
        assert config["depth"] in (1, 2, 3, 4)
    assert len({config["lr"] for config in params}) == 20


def test_history_marks_what_a_trial_did_not_use_as_inactive(study):
    params = run(study, 20)
    column = study.space.names.index("momentum")
    active = study.history.active[:, column].tolist()
    assert active == ["momentum" in config for config in params]


def test_bounds_that_move_widen_the_space_and_are_respected(study):
    for high in (2, 5, 3, 9, 1):
        trial = study.ask()
        assert 1 <= trial.suggest_int("n", 1, high) <= high
        study.tell(trial, 0.0)
    assert study.space.parameters["n"].high == 9


def test_a_name_that_changes_its_kind_is_refused_and_the_trial_survives(study):
    trial = study.ask()
    trial.suggest_float("x", 0.0, 1.0)
    study.tell(trial, 0.0)
    trial = study.ask()
    trial.suggest_categorical("x", ["a", "b"])
    with pytest.raises(bo.SpaceChangedError):
        study.tell(trial, 0.0)
    assert study.trials[1].state is bo.TrialState.RUNNING


def test_asking_for_a_name_twice_gives_the_same_value_or_an_error(study):
    trial = study.ask()
    assert trial.suggest_float("x", 0.0, 1.0) == trial.suggest_float("x", 0.0, 1.0)
    with pytest.raises(bo.SpaceChangedError):
        trial.suggest_float("x", 0.0, 2.0)


def test_same_seed_gives_the_same_trials_whatever_the_storage(tmp_path):
    first = run(bo.create_study(seed=5, sampler="random"), 12)
    second = run(bo.create_study(seed=5, sampler="random", storage=tmp_path / "s.db"), 12)
    assert first == second


def test_enqueued_values_reach_the_objective(study):
    study.enqueue({"lr": 0.01, "kind": "adam"})
    trial = study.ask()
    assert trial.suggest_float("lr", 1e-5, 1e-1, log=True) == 0.01
    assert trial.suggest_categorical("kind", ["sgd", "adam"]) == "adam"


def test_an_objective_with_suggest_runs_on_a_declared_space(tmp_path):
    space = {
        "lr": bo.Float(1e-5, 1e-1, log=True),
        "kind": bo.Categorical(["sgd", "adam"]),
        "momentum": bo.Float(0.0, 0.99, when={"kind": "sgd"}),
        "depth": bo.Int(1, 4),
    }
    study = bo.create_study(space, sampler="random", seed=0)
    run(study, 10)
    assert all(record.value is not None for record in study.trials)
