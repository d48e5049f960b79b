from __future__ import annotations

import math
import sys
import threading
import time

import pytest

from bayesopt.active import TrialSetup
from bayesopt.errors import (
    ExecutionError,
    InvalidValueError,
    ReportConflictError,
    StaleTrialError,
    TrialPruned,
)
from bayesopt.execution import open_executor
from bayesopt.execution.serial import SerialExecutor
from bayesopt.execution.threads import ThreadExecutor


@pytest.fixture(params=["serial", "threads"])
def executor(request, port):
    made = SerialExecutor(port) if request.param == "serial" else ThreadExecutor(port, 2)
    yield made
    made.close()


def test_values_of_all_kinds(executor, run_all):
    params = [{"x": x} for x in (1, 2.5, math.inf, math.nan, 10**400)]
    outcomes = run_all(executor, lambda trial: trial.params["x"], params)
    assert [outcomes[i].values for i in (0, 1, 2, 4)] == [(1.0,), (2.5,), (math.inf,), (math.inf,)]
    assert math.isnan(outcomes[3].values[0])
    assert {outcome.status for outcome in outcomes.values()} == {"value"}
    assert all(outcome.duration_s >= 0.0 for outcome in outcomes.values())


def test_several_objectives(executor, run_all):
    outcome = run_all(executor, lambda trial: (1, 2), n_objectives=2)[0]
    assert outcome.values == (1.0, 2.0)
    outcome = run_all(executor, lambda trial: 1, n_objectives=2)[0]
    assert outcome.status == "invalid"


@pytest.mark.parametrize("bad", [None, "1.5", [1.0, 2.0], {"loss": 1.0}, 1j])
def test_no_value(executor, run_all, bad):
    outcome = run_all(executor, lambda trial: bad)[0]
    assert (outcome.status, outcome.values) == ("invalid", None)
    assert isinstance(outcome.exception, InvalidValueError)
    assert "what the objective returned" in outcome.error


def test_pruned_with_its_reports(executor, run_all, port):
    port.prune_at = 2

    def objective(trial):
        for step in range(10):
            trial.report(1.0 / (step + 1), step)
            if trial.should_prune():
                raise TrialPruned(f"at {step}")

    outcome = run_all(executor, objective)[0]
    assert (outcome.status, outcome.error, outcome.values) == ("pruned", "at 2", None)
    assert [call[2:] for call in port.calls if call[1] == "report"] == [
        (0.0, (1.0,)),
        (1.0, (0.5,)),
        (2.0, (1 / 3,)),
    ]


def test_an_error_comes_with_its_traceback_and_without_ours(executor, run_all):
    def objective(trial):
        raise ZeroDivisionError("by design")

    outcome = run_all(executor, objective)[0]
    assert outcome.status == "error"
    assert isinstance(outcome.exception, ZeroDivisionError)
    assert "in objective" in outcome.error
    assert "evaluate" not in outcome.error


def test_sys_exit_ends_the_trial_and_not_the_program(executor, run_all):
    outcome = run_all(executor, lambda trial: sys.exit(3))[0]
    assert outcome.status == "error"
    assert isinstance(outcome.exception, ExecutionError)
    assert isinstance(outcome.exception.__cause__, SystemExit)


def test_a_very_long_error_is_cut(executor, run_all):
    def objective(trial):
        raise ValueError("x" * 1_000_000)

    assert len(run_all(executor, objective)[0].error) < 30_000


@pytest.mark.parametrize("kind", [StaleTrialError, ReportConflictError])
def test_errors_of_the_study_surface_in_the_objective(executor, run_all, port, kind):
    port.error = kind("trial 0")
    seen = []

    def objective(trial):
        try:
            trial.report(1.0, 0)
        except kind as error:
            seen.append(error)
            raise

    outcome = run_all(executor, objective)[0]
    assert (outcome.status, seen) == ("error", [port.error])
    assert outcome.exception is port.error


def test_suggestions_come_back_in_order(executor, run_all):
    def objective(trial):
        return trial.suggest_float("x", 0, 1) + trial.suggest_int("n", 1, 3)

    outcome = run_all(executor, objective, define_by_run=True, seed=3)[0]
    assert list(outcome.suggested) == ["x", "n"]
    assert sum(value for _, value in outcome.suggested.values()) == outcome.values[0]


def test_places_are_counted(executor):
    assert executor.n_free == executor.n_workers
    for number in range(executor.n_workers):
        executor.submit(lambda trial: 1.0, TrialSetup(number, 1, {}))
    assert executor.n_free == 0
    assert executor.running == list(range(executor.n_workers))
    with pytest.raises(ExecutionError, match=r"free|fewer"):
        executor.submit(lambda trial: 1.0, TrialSetup(9, 1, {}))


def test_waiting_for_nothing_returns_at_once(executor):
    assert executor.wait() == []
    assert executor.wait(3600) == []


def test_closing_twice_and_submitting_after(executor):
    executor.submit(lambda trial: 1.0, TrialSetup(7, 1, {}))
    assert executor.close() == [7]
    assert executor.close() == []
    with pytest.raises(ExecutionError):
        executor.submit(lambda trial: 1.0, TrialSetup(8, 1, {}))


def test_serial_an_interrupt_leaves_the_trial_to_close(port):
    executor = SerialExecutor(port)

    def objective(trial):
        raise KeyboardInterrupt

    executor.submit(objective, TrialSetup(4, 1, {}))
    with pytest.raises(KeyboardInterrupt):
        executor.wait()
    assert executor.close() == [4]


