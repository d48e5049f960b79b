from __future__ import annotations

import contextlib
import math
import os
import re
import socket
import sys
import threading
import time

import numpy as np
import pytest

from bayesopt.active import Trial, TrialSetup
from bayesopt.errors import (
    ExecutionError,
    InvalidValueError,
    ReportConflictError,
    StaleTrialError,
    TrialPruned,
)
from bayesopt.execution.launch import worker_environment
from bayesopt.execution.processes import WorkerTraceback


def test_a_trial_runs_in_another_process_that_serves_the_next_one_too(processes, run_all):
    outcomes = run_all(processes(), lambda trial: os.getpid(), [{}] * 3)
    pids = {outcome.values[0] for outcome in outcomes.values()}
    assert len(pids) == 1
    assert os.getpid() not in pids


def test_values_of_all_kinds(worker, run_all):
    params = [{"x": x} for x in (1, np.float32(0.5), np.array(2.0), math.inf, math.nan, 10**400)]
    outcomes = run_all(worker, lambda trial: trial.params["x"], params)
    values = [outcomes[i].values[0] for i in range(6)]
    assert values[:4] == [1.0, 0.5, 2.0, math.inf]
    assert math.isnan(values[4])
    assert values[5] == math.inf


@pytest.mark.parametrize("bad", [None, "1.5", [1.0, 2.0], {}])
def test_no_value_is_found_out_in_the_worker(worker, run_all, bad):
    outcome = run_all(worker, lambda trial: bad)[0]
    assert (outcome.status, outcome.values) == ("invalid", None)
    assert isinstance(outcome.exception, InvalidValueError)
    assert outcome.error == str(outcome.exception)


def test_several_trials_at_once(processes, run_all, tmp_path):
    def meet(trial):
        (tmp_path / str(trial.number)).touch()
        while len(list(tmp_path.iterdir())) < 2:
            time.sleep(0.001)
        return trial.number

    assert len(run_all(processes(2), meet, [{}] * 2)) == 2


# -- exceptions -----------------------------------------------------------------------------------
class Diverged(Exception):
    pass


class Unpicklable(Exception):
    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.lock = threading.Lock()


class LoadsBadly(Exception):
    def __init__(self, a: int, b: int) -> None:
        super().__init__(f"{a} and {b}")


def _raising(error):
    def objective(trial):
        raise error

    return objective


def test_an_exception_is_carried_with_its_traceback(worker, run_all):
    def objective(trial):
        raise Diverged("loss is nan")

    outcome = run_all(worker, objective)[0]
    assert outcome.status == "error"
    assert type(outcome.exception) is Diverged
    assert isinstance(outcome.exception.__cause__, WorkerTraceback)
    assert "in objective" in str(outcome.exception.__cause__)
    assert outcome.error.rstrip().endswith("Diverged: loss is nan")


def test_an_exception_that_cannot_be_carried_leaves_its_text(worker, run_all):
    def unpicklable(trial):
        raise Unpicklable("holds a lock")

    def too_big(trial):
        raise ValueError(np.ones(1_000_000))

    def loads_badly(trial):
        raise LoadsBadly(1, 2)

    for objective, text in [
        (unpicklable, "holds a lock"),
        (loads_badly, "1 and 2"),
        (too_big, "ValueError"),
    ]:
        outcome = run_all(worker, objective)[0]
        assert (outcome.status, outcome.exception) == ("error", None)
        assert text in outcome.error


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt()])
def test_exceptions_that_end_programs_end_only_the_trial(worker, run_all, error):
    outcome = run_all(worker, _raising(error))[0]
    assert outcome.status == "error"
    assert type(outcome.exception) is ExecutionError
    assert run_all(worker, lambda trial: 1.0)[0].values == (1.0,)


# -- calls on the study ---------------------------------------------------------------------------
def test_reports_and_pruning_make_the_round_trip(worker, run_all, port):
    port.prune_at = 3

    def objective(trial):
        for step in range(10):
            trial.report(1.0 / (step + 1), step)
            if trial.should_prune():
                trial.set_user_attr("stopped", {"at": step})
                raise TrialPruned
        return 0.0

    assert run_all(worker, objective)[0].status == "pruned"
    calls = [call[1] for call in port.calls]
    assert calls == ["report", "should_prune"] * 4 + ["attr"]
    assert port.attr("stopped") == {"at": 3}


@pytest.mark.parametrize("kind", [StaleTrialError, ReportConflictError])
def test_errors_of_the_study_surface_in_the_objective(worker, run_all, port, kind):
    port.error = kind("trial 0", expected="attempt 1", got="attempt 2", remedy="Stop.")

    def objective(trial):
        try:
            trial.report(1.0, 0)
        except kind:
            return 7.0

    assert run_all(worker, objective)[0].values == (7.0,)
    outcome = run_all(worker, lambda trial: trial.report(1.0, 0))[0]
    assert type(outcome.exception) is kind
    assert outcome.exception.args == port.error.args


