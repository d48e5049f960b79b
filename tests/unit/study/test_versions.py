"""A study's space may change while the old trials stay usable."""

from __future__ import annotations

import pytest

import bayesopt as bo


@pytest.fixture
def path(tmp_path):
    return tmp_path / "study.db"


def start(path) -> bo.Study:
    study = bo.create_study(
        {"x": bo.Float(0.0, 1.0), "kind": bo.Categorical(["a", "b"])},
        storage=path,
        sampler="random",
        seed=0,
    )
    for _ in range(5):
        trial = study.ask()
        study.tell(trial, trial.params["x"])
    return study


def test_add_widen_and_extend(path):
    study = start(path)
    before = [dict(record.params) for record in study.trials]
    study.space = bo.Space(
        {
            "x": bo.Float(0.0, 10.0),
            "kind": bo.Categorical(["a", "b", "c"]),
            "width": bo.Int(1, 8, default=4),
        }
    )
    assert [dict(record.params) for record in study.trials] == before
    assert study.history.inside.all()
    decoded = study.space.decode(study.history.X)
    assert [config["width"] for config in decoded] == [4] * 5
    assert [config["kind"] for config in decoded] == [config["kind"] for config in before]
    assert set(study.ask().params) == {"x", "kind", "width"}
    study.close()


def test_a_removed_parameter_is_ignored_and_narrowed_bounds_are_marked(path):
    study = start(path)
    x = [record.params["x"] for record in study.trials]
    study.space = bo.Space({"x": bo.Float(0.0, sorted(x)[2])})
    assert study.history.inside.tolist() == [value <= sorted(x)[2] for value in x]
    assert study.best_value == min(x)
    study.close()


def test_a_change_of_kind_is_refused(path):
    study = start(path)
    with pytest.raises(bo.SpaceChangedError):
        study.space = bo.Space({"x": bo.Categorical(["low", "high"])})
    assert set(study.space.names) == {"x", "kind"}
    study.close()


def test_other_processes_follow_and_a_restart_keeps_the_newest(path):
    study = start(path)
    other = bo.load_study(path)
    assert other.history.n == 5
    study.space = bo.Space({"x": bo.Float(0.0, 1.0), "y": bo.Float(0.0, 1.0)})
    assert set(other.ask().params) == {"x", "y"}
    study.close()
    other.close()
    reopened = bo.load_study(path)
    assert set(reopened.space.names) == {"x", "y"}
    reopened.close()


def test_loading_with_another_space_says_how_to_change_it(path):
    start(path).close()
    with pytest.raises(bo.SpaceChangedError, match=r"study\.space"):
        bo.load_study(path, space={"x": bo.Float(0.0, 2.0)})
    with pytest.raises(bo.SpaceChangedError):
        bo.create_study({"x": bo.Float(0.0, 2.0)}, storage=path, load_if_exists=True)


def test_an_enqueued_trial_that_no_longer_fits_fails_and_the_study_goes_on(path):
    study = start(path)
    study.enqueue({"x": 0.9})
    study.space = bo.Space({"x": bo.Float(0.0, 0.5)})
    assert study.ask().params["x"] <= 0.5
    refused = study.get_trial(5)
    assert refused.state is bo.TrialState.FAIL
    assert "no longer fits" in refused.error
    study.close()


def test_a_lost_trial_runs_again_inside_the_new_space(path):
    study = start(path)
    trial = study.ask()
    study.storage.release(1, trial.number, trial.attempt)
    study.close()
    study.space = {"x": bo.Float(0.0, 1.0), "width": bo.Int(1, 8)}
    again = study.ask()
    assert again.number == trial.number
    assert set(again.params) == {"x", "width"}
    assert again.params["x"] == trial.params["x"]
    study.close()
