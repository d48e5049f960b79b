"""Ask and tell through a study, on every storage."""

from __future__ import annotations

import math

import numpy as np
import pytest

import bayesopt as bo


def square(params: dict) -> float:
    return (params["x"] - 1.0) ** 2 + params["k"]


@pytest.fixture
def space() -> bo.Space:
    return bo.Space(
        {
            "x": bo.Float(-5.0, 5.0),
            "k": bo.Int(0, 9),
            "kind": bo.Categorical(["a", "b"]),
            "extra": bo.Float(1e-4, 1.0, log=True, when={"kind": "b"}),
        },
        constraints=["x + k <= 10"],
    )


@pytest.fixture(params=["memory", "sqlite"])
def storage(request, tmp_path):
    return None if request.param == "memory" else tmp_path / "study.db"


@pytest.fixture
def study(space, storage):
    study = bo.create_study(space, storage=storage, sampler="random", seed=7)
    yield study
    study.close()


def test_numbers_count_up_and_params_belong_to_the_space(study, space):
    for number in range(20):
        trial = study.ask()
        assert trial.number == number
        assert space.validate(trial.params) == trial.params
        assert ("extra" in trial.params) == (trial.params["kind"] == "b")
        study.tell(trial, square(trial.params))


def test_best_is_the_lowest_value_told(study):
    told = {}
    for _ in range(15):
        trial = study.ask()
        told[trial.number] = square(trial.params)
        study.tell(trial, told[trial.number])
    assert study.best_value == min(told.values())
    assert study.best_trial.number == min(told, key=told.get)
    assert square(study.best_params) == study.best_value


def test_best_is_the_highest_value_when_maximizing(space, storage):
    study = bo.create_study(space, "maximize", storage=storage, sampler="random", seed=1)
    for value in (3.0, 8.0, -2.0):
        study.tell(study.ask(), value)
    assert study.best_value == 8.0
    assert study.best_trial.number == 1
    study.close()


def test_best_ignores_infeasible_failed_pruned_and_invalidated_trials(study):
    trials = study.ask(6)
    study.tell(trials[0], -9.0, constraints={"size": 0.5})
    study.tell(trials[1], state="fail")
    trials[2].report(-8.0, 1)
    study.tell(trials[2], state="pruned")
    study.tell(trials[3], -7.0, constraints={"size": 0.0})
    study.tell(trials[4], 5.0, constraints={"size": -1.0})
    assert study.best_value == -7.0
    study.invalidate(study.best_trial, "sensor was broken")
    assert study.best_value == 5.0
    assert study.audit_log[0]["reason"] == "sensor was broken"


def test_no_best_without_a_complete_trial(study):
    study.tell(study.ask(), state="fail")
    with pytest.raises(bo.NoTrialsError, match="complete and feasible"):
        _ = study.best_trial


def test_telling_twice_the_same_is_fine_and_counts_once(study):
    trial = study.ask()
    study.tell(trial, 1.5)
    study.tell(trial, 1.5)
    study.tell(trial.number, 1.5)
    assert [t.value for t in study.trials] == [1.5]


def test_telling_another_result_is_a_conflict_and_changes_nothing(study):
    trial = study.ask()
    study.tell(trial, 1.5)
    with pytest.raises(bo.TellConflictError):
        study.tell(trial, 2.5)
    with pytest.raises(bo.TellConflictError):
        study.tell(trial.number, state="pruned", values=1.5)
    assert study.trials[0].value == 1.5


def test_a_value_may_say_how_noisy_it_is(study):
    first, second, third = study.ask(3)
    study.tell(first, 1.5, variance=0.25)
    study.tell(first, 1.5, variance=0.25)
    with pytest.raises(bo.TellConflictError, match="variances"):
        study.tell(first, 1.5, variance=0.5)
    study.tell(second, 1.5)
    for wrong in (-1.0, float("nan"), float("inf"), "loud", [1.0, 2.0]):
        with pytest.raises(bo.InvalidValueError, match="variance"):
            study.tell(third, 1.0, variance=wrong)
    study.add_trial(third.params, 2.0, variance=0.0)
    told = [record.variances for record in study.trials]
    assert told == [(0.25,), None, None, (0.0,)]
    assert np.isnan(study.history.variances[[1, 2]]).all()
    assert study.history.variances[[0, 3], 0].tolist() == [0.25, 0.0]


