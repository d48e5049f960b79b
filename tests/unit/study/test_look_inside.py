"""A study shows what its sampler believes."""

from __future__ import annotations

import pytest

import bayesopt as bo
from bayesopt.errors import InvalidValueError, NoTrialsError, StudyError


@pytest.mark.parametrize("sampler", ["auto", "gp", "random"])
def test_a_study_is_looked_into(sampler: str) -> None:
    space = {"x": bo.Float(-1.0, 1.0), "idle": bo.Float(0.0, 1.0)}
    study = bo.create_study(space, direction="maximize", sampler=sampler, seed=0)
    with pytest.raises(NoTrialsError, match="feasible"):
        study.look_inside()
    study.optimize(lambda trial: -((trial.params["x"] - 0.2) ** 2), n_trials=20)
    inside = study.look_inside()
    assert next(iter(inside.importance())) == "x"
    assert inside.lengthscales()["x"] < inside.lengthscales()["idle"]
    assert inside.slice("x", n=11).band.median.max() == pytest.approx(0.0, abs=0.05)
    assert len(inside.cross_validated().observed) == 20


def noisy_line(direction: str) -> bo.Study:
    """Return a study of a parabola whose best value was luck."""
    study = bo.create_study({"x": bo.Float(0.0, 1.0)}, direction=direction, noisy=True, seed=0)
    sign = 1.0 if direction == "minimize" else -1.0
    for i in range(21):
        x = i / 20
        study.add_trial({"x": x}, sign * (x - 0.5) ** 2)
    study.add_trial({"x": 0.95}, sign * -0.05, variance=0.25)
    return study


@pytest.mark.parametrize("direction", ["minimize", "maximize"])
def test_the_best_by_model_is_not_the_lucky_one(direction: str) -> None:
    study = noisy_line(direction)
    assert study.best().number == study.best_trial.number == 21
    believed = study.best(by="model")
    assert abs(believed.params["x"] - 0.5) < 0.1
    low, high = (getattr(study.look_inside().predict([believed.params]), end)[0]
                 for end in ("low", "high"))  # fmt: skip
    assert low < 0.0 < high


def test_the_best_by_model_is_feasible_and_one_of_an_only_objective() -> None:
    study = bo.create_study({"x": bo.Float(0.0, 1.0)}, seed=0)
    with pytest.raises(NoTrialsError):
        study.best(by="model")
    study.add_trial({"x": 0.3}, 1.0)
    assert study.best(by="model").number == 0
    for x in (0.1, 0.2, 0.4, 0.6, 0.8):
        study.add_trial({"x": x}, x, constraints={"c": 0.5 - x})
    assert study.best(by="model").params["x"] == 0.6
    with pytest.raises(InvalidValueError, match="by"):
        study.best(by="luck")
    several = bo.create_study({"x": bo.Float(0.0, 1.0)}, directions=["minimize"] * 2)
    with pytest.raises(StudyError, match="best_trials"):
        several.best(by="model")
