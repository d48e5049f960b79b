"""Budgets through a whole study: rungs, restarts, failures, checkpoints."""

from __future__ import annotations

import contextlib
import json
import math
import shutil
import subprocess
import sys
import textwrap
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import bayesopt as bo
from bayesopt.schedulers import Scheduler
from bayesopt.schedulers.cohorts import cohort_of
from bayesopt.storage import MemoryStorage
from bayesopt.study import asking

SPACE = {"x": bo.Float(0.0, 1.0)}
DONE = {bo.TrialState.COMPLETE, bo.TrialState.PRUNED, bo.TrialState.FAIL, bo.TrialState.PAUSED}


class Run:
    """Workers that take turns at random, on a study that is opened anew now and then.

    What a trial reports at a step is fixed beforehand; some fail, some report NaN.
    """

    def __init__(self, scheduler: Scheduler, seed: int, n_trials: int, max_steps: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.storage = MemoryStorage()
        bo.create_study(SPACE, sampler="random", scheduler=scheduler, storage=self.storage, seed=0)
        self.study = bo.load_study(self.storage)
        self.n_trials, self.max_steps = n_trials, max_steps
        self.values = self.rng.integers(0, 9, (n_trials, max_steps + 1)).astype(float)
        self.values[self.rng.random((n_trials, max_steps + 1)) < 0.1] = math.nan
        self.fails_at = np.where(
            self.rng.random(n_trials) < 0.2, self.rng.integers(1, max_steps + 1, n_trials), 99
        )
        self.step = defaultdict(int)
        self.resumed_at: dict[int, list[int]] = defaultdict(list)
        self.running: list[bo.Trial] = []

    def go(self, n_workers: int) -> None:
        while True:
            while len(self.running) < n_workers and self.begin():
                pass
            if not self.running:
                return
            self.advance(self.running[self.rng.integers(len(self.running))])
            if self.rng.random() < 0.05:
                self.reopen()

    def begin(self) -> bool:
        setup = asking.ask_within(self.study._context, self.study._strategy, self.n_trials)
        if setup is None:
            return False
        if self.step[setup.number]:
            self.resumed_at[setup.number].append(self.step[setup.number])
        self.running.append(self.study._trial(setup))
        return True

    def advance(self, trial: bo.Trial) -> None:
        """Let a trial make a step, and end it if it is over."""
        step = self.step[trial.number] = self.step[trial.number] + 1
        if step >= self.fails_at[trial.number]:
            return self.end(trial, state="fail")
        value = self.values[trial.number, step]
        trial.report(value, step)
        if trial.should_prune():
            return self.end(trial, state="pruned")
        if step == self.max_steps:
            return self.end(trial, values=0.0 if math.isnan(value) else value)
        return None

    def end(self, trial: bo.Trial, **told: Any) -> None:
        self.study.tell(trial, **told)
        self.running.remove(trial)

    def reopen(self) -> None:
        """Go on as another process would, which knows the storage only."""
        evaluating = self.study._context.evaluating
        self.study = bo.load_study(self.storage)
        self.study._context.evaluating |= evaluating
        self.running = [self.study._trial(trial.setup) for trial in self.running]


@settings(max_examples=15)
@given(st.integers(0, 10_000), st.integers(1, 6))
def test_hyperband_trains_whom_the_table_says(seed: int, n_workers: int) -> None:
    scheduler = bo.HyperbandScheduler(max_steps=9)
    run = Run(scheduler, seed, n_trials=34, max_steps=9)
    run.go(n_workers)
    for cohort in [cohort_of(first, scheduler.brackets) for first in (0, 9, 14, 17, 26, 31)]:
        members = list(range(cohort.first, cohort.last))
        for k, level in enumerate(cohort.bracket.levels[:-1]):
            step = int(level)
            there = [n for n in members if run.fails_at[n] > step]
            assert all(run.step[n] >= min(step, run.fails_at[n]) for n in members)
            usable = [n for n in there if math.isfinite(run.values[n, step])]
            best = sorted(usable, key=lambda n: (run.values[n, step], n))
            promoted = best[: cohort.bracket.sizes[k + 1]]
            assert all(run.step[n] == step for n in there if n not in promoted)
            members = promoted
        assert all(run.step[n] == min(9, run.fails_at[n]) for n in members)
    assert {trial.state for trial in run.study.trials} <= DONE - {bo.TrialState.PAUSED}
    assert all(len(at) == len(set(at)) for at in run.resumed_at.values())


@settings(max_examples=15)
@given(st.integers(0, 10_000), st.integers(1, 6))
def test_asha_promotes_once_and_leaves_nothing_that_could_go_on(seed: int, n_workers: int) -> None:
    scheduler = bo.ASHAScheduler(max_steps=9, mode="pause")
    run = Run(scheduler, seed, n_trials=30, max_steps=9)
    run.go(n_workers)
    assert {trial.state for trial in run.study.trials} <= DONE
    assert all(len(at) == len(set(at)) for at in run.resumed_at.values())
    for level in (1, 3):
        there = [n for n in range(30) if run.fails_at[n] > level and run.step[n] >= level]
        usable = [n for n in there if math.isfinite(run.values[n, level])]
        best = sorted(usable, key=lambda n: (run.values[n, level], n))[: len(there) // 3]
        assert all(run.step[n] > level for n in best)
    assert all(run.step[n] in (1, 3, 9, run.fails_at[n]) for n in range(30))


@settings(max_examples=10)
@given(st.integers(0, 10_000), st.integers(1, 6), st.integers(1, 2))
def test_stopping_asha_leaves_nothing_under_way(seed: int, n_workers: int, n_brackets: int) -> None:
    scheduler = bo.ASHAScheduler(max_steps=9, n_brackets=n_brackets)
    run = Run(scheduler, seed, n_trials=30, max_steps=9)
    run.go(n_workers)
    assert {trial.state for trial in run.study.trials} <= DONE - {bo.TrialState.PAUSED}
    assert not run.resumed_at
    rungs = [{1, 3, 9}, {3, 9}]
    assert all(run.step[n] in {*rungs[n % n_brackets], 9, run.fails_at[n]} for n in range(30))


@settings(max_examples=10)
@given(st.integers(0, 10_000), st.integers(1, 6))
def test_pasha_trains_nobody_beyond_its_cap(seed: int, n_workers: int) -> None:
    scheduler = bo.ASHAScheduler(max_steps=27, mode="pause", growing=True)
    run = Run(scheduler, seed, n_trials=30, max_steps=27)
    run.values = np.repeat(run.values[:, :1], 28, axis=1)  # all rungs rank alike
    run.go(n_workers)
    assert {trial.state for trial in run.study.trials} <= DONE
    assert all(len(at) == len(set(at)) for at in run.resumed_at.values())
    assert max(run.step.values()) <= 3


@pytest.mark.parametrize("loss", ["NaN", "failure"])
@pytest.mark.parametrize("level", [1, 3])
@pytest.mark.parametrize(
    "scheduler",
    [
        bo.ASHAScheduler(max_steps=9),
        bo.ASHAScheduler(max_steps=9, mode="pause"),
        bo.ASHAScheduler(max_steps=9, mode="pause", growing=True),
        bo.HyperbandScheduler(max_steps=9),
        bo.SuccessiveHalvingScheduler(max_steps=9),
    ],
)
def test_nothing_is_stuck_when_a_whole_rung_is_lost(
    scheduler: Scheduler, level: int, loss: str
) -> None:
    run = Run(scheduler, 0, n_trials=17, max_steps=9)
    run.values = np.arange(17.0)[:, None] - np.arange(10)
    run.fails_at[:] = 99 if loss == "NaN" else level
    if loss == "NaN":
        run.values[:, level:] = math.nan
    run.go(3)
    assert len(run.study.trials) == 17
    assert {trial.state for trial in run.study.trials} <= DONE
    assert all(len(at) == len(set(at)) for at in run.resumed_at.values())


def test_reports_out_of_order_repeated_and_of_no_training() -> None:
    scheduler = bo.ASHAScheduler(max_steps=9)
    study = bo.create_study(SPACE, sampler="random", scheduler=scheduler, seed=0)
    for value in (1.0, 2.0, 3.0):
        study.add_trial({"x": value / 4}, state="pruned", reports={3: value, 1: value})
    trial = study.ask()
    trial.report(9.0, 0)
    assert not trial.should_prune()  # there is no rung before the first step
    with pytest.raises(bo.InvalidValueError):
        trial.report(9.0, -1)
    with pytest.raises(bo.InvalidValueError):
        trial.report(9.0, math.nan)
    trial.report(0.5, 2)
    trial.report(9.0, 1)  # late: that is its value at the rung, where it has been judged by step 2
    trial.report(9.0, 1)
    with pytest.raises(bo.ReportConflictError):
        trial.report(0.5, 1)
    assert not trial.should_prune()
    trial.report(9.0, 3)
    assert trial.should_prune()
    assert study.trials[3].reports == {0: (9.0,), 1: (9.0,), 2: (0.5,), 3: (9.0,)}


def train(trial: bo.Trial, n_steps: int = 9) -> float:
    """Train from the last checkpoint on."""
    done, log = 0, []
    if trial.resume_from is not None:
        done, log = json.loads((trial.resume_from / "state.json").read_text())
    for step in range(done + 1, n_steps + 1):
        log.append([trial.attempt, step])
        with trial.save_checkpoint() as folder:
            (folder / "state.json").write_text(json.dumps([step, log]))
        trial.report(trial.params["x"] + 1 / step, step)
        if trial.should_prune():
            raise bo.TrialPruned
    trial.set_user_attr("log", log)
    return trial.params["x"]


@pytest.mark.parametrize("storage", ["memory", "sqlite"])
def test_a_paused_trial_goes_on_from_its_checkpoint(storage: str, tmp_path: Path) -> None:
    path = None if storage == "memory" else tmp_path / "study.db"
    scheduler = bo.HyperbandScheduler(max_steps=9)
    study = bo.create_study(SPACE, sampler="random", scheduler=scheduler, storage=path, seed=0)
    study.optimize(train, n_trials=17, progress=False)
    whole = [trial for trial in study.trials if trial.state is bo.TrialState.COMPLETE]
    assert len(whole) == 1 + 1 + 3
    for trial in whole:
        assert [step for _, step in trial.user_attrs["log"]] == list(range(1, 10))
        assert sorted(trial.reports) == list(range(1, 10))
    assert max(trial.attempt for trial in whole) == 3
    kept = [folder.name for folder in study._context.checkpoints.iterdir()]
    assert kept == [str(study.best_trial.number)]
    study.close()


def new_study(path: Path, scheduler: Scheduler) -> bo.Study:
    return bo.create_study(SPACE, sampler="random", scheduler=scheduler, storage=path, seed=0)


def test_a_checkpoint_that_vanished_while_its_trial_was_paused(tmp_path: Path) -> None:
    scheduler = bo.ASHAScheduler(max_steps=9, mode="pause")
    study = new_study(tmp_path / "s.db", scheduler)
    trials = study.ask(3)
    for trial in trials:
        with trial.save_checkpoint() as folder:
            (folder / "state.json").write_text("[1, []]")
        trial.report(trial.params["x"], 1)
        assert trial.should_prune()
        study.tell(trial, state="pruned")
    best = min(trials, key=lambda trial: trial.params["x"])
    shutil.rmtree(best.checkpoint_dir)
    again = study.ask()
    assert (again.number, again.attempt, again.resume_from) == (best.number, 2, None)
    again.report(0.0, 1)  # it begins anew, and what it says now is what counts
    assert study.get_trial(best.number).reports == {1: (0.0,)}
    study.tell(again, 0.0)
    assert study.best_trial.number == best.number
    study.close()


@contextlib.contextmanager
def full_disk(study: bo.Study) -> Iterator[None]:
    """Let SQLite have no page more than it has."""
    connection = study._context.storage._db._connected()
    ((n_pages,),) = connection.execute("PRAGMA page_count").fetchall()
    connection.execute(f"PRAGMA max_page_count = {n_pages}").fetchall()
    try:
        yield
    finally:
        connection.execute("PRAGMA max_page_count = 1000000").fetchall()


def test_a_training_outlives_a_full_disk_and_nothing_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "study.db"
    study = new_study(path, bo.ASHAScheduler())
    trial, steps = study.ask(), iter(range(1, 10_000))

    def train_on() -> None:
        for step in steps:
            trial.report(1.0 / step, step)

    with full_disk(study), pytest.raises(bo.StorageError, match="make room and go on"):
        train_on()
    step = next(steps) - 1
    seen = bo.load_study(path)
    assert list(seen.get_trial(0).reports) == list(range(1, step))
    assert list(study.get_trial(0).reports) == list(range(1, step))
    trial.report(1.0 / step, step)  # what was refused can be said again
    study.tell(trial, 1.0 / step)
    assert list(seen.get_trial(0).reports) == list(range(1, step + 1))
    assert seen.best_trial.values == (1.0 / step,)
    study.close()
    seen.close()


def test_checkpoints_of_workers_in_processes_lie_with_the_study(tmp_path: Path) -> None:
    study = bo.create_study(
        SPACE, sampler="random", storage=tmp_path / "s.db", seed=0,
        scheduler=bo.SuccessiveHalvingScheduler(max_steps=9),
    )  # fmt: skip
    study.optimize(train, n_trials=9, n_jobs=2, progress=False)
    (best,) = [trial for trial in study.trials if trial.state is bo.TrialState.COMPLETE]
    assert len(best.user_attrs["log"]) == 9
    bo.delete_study(tmp_path / "s.db", "study")
    assert not (tmp_path / "s.db-files" / "1").exists()
    study.close()


def test_ask_hands_out_a_paused_trial_before_new_ones() -> None:
    scheduler = bo.ASHAScheduler(max_steps=4, eta=2, mode="pause")
    study = bo.create_study(SPACE, sampler="random", scheduler=scheduler, seed=0)
    first, second = study.ask(2)
    first.report(1.0, 1)
    assert first.should_prune()
    study.tell(first, state="pruned")
    assert study.get_trial(0).state is bo.TrialState.PAUSED
    with pytest.raises(bo.StaleTrialError):
        first.report(0.5, 2)
    second.report(2.0, 1)
    assert second.should_prune()
    study.tell(second, state="pruned")
    again = study.ask()
    assert (again.number, again.attempt, again.params) == (0, 2, first.params)
    assert study.ask().number == 2


@pytest.mark.parametrize(
    "scheduler",
    [bo.HyperbandScheduler(max_steps=9), bo.ASHAScheduler(max_steps=9, mode="pause")],
)
def test_trials_without_checkpoints_start_over_and_nothing_is_stuck(scheduler: Any) -> None:
    study = bo.create_study(SPACE, sampler="random", scheduler=scheduler, seed=0)
    rng = np.random.default_rng(0)

    def forgetful(trial: bo.Trial) -> float:
        assert trial.resume_from is None
        for step in range(1, 10):
            trial.report(rng.random(), step)  # another value each time
            if trial.should_prune():
                raise bo.TrialPruned
        return trial.params["x"]

    study.optimize(forgetful, n_trials=17, progress=False)
    assert {trial.state for trial in study.trials} <= DONE
    assert any(trial.state is bo.TrialState.COMPLETE for trial in study.trials)


@pytest.mark.parametrize("n_trials", [1, 2, 7, 16, 18])
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_a_cohort_that_stays_small_ends_without_checkpoints_too(n_trials: int, n_jobs: int) -> None:
    scheduler = bo.HyperbandScheduler(max_steps=9)
    study = bo.create_study(SPACE, sampler="random", scheduler=scheduler, seed=0)
    n_calls = 0

    def forgetful(trial: bo.Trial) -> float:
        nonlocal n_calls
        n_calls += 1
        assert n_calls < 100
        for step in range(1, 10):
            trial.report(trial.params["x"], step)
            if trial.should_prune():
                raise bo.TrialPruned
        return trial.params["x"]

    study.optimize(forgetful, n_trials=n_trials, n_jobs=n_jobs, threads=True, progress=False)
    assert {t.state for t in study.trials} <= DONE - {bo.TrialState.PAUSED}
    assert any(t.state is bo.TrialState.COMPLETE for t in study.trials)


def test_two_processes_share_the_rungs_of_a_study(tmp_path: Path) -> None:
    script = """
        import sys, time
        import bayesopt as bo

        def slow(trial):
            for step in range(1, 10):
                time.sleep(0.01)
                trial.report(trial.params["x"], step)
                if trial.should_prune():
                    raise bo.TrialPruned
            return trial.params["x"]

        study = bo.load_study(sys.argv[1])
        study.optimize(slow, n_trials=17)
    """
    path = tmp_path / "study.db"
    scheduler = bo.HyperbandScheduler(max_steps=9)
    bo.create_study(SPACE, sampler="random", scheduler=scheduler, storage=path, seed=0).close()
    command = [sys.executable, "-c", textwrap.dedent(script), str(path)]
    workers = [subprocess.Popen(command) for _ in range(2)]
    assert [worker.wait(timeout=300) for worker in workers] == [0, 0]
    study = bo.load_study(path)
    states = [trial.state for trial in study.trials]
    assert (len(states), states.count(bo.TrialState.COMPLETE)) == (17, 1 + 1 + 3)
    assert states.count(bo.TrialState.PRUNED) == 12
    assert sum(trial.attempt - 1 for trial in study.trials) <= 3 + 1 + 1
    study.close()


def test_another_process_pauses_what_its_scheduler_would_pause(tmp_path: Path) -> None:
    scheduler = bo.ASHAScheduler(max_steps=9, mode="pause")
    path = tmp_path / "study.db"
    study = bo.create_study(SPACE, sampler="random", scheduler=scheduler, storage=path, seed=0)
    study.ask().report(1.0, 1)
    study.ask().report(1.0, 2)
    other = bo.load_study(path)
    other.tell(0, state="pruned")
    other.tell(1, state="paused")
    other.tell(study.ask().number, state="pruned")  # it has not got to a rung
    states = [trial.state.name for trial in study.trials]
    assert states == ["PAUSED", "PAUSED", "PRUNED"]
    other.close()
    study.close()


def test_a_trial_may_be_paused_from_elsewhere_and_told_by_number() -> None:
    study = bo.create_study(SPACE, sampler="random", seed=0)
    study.tell(study.ask().number, state="paused")
    assert study.get_trial(0).state is bo.TrialState.PAUSED
    assert study.ask().number == 0  # without a scheduler that pauses, paused trials go on
    study.tell(0, state="paused")
    study.tell(0, 1.0)
    assert study.best_value == 1.0


@pytest.mark.parametrize("stored", [False, True])
def test_a_trial_that_never_goes_on_keeps_its_constraints(tmp_path: Path, stored: bool) -> None:
    def objective(trial: bo.Trial) -> float:
        limits = {"memory": trial.params["x"] - 0.5, "time": math.nan}
        trial.set_constraints(limits)
        for step in range(1, 10):
            trial.report(trial.params["x"], step)
            if trial.should_prune():
                raise bo.TrialPruned
        return trial.params["x"]

    study = bo.create_study(
        SPACE,
        sampler="random",
        scheduler=bo.HyperbandScheduler(max_steps=9),
        storage=tmp_path / "study.db" if stored else None,
        seed=0,
    )
    study.optimize(objective, n_trials=12)
    assert {bo.TrialState.PRUNED, bo.TrialState.COMPLETE} == {t.state for t in study.trials}
    for trial in study.trials:
        assert trial.constraints["memory"] == trial.params["x"] - 0.5
        assert math.isnan(trial.constraints["time"])
        assert trial.user_attrs == {}
    study.close()


@pytest.mark.parametrize("state", ["paused", "PAUSED", bo.TrialState.PAUSED])
def test_a_pause_is_told_like_other_states(state: Any) -> None:
    study = bo.create_study(SPACE, sampler="random", seed=0)
    study.tell(study.ask(), state=state)
    assert study.trials[0].state is bo.TrialState.PAUSED
    with pytest.raises(bo.InvalidValueError, match="'fail' or 'paused', got 'waiting'"):
        study.tell(study.ask(), state="waiting")


def test_paused_trials_use_up_the_budget_and_go_on_when_it_grows() -> None:
    scheduler = bo.ASHAScheduler(max_steps=9, mode="pause")
    study = bo.create_study(SPACE, sampler="random", scheduler=scheduler, seed=0)
    study.optimize(train, n_trials=5, progress=False)
    n_steps = sum(len(trial.reports) for trial in study.trials)
    study.optimize(train, n_trials=5, progress=False)
    assert len(study.trials) == 5
    assert sum(len(trial.reports) for trial in study.trials) == n_steps
    study.optimize(train, n_trials=30, progress=False)
    assert any(t.state is bo.TrialState.COMPLETE for t in study.trials)


def study_that_turns(sampler: str, learn_from: Any) -> bo.Study:
    """What is good at step 1 is bad at step 3, which only half of the trials have reached."""
    scheduler = bo.ASHAScheduler(max_steps=9, learn_from=learn_from)
    study = bo.create_study(SPACE, sampler=sampler, scheduler=scheduler, seed=0)
    for n in range(24):
        x = (n + 0.5) / 24
        reports = {1: x} if n % 2 else {1: x, 3: 1 - x}
        study.add_trial({"x": x}, state="pruned", reports=reports)
    return study


@pytest.mark.parametrize("sampler", ["tpe", "gp"])
@pytest.mark.parametrize("learn_from", ["all", "level"])
def test_a_sampler_learns_at_the_highest_rung_that_enough_have_reached(
    sampler: str, learn_from: str
) -> None:
    study = study_that_turns(sampler, learn_from)
    assert np.mean([study.ask().params["x"] for _ in range(8)]) > 0.6  # at step 1 it were less


def test_a_view_is_at_one_rung() -> None:
    study = study_that_turns("random", "level")
    view = study.scheduler.view(study.history)  # type: ignore[attr-defined]
    assert view.is_complete.tolist() == [n % 2 == 0 for n in range(24)]
    assert view.values[0, 0] == 1 - 0.5 / 24
    assert view.contains(study.history.X).all()
    view = bo.ASHAScheduler(max_steps=9).view(study.history)
    assert view.is_complete.all()
    assert view.values[0, 0] == 1 - 0.5 / 24
    assert np.ptp(view.values[1::2]) == 0.0  # step 1 says nothing of step 3
    assert view.levels is not None
    assert view.levels.known.sum(axis=0).tolist() == [24, 12, 0]
    assert study.history.levels is None
    last = bo.ASHAScheduler(max_steps=9, learn_from="last")
    assert last.view(study.history) is study.history


def test_who_asks_rarely_is_judged_at_every_rung_on_the_way() -> None:
    scheduler = bo.ASHAScheduler(max_steps=27)
    study = bo.create_study(SPACE, sampler="random", scheduler=scheduler, seed=0)
    for value in (0.0, 0.1, 0.2):
        study.add_trial({"x": value}, state="pruned", reports={1: value, 3: value})
    often, rarely = study.ask(), study.ask()
    for value, trial in ((-1.0, often), (-2.0, rarely)):
        for step in (1, 2):
            trial.report(value, step)
            assert not trial.should_prune()
    for step, advice in ((3, True), (4, False)):
        often.report(5.0, step)
        assert often.should_prune() is advice  # unheeded, it goes on until the next rung
    for step in (3, 4, 5):
        rarely.report(5.0, step)
    assert rarely.should_prune()
    assert rarely.should_prune()
    rarely.report(5.0, 6)
    assert not rarely.should_prune()


def test_who_asks_rarely_is_paused_as_well() -> None:
    scheduler = bo.ASHAScheduler(max_steps=9, mode="pause")
    study = bo.create_study(SPACE, sampler="random", scheduler=scheduler, seed=0)
    trial = study.ask()
    for step in (1, 2):
        trial.report(1.0, step)
    assert trial.should_prune()
    study.tell(trial, state="pruned")
    assert study.trials[0].state is bo.TrialState.PAUSED


def test_a_view_knows_failed_and_running_trials() -> None:
    study = bo.create_study(SPACE, sampler="random", seed=0)
    for n in range(14):
        study.add_trial({"x": n / 14}, state="pruned", reports={1: 1.0})
    study.add_trial({"x": 0.99}, state="fail", reports={1: 1.0})
    study.ask()
    view = bo.HyperbandScheduler(max_steps=9, min_steps=3).view(study.history)
    assert view is study.history  # nobody got to a rung
    view = bo.ASHAScheduler(max_steps=9).view(study.history)
    counts = (view.count(bo.TrialState.COMPLETE), view.is_failed.sum(), view.is_running.sum())
    assert counts == (14, 1, 1)


def test_a_result_is_told_though_checkpoints_cannot_be_tidied_up(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    study = bo.create_study(SPACE, storage=tmp_path / "study.db", sampler="random", seed=0)
    trial = study.ask()
    root = trial.checkpoint_dir.parent
    trial.checkpoint_dir.rmdir()
    root.rmdir()
    root.write_text("not a folder")
    study.tell(trial, 1.0)
    assert study.best_trial.values == (1.0,)
    assert "checkpoints are not tidied up" in caplog.text
