"""The sampler for Optuna: Optuna's own conformance suite, and what that does not ask."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

optuna = pytest.importorskip("optuna")
suite = pytest.importorskip("optuna.testing.pytest_samplers")

from bayesopt.errors import SettingsError  # noqa: E402
from bayesopt.integrations.optuna import BayesOptSampler  # noqa: E402
from bayesopt.integrations.optuna_mirror import Mirror  # noqa: E402
from bayesopt.trial import TrialState  # noqa: E402

SLOW = [pytest.param(name, marks=pytest.mark.slow) for name in ("random", "auto")]

optuna.logging.set_verbosity(optuna.logging.WARNING)


@pytest.fixture(params=["tpe", "gp"])
def sampler(request):
    return lambda: BayesOptSampler(request.param, seed=0)


class TestBasic(suite.BasicSamplerTestCase):
    @pytest.fixture(params=["tpe", *SLOW])
    def sampler(self, request):
        return lambda: BayesOptSampler(request.param, seed=0)


class TestRelative(suite.RelativeSamplerTestCase):
    @pytest.fixture(params=["tpe", *SLOW])
    def sampler(self, request):
        return lambda: BayesOptSampler(request.param, seed=0)


class TestMultiObjective(suite.MultiObjectiveSamplerTestCase):
    @pytest.fixture
    def sampler(self):
        return lambda: BayesOptSampler("tpe", seed=0)


def mirror_of(study):
    mirror = Mirror([d.name.lower() for d in study.directions], seed=0, noisy=False)
    mirror.follow(study.get_trials(deepcopy=False), len(study.trials))
    return mirror


def conditional(trial):
    x = trial.suggest_float("x", -1, 1)
    if trial.suggest_categorical("kind", ["a", "b"]) == "a":
        return x**2 + trial.suggest_float("y", 1e-3, 1, log=True)
    return x**2 + 0.1 * trial.suggest_int("k", 1, 9)


def test_same_seed_same_trials():
    runs = []
    for _ in range(2):
        study = optuna.create_study(sampler=BayesOptSampler("tpe", seed=3))
        study.optimize(conditional, n_trials=20)
        runs.append([t.params for t in study.trials])
    assert runs[0] == runs[1]


def test_following_step_by_step_is_as_good_as_reading_at_once():
    sampler = BayesOptSampler("tpe", seed=0)
    study = optuna.create_study(sampler=sampler)
    study.optimize(conditional, n_trials=15)
    trial = study.ask()
    sampler.infer_relative_search_space(study, trial._get_latest_trial())
    live, anew = sampler._mirrors[study][None].history, mirror_of(study).history
    assert live.space == anew.space
    np.testing.assert_array_equal(live.X, anew.X[:15])
    np.testing.assert_array_equal(live.active, anew.active[:15])
    np.testing.assert_array_equal(live.values, anew.values[:15])


def test_a_trial_lacks_the_parameters_that_it_did_not_ask_for():
    study = optuna.create_study(sampler=BayesOptSampler("random", seed=0))
    study.optimize(conditional, n_trials=12)
    history = mirror_of(study).history
    names = list(history.space.names)
    for trial, active in zip(study.trials, history.active, strict=True):
        assert {n for n, on in zip(names, active, strict=True) if on} == set(trial.params)


def test_states_values_reports_and_constraints_arrive():
    sampler = BayesOptSampler("tpe", seed=0, constraints_func=lambda t: (t.number - 1.0,))
    study = optuna.create_study(direction="maximize", sampler=sampler)
    for end in ("complete", "pruned", "fail", "running"):
        trial = study.ask()
        trial.suggest_float("x", 0, 1)
        if end == "pruned":
            trial.report(4.0, step=7)
        if end != "running":
            told = 2.0 if end == "complete" else None
            study.tell(trial, told, state=optuna.trial.TrialState[end.upper()])
    history = mirror_of(study).history
    expected = [TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL, TrialState.RUNNING]
    assert history.state.tolist() == [int(each) for each in expected]
    assert history.values[0, 0] == -2.0
    assert (history.last_step[1], history.last_values[1, 0]) == (7.0, -4.0)
    assert history.constraints[:2, 0].tolist() == [-1.0, 0.0]
    assert history.is_pending.tolist() == [False, False, False, True]


def test_running_trials_are_avoided(sampler):
    study = optuna.create_study(sampler=sampler())
    study.optimize(lambda t: t.suggest_float("x", 0, 1) ** 2, n_trials=12)
    asked = [study.ask() for _ in range(4)]
    assert len({t.suggest_float("x", 0, 1) for t in asked}) == 4


def test_integers_beyond_an_exact_grid_are_modelled():
    study = optuna.create_study(sampler=BayesOptSampler("tpe", seed=0))
    study.optimize(lambda t: t.suggest_int("n", 0, 10**17, step=10), n_trials=5)
    assert all(t.params["n"] % 10 == 0 for t in study.trials)


def halving(trial):
    x = trial.suggest_float("x", 0, 1)
    for step in range(9):
        trial.report(x + 1 / (step + 1), step)
        if trial.should_prune():
            raise optuna.TrialPruned
    return x


def test_one_bracket_at_a_time_under_hyperband():
    pruner = optuna.pruners.HyperbandPruner(min_resource=1, max_resource=9)
    study = optuna.create_study(sampler=BayesOptSampler("tpe", seed=0), pruner=pruner)
    study.optimize(halving, n_trials=20)
    assert len(study.trials) == 20


@pytest.fixture
def mirrors(monkeypatch):
    """Every history that is built, in order."""
    built, init = [], Mirror.__init__
    monkeypatch.setattr(
        Mirror, "__init__", lambda self, *a, **k: built.append(self) or init(self, *a, **k)
    )
    return built


def test_each_bracket_keeps_its_history(mirrors):
    pruner = optuna.pruners.HyperbandPruner(min_resource=1, max_resource=9)
    study = optuna.create_study(sampler=BayesOptSampler("random", seed=0), pruner=pruner)
    study.optimize(halving, n_trials=40)
    assert len(mirrors) == pruner._n_brackets == 3
    numbers = [set(mirror.history.numbers_in(*TrialState).tolist()) for mirror in mirrors]
    brackets = {}
    for trial in study.trials:
        brackets.setdefault(pruner._get_bracket_id(study, trial), set()).add(trial.number)
    assert all(any(shown <= each for each in brackets.values()) for shown in numbers)


def test_brackets_that_come_to_be_known_late_are_as_if_they_always_were():
    def study_of(sampler):
        pruner = optuna.pruners.HyperbandPruner(min_resource=1, max_resource="auto")
        study = optuna.create_study(sampler=sampler, pruner=pruner, study_name="late")
        study.optimize(lambda t: t.suggest_float("x", 0, 1), n_trials=5)
        return study

    runs = []
    for is_read_anew in (False, True):
        study = study_of(BayesOptSampler("tpe", seed=0))
        for _ in range(25):
            if is_read_anew:
                study.sampler = BayesOptSampler("tpe", seed=0)
            study.optimize(halving, n_trials=1)
        runs.append([t.params for t in study.trials])
    assert runs[0] == runs[1]


def test_pickled_sampler_goes_on_alike():
    sampler = BayesOptSampler("tpe", seed=0)
    study = optuna.create_study(sampler=sampler)
    study.optimize(conditional, n_trials=12)
    trial = study.ask()._get_latest_trial()
    space = sampler.infer_relative_search_space(study, trial)
    again = pickle.loads(pickle.dumps(sampler))
    assert again.sample_relative(study, trial, space) == sampler.sample_relative(
        study, trial, space
    )


@pytest.mark.parametrize(
    "wrong",
    [{"seed": -1}, {"seed": "a"}, {"seed": 1.5}, {"seed": True}, {"noisy": "no"},
     {"constraints_func": 3}, {"sampler": 3}],
)  # fmt: skip
def test_settings_of_another_kind_are_refused_at_once(wrong):
    with pytest.raises(SettingsError):
        BayesOptSampler(**wrong)