def test_an_error_of_the_study_that_cannot_be_carried_keeps_its_name(worker, run_all, port):
    port.error = Unpicklable("database on fire")
    outcome = run_all(worker, lambda trial: trial.should_prune())[0]
    assert isinstance(outcome.exception, ExecutionError)
    assert "database on fire" in outcome.error


def test_bad_reports_are_refused_before_they_travel(worker, run_all, port):
    outcome = run_all(worker, lambda trial: trial.report("1.5", 0))[0]
    assert isinstance(outcome.exception, InvalidValueError)
    assert port.calls == []


def test_an_attribute_that_cannot_travel(worker, run_all, port):
    def objective(trial):
        trial.set_user_attr("lock", threading.Lock())

    outcome = run_all(worker, objective)[0]
    assert isinstance(outcome.exception, InvalidValueError)
    assert port.calls == []


def test_an_objective_may_report_from_several_threads(worker, run_all, port):
    def objective(trial):
        def report(first):
            for step in range(first, 100, 4):
                trial.report(float(step), step)

        threads = [threading.Thread(target=report, args=(first,)) for first in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return 0.0

    assert run_all(worker, objective)[0].status == "value"
    assert sorted(call[2] for call in port.calls) == list(range(100))
    assert all(call[3] == (call[2],) for call in port.calls)


def test_suggestions_are_the_same_in_a_worker(processes, run_all, port):
    def objective(trial):
        x = trial.suggest_float("x", 1e-5, 1.0, log=True)
        if trial.number % 2:
            trial.suggest_int("n", 1, 1000)
        trial.suggest_categorical("act", ["relu", "tanh", "gelu"])
        trial.suggest_int("n", 1, 1000)
        return x

    params = [{}, {"x": 0.5}, {"n": 5000}, {"x": 0.25, "act": "tanh"}]
    outcomes = run_all(processes(2), objective, params, define_by_run=True, seed=11)
    for number, offers in enumerate(params):
        setup = TrialSetup(number, 1, offers, define_by_run=True, seed=11)
        here = Trial(setup, port)
        assert outcomes[number].values == (objective(here),)
        assert outcomes[number].suggested == here.suggested
        assert list(outcomes[number].suggested) == list(here.suggested)


def test_suggestions_of_objects_come_back(worker, run_all):
    def objective(trial):
        act = trial.suggest_categorical("act", {"double": lambda x: 2 * x, "none": Diverged()})
        return 0.0 if isinstance(act, Diverged) else act(1.0)

    outcomes = run_all(worker, objective, [{}] * 4, define_by_run=True, seed=1)
    for outcome in outcomes.values():
        parameter, value = outcome.suggested["act"]
        assert parameter.to_label(value) == ("none" if outcome.values == (0.0,) else "double")


# -- volume ---------------------------------------------------------------------------------------
def test_big_objectives_and_big_messages_do_not_block(processes, run_all, port):
    data = np.arange(3_000_000, dtype=np.float64)

    def objective(trial):
        trial.set_user_attr("big", "x" * 3_000_000)
        return data.sum()

    outcomes = run_all(processes(2), objective, [{"pad": "y" * 1_000_000}] * 4)
    assert {outcome.values for outcome in outcomes.values()} == {(data.sum(),)}
    assert len(port.attr("big")) == 3_000_000


# -- places, time, threads of the BLAS ------------------------------------------------------------
def test_places_are_counted_and_waiting_gives_up_in_time(processes, tmp_path):
    go = tmp_path / "go"

    def objective(trial):
        while not go.exists():
            time.sleep(0.001)
        return trial.number

    executor = processes(2)
    assert executor.wait() == executor.wait(3600) == []
    assert executor.worker_pids == []
    for number in (4, 5):
        executor.submit(objective, TrialSetup(number, 2, {}))
    assert (executor.n_free, sorted(executor.running)) == (0, [4, 5])
    with pytest.raises(ExecutionError, match="fewer than 2 running"):
        executor.submit(objective, TrialSetup(6, 1, {}))
    assert executor.wait(0) == executor.wait(0.05) == []
    go.touch()
    outcomes = []
    while executor.running:
        outcomes += executor.wait(60)
    assert sorted((o.number, o.attempt, o.values) for o in outcomes) == [
        (4, 2, (4.0,)),
        (5, 2, (5.0,)),
    ]


def test_a_worker_that_cannot_start_is_an_error_and_no_endless_loop(processes, monkeypatch):
    executor = processes()
    monkeypatch.setattr(sys, "executable", "/bin/false")
    executor.submit(lambda trial: 1.0, TrialSetup(3, 1, {}))
    with pytest.raises(ExecutionError, match=r"status 1 before it was ready"):
        executor.wait()
    assert executor.close() == [3]


def _see_end_of(executor, number):
    """Wait until the end of a trial, or of its worker, is there to be seen."""
    for worker, job in executor._jobs.items():
        seen = b""
        while job.trial.number == number and b"ended" not in seen and not worker.has_exited:
            with contextlib.suppress(BlockingIOError):
                seen = worker.channel._sock.recv(1 << 16, socket.MSG_PEEK)
            time.sleep(0.001)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["good-first", "bad-first"])
