"""A study whose objective declares the parameters models the conditions that its trials show."""

from __future__ import annotations

import multiprocessing
import shutil
from pathlib import Path

import numpy as np
import pytest

import bayesopt as bo
from bayesopt.rng import trial_rng
from bayesopt.samplers import GPSampler, TPESampler
from bayesopt.study.follow import Follower

BRANCHED = bo.Space(
    {
        "kind": bo.Categorical(["ridge", "forest", "none"]),
        "alpha": bo.Float(1e-4, 1e2, log=True, when={"kind": "ridge"}),
        "scale": bo.Float(0.0, 1.0),
        "trees": bo.Int(1, 40, when={"kind": "forest"}),
        "bag": bo.Categorical([False, True], when={"kind": "forest"}),
        "share": bo.Float(0.1, 1.0, when={"bag": True}),
    }
)
ORDER = tuple(BRANCHED.names)


def branched(trial: bo.Trial) -> float:
    kind = trial.suggest_categorical("kind", ["ridge", "forest", "none"])
    value = trial.suggest_float("alpha", 1e-4, 1e2, log=True) / 100 if kind == "ridge" else 0.5
    value += trial.suggest_float("scale", 0.0, 1.0)
    if kind == "forest":
        value -= trial.suggest_int("trees", 1, 40) / 80
        if trial.suggest_categorical("bag", [False, True]):
            value *= trial.suggest_float("share", 0.1, 1.0)
    return value


def conditions(space: bo.Space) -> dict[str, dict[str, tuple]]:
    return {name: dict(p.condition) for name, p in space.parameters.items() if p.condition}


def run(study: bo.Study, n: int) -> list[dict]:
    for _ in range(n):
        trial = study.ask()
        study.tell(trial, branched(trial))
    return [dict(record.params) for record in study.trials]


def declared_like(study: bo.Study) -> bo.Study:
    """Return a study with the same trials in the declared conditional space, columns alike."""
    parameters = {name: BRANCHED.parameters[name] for name in study.space.names}
    other = bo.create_study(bo.Space(parameters), sampler="random", seed=study.seed)
    for record in study.trials:
        other.add_trial(record.params, record.value)
    return other


def test_the_space_has_the_conditions_of_the_objective():
    study = bo.create_study(sampler="random", seed=1)
    run(study, 30)
    assert conditions(study.space) == conditions(BRANCHED)
    assert study.history.space == study.space
    assert study.history.space.active(study.history.X).tolist() == study.history.active.tolist()


@pytest.mark.parametrize("sampler", [TPESampler(), GPSampler()], ids=["tpe", "gp"])
def test_a_model_proposes_what_it_does_in_the_declared_space(sampler):
    study = bo.create_study(sampler="random", seed=1)
    run(study, 25)
    declared = declared_like(study)
    own, other = study.history, declared.history
    assert own.X.tobytes() == other.X.tobytes()
    assert own.active.tobytes() == other.active.tobytes()
    rows = [
        sampler.propose(each.space, each.history, 2, trial_rng(0, 25)).rows
        for each in (study, declared)
    ]
    assert rows[0].tobytes() == rows[1].tobytes()


def test_what_is_not_offered_is_drawn_and_widens_the_condition():
    study = bo.create_study(sampler="random", seed=0)
    for number in range(30):
        trial = study.ask()
        trial.suggest_float("x", 0.0, 1.0)  # else kind b would have been tried
        kind = trial.suggest_categorical("kind", ["a", "b"])
        if kind == "a" or number >= 15:
            assert 0.0 <= trial.suggest_float("y", 0.0, 1.0) <= 1.0
        study.tell(trial, 0.0)
        if number == 14:
            assert conditions(study.space) == {"y": {"kind": ("a",)}}
    assert conditions(study.space) == {}


def test_what_failed_says_nothing_and_what_is_struck_out_no_longer_does():
    study = bo.create_study(sampler="random", seed=0)
    for kind, with_y, state in [("a", 1, None), ("b", 0, None), ("b", 1, "fail"), ("b", 1, None)]:
        study.enqueue({"kind": kind})
        trial = study.ask()
        trial.suggest_categorical("kind", ["a", "b"])
        _ = trial.suggest_float("y", 0.0, 1.0) if with_y else None
        study.tell(trial, 1.0 if state is None else None, state=state)
        if trial.number == 2:
            assert conditions(study.space) == {"y": {"kind": ("a",)}}
    assert conditions(study.space) == {}
    study.invalidate(3, "a mistake")
    assert conditions(study.space) == {"y": {"kind": ("a",)}}
    study.invalidate(1, "another one")
    assert conditions(study.space) == {}


