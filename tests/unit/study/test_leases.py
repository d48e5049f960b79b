"""Who holds a trial: leases, takeovers, forks, dead processes."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import time

import pytest

import bayesopt as bo
from bayesopt.storage import SQLiteStorage
from bayesopt.study.identity import Identity, is_gone

SPACE = {"x": bo.Float(0.0, 1.0)}


class Clock:
    """Time that passes when told to."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "study.db"


@pytest.fixture
def study(path, clock):
    storage = SQLiteStorage(path, clock=clock)
    study = bo.create_study(SPACE, storage=storage, sampler="random", seed=0, lease_s=10.0)
    yield study
    study.close()


@pytest.fixture
def other(path, clock, study):
    other = bo.load_study(SQLiteStorage(path, clock=clock), lease_s=10.0)
    yield other
    other.close()


def test_a_trial_whose_worker_is_silent_goes_to_another_and_the_first_is_fenced(
    study, other, clock
):
    trial = study.ask()
    study.close()  # its leases are renewed no more
    clock.now += 11.0
    again = other.ask()
    assert (again.number, again.params, again.attempt) == (0, trial.params, 2)
    with pytest.raises(bo.StaleTrialError):
        study.tell(trial, 1.0)
    with pytest.raises(bo.StaleTrialError):
        trial.set_user_attr("note", "mine")
    with pytest.raises(bo.StaleTrialError):
        trial.report(1.0, 0)
    other.tell(again, 2.0)
    assert study.best_value == 2.0


def test_a_process_that_slept_does_not_take_its_own_trial_for_lost(study, clock):
    trial = study.ask()
    clock.now += 100.0
    assert study.ask().number == 1
    study.tell(trial, 1.0)
    assert study.get_trial(0).value == 1.0


def test_a_late_result_of_a_lost_trial_counts_while_nobody_runs_it_again(study, other, clock):
    trial = study.ask()
    clock.now += 11.0
    other.storage.expire(1)
    assert other.get_trial(0).state is bo.TrialState.LOST
    study.tell(trial, 1.0)
    assert other.get_trial(0).state is bo.TrialState.COMPLETE


def test_a_late_result_of_a_define_by_run_trial_keeps_its_parameters(path, clock):
    study = bo.create_study(storage=SQLiteStorage(path, clock=clock), seed=0, lease_s=10.0)
    trial = study.ask()
    x = trial.suggest_float("x", 0.0, 1.0)
    clock.now += 11.0
    study.storage.expire(1)
    study.tell(trial, x)
    assert study.get_trial(0).params == {"x": x}
    study.close()


def test_leases_are_renewed_again_after_a_close(study):
    study.close()
    trial = study.ask()
    assert study._context.holds(trial.number)
    assert study._context.leases._thread.is_alive()


def test_leases_are_renewed_in_the_background(path):
    study = bo.create_study(SPACE, storage=path, seed=0, lease_s=0.3)
    other = bo.load_study(path)
    trial = study.ask()
    time.sleep(1.0)
    assert other.ask().number == 1
    study.tell(trial, 1.0)
    study.close()
    other.close()


def test_dropping_an_attempt_leaves_the_next_one_held(study):
    leases = study._context.leases
    leases.hold(0, 2)
    leases.drop(0, 1)
    assert leases.holds(0)
    leases.drop(0, 2)
    assert not leases.holds(0)


def test_a_forked_child_holds_nothing_and_has_another_name(study):
    study.ask()
    owner = study._context.owner
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        held = study._context.holds(0)
        os.write(write, b"ok" if not held and study._context.owner != owner else b"no")
        os._exit(0)
    os.waitpid(pid, 0)
    assert os.read(read, 2) == b"ok"
    assert study._context.holds(0)


def test_a_key_asked_again_by_another_process_takes_the_trial_over(study, other):
    trial = study.ask(key="job")
    again = other.ask(key="job")
    assert (again.number, again.params, again.attempt) == (0, trial.params, 2)
    with pytest.raises(bo.StaleTrialError):
        study.tell(trial, 1.0)
    other.tell(again, 1.0)
    assert study.ask(key="job").number == 0


def test_dead_processes_are_known_to_be_gone():
    code = "from bayesopt.study.identity import Identity; print(Identity(is_detached={}).owner)"
    owners = [
        subprocess.run(
            [sys.executable, "-c", code.format(detached)],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for detached in (False, True)
    ]
    assert [is_gone(owner) for owner in owners] == [True, False]
    assert not is_gone(Identity(is_detached=False).owner)
    assert not is_gone("")


KILLED = """
import os, sys
import bayesopt as bo

def objective(trial):
    if trial.number == 3:
        os.kill(os.getpid(), 9)
    return 1.0

study = bo.create_study({"x": bo.Float(0.0, 1.0)}, storage=sys.argv[1], seed=0)
study.optimize(objective, n_trials=5)
"""


def test_after_a_kill_the_next_run_finishes_the_budget_at_once(tmp_path):
    path = tmp_path / "killed.db"
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(KILLED), str(path)], check=False)
    assert done.returncode == -9
    study = bo.load_study(path)
    study.optimize(lambda trial: 2.0, n_trials=5)
    assert [record.value for record in study.trials] == [1.0, 1.0, 1.0, 2.0, 2.0]
    assert study.get_trial(3).attempt == 2
    study.close()


def test_a_worker_waits_for_the_trials_of_others_that_vanish(path):
    study = bo.create_study(SPACE, storage=path, sampler="random", seed=0, lease_s=0.5)
    other = bo.load_study(path, lease_s=0.5)
    other.ask()
    other._context.leases.close()  # it lives, but gives no sign of life
    study.optimize(lambda trial: 1.0, n_trials=3)
    assert [record.state.name for record in study.trials] == ["COMPLETE"] * 3
    other.close()
    study.close()


def test_a_worker_gives_up_waiting_for_trials_that_live(path, caplog):
    study = bo.create_study(SPACE, storage=path, sampler="random", seed=0, lease_s=0.3)
    other = bo.load_study(path, lease_s=None)
    other.ask()
    study.optimize(lambda trial: 1.0, n_trials=3)
    assert study.get_trial(0).state is bo.TrialState.RUNNING
    assert "still running elsewhere: [0]" in caplog.text
    other.close()
    study.close()