def test_what_has_ended_comes_before_the_error_of_a_worker(processes, monkeypatch, order):
    executor = processes(2)
    for number in order:
        with monkeypatch.context() as patch:
            if number == 1:
                patch.setattr(sys, "executable", "/bin/false")
            executor.submit(lambda trial: 7.0, TrialSetup(number, 1, {}))
    _see_end_of(executor, 0)
    _see_end_of(executor, 1)
    (outcome,) = executor.wait()
    assert (outcome.number, outcome.values) == (0, (7.0,))
    assert (executor.running, executor.n_free) == ([1], 0)
    for _ in range(2):
        with pytest.raises(ExecutionError, match="before it was ready"):
            executor.wait()
    assert executor.close() == [1]


@pytest.mark.parametrize("limit_s", [math.inf, 30 * 86_400.0, 1e300])
def test_long_limits_and_long_waits_are_fine(processes, limit_s):
    executor = processes(trial_timeout_s=limit_s)
    executor.submit(lambda trial: 1.0, TrialSetup(0, 1, {}))
    assert executor.wait(limit_s)[0].values == (1.0,)


@pytest.mark.parametrize("timeout_s", [None, math.inf])
def test_waiting_goes_on_after_the_longest_wait_of_the_system(processes, monkeypatch, timeout_s):
    monkeypatch.setattr("bayesopt.execution.processes.LONGEST_WAIT_S", 0.001)
    executor = processes()
    executor.submit(lambda trial: time.sleep(0.1) or 1.0, TrialSetup(0, 1, {}))
    assert executor.wait(timeout_s)[0].values == (1.0,)


def test_threads_of_an_attempt_that_has_ended_cannot_speak_for_the_next(processes, port, tmp_path):
    go, said = tmp_path / "go", tmp_path / "said"

    def objective(trial):
        def report_late():
            while not go.exists():
                time.sleep(0.001)
            heard = "an answer"
            try:
                trial.report(1.0, 0)
            except ExecutionError as error:
                heard = str(error)
            (tmp_path / "part").write_text(heard)
            (tmp_path / "part").rename(said)

        if trial.attempt == 1:
            threading.Thread(target=report_late, daemon=True).start()
            return 1.0
        trial.report(2.0, 0)
        go.touch()
        while not said.exists():
            time.sleep(0.001)
        return 2.0

    executor = processes()
    for attempt in (1, 2):
        executor.submit(objective, TrialSetup(0, attempt, {}))
        assert executor.wait()[0].values == (float(attempt),)
    assert "attempt 1" in said.read_text()
    assert port.calls == [(0, "report", 0.0, (2.0,))]


def test_no_interpreter_no_workers(processes, monkeypatch):
    executor = processes()
    monkeypatch.setattr(sys, "executable", None)
    with pytest.raises(ExecutionError, match="threads"):
        executor.submit(lambda trial: 1.0, TrialSetup(3, 1, {}))
    assert executor.running == []


def test_the_cores_are_shared_out_unless_the_user_did():
    shared = worker_environment({"HOME": "/h"}, n_workers=4, n_cpus=16)
    assert shared["HOME"] == "/h"
    assert {shared[f"{name}_NUM_THREADS"] for name in ("OMP", "MKL", "OPENBLAS")} == {"4"}
    assert worker_environment({}, n_workers=8, n_cpus=2)["NUMEXPR_NUM_THREADS"] == "1"
    assert worker_environment({"MKL_NUM_THREADS": "7"}, 4, 16)["MKL_NUM_THREADS"] == "7"
    # OpenBLAS and MKL follow OMP_NUM_THREADS only as long as nothing of their own is set.
    assert worker_environment({"OMP_NUM_THREADS": "3"}, 4, 16) == {"OMP_NUM_THREADS": "3"}


def test_workers_get_that_environment(processes, run_all, monkeypatch):
    for name in [name for name in os.environ if re.fullmatch(r".*_(NUM|MAXIMUM)_THREADS", name)]:
        monkeypatch.delenv(name)
    outcome = run_all(processes(64), lambda trial: float(os.environ["OMP_NUM_THREADS"]))[0]
    assert outcome.values == (1.0,)


def test_a_worker_imports_little(processes, run_all):
    def objective(trial):
        heavy = {"numba", "scipy", "torch", "pandas", "sqlite3", "subprocess", "multiprocessing"}
        return len(heavy & set(sys.modules))

    assert run_all(processes(), objective)[0].values == (0.0,)
