"""Executors are closed, interrupted and killed for real here."""

from __future__ import annotations

import _thread
import gc
import os
import signal
import subprocess
import sys
import threading
import time
import warnings

import psutil
import pytest

from bayesopt.active import TrialSetup
from bayesopt.execution.processes import ProcessExecutor


def _sleep_for_ever(trial):
    trial.set_user_attr("pid", os.getpid())
    while True:
        time.sleep(60)


def _serve_until(executor, condition):
    while not condition():
        assert executor.wait(0.02) == []


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
        children = [
            subprocess.Popen(["sleep", "3600"]),
            subprocess.Popen(["sleep", "3600"], process_group=0),
            subprocess.Popen(["sh", "-c", "sleep 3600 & wait"]),
        ]
        trial.set_user_attr("pids", [child.pid for child in children])
        children[0].wait()

    executor = processes()
    executor.submit(objective, TrialSetup(8, 1, {}))
    _serve_until(executor, lambda: port.has("pids"))
    assert executor.close() == [8]
    gone(*port.attr("pids"))


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


def test_ctrl_c_just_before_a_wait_ends_it(processes, port):
    executor = processes()
    executor.submit(_sleep_for_ever, TrialSetup(8, 1, {}))
    _serve_until(executor, lambda: port.has("pid"))
    timer = threading.Timer(0.3, _thread.interrupt_main)  # Python knows; no system call ends by it
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        executor.wait()
    timer.join()


def test_ctrl_c_while_a_worker_is_registered_leaves_nothing(processes, monkeypatch, gone):
    executor = processes()
    register = executor._selector.register

    def interrupted(source, events):
        if isinstance(source, int):  # the descriptor that tells of its end, after the channel
            raise KeyboardInterrupt
        return register(source, events)

    monkeypatch.setattr(executor._selector, "register", interrupted)
    with pytest.raises(KeyboardInterrupt):
        executor.submit(_sleep_for_ever, TrialSetup(8, 1, {}))
    pids = executor.worker_pids
    assert len(pids) == 1
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
    before, others = this.num_fds(), set(this.children())  # of joblib, by other tests
    for _ in range(3):
        with ProcessExecutor(port, 2, trial_timeout_s=0.4) as executor:
            run_all(executor, objective, [{}] * 4)
            executor.submit(_sleep_for_ever, TrialSetup(9, 1, {}))
            executor.wait(0.05)
    assert this.num_fds() == before
    assert set(this.children()) <= others


def test_an_executor_that_is_forgotten_takes_its_workers_along(port, run_all, gone):
    executor = ProcessExecutor(port, 1)
    run_all(executor, lambda trial: 0.0)
    (pid,) = executor.worker_pids
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        del executor
        gc.collect()
    gone(pid)


def test_a_fork_of_the_study_closes_nothing(worker, run_all):
    (pid,) = worker.worker_pids or [None]
    run_all(worker, lambda trial: 0.0)
    pids = worker.worker_pids
    assert pid is None or pids == [pid]
    child = os.fork()
    if child == 0:
        os._exit(int(worker.close() != [] or not psutil.pid_exists(pids[0])))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert run_all(worker, lambda trial: os.getpid())[0].values == (float(pids[0]),)


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


LIFELINE = """
import fcntl, os, subprocess, sys, time
if sys.argv[2] == "thread":
    del fcntl.F_SETSIG
from bayesopt.execution.worker import _tie_life_to
_tie_life_to(int(sys.argv[1]))
child = subprocess.Popen(["sleep", "3600"])
print(child.pid, flush=True)
while True:
    time.sleep(60)
"""


@pytest.mark.parametrize("how", ["kernel", "thread"])
def test_the_end_of_the_lifeline_is_the_end(gone, how):
    if how == "kernel" and not sys.platform.startswith("linux"):
        pytest.skip("only Linux kernels send a chosen signal when a pipe closes")
    read, write = os.pipe()
    worker = subprocess.Popen(
        [sys.executable, "-c", LIFELINE, str(read), how],
        pass_fds=[read],
        stdout=subprocess.PIPE,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    with worker:
        os.close(read)
        child = int(worker.stdout.readline())
        os.close(write)
        assert worker.wait(60) == -signal.SIGKILL
    gone(child)
