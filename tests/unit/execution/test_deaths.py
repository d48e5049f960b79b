"""Workers, their children and their parent are killed for real here."""

from __future__ import annotations

import gc
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
from bayesopt.execution.processes import ProcessExecutor


def _sleep_for_ever(trial):
    trial.set_user_attr("pid", os.getpid())
    while True:
        time.sleep(60)


def _serve_until(executor, condition):
    while not condition():
        assert executor.wait(0.02) == []


# -- a worker dies --------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("die", "words"),
    [
        (lambda: os._exit(3), "exited with status 3"),
        (lambda: os._exit(0), "exited with status 0"),
        (lambda: os.kill(os.getpid(), signal.SIGKILL), "SIGKILL"),
        (lambda: os.kill(os.getpid(), signal.SIGSEGV), "SIGSEGV"),
        (lambda: os.kill(os.getpid(), signal.SIGTERM), "SIGTERM"),
        (lambda: os.closerange(3, 1000), "exited|killed"),
    ],
    ids=["exit-3", "exit-0", "kill", "segfault", "term", "closes-everything"],
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


def test_children_of_a_worker_die_with_it(processes, port, gone):
    def objective(trial):
        code = "import time; time.sleep(3600)"
        children = [
            subprocess.Popen([sys.executable, "-c", code]),
            subprocess.Popen([sys.executable, "-c", code], process_group=0),
            subprocess.Popen(["sh", "-c", "sleep 3600 & wait"]),
        ]
        trial.set_user_attr("children", [child.pid for child in children])
        children[0].wait()

    executor = processes(trial_timeout_s=1.0)
    executor.submit(objective, TrialSetup(0, 1, {}))
    assert executor.wait()[0].status == "timeout"
    gone(*port.attr("children"))


def test_loading_the_objective_does_not_count(processes, run_all, tmp_path, monkeypatch):
    (tmp_path / "slow_to_import.py").write_text(
        "import time\nif __import__('os').getpid() != PARENT: time.sleep(2.5)\n"
        "def objective(trial): return 1.0\n".replace("PARENT", str(os.getpid()))
    )
    monkeypatch.syspath_prepend(tmp_path)
    module = __import__("slow_to_import")
    try:
        outcomes = run_all(processes(trial_timeout_s=2.0), module.objective, [{}] * 2)
    finally:
        del sys.modules["slow_to_import"]
    assert [outcomes[i].status for i in range(2)] == ["value", "value"]


def test_the_time_limit_is_per_trial(processes, run_all):
    def objective(trial):
        if trial.number == 2:
            time.sleep(3600)
        return os.getpid()

    outcomes = run_all(processes(trial_timeout_s=3.0), objective, [{}] * 4)
    assert [outcomes[i].status for i in range(4)] == ["value", "value", "timeout", "value"]
    assert outcomes[0].values == outcomes[1].values != outcomes[3].values


# -- closing --------------------------------------------------------------------------------------
def test_closing_kills_what_runs_and_lets_the_idle_say_goodbye(
    processes, port, run_all, tmp_path, gone
):
    executor, note = processes(2), tmp_path / "note"

    def polite(trial):
        import atexit

        atexit.register(note.write_text, "done")
        return 0.0

    run_all(executor, polite)
    executor.submit(polite, TrialSetup(1, 1, {}))
    executor.submit(_sleep_for_ever, TrialSetup(8, 1, {}))
    assert [outcome.number for outcome in executor.wait()] == [1]
    _serve_until(executor, lambda: port.has("pid"))
    pids = executor.worker_pids
    assert executor.close() == [8]
    assert executor.close() == []
    assert note.read_text() == "done"
    gone(*pids)


def test_closing_kills_a_busy_worker_and_its_children(processes, port, gone):
    def objective(trial):
        child = subprocess.Popen(["sleep", "3600"])
        trial.set_user_attr("pid", child.pid)
        child.wait()

    executor = processes()
    executor.submit(objective, TrialSetup(8, 1, {}))
    _serve_until(executor, lambda: port.has("pid"))
    assert executor.close() == [8]
    gone(port.attr("pid"))


