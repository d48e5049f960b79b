"""The optimize loop: budgets, failures, workers, and leaving the study clean."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time

import pytest

import bayesopt as bo

SPACE = {"x": bo.Float(-1.0, 1.0)}


@pytest.fixture(params=["memory", "sqlite"])
def study(request, tmp_path):
    storage = None if request.param == "memory" else tmp_path / "study.db"
    study = bo.create_study(SPACE, storage=storage, sampler="random", seed=0)
    yield study
    study.close()


def states(study: bo.Study) -> list[str]:
    return [record.state.name for record in study.trials]


def test_the_budget_is_the_studys(study):
    study.optimize(lambda t: t.params["x"], n_trials=4)
    study.optimize(lambda t: t.params["x"], n_trials=4)
    assert len(study.trials) == 4
    study.optimize(lambda t: t.params["x"], n_trials=6)
    assert len(study.trials) == 6
    assert study.best_value == min(record.params["x"] for record in study.trials)


@pytest.mark.parametrize("options", [{}, {"n_jobs": 2, "threads": True}, {"n_jobs": 2}])
def test_every_way_of_running_gives_the_same_trials(options):
    study = bo.create_study(SPACE, sampler="random", seed=5)
    study.optimize(lambda t: t.params["x"] ** 2, n_trials=8, **options)
    alone = bo.create_study(SPACE, sampler="random", seed=5)
    expected = [trial.params for trial in (alone.ask() for _ in range(8))]
    assert [record.params for record in study.trials] == expected
    assert [record.value for record in study.trials] == [p["x"] ** 2 for p in expected]
    assert all(record.cost >= 0 for record in study.trials)


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_an_exception_fails_its_trial_and_ends_the_call(study, n_jobs):
    def broken(trial):
        if trial.number == 1:
            raise KeyError("no such layer")
        return 0.0

    with pytest.raises(KeyError, match="no such layer"):
        study.optimize(broken, n_trials=10, n_jobs=n_jobs)
    record = study.trials[1]
    assert record.state is bo.TrialState.FAIL
    assert "no such layer" in record.error
    assert "broken" in record.error
    assert "RUNNING" not in states(study)


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_caught_exceptions_fail_only_their_trial(study, n_jobs):
    def flaky(trial):
        if trial.number % 2:
            raise ValueError("diverged")
        return 1.0

    study.optimize(flaky, n_trials=6, n_jobs=n_jobs, catch=ValueError)
    assert states(study) == ["COMPLETE", "FAIL"] * 3


@pytest.mark.parametrize("returned", [None, "1.5", [1.0, 2.0], {}])
def test_a_wrong_return_value_is_explained(study, returned):
    with pytest.raises(bo.InvalidValueError, match="objective returned"):
        study.optimize(lambda t: returned, n_trials=3)
    assert states(study) == ["FAIL"]


def test_values_that_are_not_finite_fail_and_the_study_goes_on(study):
    study.optimize(lambda t: float("nan") if t.number == 0 else 1.0, n_trials=3)
    assert states(study) == ["FAIL", "COMPLETE", "COMPLETE"]


def test_pruned_trials(study):
    def objective(trial):
        trial.report(0.5, 1)
        raise bo.TrialPruned

    study.optimize(objective, n_trials=2)
    assert states(study) == ["PRUNED"] * 2
    assert study.trials[0].value == 0.5


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_a_time_limit_kills_the_trial_for_real(study, tmp_path, n_jobs):
    pid_file = tmp_path / "pid"

    def objective(trial):
        if trial.number == 0:
            pid_file.write_text(str(os.getpid()))
            while True:
                pass
        return 1.0

    study.optimize(objective, n_trials=3, n_jobs=n_jobs, trial_timeout=1.5)
    assert states(study) == ["FAIL", "COMPLETE", "COMPLETE"]
    assert "limit" in study.trials[0].error
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid_file.read_text()), 0)


def test_a_killed_worker_costs_an_attempt_and_not_the_trial(study, tmp_path):
    marker = tmp_path / "died"

    def objective(trial):
        if trial.number == 1 and not marker.exists():
            marker.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return float(trial.number)

    study.optimize(objective, n_trials=4, n_jobs=2)
    assert [record.value for record in study.trials] == [0.0, 1.0, 2.0, 3.0]
    assert study.trials[1].attempt == 2


def test_a_trial_that_always_kills_its_worker_fails_in_the_end(study):
    def objective(trial):
        if trial.number == 1:
            os._exit(3)
        return 0.0

    study.optimize(objective, n_trials=3, n_jobs=2)
    assert states(study) == ["COMPLETE", "FAIL", "COMPLETE"]
    assert study.trials[1].attempt == 3


def test_callbacks_see_each_result_and_may_stop(study):
    seen = []

    def callback(study, record):
        seen.append((record.number, record.value))
        if len(seen) == 3:
            study.stop()

    study.optimize(lambda t: float(t.number), n_trials=10, callbacks=[callback])
    assert seen == [(0, 0.0), (1, 1.0), (2, 2.0)]
    assert len(study.trials) == 3


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_objectives_set_constraints_and_cost(study, n_jobs):
    def objective(trial):
        trial.set_constraints({"memory": trial.number - 1.5})
        trial.set_cost(10.0 * trial.number)
        return -float(trial.number)

    study.optimize(objective, n_trials=4, n_jobs=n_jobs)
    assert [record.cost for record in study.trials] == [0.0, 10.0, 20.0, 30.0]
    assert [record.is_feasible for record in study.trials] == [True, True, False, False]
    assert study.best_trial.number == 1


def test_an_objective_that_cannot_be_sent_leaves_nothing_running(study):
    lock = threading.Lock()

    def objective(trial):
        return 0.0 if lock else 1.0

    with pytest.raises(bo.ExecutionError):
        study.optimize(objective, n_trials=3, n_jobs=2)
    assert set(states(study)) <= {"LOST"}


def test_a_failing_callback_loses_no_result(study):
    def callback(study, record):
        raise RuntimeError("disk full")

    with pytest.raises(RuntimeError, match="disk full"):
        study.optimize(lambda t: 1.0, n_trials=3, callbacks=[callback])
    assert states(study) == ["COMPLETE"]


def test_a_finished_grid_ends_the_call(study):
    study.sampler = bo.GridSampler(resolution=5)
    study.optimize(lambda t: t.params["x"], n_trials=100)
    assert [record.params["x"] for record in study.trials] == [-1.0, -0.5, 0.0, 0.5, 1.0]


def test_a_timeout_ends_the_call(study):
    study.optimize(lambda t: time.sleep(0.05) or 0.0, timeout=0.2)
    assert 1 <= len(study.trials) <= 4
    assert set(states(study)) == {"COMPLETE"}


@pytest.mark.parametrize(
    "options",
    [
        {"n_trials": -1},
        {"n_trials": 1.5},
        {"timeout": 0},
        {"timeout": "1"},
        {"n_jobs": 0},
        {"n_jobs": 1.0},
        {"trial_timeout": -1.0},
    ],
)
def test_unusable_options_are_refused(study, options):
    with pytest.raises(bo.BayesOptError):
        study.optimize(lambda t: 0.0, **{"n_trials": 1, **options})
    assert study.trials == []


def test_a_time_limit_needs_processes(study):
    with pytest.raises(bo.BayesOptError, match="thread"):
        study.optimize(lambda t: 0.0, n_trials=1, n_jobs=2, threads=True, trial_timeout=1.0)


def test_progress_counts_what_the_study_has(study, capsys):
    study.optimize(lambda t: 0.25, n_trials=2, progress=False)
    assert capsys.readouterr().err == ""
    study.optimize(lambda t: 0.25, n_trials=5, progress=True)
    shown = capsys.readouterr().err
    assert "5/5" in shown
    assert "best=0.25" in shown


def test_minimize_in_one_line():
    study = bo.minimize(lambda p: p["x"] ** 2, SPACE, 10, sampler="random", seed=0)
    assert len(study.trials) == 10
    assert study.best_value == study.best_params["x"] ** 2


INTERRUPTED = """
import sys, time
import bayesopt as bo

