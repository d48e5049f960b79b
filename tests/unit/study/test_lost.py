"""Workers that are killed at a rung, between the report and the question whether to go on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import bayesopt as bo
from bayesopt.study import attempts
from bayesopt.study.optimize import MAX_LOSSES

SPACE = {"x": bo.Float(0.0, 1.0)}
STATES = bo.TrialState

TRAIN = """
import json, os, signal, sys
import bayesopt as bo

path, number, step_of_death, saves = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]

def train(trial):
    done = 0
    if trial.resume_from is not None:
        done = json.loads((trial.resume_from / "step.json").read_text())
    for step in range(done + 1, 10):
        if saves == "saves":
            with trial.save_checkpoint() as folder:
                (folder / "step.json").write_text(json.dumps(step))
        trial.report(float(trial.number), step)  # whoever comes later is worse
        if trial.number == number and step == step_of_death and trial.attempt == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        if trial.should_prune():
            raise bo.TrialPruned
    return float(trial.number)

bo.load_study(path).optimize(train, n_trials=4, progress=False)
"""


def train_with_death(path: Path, number: int, step: int, saves: str = "saves") -> int:
    command = [sys.executable, "-c", TRAIN, str(path), str(number), str(step), saves]
    return subprocess.run(command, check=False, timeout=100).returncode


def study_in(path: Path, scheduler: Any) -> bo.Study:
    return bo.create_study(SPACE, sampler="random", scheduler=scheduler, storage=path, seed=0)


def outcome(study: bo.Study) -> list[tuple[Any, ...]]:
    return [(t.number, t.state, sorted(t.reports)) for t in study.trials]


@pytest.mark.parametrize("mode", ["stop", "pause"])
@pytest.mark.parametrize("saves", ["saves", "starts over"])
def test_a_killed_worker_changes_nothing_about_who_goes_on(
    tmp_path: Path, mode: Any, saves: str
) -> None:
    scheduler = bo.ASHAScheduler(max_steps=9, mode=mode)
    undisturbed = study_in(tmp_path / "undisturbed.db", scheduler)
    assert train_with_death(tmp_path / "undisturbed.db", 99, 0, saves) == 0
    killed = study_in(tmp_path / "killed.db", scheduler)
    assert train_with_death(tmp_path / "killed.db", 2, 1, saves) == -signal.SIGKILL
    assert killed.trials[2].reports == {1.0: (2.0,)}
    assert train_with_death(tmp_path / "killed.db", 2, 1, saves) == 0
    assert outcome(killed) == outcome(undisturbed)
    assert killed.trials[2].state is (STATES.PRUNED if mode == "stop" else STATES.PAUSED)
    killed.close()
    undisturbed.close()


def test_the_worst_of_a_cohort_is_stopped_though_its_worker_died_at_the_rung(
    tmp_path: Path,
) -> None:
    study = study_in(tmp_path / "s.db", bo.SuccessiveHalvingScheduler(max_steps=9, n_begin=4))
    assert train_with_death(tmp_path / "s.db", 3, 1) == -signal.SIGKILL
    assert train_with_death(tmp_path / "s.db", 3, 1) == 0
    assert study.trials[3].state is STATES.PRUNED
    assert sorted(study.trials[3].reports) == [1.0]
    study.close()


def test_between_rungs_and_without_rungs_a_lost_trial_simply_goes_on() -> None:
    for scheduler in (bo.ASHAScheduler(max_steps=9), bo.MedianScheduler(n_startup_trials=1)):
        study = bo.create_study(SPACE, sampler="random", scheduler=scheduler, seed=0)
        for value in (0.0, 0.1, 0.2):
            study.add_trial({"x": value}, value, reports={1: value, 2: value})
        trial = study.ask()
        trial.report(0.0, 1)
        trial.report(9.0, 2)
        study.storage.release(1, trial.number, trial.attempt)
        again = study.ask()
        assert (again.number, again.attempt) == (trial.number, 2)


def test_what_a_lost_trial_is_worth_at_its_rung_is_judged_by_the_present_history() -> None:
    study = bo.create_study(SPACE, scheduler=bo.ASHAScheduler(max_steps=9), seed=0)
    trial = study.ask()
    trial.report(5.0, 1)
    assert not trial.should_prune()  # the first to get there
    study.storage.release(1, trial.number, trial.attempt)
    for value in (0.0, 0.1, 0.2):
        study.add_trial({"x": value}, state="pruned", reports={1: value})
    assert study.ask().number == 4
    assert study.trials[0].state is STATES.PRUNED
    assert study.trials[0].values == (5.0,)


class DiesOnce:
    """A training that loses its worker once, after it was paused twice."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __call__(self, trial: bo.Trial) -> float:
        for step in range(1, 10):
            trial.report(float(trial.number), step)
            if step == 5 and not self.marker.exists():
                self.marker.touch()
                os.kill(os.getpid(), signal.SIGKILL)
            if trial.should_prune():
                raise bo.TrialPruned
        return float(trial.number)


def test_pauses_do_not_count_as_losses(tmp_path: Path) -> None:
    scheduler = bo.SuccessiveHalvingScheduler(max_steps=8, eta=2)
    study = study_in(tmp_path / "s.db", scheduler)
    study.optimize(DiesOnce(tmp_path / "died"), n_trials=8, trial_timeout=100, progress=False)
    (best,) = [trial for trial in study.trials if trial.state is STATES.COMPLETE]
    assert (best.number, best.attempt) == (0, 5)  # three pauses and a loss
    study.close()


def dies(trial: bo.Trial) -> float:
    os._exit(1)


def test_lost_workers_are_counted_over_restarts(tmp_path: Path) -> None:
    study = bo.create_study(SPACE, sampler="random", storage=tmp_path / "s.db")
    for attempt in (1, 2):
        assert study.ask().attempt == attempt
        for _ in range(2):  # noting it again is the same
            assert attempts.note_loss(study._context, 0, attempt) == attempt
        study._context.drop(0, attempt)
        study.storage.release(study._context.study_id, 0, attempt)
    study.close()
    again = bo.load_study(tmp_path / "s.db")
    again.optimize(dies, n_trials=1, n_jobs=2, progress=False)
    (trial,) = again.trials
    assert (trial.state, trial.attempt) == (STATES.FAIL, MAX_LOSSES)
    assert dict(trial.user_attrs) == {}
    again.close()
