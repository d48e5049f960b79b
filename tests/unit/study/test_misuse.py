"""What a study is given by mistake is named, and changes nothing."""

from __future__ import annotations

import math
from typing import Any

import pytest

import bayesopt as bo

SPACE = {"x": bo.Float(0.0, 1.0)}


@pytest.fixture
def study() -> bo.Study:
    return bo.create_study(SPACE, sampler="random", seed=0)


@pytest.mark.parametrize(
    "wrong",
    [
        {"reports": 3},
        {"reports": [1, 2]},
        {"reports": {"a": 1.0}},
        {"reports": {-1: 1.0}},
        {"reports": {1: "a"}},
        {"user_attrs": 3},
        {"user_attrs": [("a", 1)]},
        {"user_attrs": {1: 2}},
        {"state": 2},
        {"state": "paused"},
        {"cost": math.nan},
    ],
)
def test_a_trial_of_elsewhere_is_whole_or_not_there(study: bo.Study, wrong: Any) -> None:
    with pytest.raises(bo.InvalidValueError):
        study.add_trial({"x": 0.5}, **{"values": 1.0, **wrong})
    assert study.trials == []


@pytest.mark.parametrize("attrs", [3, "a", [("a", 1)]])
def test_attributes_of_an_enqueued_trial_are_a_mapping(study: bo.Study, attrs: Any) -> None:
    with pytest.raises(bo.InvalidValueError, match="user_attrs"):
        study.enqueue({"x": 0.5}, user_attrs=attrs)
    assert study.trials == []


@pytest.mark.parametrize("state", [2, 3, True, 4.0, "running", bo.TrialState.LOST])
def test_a_number_is_no_state(study: bo.Study, state: Any) -> None:
    trial = study.ask()
    with pytest.raises(bo.InvalidValueError, match="state"):
        study.tell(trial, 1.0, state=state)
    assert study.trials[0].state is bo.TrialState.RUNNING


@pytest.mark.parametrize("space", [None, 3, [], "x"])
def test_a_space_is_not_lost_by_a_slip(study: bo.Study, space: Any) -> None:
    with pytest.raises(bo.SpaceError):
        study.space = space
    assert list(study.space) == ["x"]


@pytest.mark.parametrize("name", ["noisy", "load_if_exists"])
@pytest.mark.parametrize("flag", ["no", 1, [], math.nan])
def test_words_are_no_truth_values(name: str, flag: Any) -> None:
    with pytest.raises(bo.InvalidValueError, match=name):
        bo.create_study(SPACE, **{name: flag})


@pytest.mark.parametrize("name", ["threads", "progress"])
def test_nor_are_they_of_optimize(study: bo.Study, name: str) -> None:
    with pytest.raises(bo.InvalidValueError, match=name):
        study.optimize(lambda trial: 1.0, n_trials=1, **{name: "no"})
    assert study.trials == []


def test_the_one_liner_wants_a_function_and_a_space() -> None:
    with pytest.raises(bo.InvalidValueError, match="function"):
        bo.minimize(None, SPACE, 2)  # type: ignore[arg-type]
    with pytest.raises(bo.SpaceError):
        bo.minimize(lambda params: 1.0, None, 2)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", [3, None, ("a",), b"a"])
def test_a_suggested_name_is_text(name: Any) -> None:
    study = bo.create_study(sampler="random", seed=0)
    with pytest.raises(bo.SpaceError, match="name of a parameter"):
        study.ask().suggest_float(name, 0.0, 1.0)


def test_who_reports_after_the_tell_is_not_told_of_another_worker(study: bo.Study) -> None:
    trial = study.ask()
    study.tell(trial, 1.0)
    with pytest.raises(bo.StaleTrialError, match="It was told") as caught:
        trial.report(1.0, 1)
    assert "Another worker" not in str(caught.value)