def test_telling_an_unknown_number(study):
    with pytest.raises(bo.TrialNotFoundError):
        study.tell(3, 1.0)


@pytest.mark.parametrize("value", [None, "1.5", b"1", 1j, {}, [], [1.0, 2.0], object()])
def test_unusable_values_leave_the_trial_running(study, value):
    trial = study.ask()
    with pytest.raises(bo.InvalidValueError):
        study.tell(trial, value)
    assert study.trials[0].state is bo.TrialState.RUNNING
    study.tell(trial, 1.0)
    assert study.best_value == 1.0


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 10**400])
def test_values_that_are_not_finite_are_failures_with_the_value_on_record(study, value):
    study.tell(study.ask(), value)
    record = study.trials[0]
    assert record.state is bo.TrialState.FAIL
    assert "not finite" in record.error
    assert not math.isfinite(record.value)


def test_a_warning_says_which_trial_counts_as_failed(study, caplog):
    study.tell(study.ask(), 1.0)
    study.tell(study.ask(), math.nan)
    study.optimize(lambda trial: math.inf, n_trials=3)
    assert [message[:24] for message in caplog.messages] == [
        "trial 1 counts as failed",
        "trial 2 counts as failed",
    ]


@pytest.mark.parametrize("value", [np.float32(0.5), np.array(0.5), np.int64(0), True, 5e-324])
def test_numbers_of_any_kind_are_accepted(study, value):
    study.tell(study.ask(), value)
    assert study.best_value == float(value)


def test_same_key_gives_the_same_trials(study):
    first = study.ask(3, key="job 1")
    again = study.ask(3, key="job 1")
    assert [t.number for t in first] == [t.number for t in again] == [0, 1, 2]
    assert [t.params for t in first] == [t.params for t in again]
    assert study.ask(key="job 2").number == 3


def test_a_batch_holds_no_configuration_twice(storage):
    study = bo.create_study({"k": bo.Int(1, 8)}, storage=storage, sampler="random", seed=0)
    asked = [trial.params["k"] for trial in study.ask(8)]
    assert sorted(asked) == list(range(1, 9))
    study.close()


@pytest.mark.parametrize("n", [0, -1, 1.5, "2", True])
def test_batches_of_no_size_are_refused(study, n):
    with pytest.raises(bo.InvalidValueError):
        study.ask(n)
    assert study.trials == []


def test_enqueued_points_come_first_and_exactly_as_given(study):
    study.enqueue({"x": 0.1, "k": 3, "kind": "b", "extra": 0.01})
    study.enqueue({"kind": "a"})
    first, second, third = study.ask(3)
    assert first.params == {"x": 0.1, "k": 3, "kind": "b", "extra": 0.01}
    assert second.params["kind"] == "a"
    assert set(second.params) == {"x", "k", "kind"}
    assert [first.number, second.number, third.number] == [0, 1, 2]
    assert first.sampler == "user"
    assert third.sampler == "random"


def test_enqueueing_nonsense_is_refused_and_leaves_no_trace(study):
    for params in ({"x": 99.0}, {"nope": 1}, {"kind": "a", "extra": 0.1}, {"x": 5.0, "k": 9}):
        with pytest.raises(bo.InvalidConfigError):
            study.enqueue(params)
    assert study.trials == []


def test_added_trials_count_like_evaluated_ones(study):
    number = study.add_trial(
        {"x": 1.0, "k": 0, "kind": "a"}, 0.0, cost=3.0, reports={1: 2.0, 3: 0.5}
    )
    record = study.get_trial(number)
    assert record.reports == {1.0: (2.0,), 3.0: (0.5,)}
    assert study.history.last_values.tolist() == [[0.5]]
    assert (record.value, record.cost, record.state) == (0.0, 3.0, bo.TrialState.COMPLETE)
    assert study.best_trial == record
    with pytest.raises(bo.InvalidConfigError):
        study.add_trial({"x": 1.0}, 0.0)