study = bo.create_study({"x": bo.Float(0.0, 1.0)}, storage=sys.argv[1], sampler="random", seed=0)

def objective(trial):
    if trial.number >= 2:
        open(sys.argv[2], "w").close()
        time.sleep(600)
    return 1.0

study.optimize(objective, n_trials=10, n_jobs=int(sys.argv[3]))
"""


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_ctrl_c_leaves_a_clean_study(tmp_path, n_jobs):
    script, path, started = tmp_path / "run.py", tmp_path / "s.db", tmp_path / "started"
    script.write_text(textwrap.dedent(INTERRUPTED))
    process = subprocess.Popen(
        [sys.executable, str(script), str(path), str(started), str(n_jobs)],
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    deadline = time.monotonic() + 60
    while not started.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    study = bo.load_study(path)
    while states(study)[:2] != ["COMPLETE"] * 2 and time.monotonic() < deadline:
        time.sleep(0.02)  # another worker may be a trial behind
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert "KeyboardInterrupt" in errors
    found = states(study)
    assert found[:2] == ["COMPLETE", "COMPLETE"]
    assert set(found[2:]) == {"LOST"}
    study.optimize(lambda t: 2.0, n_trials=4)
    assert states(study) == ["COMPLETE"] * 4
    study.close()


@pytest.mark.parametrize(
    "options",
    [{"catch": ["x"]}, {"catch": 5}, {"catch": None}, {"callbacks": 5}, {"callbacks": [5]}],
)
def test_options_are_checked_before_anything_runs(study, options):
    with pytest.raises(bo.InvalidValueError):
        study.optimize(lambda t: 0.0, n_trials=1, **options)
    with pytest.raises(bo.InvalidValueError):
        study.optimize(None, n_trials=1)
    assert study.trials == []


def test_a_changed_distribution_fails_its_trial_and_not_the_study():
    def objective(trial):
        if trial.number == 1:
            return trial.suggest_categorical("x", [1.0, 2.0])
        return trial.suggest_float("x", 0.0, 1.0)

    study = bo.create_study(seed=0)
    with pytest.raises(bo.SpaceChangedError):
        study.optimize(objective, n_trials=4)
    assert states(study) == ["COMPLETE", "FAIL"]
    study.optimize(objective, n_trials=4)
    assert states(study) == ["COMPLETE", "FAIL", "COMPLETE", "COMPLETE"]


def test_a_trial_told_by_somebody_else_meanwhile_does_not_end_the_call(study):
    def objective(trial):
        if trial.number == 1:
            study.tell(trial.number, -7.0)
        return 1.0

    study.optimize(objective, n_trials=3)
    assert [record.value for record in study.trials] == [1.0, -7.0, 1.0]


def test_a_trial_asked_by_hand_in_memory_does_not_use_up_the_budget():
    study = bo.create_study(SPACE, sampler="random", seed=0)
    study.ask()
    study.optimize(lambda t: 1.0, n_trials=3)
    assert states(study) == ["RUNNING"] + ["COMPLETE"] * 3


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_an_objective_says_how_noisy_its_value_is(study, n_jobs):
    def objective(trial):
        trial.set_variance(0.5 * trial.number)
        return 1.0

    study.optimize(objective, n_trials=3, n_jobs=n_jobs)
    assert [record.variances for record in study.trials] == [(0.0,), (0.5,), (1.0,)]