def test_parameters_are_recorded_in_the_order_in_which_they_were_asked_for():
    study = bo.create_study(sampler="random", seed=0)
    for names in ("ab", "ba", "b", "ab"):
        trial = study.ask()
        for name in names:
            trial.suggest_float(name, 0.0, 1.0)
        study.tell(trial, 0.0)
        assert list(study.get_trial(trial.number).params) == list(names)


def test_a_space_that_is_assigned_keeps_its_ranges_and_the_trials_their_say():
    study = bo.create_study(sampler="random", seed=1)
    run(study, 25)
    stored = study.storage.spaces(study._context.study_id)
    study.space = study.space  # what is read may be written back
    assert study.storage.spaces(study._context.study_id) == stored
    study.space = {
        "kind": bo.Categorical(["ridge", "forest", "none", "tree"]),
        **BRANCHED.parameters,
    }
    run(study, 5)
    assert conditions(study.space) == conditions(BRANCHED)


# -- the same everywhere ----------------------------------------------------------------------


def check_read_alike(study: bo.Study, other: bo.Study) -> None:
    context = study._context
    fresh = Follower(study.storage, context.study_id, context.spec).follow()
    for known in (study.history, other.history):
        assert known.space == fresh.space
        for name in ("X", "active", "inside", "state", "is_pending"):
            assert getattr(known, name).tobytes() == getattr(fresh, name).tobytes(), name


@pytest.mark.parametrize("seed", [0, 1])
def test_growing_and_reading_give_the_same_space(seed: int, tmp_path: Path):
    study = bo.create_study(sampler="random", storage=tmp_path / "s.db", seed=seed)
    other = bo.load_study(tmp_path / "s.db")
    rng, seen = np.random.default_rng(seed), set()
    for i in range(40):
        trial, value = study.ask(), None
        if (action := rng.random()) < 0.7:
            value = branched(trial)
        if action < 0.9:
            state = rng.choice(["complete", "pruned", "fail"]) if value else "fail"
            study.tell(trial, value, state=str(state))
        if action > 0.85 and (known := study.history.numbers_in(bo.TrialState.COMPLETE)).size:
            study.invalidate(int(rng.choice(known)), "test")
        seen.add(repr(conditions(study.space)))
        if i % 7 == 0:
            check_read_alike(study, other)
    check_read_alike(study, other)
    assert len(seen) > 1


@pytest.mark.parametrize("sampler", ["gp", "tpe"])
def test_a_restart_before_every_trial_changes_nothing(sampler: str, tmp_path: Path):
    whole = run(bo.create_study(sampler=sampler, seed=4), 16)
    for _ in range(16):
        study = bo.create_study(
            sampler=sampler, seed=4, name="s", storage=tmp_path / "s.db", load_if_exists=True
        )
        parts = run(study, 1)
        study.close()
    assert parts == whole


def ask_there(path: str) -> dict:
    study = bo.load_study(path)
    trial = study.ask()
    branched(trial)
    study.close()
    return trial.params


def test_another_process_asks_the_same(tmp_path: Path):
    study = bo.create_study(sampler="tpe", seed=2, storage=tmp_path / "s.db")
    run(study, 15)
    study.close()
    shutil.copy(tmp_path / "s.db", tmp_path / "copy.db")
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        there = pool.apply(ask_there, (str(tmp_path / "copy.db"),))
    assert there == ask_there(str(tmp_path / "s.db"))


def test_workers_find_the_conditions_together(tmp_path: Path):
    study = bo.create_study(sampler="random", seed=0, storage=tmp_path / "s.db")
    study.optimize(branched, n_trials=30, n_jobs=2)
    other = bo.load_study(tmp_path / "s.db")
    assert conditions(study.space) == conditions(BRANCHED)
    check_read_alike(study, other)
    study.close()