def test_a_pruned_trial_is_worth_its_last_report(study):
    trial = study.ask()
    trial.report(3.0, 0)
    trial.report(2.0, 5)
    study.tell(trial, state="pruned")
    assert study.trials[0].values == (2.0,)
    assert study.trials[0].reports == {0.0: (3.0,), 5.0: (2.0,)}


def test_pruned_before_its_first_report(study):
    study.tell(study.ask(), state="pruned")
    assert study.trials[0].values is None


def test_attributes_of_trials_and_studies(study):
    trial = study.ask()
    trial.set_user_attr("note", {"seed": 1, "nan": math.nan})
    study.set_user_attr("team", "vision")
    note = study.get_trial(0).user_attrs["note"]
    assert note["seed"] == 1
    assert math.isnan(note["nan"])
    assert study.user_attrs == {"team": "vision"}


def test_pareto_front_of_two_objectives(space, storage):
    study = bo.create_study(
        space, directions=["minimize", "maximize"], storage=storage, sampler="random", seed=0
    )
    for values in ([1.0, 1.0], [2.0, 2.0], [3.0, 1.5], [0.5, 0.0]):
        study.tell(study.ask(), values)
    assert sorted(t.number for t in study.best_trials) == [0, 1, 3]
    with pytest.raises(bo.StudyError, match="best_trials"):
        _ = study.best_trial
    with pytest.raises(bo.InvalidValueError):
        study.tell(study.ask(), 1.0)
    study.close()


def test_asks_are_bit_identical_for_memory_and_sqlite_and_across_a_restart(space, tmp_path):
    def run(storage, restart_at):
        study = bo.create_study(space, storage=storage, sampler="random", seed=11)
        asked = []
        for number in range(30):
            if number == restart_at:
                study.close()
                study = bo.load_study(storage)
            trial = study.ask()
            asked.append(trial.params)
            study.tell(trial, square(trial.params))
        study.close()
        return asked

    in_memory = run(None, None)
    assert in_memory == run(tmp_path / "a.db", None)
    assert in_memory == run(tmp_path / "b.db", 13)


def test_trials_dataframe_has_a_row_per_trial(study):
    pytest.importorskip("pandas")
    study.tell(study.ask(), 1.0)
    study.ask()
    table = study.trials_dataframe()
    assert table["state"].tolist() == ["COMPLETE", "RUNNING"]
    assert table["params_x"].tolist() == [t.params["x"] for t in study.trials]
    assert table["value"].tolist()[0] == 1.0


def test_a_scheduler_sees_reports_of_all_trials(space, storage):
    study = bo.create_study(
        space, storage=storage, sampler="random", scheduler=bo.MedianScheduler(n_startup_trials=3)
    )
    for level in (1.0, 2.0, 3.0):
        trial = study.ask()
        for step in range(3):
            trial.report(level, step)
            assert not trial.should_prune()
        study.tell(trial, level)
    trial = study.ask()
    trial.report(9.0, 0)
    assert trial.should_prune()
    study.close()


@pytest.mark.parametrize("state", ["done", "", 2, bo.TrialState.RUNNING, True])
def test_a_state_that_is_none_is_named(storage, state):
    study = bo.create_study({"x": bo.Float(0.0, 1.0)}, storage=storage, name="state", seed=0)
    trial = study.ask()
    with pytest.raises(bo.InvalidValueError, match=r"state of a trial.*'complete', 'pruned'"):
        study.tell(trial, 1.0, state=state)
    study.tell(trial, 1.0)


def test_trials_that_owe_a_constraint_are_named_where_there_is_no_best(storage):
    study = bo.create_study({"x": bo.Float(0.0, 1.0)}, storage=storage, name="owed", seed=0)
    for name in ("memory", "space"):  # renamed on the way
        study.tell(study.ask(), 1.0, constraints={name: -1.0})
    with pytest.raises(
        bo.NoTrialsError, match=r"2 complete ones did not tell all of \['memory', 'sp"
    ):
        _ = study.best_trial
    study.tell(study.ask(), 1.0, constraints={"memory": -1.0, "space": -1.0})
    assert study.best_trial.number == 2


