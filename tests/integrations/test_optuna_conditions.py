"""Conditions are read off trials: those that the objective has, whatever the order of trials."""

from __future__ import annotations

import random
import warnings

import pytest

optuna = pytest.importorskip("optuna")

from bayesopt.integrations.optuna import BayesOptSampler  # noqa: E402
from bayesopt.integrations.optuna_mirror import Mirror  # noqa: E402
from bayesopt.integrations.optuna_space import may_be_parent, to_label, to_parameter  # noqa: E402
from bayesopt.space.presence import Presence  # noqa: E402

State = optuna.trial.TrialState
optuna.logging.set_verbosity(optuna.logging.WARNING)


def study_of(objective, n=40, sampler="random"):
    study = optuna.create_study(sampler=BayesOptSampler(sampler, seed=0))
    study.optimize(objective, n_trials=n)
    return study


def conditions_of(study):
    mirror = Mirror(["minimize"], seed=0, noisy=False)
    mirror.follow(study.get_trials(deepcopy=False), len(study.trials))
    space = mirror.history.space
    named = {name: space[name].condition for name in space.names}
    return {name: dict(when) for name, when in named.items() if when is not None}


def nested(trial):
    trial.suggest_float("x", 0, 1)
    trial.suggest_categorical("other", ["p", "q"])
    if trial.suggest_categorical("kind", ["a", "b", "c"]) == "a":
        if trial.suggest_categorical("sub", ["s", "t"]) == "t":
            return trial.suggest_float("deep", 0, 1)
    else:
        trial.suggest_int("k", 1, 5)
    return 1.0


def test_a_tree_of_choices_is_found():
    assert conditions_of(study_of(nested)) == {
        "sub": {"kind": (0,)},
        "deep": {"sub": (1,)},
        "k": {"kind": (1, 2)},
    }


def layers(trial):
    n = trial.suggest_int("n", 1, 8)
    return sum(trial.suggest_float(f"width{i}", 0, 1) for i in range(n))


def both(trial):
    a = trial.suggest_categorical("a", [0, 1])
    b = trial.suggest_categorical("b", [0, 1])
    return trial.suggest_float("y", 0, 1) if a and b else 1.0


def test_two_choices_that_are_both_needed():
    assert conditions_of(study_of(both)) == {"y": {"a": (1,), "b": (1,)}}


def test_what_depends_on_no_choice_stays_without_a_condition():
    def objective(trial):
        x = trial.suggest_float("x", 0, 1)
        trial.suggest_categorical("c", ["p", "q", "r"])
        return trial.suggest_float("y", 0, 1) if x > 0.5 else x

    assert conditions_of(study_of(objective, 60)) == {}


def test_a_parameter_before_its_parent_is_none_of_its():
    def objective(trial):
        y = trial.suggest_float("y", 0, 1) if trial.number % 2 else 0.0
        trial.suggest_categorical("c", ["p", "q"])
        return y

    assert conditions_of(study_of(objective, 30)) == {}


@pytest.mark.parametrize("objective", [nested, layers, both])
def test_the_order_of_trials_does_not_matter(objective):
    trials = study_of(objective, 25).get_trials()
    found = []
    for seed in range(3):
        presence, distributions = Presence(), {}
        for trial in random.Random(seed).sample(trials, len(trials)):
            distributions |= trial.distributions
            labels = {n: to_label(trial.distributions[n], v) for n, v in trial.params.items()}
            parents = [n for n in labels if may_be_parent(trial.distributions[n])]
            presence.add(labels, parents, is_complete=True)
            if seed:  # asked on the way
                presence.conditions({n: to_parameter(d) for n, d in distributions.items()})
        parameters = {n: to_parameter(distributions[n]) for n in sorted(distributions)}
        found.append(presence.conditions(parameters))
    assert found[0] == found[1] == found[2]
    assert found[0]


@pytest.mark.parametrize("sampler", ["gp", "tpe"])
def test_what_contradicts_a_condition_is_drawn_and_learned(sampler):
    def objective(trial):
        kind = trial.suggest_categorical("kind", ["a", "b"])
        has = kind == "a" or trial.number >= 12
        return trial.suggest_float("y", 0, 1) if has else 0.5

    study = study_of(objective, 30, sampler)
    assert all(0 <= t.params["y"] <= 1 for t in study.trials if t.number >= 12)
    assert {t.state for t in study.trials} == {State.COMPLETE}


@pytest.mark.parametrize("first", [10, 0, 3])
def test_an_enqueued_value_out_of_range_allows_nothing(first):
    def objective(trial):
        n = trial.suggest_int("n", 2, 8, step=2)
        return sum(trial.suggest_float(f"width{i}", 0, 1) for i in range(n))

    study = optuna.create_study(sampler=BayesOptSampler("random", seed=0))
    for n in (first, 2, 4, 2):
        study.enqueue_trial({"n": n})
    with warnings.catch_warnings(action="ignore"):  # Optuna's, of the value
        study.optimize(objective, n_trials=12)
    found = conditions_of(study)
    assert all(value in (2, 4, 6, 8) for when in found.values() for value in when["n"])
    assert {t.state for t in study.trials} == {State.COMPLETE}
