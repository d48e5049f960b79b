"""A study shows what its sampler believes."""

from __future__ import annotations

import pytest

import bayesopt as bo
from bayesopt.errors import NoTrialsError


@pytest.mark.parametrize("sampler", ["auto", "gp", "random"])
def test_a_study_is_looked_into(sampler: str) -> None:
    space = {"x": bo.Float(-1.0, 1.0), "idle": bo.Float(0.0, 1.0)}
    study = bo.create_study(space, direction="maximize", sampler=sampler, seed=0)
    with pytest.raises(NoTrialsError):
        study.look_inside()
    study.optimize(lambda trial: -((trial.params["x"] - 0.2) ** 2), n_trials=20)
    inside = study.look_inside()
    assert next(iter(inside.importance())) == "x"
    assert inside.lengthscales()["x"] < inside.lengthscales()["idle"]
    assert inside.slice("x", n=11).band.median.max() == pytest.approx(0.0, abs=0.05)
    assert len(inside.cross_validated().observed) == 20
