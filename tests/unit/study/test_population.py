"""Populations through a whole study: lineage, restarts, failures, checkpoints."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import bayesopt as bo
from bayesopt import checkpoints
from bayesopt.rng import named_rng
from bayesopt.schedulers.explore import Perturbation, explored
from bayesopt.storage import MemoryStorage
from bayesopt.study import asking

SPACE = bo.Space(
    {
        "lr": bo.Float(1e-3, 1.0, log=True),
        "depth": bo.Int(1, 6),
        "kind": bo.Categorical(["a", "b"]),
        "extra": bo.Float(-1.0, 1.0, when={"kind": "b"}),
    },
    constraints=["lr * depth <= 3"],
)
Lineage = list[tuple[Any, ...]]


@pytest.fixture(autouse=True)
def _quick_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints, "_sync", lambda path: None)


class World:
    """Deterministic trainings, some of which fail or report NaN."""

    def __init__(self, seed: int, *, is_kind: bool = False) -> None:
        self.seed, self.is_kind = seed, is_kind

    def luck(self, params: dict[str, Any], step: int) -> float:
        text = json.dumps([self.seed, step, sorted(params.items())])
        return float(np.random.default_rng(list(text.encode())).random())

    def step(self, weights: float, params: dict[str, Any], step: int) -> tuple[float, float]:
        """Return the weights after a step, and what is reported (NaN now and then)."""
        luck = self.luck(params, step)
        if luck < 0.03 and not self.is_kind:
            raise RuntimeError("it crashed")
        weights = round(weights - luck * params["lr"], 9)
        return weights, math.nan if luck > 0.95 and not self.is_kind else round(weights, 1)


class Run:
    """Workers that take turns at random, on a study that is opened anew now and then."""

    def __init__(self, scheduler: Any, world: World, seed: int) -> None:
        self.rng, self.world, self.scheduler = np.random.default_rng(seed), world, scheduler
        self.storage = MemoryStorage()
        self.study = bo.create_study(
            SPACE, sampler="random", scheduler=scheduler, storage=self.storage, seed=3
        )
        self.root, self.studies = self.study._context.checkpoints, [self.study]
        self.running: list[tuple[bo.Trial, float, int]] = []

    def go(self, n_workers: int, chance: float = 0.0) -> Run:
        """Train the population to its end; processes vanish with some chance per step."""
        self.chance = chance
        while True:
            while len(self.running) < n_workers and self.begin():
                pass
            if not self.running:
                return self
            self.advance(int(self.rng.integers(len(self.running))))
            if self.rng.random() < self.chance:
                self.vanish()

    def begin(self) -> bool:
        try:
            setup = asking.ask_within(self.study._context, self.study._strategy, None)
        except (bo.SpaceExhausted, bo.NothingToAskError):
            return False
        assert setup is not None
        trial, weights, step = self.study._trial(setup), 0.0, 0
        if trial.resume_from is not None:
            weights, step, value = json.loads((trial.resume_from / "state.json").read_text())
            trial.report(value, step)  # it may have been killed between saving and reporting
        self.running.append((trial, weights, step))
        if step and trial.should_prune():
            self.end(-1, state="pruned")
        elif step == self.scheduler.max_steps:
            self.end(-1, values=value)
        return True

    def advance(self, i: int) -> None:
        trial, weights, step = self.running[i]
        step += 1
        try:
            weights, value = self.world.step(weights, trial.params, step)
        except RuntimeError:
            return self.end(i, state="fail")
        with trial.save_checkpoint() as folder:
            (folder / "state.json").write_text(json.dumps([weights, step, value]))
        if self.rng.random() < self.chance:  # all vanish between saving and reporting
            return self.vanish()
        trial.report(value, step)
        self.running[i] = trial, weights, step
        if trial.should_prune():
            return self.end(i, state="pruned")
        if step == self.scheduler.max_steps:
            return self.end(i, values=value)
        return None

    def end(self, i: int, **told: Any) -> None:
        self.study.tell(self.running.pop(i)[0], **told)

    def vanish(self) -> None:
        """Let all workers vanish; another process goes on, which knows the storage only."""
        for trial, _, _ in self.running:
            self.storage.release(self.study._context.study_id, trial.number, trial.attempt)
        self.running = []
        self.studies.append(self.study)  # its checkpoints go with it
        self.study = bo.load_study(self.storage)
        self.study._context.checkpoints = self.root

    def lineage(self) -> Lineage:
        return [
            (t.number, t.origin and (t.origin.parent, t.origin.step), dict(t.params), t.state,
             repr(dict(t.reports)))
            for t in self.study.trials
        ]  # fmt: skip


class Plain:
    """A population that is trained generation by generation, in lists."""

    def __init__(self, scheduler: Any, world: World, space: bo.Space) -> None:
        self.scheduler, self.world, self.space = scheduler, world, space
        self.told: list[dict[str, Any]] = []

    def add(self, params: dict[str, Any], parent: int | None, step: int, weights: float) -> int:
        one = {"params": params, "parent": parent, "step": step, "weights": weights}
        self.told.append({**one, "at": step, "reports": {}, "state": None})
        return len(self.told) - 1

    def train(self, number: int, until: int) -> None:
        one = self.told[number]
        while one["state"] is None and one["at"] < until:
            one["at"] += 1
            try:
                one["weights"], value = self.world.step(one["weights"], one["params"], one["at"])
            except RuntimeError:
                one["state"] = bo.TrialState.FAIL
                return
            one["reports"][float(one["at"])] = (value,)

    def founders(self) -> list[int]:
        """Return the first members; one that fails before it reports is none."""
        reference, members = bo.create_study(self.space, sampler="random", seed=3), []
        while len(members) < self.scheduler.population:
            number = self.add(reference.ask().params, None, 0, 0.0)
            self.train(number, 1)
            members += [number] if self.told[number]["reports"] else []
        return members

    def ranked(self, members: list[int], level: int) -> list[int]:
        """Return the members that have a number at a level, the best first."""
        self.value = {n: self.told[n]["reports"].get(level, (math.nan,))[0] for n in members}
        usable = [n for n in members if math.isfinite(self.value[n])]
        return sorted(usable, key=lambda n: (self.value[n], n))

    def clone(self, k: int, i: int, parents: list[int]) -> int:
        rng, level = named_rng(3, k, f"clone {i}"), int(self.scheduler.levels[k])
        parent = int(rng.choice(parents))
        row = self.space.encode([self.told[parent]["params"]])[0]
        change = Perturbation(tuple(self.scheduler.factors), self.scheduler.resample)
        params = self.space.decode(explored(self.space, row, change, rng)[0][None, :])[0]
        number = self.add(params, parent, level, self.told[parent]["weights"])
        self.told[number]["reports"][float(level)] = (self.value[parent],)  # where it begins
        return number

    def next_generation(self, members: list[int], k: int) -> list[int]:
        """Train to a level, and replace the worst there."""
        scheduler, told = self.scheduler, self.told
        for number in members:
            self.train(number, int(scheduler.levels[k]))
        ranked = self.ranked(members, int(scheduler.levels[k]))
        n_out = min(math.ceil(scheduler.quantile * scheduler.population), scheduler.population // 2)
        kept = ranked[: scheduler.population - n_out]
        for number in set(members) - set(kept):
            told[number]["state"] = told[number]["state"] or bo.TrialState.PRUNED
        parents = ranked[: max(1, min(n_out, len(kept)))]
        parents = [n for n in parents if told[n]["state"] is not bo.TrialState.FAIL] or parents
        n_born = scheduler.population - len(kept) if kept else 0
        return [*kept, *(self.clone(k, i, parents) for i in range(n_born))]

    def finish(self, members: list[int]) -> None:
        for number in members:
            one = self.told[number]
            self.train(number, int(self.scheduler.max_steps))
            is_good = math.isfinite(one["reports"].get(self.scheduler.max_steps, (math.nan,))[0])
            ended = bo.TrialState.COMPLETE if is_good else bo.TrialState.FAIL
            one["state"] = one["state"] or ended

    def lineage(self) -> Lineage:
        members = self.founders()
        for k in range(len(self.scheduler.levels) - 1):
            members = self.next_generation(members, k) if members else []
        self.finish(members)
        return [
            (i, None if t["parent"] is None else (t["parent"], float(t["step"])), t["params"],
             t["state"], repr(t["reports"]))
            for i, t in enumerate(self.told)
        ]  # fmt: skip


@settings(max_examples=10)
@given(
    st.integers(0, 10_000), st.integers(1, 6), st.sampled_from([2, 3, 5]),
    st.sampled_from([0.2, 0.5]), st.booleans(),
)  # fmt: skip
def test_the_lineage_is_that_of_a_plain_simulation(
    seed: int, n_workers: int, population: int, quantile: float, is_interrupted: bool
) -> None:
    scheduler = bo.PBTScheduler(max_steps=6, population=population, interval=2, quantile=quantile)
    world = World(seed, is_kind=n_workers > population)
    run = Run(scheduler, world, seed).go(n_workers, chance=0.05 if is_interrupted else 0.0)
    assert run.lineage() == Plain(scheduler, world, SPACE).lineage()


class Objective:
    """A training that saves before it reports, and says again where it goes on from."""

    def __init__(self, max_steps: int = 6, *, saves: bool = True, sign: float = 1.0) -> None:
        self.max_steps, self.saves, self.sign = max_steps, saves, sign

    def __call__(self, trial: bo.Trial) -> float:
        step, loss = 0, 1.0
        if trial.resume_from is not None:
            step, loss = json.loads((trial.resume_from / "state.json").read_text())
        while True:
            if step:
                trial.report(self.sign * loss, step)
            if step == self.max_steps:
                return self.sign * loss
            if step and trial.should_prune():
                raise bo.TrialPruned
            step, loss = step + 1, loss * (1.0 - 0.3 * trial.params["x"])
            if self.saves:
                with trial.save_checkpoint() as folder:
                    (folder / "state.json").write_text(json.dumps([step, loss]))


LINE = {"x": bo.Float(0.0, 1.0)}
STATES = bo.TrialState


def population(**changes: Any) -> bo.PBTScheduler:
    return bo.PBTScheduler(**{"max_steps": 6, "population": 4, "interval": 2, **changes})


def new_study(**changes: Any) -> bo.Study:
    given = {"sampler": "random", "scheduler": population(), "seed": 0, **changes}
    return bo.create_study(given.pop("space", LINE), **given)


def family(study: bo.Study) -> list[tuple[Any, ...]]:
    return [(t.number, t.origin and (t.origin.parent, t.origin.step), t.params["x"], t.state)
            for t in study.trials]  # fmt: skip


def test_a_clone_goes_on_from_its_parent_and_the_population_comes_to_its_end() -> None:
    study = new_study()
    study.optimize(Objective())
    clones = [t for t in study.trials if t.origin is not None]
    assert len(clones) == 2  # a quarter of four, at steps 2 and 4
    for clone in clones:
        parent = study.get_trial(clone.origin.parent)
        assert clone.reports[clone.origin.step] == parent.reports[clone.origin.step]
        assert min(clone.reports) == clone.origin.step
        assert clone.sampler == "pbt"
        assert not clone.fallback
    assert sum(t.state is STATES.COMPLETE for t in study.trials) == 4
    with pytest.raises(bo.SpaceExhausted, match="trained to its end"):
        study.ask()
    study.optimize(Objective())  # does nothing
    assert len(study.trials) == 6


def test_maximising_is_minimising_the_negative() -> None:
    low, high = new_study(), new_study(direction="maximize")
    low.optimize(Objective())
    high.optimize(Objective(sign=-1.0))
    assert family(low) == family(high)


def test_asking_by_hand_gives_founders_then_waits_for_them() -> None:
    study = new_study()
    trials = study.ask(10)
    assert [t.number for t in trials] == [0, 1, 2, 3]
    with pytest.raises(bo.NothingToAskError, match="ask again"):
        study.ask()
    for trial in trials:
        for step in (1, 2):
            trial.report(trial.params["x"], step)
            assert trial.should_prune() == (step == 2)
        study.tell(trial, state="pruned")
    worst = max(trials, key=lambda t: t.params["x"])
    clone = study.ask(key="clone")
    assert clone.parent == min(trials, key=lambda t: t.params["x"]).number
    assert study.get_trial(worst.number).state is STATES.PRUNED
    assert study.ask(key="clone").parent == clone.parent
    assert {t.number for t in study.ask(5)} == {0, 1, 2, 3} - {worst.number}


def test_without_checkpoints_clones_begin_anew_and_say_so(
    caplog: pytest.LogCaptureFixture,
) -> None:
    study = new_study()
    study.optimize(Objective(saves=False))
    clones = [t for t in study.trials if t.origin is not None]
    assert len(clones) == 2
    assert all("left no checkpoint" in clone.fallback for clone in clones)
    assert all(min(clone.reports) == 1.0 for clone in clones)
    assert "save_checkpoint" in caplog.text


def test_a_checkpoint_that_vanished_is_said_and_the_clone_begins_anew(
    caplog: pytest.LogCaptureFixture,
) -> None:
    study = new_study()
    trials = study.ask(4)
    for trial in trials:
        with trial.save_checkpoint() as folder:
            (folder / "state.json").write_text("[2, 0.5]")
        trial.report(trial.params["x"], 2)
        study.tell(trial, state="pruned")
    clone = study.ask()
    root = study._context.checkpoints
    checkpoints.remove(root, clone.parent or 0)
    assert clone.resume_from is None
    assert f"the checkpoint of trial {clone.parent} is gone" in caplog.text


def test_a_parent_that_goes_on_does_not_spoil_what_its_clone_begins_from() -> None:
    study = new_study()
    for trial in study.ask(4):
        with trial.save_checkpoint() as folder:
            (folder / "state.json").write_text(f"[2, {trial.number}]")
        trial.report(trial.params["x"], 2)
        study.tell(trial, state="pruned")
    clone, *others = study.ask(4)
    parent = next(t for t in others if t.number == clone.parent)
    for step in (3, 4):
        with parent.save_checkpoint() as folder:
            (folder / "state.json").write_text(f"[{step}, -1]")
        parent.report(0.0, step)
    study.tell(parent, state="fail")
    source = clone.resume_from
    assert source is not None
    assert json.loads((source / "state.json").read_text()) == [2, clone.parent]
    with clone.save_checkpoint() as folder:
        (folder / "state.json").write_text("[3, 0]")
    assert source.is_dir()
    study.tell(clone, 0.5)
    assert not source.exists()  # nobody needs it any more
    assert checkpoints.numbers(study._context.checkpoints)  # the best one's


def test_all_members_fail_and_the_study_ends_with_a_reason(caplog: Any) -> None:
    def crash(trial: bo.Trial) -> float:
        trial.report(1.0, 1)
        raise ValueError("no luck")

    caplog.set_level("INFO", logger="bayesopt")
    study = new_study()
    study.optimize(crash, catch=ValueError)
    assert [t.state for t in study.trials] == [STATES.FAIL] * 4
    assert "no member of the population had a usable value at step 2" in caplog.text


def test_what_waits_beside_a_population_goes_on_though_that_is_trained() -> None:
    study = new_study(scheduler=None)
    for trial in study.ask(7):  # four of them are the population
        trial.report(1.0, 6)
        study.tell(trial, state="paused")
    study.scheduler = population()
    study.optimize(lambda trial: float(trial.number))
    assert [t.state for t in study.trials] == [STATES.COMPLETE] * 7
    with pytest.raises(bo.SpaceExhausted, match="trained to its end"):
        study.ask()


def test_a_trial_that_reports_nothing_is_no_member_and_said(caplog: Any) -> None:
    study = new_study()
    study.optimize(lambda trial: trial.params["x"], n_trials=6)
    assert sum("reported nothing" in message for message in caplog.messages) == 6
    study.optimize(Objective(), n_trials=12)
    assert sum("reported nothing" in message for message in caplog.messages) == 6


def test_nan_at_a_level_is_over_and_replaced() -> None:
    def objective(trial: bo.Trial) -> float:
        if trial.number < 3:
            trial.report(math.nan, 2)
            assert trial.should_prune()
            raise bo.TrialPruned
        return Objective()(trial)

    study = new_study()
    study.optimize(objective)
    assert [t.state for t in study.trials[:3]] == [STATES.PRUNED] * 3
    assert [t.origin.parent for t in study.trials[4:7] if t.origin] == [3, 3, 3]


def test_a_budget_of_trials_ends_a_population_early_and_nothing_waits_for_ever() -> None:
    for n_trials in (1, 3, 4, 5):
        study = new_study()
        study.optimize(Objective(), n_trials=n_trials)
        assert len(study.trials) == n_trials
        assert all(t.state.is_finished for t in study.trials)
        assert any(t.state is STATES.COMPLETE for t in study.trials)


@pytest.mark.parametrize("scheduler", [population(), bo.HyperbandScheduler(max_steps=6)])
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_a_break_that_is_no_budget_changes_nothing(scheduler: Any, n_jobs: int) -> None:
    budget = None if isinstance(scheduler, bo.PBTScheduler) else 12
    whole = new_study(scheduler=scheduler)
    whole.optimize(Objective(), n_trials=budget)
    broken, ended = new_study(scheduler=scheduler), [0]

    def count(study: bo.Study, record: bo.TrialRecord) -> None:
        ended[0] += 1
        if ended[0] % 3 == 0:
            study.stop()

    for _ in range(20):
        broken.optimize(
            Objective(), n_trials=budget, n_jobs=n_jobs, threads=True, callbacks=[count]
        )
    broken.optimize(Objective(), n_trials=budget, stop=lambda history: "at once")
    assert family(broken) == family(whole)


def test_after_a_budget_a_population_goes_on_with_the_levels_that_are_still_open() -> None:
    study = new_study()
    study.optimize(Objective(), n_trials=3)  # of four members: decided without the fourth
    assert [t.state for t in study.trials] == [STATES.COMPLETE] * 3
    study.optimize(Objective())
    assert len(study.trials) == 4
    assert study.trials[3].origin is None


def test_enqueued_configurations_found_it_and_imported_ones_do_not() -> None:
    study = new_study()
    study.add_trial({"x": 0.9}, 0.0, reports={1: 0.1, 2: 0.0})
    study.add_trial({"x": 0.8}, state="fail")
    study.enqueue({"x": 0.25})
    study.optimize(Objective())
    assert study.get_trial(2).params["x"] == 0.25
    assert 2 in {t.number for t in study.trials if max(t.reports, default=0) >= 2}
    assert all(t.origin is None or t.origin.parent >= 2 for t in study.trials)
    assert sum(t.state is STATES.COMPLETE for t in study.trials) == 5


def test_several_objectives_and_define_by_run() -> None:
    def objective(trial: bo.Trial) -> tuple[float, float]:
        x = trial.suggest_float("x", 0.0, 1.0)
        for step in range(1, 7):
            trial.report((x * step, (1 - x) * step), step)
            if trial.should_prune():
                raise bo.TrialPruned
        return x, 1 - x

    study = new_study(space=None, directions=["minimize", "minimize"])
    study.optimize(objective)
    assert any(t.origin is not None for t in study.trials)
    assert sum(t.state is STATES.COMPLETE for t in study.trials) == 4


def test_pb2_refuses_several_objectives_before_anything_is_asked() -> None:
    scheduler = bo.PB2Scheduler(max_steps=6, population=4)
    study = new_study(scheduler=scheduler, directions=["minimize", "minimize"])
    with pytest.raises(bo.SettingsError, match="one objective"):
        study.ask()
    assert not study.trials


def test_workers_and_storages_make_no_difference(tmp_path: Path) -> None:
    alone, together = new_study(), new_study(storage=tmp_path / "study.db")
    alone.optimize(Objective())
    together.optimize(Objective(), n_jobs=2)
    assert family(alone) == family(together)
    assert alone.best_value == together.best_value
    assert alone.schedule() == together.schedule()
    together.close()


def train_in_batches(study: bo.Study, n: int) -> None:
    """Train a population as `n` workers would that begin at the same time."""
    objective = Objective()
    while True:
        try:
            batch = study.ask(n)
        except bo.SpaceExhausted:
            return
        for trial in batch:
            try:
                study.tell(trial, objective(trial))
            except bo.TrialPruned:
                study.tell(trial, state="pruned")


def test_a_bandit_knows_the_same_however_many_workers_there_are() -> None:
    scheduler = bo.PB2Scheduler(max_steps=6, population=6, interval=2, quantile=0.5)
    one_by_one, together = new_study(scheduler=scheduler), new_study(scheduler=scheduler)
    for study in (one_by_one, together):
        for x in (0.05, 0.1, 0.2, 0.4, 0.7, 0.8):
            study.enqueue({"x": x})
    train_in_batches(one_by_one, 1)  # the first clone has trained when the second one is born
    train_in_batches(together, 6)
    assert family(one_by_one) == family(together)


def test_a_full_disk_is_said_and_nothing_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    study = new_study()
    for trial in study.ask(4):
        with trial.save_checkpoint() as folder:
            (folder / "state.json").write_text("[2, 0.5]")
        trial.report(trial.params["x"], 2)
        study.tell(trial, state="pruned")

    def full(path: Path, **options: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "touch", full)
        with pytest.raises(bo.StorageError, match="No space left"):
            study.ask()
    assert len(study.trials) == 4
    clone = study.ask()
    assert clone.resume_from is not None


def test_reports_out_of_order_and_steps_that_are_skipped_or_repeated() -> None:
    study = new_study()
    trials = study.ask(4)
    for trial in trials:
        trial.report(trial.params["x"] + 1.0, 3)  # beyond the level, before what comes first
        trial.report(trial.params["x"], 0)
        trial.report(trial.params["x"], 0)
        with pytest.raises(bo.ReportConflictError):
            trial.report(-1.0, 0)
        assert trial.should_prune()
        study.tell(trial, state="pruned")
    clone = study.ask()
    assert clone.parent == min(trials, key=lambda t: t.params["x"]).number


def test_a_struck_out_member_does_not_reopen_what_was_decided() -> None:
    study = new_study()
    study.optimize(Objective(), n_trials=5)
    before = family(study)
    pruned = next(t for t in study.trials if t.state is STATES.PRUNED)
    study.invalidate(pruned, "a mistake")
    study.optimize(Objective())
    assert [one[:3] for one in family(study)[:5]] == [one[:3] for one in before]
