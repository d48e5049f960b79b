"""Workers, their children and their parent are killed for real here."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
import warnings

import psutil
import pytest

from bayesopt.active import TrialSetup
from bayesopt.errors import TrialTimeoutError, WorkerLostError


def _sleep_for_ever(trial):
    trial.set_user_attr("pid", os.getpid())
    while True:
        time.sleep(60)


# -- a worker dies --------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("die", "words"),
    [
        (lambda: os._exit(3), "exited with status 3"),
        (lambda: os._exit(0), "exited with status 0"),
        (lambda: os.kill(os.getpid(), signal.SIGKILL), "SIGKILL"),
        (lambda: os.kill(os.getpid(), signal.SIGSEGV), "SIGSEGV"),
        (lambda: os.kill(os.getpid(), signal.SIGTERM), "SIGTERM"),
        (lambda: os.closerange(3, 1000), r"exited|killed"),
        (lambda: (os.closerange(3, 1000), time.sleep(3600)), r"exited|killed"),
    ],
    ids=["exit-3", "exit-0", "kill", "segfault", "term", "closes-all", "closes-all-and-stays"],
)
def test_a_dead_worker_costs_its_trial_and_is_replaced(processes, run_all, die, words):
    def objective(trial):
        if trial.number == 1:
            die()
        return os.getpid()

    outcomes = run_all(processes(), objective, [{}] * 3)
    lost = outcomes[1]
    assert (lost.status, lost.values, lost.attempt) == ("lost", None, 1)
    assert isinstance(lost.exception, WorkerLostError)
    assert re.search(words, lost.error)
    assert outcomes[0].status == outcomes[2].status == "value"
    assert outcomes[0].values != outcomes[2].values


def test_a_death_leaves_the_other_trials_alone(processes, port, run_all):
    def objective(trial):
        if trial.number % 2:
            os.kill(os.getpid(), signal.SIGKILL)
        trial.report(1.0, 0)
        return trial.number

    outcomes = run_all(processes(2), objective, [{}] * 8)
    assert [outcomes[i].status for i in range(8)] == ["value", "lost"] * 4


def test_a_result_sent_just_before_the_death_counts(processes, run_all):
    def objective(trial):
        import threading

        threading.Timer(0.0, lambda: (time.sleep(0.01), os._exit(1))).start()
        return 5.0

    executor = processes()
    for _ in range(5):
        outcome = run_all(executor, objective)[0]
        assert outcome.status in ("value", "lost")
        assert outcome.status == "lost" or outcome.values == (5.0,)


def test_an_idle_worker_may_die_unnoticed(processes, run_all):
    executor = processes()
    first = run_all(executor, lambda trial: os.getpid())[0].values[0]
    os.kill(int(first), signal.SIGKILL)
    while psutil.Process(int(first)).status() != psutil.STATUS_ZOMBIE:
        time.sleep(0.001)
    assert run_all(executor, lambda trial: os.getpid())[0].values[0] != first


def test_a_death_is_seen_even_if_a_child_holds_the_connection(processes, run_all, port, gone):
    def objective(trial):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            child = os.fork()
        if child == 0:
            time.sleep(3600)
        trial.set_user_attr("child", child)
        os._exit(1)

    assert run_all(processes(), objective)[0].status == "lost"
    gone(port.attr("child"))


def test_a_fork_that_returns_from_the_objective_is_not_a_result(processes, run_all, port, gone):
    def objective(trial):
        child = os.fork()
        if child == 0:
            return -1.0
        os.waitpid(child, 0)
        return 1.0

    outcomes = run_all(processes(), objective, [{}] * 3)
    assert {outcome.values for outcome in outcomes.values()} == {(1.0,)}


def test_deaths_are_seen_without_pidfds(processes, run_all, monkeypatch, gone):
    monkeypatch.setattr("bayesopt.execution.launch._pidfd", lambda pid: None)

    def objective(trial):
        if trial.number == 1:
            os._exit(3)
        if trial.number == 2:
            time.sleep(3600)
        return 1.0

    executor = processes(trial_timeout_s=1.0)
    outcomes = run_all(executor, objective, [{}] * 4)
    assert [outcomes[i].status for i in range(4)] == ["value", "lost", "timeout", "value"]
    assert "status 3" in outcomes[1].error
    pids = executor.worker_pids
    executor.close()
    gone(*pids)


def test_programs_that_the_objective_starts_hold_no_connection(worker, run_all, port):
    def objective(trial):
        fds = [int(fd) for fd in os.listdir("/dev/fd") if int(fd) > 2]
        open_fds = [fd for fd in fds if os.path.exists(f"/dev/fd/{fd}")]
        trial.set_user_attr("inheritable", [fd for fd in open_fds if os.get_inheritable(fd)])
        return len(open_fds)

    assert run_all(worker, objective)[0].values[0] >= 2.0
    assert port.attr("inheritable") == []


# -- time limits ----------------------------------------------------------------------------------
def _busy(trial):
    while True:
        pass


def _deaf(trial):
    for name in ("SIGTERM", "SIGINT", "SIGHUP", "SIGALRM"):
        signal.signal(getattr(signal, name), signal.SIG_IGN)
    while True:
        time.sleep(60)


def _holding_the_gil(trial):
    return re.match(r"(a+)+b", "a" * 60)


@pytest.mark.parametrize("objective", [_sleep_for_ever, _busy, _deaf, _holding_the_gil])
def test_a_time_limit_kills_for_real(processes, run_all, objective, gone):
    executor = processes(trial_timeout_s=0.3)
    executor.submit(objective, TrialSetup(0, 3, {}))
    pids = executor.worker_pids
    (outcome,) = executor.wait()
    assert (outcome.status, outcome.number, outcome.attempt) == ("timeout", 0, 3)
    assert isinstance(outcome.exception, TrialTimeoutError)
    assert "0.3 s" in outcome.error
    assert outcome.duration_s >= 0.3
    gone(*pids)


def test_a_child_of_the_worker_dies_with_it(processes, port, gone):
    def objective(trial):
        child = subprocess.Popen(["sleep", "3600"])
        trial.set_user_attr("child", child.pid)
        child.wait()

    executor = processes(trial_timeout_s=1.5)
    executor.submit(objective, TrialSetup(0, 1, {}))
    assert executor.wait()[0].status == "timeout"
    gone(port.attr("child"))


def test_loading_the_objective_does_not_count(processes, run_all, tmp_path, monkeypatch):
    (tmp_path / "slow_to_import.py").write_text(
        "import time\nif __import__('os').getpid() != PARENT: time.sleep(1.5)\n"
        "def objective(trial): return 1.0\n".replace("PARENT", str(os.getpid()))
    )
    monkeypatch.syspath_prepend(tmp_path)
    module = __import__("slow_to_import")
    try:
        outcomes = run_all(processes(trial_timeout_s=1.0), module.objective, [{}] * 2)
    finally:
        del sys.modules["slow_to_import"]
    assert [outcomes[i].status for i in range(2)] == ["value", "value"]


def test_the_time_limit_is_per_trial(processes, run_all):
    def objective(trial):
        if trial.number == 2:
            time.sleep(3600)
        return os.getpid()

    outcomes = run_all(processes(trial_timeout_s=1.0), objective, [{}] * 4)
    assert [outcomes[i].status for i in range(4)] == ["value", "value", "timeout", "value"]
    assert outcomes[0].values == outcomes[1].values != outcomes[3].values
