"""Importance: settings, conditional parameters, and Optuna's PED-ANOVA on the same trials."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest

import bayesopt as bo
from bayesopt.errors import InvalidValueError, NoTrialsError
from bayesopt.visualization.data.importance import explained_variances, importance, top_share
from bayesopt.visualization.snapshot import take

SPACE = {
    "lr": bo.Float(1e-5, 1e-1, log=True),
    "width": bo.Float(-2.0, 3.0),
    "kind": bo.Categorical(["sgd", "adam", "lion"]),
    "momentum": bo.Float(0.0, 0.9, when={"kind": "sgd"}),
    "layers": bo.Int(1, 12),
    "batch": bo.Int(16, 512, log=True),
    "step": bo.Float(0.0, 1.0, step=0.1),
}


def loss(p):
    z = (math.log10(p["lr"]) + 2.0) ** 2 + 0.3 * abs(p["width"]) + 0.1 * p["layers"]
    return z + (2.0 * p["momentum"] if "momentum" in p else 0.8) + 0.01 * math.log(p["batch"])


@pytest.fixture(scope="module")
def study():
    study = bo.create_study(SPACE, sampler="random", seed=3)
    for _ in range(150):
        trial = study.ask()
        study.tell(trial, loss(trial.params))
    return study


@pytest.mark.parametrize(("target", "region"), [(0.1, 1.0), (0.25, 1.0), (0.1, 0.5)])
@pytest.mark.parametrize("direction", ["minimize", "maximize"])
def test_ped_anova_is_that_of_optuna(study, target, region, direction):
    optuna = pytest.importorskip("optuna")
    from optuna.distributions import (
        CategoricalDistribution,
        FloatDistribution,
        IntDistribution,
    )

    distributions = {
        "lr": FloatDistribution(1e-5, 1e-1, log=True),
        "width": FloatDistribution(-2.0, 3.0),
        "kind": CategoricalDistribution(["sgd", "adam", "lion"]),
        "momentum": FloatDistribution(0.0, 0.9),
        "layers": IntDistribution(1, 12),
        "batch": IntDistribution(16, 512, log=True),
        "step": FloatDistribution(0.0, 1.0, step=0.1),
    }
    sign = 1.0 if direction == "minimize" else -1.0
    theirs, ours = (
        optuna.create_study(direction=direction),
        bo.create_study(SPACE, direction=direction, sampler="random", seed=0),
    )
    for trial in study.trials:
        ours.add_trial(trial.params, sign * trial.value)
        theirs.add_trial(
            optuna.trial.create_trial(
                params=dict(trial.params),
                distributions={name: distributions[name] for name in trial.params},
                value=sign * trial.value,
            )
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = optuna.importance.PedAnovaImportanceEvaluator(
            target_quantile=target, region_quantile=region
        ).evaluate(theirs)
    names = list(SPACE)
    found = explained_variances(ours, names, target, region)
    np.testing.assert_allclose(found, [expected[name] for name in names], rtol=1e-6)


def test_shares_sum_to_one_and_come_in_order(study):
    for method in ("model", "ped-anova"):
        data = importance(study, method)
        assert data.shares.sum() == pytest.approx(1.0)
        assert (np.diff(data.shares) <= 0.0).all()
        assert data.names[0] == "lr"
        assert set(data.names) == set(SPACE)
    some = importance(study, "ped-anova", params=["momentum", "batch"])
    assert some.names == ["momentum", "batch"]
    assert some.shares.sum() == pytest.approx(1.0)


def test_the_best_are_as_many_as_asked_for_and_their_equals():
    study = bo.create_study({"x": bo.Float(0, 1)}, sampler="random", seed=0)
    for value in [3.0, 1.0, 1.0, 2.0, 5.0, 1.0, 4.0, 6.0, 7.0, 8.0]:
        study.tell(study.ask(), value)
    shot = take(study)
    assert top_share(shot, shot.comparable, 0.1).sum() == 3
    assert top_share(shot, shot.comparable, 0.4).sum() == 4
    assert top_share(shot, shot.comparable, 1.0).all()


def test_of_several_objectives_the_first_fronts_are_the_best():
    space = {"x": bo.Float(0, 1), "idle": bo.Float(0, 1), "cost": bo.Float(0, 1)}
    study = bo.create_study(space, directions=["minimize", "maximize"], sampler="random", seed=0)
    for _ in range(120):
        trial = study.ask()
        p = trial.params
        study.tell(trial, [p["x"] + 4.0 * p["cost"], p["x"] - 4.0 * p["cost"]])
    shot = take(study)
    best = top_share(shot, shot.comparable, 0.1)
    assert best.sum() == 12
    assert importance(study, "ped-anova").names[0] == "cost"


def test_a_model_is_of_one_objective():
    space = {"x": bo.Float(0, 1), "y": bo.Float(0, 1)}
    study = bo.create_study(space, directions=["minimize", "maximize"], sampler="random", seed=0)
    for _ in range(30):
        trial = study.ask()
        study.tell(trial, [trial.params["x"] ** 2, trial.params["y"] ** 2])
    for objective, name in enumerate(["x", "y"]):
        found = importance(study, objective=objective)
        assert found.names[0] == name
        assert found.objective == f"value {objective}"
        assert found.learned.r2 > 0.9
    with pytest.raises(InvalidValueError, match="index below 2"):
        importance(study, objective=2)


@pytest.mark.parametrize("settings", [{"target": 0.0}, {"target": 0.5, "region": 0.5}])
def test_settings_that_mean_nothing_are_refused(study, settings):
    with pytest.raises(InvalidValueError):
        importance(study, "ped-anova", **settings)
    with pytest.raises(InvalidValueError):
        importance(study, "fanova")


def test_too_few_trials():
    study = bo.create_study(SPACE, sampler="random", seed=0)
    for _ in range(3):
        trial = study.ask()
        study.tell(trial, loss(trial.params))
    with pytest.raises(NoTrialsError):
        importance(study, "ped-anova")
