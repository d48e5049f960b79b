"""Trials of Optuna's of which some parameters are fixed: the others are proposed in view of it."""

from __future__ import annotations

import math

import numpy as np
import pytest

optuna = pytest.importorskip("optuna")

from optuna.samplers import PartialFixedSampler  # noqa: E402

from bayesopt.integrations.optuna import BayesOptSampler  # noqa: E402
from bayesopt.integrations.optuna_mirror import Mirror  # noqa: E402

optuna.logging.set_verbosity(optuna.logging.WARNING)
pytestmark = pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")


def branches(trial):
    if trial.suggest_categorical("kind", ["ridge", "forest"]) == "ridge":
        return (math.log10(trial.suggest_float("alpha", 1e-4, 1e2, log=True)) - 1.3) ** 2
    return 0.5 + (math.log10(trial.suggest_int("trees", 10, 500, log=True)) - 2) ** 2


def coupled(trial):
    x, y = trial.suggest_float("x", 0, 1), trial.suggest_float("y", 0, 1)
    return (x - y) ** 2 + 0.2 * y


def study_of(objective, n, sampler="tpe", seed=0):
    study = optuna.create_study(sampler=BayesOptSampler(sampler, seed=seed))
    study.optimize(objective, n_trials=n)
    return study


@pytest.fixture
def drawn(monkeypatch):
    """Names of parameters that were drawn at random, in order."""
    names, draw = [], BayesOptSampler.sample_independent
    monkeypatch.setattr(
        BayesOptSampler,
        "sample_independent",
        lambda self, study, trial, name, *rest: (
            names.append(name) or draw(self, study, trial, name, *rest)
        ),
    )
    return names


@pytest.mark.parametrize("sampler", ["tpe", "gp"])
def test_the_parameters_of_a_fixed_branch_are_proposed(sampler, drawn):
    study = study_of(branches, 20, sampler)
    drawn.clear()
    study.sampler = PartialFixedSampler({"kind": "forest"}, study.sampler)
    study.optimize(branches, n_trials=15)
    study.enqueue_trial({"kind": "forest"})
    study.optimize(branches, n_trials=1)
    assert not drawn
    assert {t.params["kind"] for t in study.trials[20:]} == {"forest"}
    assert np.median([t.value for t in study.trials[25:]]) < 0.55


def test_what_goes_with_a_fixed_number_is_learned_from_trials_that_share_it():
    study = study_of(coupled, 15, "gp")
    study.sampler = PartialFixedSampler({"y": 0.9}, study.sampler)
    study.optimize(coupled, n_trials=12)
    assert min(abs(t.params["x"] - 0.9) for t in study.trials[15:]) < 0.02


def test_the_outer_of_two_that_fix_and_what_was_enqueued_have_the_last_word(drawn):
    study = study_of(branches, 20)
    drawn.clear()
    inner = PartialFixedSampler({"kind": "ridge"}, study.sampler)
    study.sampler = PartialFixedSampler({"kind": "forest"}, inner)
    study.optimize(branches, n_trials=3)
    study.enqueue_trial({"kind": "ridge"})
    study.optimize(branches, n_trials=1)
    assert not drawn
    assert [t.params["kind"] for t in study.trials[20:]] == ["forest"] * 3 + ["ridge"]


@pytest.mark.parametrize(
    "fixed",
    [
        {"kind": "none of these"},
        {"trees": "many"},
        {"trees": 5000},
        {"new": 3},
        {"trees": 50},
        {"kind": "forest", "trees": 50},
        {"kind": "ridge", "trees": 50},
    ],
)
def test_any_values_may_be_fixed(fixed):
    study = study_of(branches, 12)
    trial = study.ask()._get_latest_trial()
    trial.system_attrs = {"fixed_params": fixed}
    space = study.sampler.infer_relative_search_space(study, trial)
    assert set(study.sampler.sample_relative(study, trial, space)) >= {"kind"}


def test_all_fixed_leaves_nothing_to_propose():
    study = study_of(coupled, 12)
    for _ in range(4):
        study.enqueue_trial({"x": 0.5, "y": 0.5})
    study.optimize(coupled, n_trials=5)
    assert [t.params for t in study.trials[12:16]] == [{"x": 0.5, "y": 0.5}] * 4


def test_a_sampler_that_was_there_all_along_proposes_what_a_new_one_does():
    runs = []
    for is_new in (False, True):
        study = study_of(branches, 12)
        study.sampler = PartialFixedSampler({"kind": "forest"}, study.sampler)
        for _ in range(15):
            if is_new:
                new = BayesOptSampler("tpe", seed=0)
                study.sampler = PartialFixedSampler({"kind": "forest"}, new)
            study.optimize(branches, n_trials=1)
        runs.append([t.params for t in study.trials])
    assert runs[0] == runs[1]


def test_few_histories_are_held():
    study = study_of(coupled, 12, "random")
    mirror = Mirror(["minimize"], seed=0, noisy=False)
    mirror.follow(study.get_trials(deepcopy=False), 12)
    for trial in study.trials:
        assert mirror.given({"x": trial.params["x"]}) is mirror.history
    assert len(mirror._held) <= 4
