"""Studies that move from Optuna to here and back, in every storage, and go on there."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

import pytest

optuna = pytest.importorskip("optuna")

import bayesopt as bo  # noqa: E402
from bayesopt.errors import InvalidValueError, SpaceError, StudyError, StudyExistsError  # noqa: E402
from bayesopt.integrations.optuna import (  # noqa: E402
    BayesOptSampler,
    from_optuna,
    to_optuna,
)
from bayesopt.trial import TrialState  # noqa: E402

optuna.logging.set_verbosity(optuna.logging.WARNING)
S = optuna.trial.TrialState


@pytest.fixture(params=["memory", "sqlite", "journal"])
def place(request):
    """Where both studies live: ours is in memory where theirs is."""
    return request.param


@pytest.fixture
def optuna_storage(place, tmp_path):
    if place == "memory":
        return None
    if place == "sqlite":
        return f"sqlite:///{tmp_path}/optuna.db"
    backend = optuna.storages.journal.JournalFileBackend(str(tmp_path / "optuna.log"))
    return optuna.storages.JournalStorage(backend)


@pytest.fixture
def our_storage(place, tmp_path):
    return None if place == "memory" else tmp_path / "ours.db"


def objective(trial):
    """One of everything that `suggest_*` knows, with a branch."""
    x = trial.suggest_float("x", -1, 1)
    rate = trial.suggest_float("rate", 1e-5, 1e-1, log=True)
    trial.suggest_float("grid", 0.0, 1.0, step=0.1)
    k = trial.suggest_int("k", 1, 9)
    trial.suggest_int("even", 2, 20, step=2)
    trial.suggest_int("wide", 1, 1000, log=True)
    kind = trial.suggest_categorical("kind", ["a", None, True, 1.5, math.nan])
    value = x**2 + rate + 0.1 * k
    return value + (trial.suggest_float("only_a", 0, 1) if kind == "a" else 0.5)


def varied_study(optuna_storage):
    """Trials in every state, with everything that Optuna records."""
    study = optuna.create_study(
        storage=optuna_storage, study_name="theirs", sampler=optuna.samplers.RandomSampler(seed=0)
    )
    study.set_user_attr("team", {"name": "blue", "members": [1, 2]})
    study.optimize(objective, n_trials=6)
    for end in ("pruned", "pruned at once", "fail", "infinite", "constrained", "running"):
        trial = study.ask()
        value = objective(trial)
        trial.set_user_attr("note", [end, None, 0.1])
        if end == "pruned":
            trial.report(3.0, step=0)
            trial.report(2.0, step=4)
        if end == "constrained":
            trial.set_constraint("memory", -0.25)
            trial.set_constraint("latency", 1.5)
        if end == "infinite":
            value = math.inf
        state = {"fail": S.FAIL, "running": None}.get(end, S.COMPLETE)
        state = S.PRUNED if end.startswith("pruned") else state
        if state is not None:
            study.tell(trial, value if state is S.COMPLETE else None, state=state)
    study.enqueue_trial({"x": 0.25, "kind": True, "k": 3}, user_attrs={"why": "hunch"})
    return study


def same(a, b):
    return a == b or repr(a) == repr(b)  # NaN is a choice here


def assert_same_trials(theirs, back):
    assert [t.number for t in back] == [t.number for t in theirs]
    for a, b in zip(theirs, back, strict=True):
        assert same(a.user_attrs, b.user_attrs)
        if a.state in (S.RUNNING, S.WAITING):
            assert b.state is S.WAITING
            assert same(
                b.system_attrs["fixed_params"], a.system_attrs.get("fixed_params", a.params)
            )
            continue
        assert b.state is a.state
        assert same(b.params, a.params)
        assert list(b.params) == list(a.params)
        assert b.distributions == a.distributions
        assert b.values == a.values
        assert b.intermediate_values == a.intermediate_values
        assert b.constraints == a.constraints
        assert (b.datetime_start, b.datetime_complete) == (a.datetime_start, a.datetime_complete)


def test_from_optuna_and_back_nothing_is_lost(optuna_storage, our_storage, tmp_path):
    theirs = varied_study(optuna_storage)
    ours = from_optuna(theirs, storage=our_storage)
    assert ours.name == "theirs"
    back = to_optuna(ours, f"sqlite:///{tmp_path}/back.db", study_name="back")
    assert_same_trials(theirs.trials, back.trials)
    assert back.user_attrs == theirs.user_attrs == ours.user_attrs
    assert back.directions == theirs.directions
    assert_same_trials(
        theirs.trials, optuna.load_study(study_name="back", storage=back._storage).trials
    )
    ours.close()


def test_what_arrives_here():
    theirs = varied_study(None)
    ours = from_optuna(theirs)
    trials = ours.trials
    ended = [TrialState.PRUNED, TrialState.PRUNED, TrialState.FAIL, TrialState.FAIL]
    assert [t.state for t in trials[6:10]] == ended
    assert [t.state for t in trials[10:]] == [
        TrialState.COMPLETE,
        TrialState.WAITING,
        TrialState.WAITING,
    ]
    assert (trials[6].values, trials[7].values) == ((2.0,), None)
    assert dict(trials[6].reports) == {0.0: (3.0,), 4.0: (2.0,)}
    assert trials[9].values == (math.inf,)
    assert dict(trials[10].constraints) == {"memory": -0.25, "latency": 1.5}
    assert not trials[10].is_feasible
    assert trials[0].sampler == "optuna"
    for t, o in zip(trials[:11], theirs.trials, strict=False):
        assert t.cost == o.duration.total_seconds()
        assert t.started_at == o.datetime_start.timestamp()
    parameters = ours.space.parameters
    assert parameters["rate"] == bo.Float(1e-5, 1e-1, log=True)
    assert parameters["grid"] == bo.Float(0, 1, step=0.1)
    assert parameters["even"] == bo.Int(2, 20, step=2)
    assert parameters["wide"] == bo.Int(1, 1000, log=True)


def test_a_study_moves_here_and_goes_on(optuna_storage, our_storage):
    theirs = varied_study(optuna_storage)
    running, waiting = theirs.trials[11], theirs.trials[12]
    ours = from_optuna(theirs, storage=our_storage, sampler="tpe", seed=1)
    ours.optimize(objective, n_trials=20)
    trials = ours.trials
    assert len(trials) == 20
    assert same(dict(trials[11].params), running.params)
    assert trials[12].params["x"] == waiting.system_attrs["fixed_params"]["x"]
    assert {t.state for t in trials[11:]} == {TrialState.COMPLETE}
    assert trials[19].sampler == "tpe"
    ours.close()


def outward_choices(choices):
    space = bo.Space({"c": bo.Categorical(choices)})
    study = bo.create_study(space, sampler="random", seed=0)
    for choice in choices:
        study.add_trial({"c": choice}, 0.0)
    there = to_optuna(study)
    asked = there.ask({"c": there.trials[0].distributions["c"]})
    assert asked.params["c"] in there.trials[0].distributions["c"].choices
    assert dict(from_optuna(there, space=space).trials[2].params) == {"c": choices[2]}
    return [trial.params["c"] for trial in there.trials[:-1]]


def test_only_choices_that_optuna_takes_for_the_same_become_text():
    assert outward_choices([True, 1, None, 2.5, "x"]) == ["True", "1", None, 2.5, "x"]
    assert outward_choices([0, 1, None, 2.5, "x"]) == [0, 1, None, 2.5, "x"]
    assert outward_choices([True, 1, None, "True"]) == ["True", "1", "None", "'True'"]


def test_a_running_trial_keeps_what_it_was_enqueued_with():
    theirs = optuna.create_study()
    theirs.enqueue_trial({"x": 0.5, "y": 0.1})
    trial = theirs.ask()
    trial.suggest_float("x", 0, 1)
    trial.suggest_float("z", 0, 1)
    moved = from_optuna(theirs)
    assert dict(moved.trials[0].params) == {"x": 0.5, "y": 0.1, "z": trial.params["z"]}


def test_a_study_moves_to_optuna_and_goes_on(optuna_storage, our_storage):
    ours = bo.create_study(storage=our_storage, sampler="tpe", seed=5, name="mine")
    ours.optimize(objective, n_trials=12)
    ours.enqueue({"x": 0.5})
    theirs = to_optuna(ours, optuna_storage)
    assert isinstance(theirs.sampler, BayesOptSampler)
    assert theirs.best_trial.number == ours.best_trial.number
    assert theirs.best_value == ours.best_value
    theirs.optimize(objective, n_trials=6)
    assert theirs.trials[12].params["x"] == 0.5
    assert len(theirs.trials) == 18
    assert len(ours.trials) == 13
    ours.close()


def everything_of_ours(storage):
    """Every state and every kind of parameter that this package has."""
    space = bo.Space(
        {
            "lr": bo.Float(1e-4, 1.0, log=True),
            "units": bo.Ordinal([16, 32, 64]),
            "act": bo.Categorical({"relu": max, "gelu": min}),
            "shape": bo.Categorical([(3, 3), "plain", True, 1]),
            "fixed": bo.Constant("v1"),
            "momentum": bo.Float(0, 1, when={"act": "relu"}),
        }
    )
    study = bo.create_study(space, "maximize", storage=storage, seed=3, sampler="random")
    told = study.ask(8)
    study.tell(told[0], 1.0, cost=2.5, constraints={"c": math.nan}, variance=0.25)
    study.tell(told[1], math.nan)
    study.tell(told[2], state="fail")
    study.tell(told[3], -math.inf)
    for step, value in ((0.5, 1.0), (1, 2.0)):
        told[4].report(value, step)
    study.tell(told[4], state="pruned")
    told[5].report(0.25, 3)
    study.tell(told[5], state="paused")
    study.tell(told[6], 7.0)
    study.invalidate(told[6], "a wrong label")
    study.enqueue({"units": 64})
    study.set_user_attr("team", "red")
    return study


def test_to_optuna_and_back_nothing_is_lost(optuna_storage, our_storage, tmp_path):
    ours = everything_of_ours(our_storage)
    theirs = to_optuna(ours, optuna_storage, study_name="there")
    states = [t.state for t in theirs.trials]
    assert states[:7] == [S.COMPLETE, S.FAIL, S.FAIL, S.COMPLETE, S.PRUNED, S.PRUNED, S.FAIL]
    assert states[7:] == [S.WAITING, S.WAITING]
    back = from_optuna(theirs, storage=tmp_path / "back.db", space=ours.space)
    assert back.space == ours.space
    assert back.seed == ours.seed
    assert type(back.sampler) is type(ours.sampler)
    for a, b in zip(ours.trials[:7], back.trials[:7], strict=True):
        paused = a.state is TrialState.PAUSED
        assert b.state is (TrialState.PRUNED if paused else a.state)
        assert b.params == a.params
        assert repr(b.values) == repr((0.25,) if paused else a.values)
        parts = ("constraints", "cost", "variances", "reports", "user_attrs", "error", "sampler")
        for part in parts:
            assert repr(getattr(b, part)) == repr(getattr(a, part)), part
        if not paused:
            assert b.finished_at == pytest.approx(a.finished_at, abs=1e-6)
        assert b.started_at == pytest.approx(a.started_at, abs=1e-6)
    assert [t.state for t in back.trials[7:]] == [TrialState.WAITING] * 2
    assert back.trials[7].params == ours.trials[7].params
    ours.close()
    back.close()


def test_several_objectives(optuna_storage, tmp_path):
    theirs = optuna.create_study(
        storage=optuna_storage,
        directions=["minimize", "maximize"],
        sampler=BayesOptSampler("tpe", seed=4),
    )

    def two(trial):
        x = trial.suggest_float("x", 0, 1)
        return x, x * (1 - x)

    theirs.optimize(two, n_trials=12)
    ours = from_optuna(theirs, storage=tmp_path / "ours.db")
    assert ours.directions == ("minimize", "maximize")
    assert ours.seed == 4
    front = sorted(t.number for t in theirs.best_trials)
    assert sorted(t.number for t in ours.best_trials) == front
    ours.optimize(two, n_trials=16)
    back = to_optuna(ours)
    assert [t.values for t in back.trials[:12]] == [t.values for t in theirs.trials]
    back.optimize(two, n_trials=3)
    assert len(back.trials) == 19
    ours.close()


def test_old_constraints_arrive():
    sampler = optuna.samplers.RandomSampler(seed=0)
    theirs = optuna.create_study(sampler=sampler)
    trial = optuna.trial.create_trial(value=1.0, system_attrs={"constraints": (-1.0, 2.0)})
    theirs.add_trial(trial)
    assert dict(from_optuna(theirs).trials[0].constraints) == {"0": -1.0, "1": 2.0}


def test_ranges_that_moved_are_joined():
    theirs = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    for low, high in ((0, 1), (-2, 0.5), (3, 4)):
        theirs.optimize(lambda t, a=low, b=high: t.suggest_float("x", a, b), n_trials=1)
    ours = from_optuna(theirs)
    assert ours.space.parameters["x"] == bo.Float(-2, 4)
    ours.optimize(lambda t: t.suggest_float("x", 0, 1), n_trials=4)
    assert 0 <= ours.trials[3].params["x"] <= 1


def test_a_step_of_one_is_no_step():
    theirs = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    theirs.optimize(lambda t: t.suggest_int("n", 1, 9), n_trials=1)
    ours = from_optuna(theirs)
    ours.optimize(lambda t: t.suggest_int("n", 1, 9, step=1), n_trials=3)
    assert len(ours.trials) == 3


def test_trials_of_older_spaces_fit_their_distributions():
    study = bo.create_study({"n": bo.Int(1, 5), "gone": bo.Float(0, 1)}, sampler="random", seed=0)
    study.optimize(lambda t: t.params["n"], n_trials=4)
    study.space = bo.Space({"n": bo.Int(1, 1), "c": bo.Categorical(["a", "b"])})
    study.optimize(lambda t: t.params["n"], n_trials=6)
    theirs = to_optuna(study)
    assert [dict(t.params) for t in theirs.trials] == [dict(t.params) for t in study.trials]
    back = from_optuna(theirs, space=study.space)
    assert [dict(t.params) for t in back.trials] == [dict(t.params) for t in study.trials]


def test_choices_that_optuna_takes_for_the_same_stay_apart():
    theirs = to_optuna(everything_of_ours(None))
    shapes = theirs.trials[0].distributions["shape"].choices
    assert len(set(shapes)) == 4


def test_a_taken_name_is_refused(optuna_storage):
    theirs = varied_study(optuna_storage)
    ours = from_optuna(theirs)
    if optuna_storage is not None:
        with pytest.raises(StudyExistsError):
            to_optuna(ours, optuna_storage)
        assert len(theirs.trials) == 13


def test_nothing_is_left_behind_when_a_trial_cannot_be_taken(tmp_path):
    theirs = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    theirs.optimize(lambda t: t.suggest_float("x", 0, 1), n_trials=2)
    theirs.trials[1]
    theirs.add_trial(optuna.trial.create_trial(value=0.0, user_attrs={"when": datetime.now()}))
    with pytest.raises(InvalidValueError, match="when"):
        from_optuna(theirs, storage=tmp_path / "ours.db", name="moved")
    assert bo.list_studies(tmp_path / "ours.db") == []


def test_integers_beyond_exact_doubles_are_refused():
    theirs = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    theirs.optimize(lambda t: t.suggest_int("big", 0, 2**60), n_trials=1)
    with pytest.raises(SpaceError, match="big"):
        from_optuna(theirs)


def test_times_are_kept_to_the_microsecond():
    began = datetime(2024, 2, 29, 12, 30, 15, 123457)
    trial = optuna.trial.create_trial(value=1.0)
    trial.datetime_start, trial.datetime_complete = began, began + timedelta(microseconds=1)
    theirs = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    theirs.add_trial(trial)
    (back,) = to_optuna(from_optuna(theirs)).trials
    assert (back.datetime_start, back.datetime_complete) == (began, trial.datetime_complete)


def test_reports_of_several_objectives_and_broken_steps_come_back():
    study = bo.create_study({"x": bo.Float(0, 1)}, directions=["minimize"] * 2, seed=0)
    study.add_trial({"x": 0.5}, [1, 2], reports={0.5: [3, 4], 1: [math.nan, 2]})
    back = from_optuna(to_optuna(study), space=study.space)
    assert repr(back.trials[0].reports) == repr(study.trials[0].reports)


@pytest.mark.parametrize("move", [from_optuna, to_optuna])
@pytest.mark.parametrize("given", [5, None, "sqlite:///optuna.db"])
def test_what_is_no_study_is_refused(move, given):
    with pytest.raises(StudyError, match="study to move"):
        move(given)