def test_an_idle_worker_that_will_not_leave_is_killed(processes, run_all, monkeypatch, gone):
    monkeypatch.setattr("bayesopt.execution.processes._FAREWELL_S", 0.2)

    def objective(trial):
        import atexit

        atexit.register(time.sleep, 3600)
        return 0.0

    executor = processes()
    run_all(executor, objective)
    pids = executor.worker_pids
    assert executor.close() == []
    gone(*pids)


def test_no_zombies_and_no_descriptors_are_left(port, run_all):
    def objective(trial):
        if trial.number % 3 == 0:
            os._exit(1)
        if trial.number % 3 == 1:
            time.sleep(3600)
        return 0.0

    this = psutil.Process()
    before = this.num_fds()
    for _ in range(3):
        with ProcessExecutor(port, 2, trial_timeout_s=0.4) as executor:
            run_all(executor, objective, [{}] * 4)
            executor.submit(_sleep_for_ever, TrialSetup(9, 1, {}))
            executor.wait(0.05)
    assert this.num_fds() == before
    assert this.children() == []


def test_an_executor_that_is_forgotten_takes_its_workers_along(port, run_all, gone):
    executor = ProcessExecutor(port, 1)
    run_all(executor, lambda trial: 0.0)
    (pid,) = executor.worker_pids
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        del executor
        gc.collect()
    gone(pid)


# -- the parent dies, or is interrupted -----------------------------------------------------------
PARENT = """
import os, re, signal, subprocess, sys, time
import bayesopt.execution.processes as p
from bayesopt.active import TrialSetup

class Port:
    n = 0
    def report(self, trial, step, values): pass
    def should_prune(self, trial): return False
    def set_user_attr(self, trial, name, value):
        Port.n += 1
        print("child", value, flush=True)

def sleeping(trial):
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3600)"])
    trial.set_user_attr("child", child.pid)
    child.wait()

def holding_the_gil(trial):
    child = subprocess.Popen(["sleep", "3600"])
    trial.set_user_attr("child", child.pid)
    re.match(r"(a+)+b", "a" * 60)

executor = p.ProcessExecutor(Port(), 2)
for number, objective in enumerate([sleeping, holding_the_gil]):
    executor.submit(objective, TrialSetup(number, 1, {}))
print("workers", *executor.worker_pids, flush=True)
"""
SERVE = """
try:
    while executor.running:
        executor.wait(0.02)
        if Port.n == 2:
            Port.n = 0
            print("ready", flush=True)
except KeyboardInterrupt:
    print("interrupted", sorted(executor.close()), flush=True)
"""
FORK = """
if os.fork() == 0:
    time.sleep(3600)
"""


def _started(script):
    """Start a study's process; return it, and the pids it prints until it is ready."""
    process = subprocess.Popen(
        [sys.executable, "-c", script],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    pids = []
    for line in process.stdout:
        if line == "ready\n":
            break
        pids += map(int, line.split()[1:])
    return process, pids


def test_workers_and_their_children_die_with_a_killed_parent(gone):
    process, pids = _started(PARENT + SERVE)
    assert len(pids) == 4
    with process:
        process.kill()
    gone(*pids)


def test_workers_die_with_a_parent_that_is_killed_while_they_start(gone):
    process, pids = _started(PARENT + "os.kill(os.getpid(), signal.SIGKILL)\n")
    with process:
        process.wait(60)
    assert len(pids) == 2
    gone(*pids)


def test_a_forked_child_of_the_parent_does_not_keep_workers_alive(gone):
    process, pids = _started(PARENT + FORK + SERVE)
    with process:
        children = {child.pid for child in psutil.Process(process.pid).children()} - set(pids)
        process.kill()
        gone(*pids)
        for pid in children:
            os.kill(pid, signal.SIGKILL)
    assert len(children) == 1


def test_ctrl_c_leaves_nothing_behind(gone):
    process, pids = _started(PARENT + SERVE)
    with process:
        os.killpg(process.pid, signal.SIGINT)
        assert process.stdout.read() == "interrupted [0, 1]\n"
        assert process.wait(60) == 0
    gone(*pids)


def test_a_worker_ignores_interrupts(processes, run_all):
    def objective(trial):
        for _ in range(3):
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.01)
        code = "import signal; print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)"
        child = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
        return child.stdout == b"True\n"

    assert run_all(processes(), objective)[0].values == (1.0,)