# -- threads --------------------------------------------------------------------------------------
def test_threads_run_at_once(port, run_all):
    barrier = threading.Barrier(3, timeout=60)
    executor = ThreadExecutor(port, 3)
    outcomes = run_all(executor, lambda trial: barrier.wait() * 0 + trial.number, [{}] * 3)
    assert [outcomes[i].values for i in range(3)] == [(0.0,), (1.0,), (2.0,)]


def test_threads_calls_are_served_by_the_waiting_thread(port, run_all):
    served_on = []
    port._note = lambda *call: served_on.append(threading.current_thread())

    def objective(trial):
        for step in range(50):
            trial.report(0.0, step)
            trial.should_prune()
        trial.set_user_attr("done", True)
        return float(threading.current_thread() is threading.main_thread())

    outcomes = run_all(ThreadExecutor(port, 4), objective, [{}] * 8)
    assert {outcome.values for outcome in outcomes.values()} == {(0.0,)}
    assert len(served_on) == 8 * 101
    assert set(served_on) == {threading.current_thread()}


def test_threads_wait_gives_up_in_time(port):
    release = threading.Event()
    executor = ThreadExecutor(port, 1)
    executor.submit(lambda trial: float(release.wait(60)), TrialSetup(0, 1, {}))
    assert executor.wait(0.01) == []
    assert executor.wait(0) == []
    release.set()
    assert executor.wait(60)[0].values == (1.0,)


@pytest.mark.parametrize("timeout_s", [math.inf, 1e300, 60.0])
def test_threads_wait_long(port, monkeypatch, timeout_s):
    monkeypatch.setattr("bayesopt.execution.threads.LONGEST_WAIT_S", 0.001)
    executor = ThreadExecutor(port, 1)
    executor.submit(lambda trial: time.sleep(0.05) or 1.0, TrialSetup(0, 1, {}))
    assert executor.wait(timeout_s)[0].values == (1.0,)


def test_threads_tell_attempts_of_a_trial_apart(port):
    release = threading.Event()
    executor = ThreadExecutor(port, 2)
    executor.submit(lambda trial: float(release.wait(60)), TrialSetup(0, 1, {}))
    executor.submit(lambda trial: 2.0, TrialSetup(0, 2, {}))
    assert (executor.running, executor.n_free) == ([0, 0], 0)
    assert [(o.attempt, o.values) for o in executor.wait()] == [(2, (2.0,))]
    assert (executor.running, executor.n_free) == ([0], 1)
    release.set()
    assert [(o.attempt, o.values) for o in executor.wait()] == [(1, (1.0,))]
    assert executor.running == []


def test_threads_an_abandoned_trial_fails_at_its_next_call(port):
    release, ended = threading.Event(), threading.Event()
    errors = []

    def objective(trial):
        release.wait(60)
        try:
            trial.report(1.0, 0)
        except ExecutionError as error:
            errors.append(error)
        ended.set()

    executor = ThreadExecutor(port, 1)
    executor.submit(objective, TrialSetup(5, 1, {}))
    assert executor.close() == [5]
    release.set()
    assert ended.wait(60)
    assert len(errors) == 1
    assert port.calls == []


def test_threads_a_call_that_waits_when_the_executor_closes_fails(port):
    calling, errors = threading.Event(), []

    def objective(trial):
        calling.set()
        try:
            trial.should_prune()
        except ExecutionError as error:
            errors.append(error)

    executor = ThreadExecutor(port, 1)
    executor.submit(objective, TrialSetup(5, 1, {}))
    calling.wait(60)
    executor.close()
    for thread in threading.enumerate():
        if thread.name == "bayesopt-trial-5":
            thread.join(60)
    assert len(errors) == 1


def test_threads_an_interrupt_while_serving_reaches_the_caller(port):
    port.error = KeyboardInterrupt()
    executor = ThreadExecutor(port, 1)
    executor.submit(lambda trial: trial.report(1.0, 0), TrialSetup(2, 1, {}))
    with pytest.raises(KeyboardInterrupt):
        executor.wait()
    assert executor.close() == [2]


# -- choosing -------------------------------------------------------------------------------------
def test_the_executor_fits_the_wishes(port):
    chosen = [
        open_executor(port),
        open_executor(port, 3, threads=True),
        open_executor(port, 3),
        open_executor(port, 1, trial_timeout_s=5.0),
        open_executor(port, -1, threads=True),
    ]
    kinds = [type(executor).__name__ for executor in chosen]
    for executor in chosen:
        executor.close()
    assert kinds[:4] == ["SerialExecutor", "ThreadExecutor", "ProcessExecutor", "ProcessExecutor"]
    assert [executor.n_workers for executor in chosen[:4]] == [1, 3, 3, 1]
    assert chosen[4].n_workers >= 1


@pytest.mark.parametrize("n_jobs", [0, -2, 1.0, "2", None, True])
def test_n_jobs_must_make_sense(port, n_jobs):
    with pytest.raises(ExecutionError, match="n_jobs"):
        open_executor(port, n_jobs)


def test_an_infinite_time_limit_is_none(port):
    assert type(open_executor(port, trial_timeout_s=math.inf)).__name__ == "SerialExecutor"
    assert open_executor(port, 2, threads=True, trial_timeout_s=math.inf).n_workers == 2


def test_threads_cannot_be_killed_at_a_time_limit(port):
    with pytest.raises(ExecutionError, match="time limit"):
        open_executor(port, 2, threads=True, trial_timeout_s=1.0)