def fits(params: dict) -> bool:
    return params["x"] < 0.5


@pytest.mark.parametrize("condition", [fits, lambda params: params["x"] < 0.5])
def test_python_functions_are_constraints(storage, condition):
    space = bo.Space({"x": bo.Float(0.0, 1.0)}, constraints=[condition])
    study = bo.create_study(space, storage=storage, sampler="random", seed=0)
    asked = [trial.params["x"] for trial in study.ask(20)]
    assert max(asked) < 0.5
    study.close()
    if storage is None:
        return
    reader = bo.load_study(storage)
    assert [record.params["x"] for record in reader.trials] == asked
    with pytest.raises(bo.SpaceError, match="space="):
        reader.ask()
    reader.close()
    again = bo.load_study(storage, space=space)
    assert again.ask().params["x"] < 0.5
    again.close()


def test_a_keyed_batch_takes_queued_trials_and_repeats_exactly(study):
    study.enqueue({"x": 0.1})
    study.enqueue({"x": 0.2})
    first = study.ask(4, key="batch")
    assert [trial.number for trial in first] == [0, 1, 2, 3]
    again = study.ask(4, key="batch")
    assert [(t.number, t.params) for t in again] == [(t.number, t.params) for t in first]
    assert len(study.trials) == 4


def test_keys_are_strings(study):
    for key in (5, [1], ""):
        with pytest.raises(bo.InvalidValueError):
            study.ask(key=key)


def test_a_trial_belongs_to_its_study(study, space):
    other = bo.create_study(space, sampler="random", seed=7)
    trial = other.ask()
    study.ask()
    with pytest.raises(bo.StudyError, match="another study"):
        study.tell(trial, 1.0)
    assert study.trials[0].state is bo.TrialState.RUNNING


def test_enqueued_attributes_reach_the_trial(study):
    study.enqueue({"x": 0.1}, user_attrs={"from": "paper"})
    trial = study.ask()
    assert trial.user_attrs == {"from": "paper"}
    assert study.get_trial(0).user_attrs == {"from": "paper"}


def test_an_enqueued_trial_is_asked_before_it_is_told(study):
    number = study.enqueue({"x": 0.1})
    with pytest.raises(bo.StudyError, match="asked"):
        study.tell(number, 1.0)
    assert study.get_trial(number).state is bo.TrialState.WAITING


def test_a_warm_start_satisfies_the_constraints(study):
    with pytest.raises(bo.InvalidConfigError, match="satisfies"):
        study.add_trial({"x": 5.0, "k": 9, "kind": "a"}, -99.0)
    assert study.trials == []


def test_a_sampler_that_breaks_leaves_nothing_running(study):
    study.enqueue({"x": 0.1})

    class Broken:
        name = "broken"

        def propose(self, space, history, n, rng):
            raise RuntimeError("no model")

    study.sampler = Broken()
    with pytest.raises(RuntimeError, match="no model"):
        study.ask(3)
    assert [record.state for record in study.trials] == [bo.TrialState.LOST]


@pytest.mark.parametrize("states", ["running", bo.TrialState.RUNNING, ["RUNNING", "fail"]])
def test_trials_by_state(study, states):
    first, second = study.ask(2)
    study.tell(first, 1.0)
    assert [record.number for record in study.get_trials(states)] == [second.number]
    with pytest.raises(bo.InvalidValueError):
        study.get_trials("done")


@pytest.mark.parametrize("params", [None, [], "x"])
def test_configurations_are_mappings(study, params):
    with pytest.raises(bo.InvalidConfigError):
        study.enqueue(params)
    with pytest.raises(bo.InvalidConfigError):
        study.add_trial(params, 1.0)


@pytest.mark.parametrize("sampler", ["random", "qmc"])
def test_only_repeats_say_that_they_repeat(storage, sampler):
    study = bo.create_study({"k": bo.Int(1, 3)}, storage=storage, sampler=sampler, seed=0)
    trials = study.ask(5)
    assert sorted(trial.params["k"] for trial in trials[:3]) == [1, 2, 3]
    assert [bool(trial.fallback) for trial in trials] == [False] * 3 + [True] * 2
    study.close()
