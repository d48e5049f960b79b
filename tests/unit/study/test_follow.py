"""What a process knows as it goes is, to the last bit, what a fresh one reads from the storage."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import bayesopt as bo
from bayesopt.history import History
from bayesopt.study.follow import Follower

SPACE = bo.Space(
    {
        "x": bo.Float(0.0, 1.0),
        "lr": bo.Float(1e-5, 1e-1, log=True),
        "n": bo.Int(1, 500, log=True),
        "opt": bo.Categorical(["sgd", 1, True]),
        "mom": bo.Float(0.0, 0.9, when={"opt": ["sgd", True]}, default=0.5),
    },
    constraints=["x < 0.9"],
)


def fresh(study: bo.Study) -> History:
    context = study._context
    return Follower(study.storage, context.study_id, context.spec, SPACE).follow()


def check(study: bo.Study) -> None:
    known, read = study.history, fresh(study)
    for name in ("X", "active", "inside", "state", "values", "constraints", "feasible", "cost",
                 "is_pending", "last_step"):  # fmt: skip
        assert getattr(known, name).tobytes() == getattr(read, name).tobytes(), name
    for states in [(state,) for state in bo.TrialState] + [tuple(bo.TrialState)]:
        numbers = np.flatnonzero(np.isin(read.state, states)).tolist()
        assert known.numbers_in(*states).tolist() == read.numbers_in(*states).tolist() == numbers
        assert known.count(*states) == read.count(*states) == len(numbers)
    rows = np.concatenate([read.X, SPACE.sample(20, np.random.default_rng(0))])
    if study.space == SPACE:
        assert known.contains(rows).tolist() == read.contains(rows).tolist()


def live(study: bo.Study, rng: np.random.Generator) -> None:
    """Do one of the things that happen to a study."""
    under_way = [study.get_trial(i) for i in study.history.numbers_in(bo.TrialState.RUNNING)]
    action = rng.choice(["ask", "tell", "tell", "batch", "enqueue", "add", "report", "strike"])
    if action == "ask":
        study.ask()
    elif action == "batch":
        study.ask(3)
    elif action == "enqueue":
        study.enqueue({"x": float(rng.random()) / 2, "opt": [1, True][rng.integers(2)]})
    elif action == "add":
        study.add_trial(SPACE.decode(SPACE.sample(1, rng))[0], float(rng.random()))
    elif action == "report" and under_way:
        study.ask().report(0.5, 1)
    elif action == "strike" and study.history.count(bo.TrialState.COMPLETE):
        study.invalidate(int(study.history.numbers_in(bo.TrialState.COMPLETE)[0]), "test")
    elif action == "tell" and under_way:
        told = {"q": float(rng.normal())} if rng.random() < 0.2 else None
        state = ["complete", "pruned", "fail"][rng.integers(3)]
        study.tell(under_way[0].number, float(rng.random()), state=state, constraints=told)


@pytest.mark.parametrize("stored", [False, True])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_growing_and_reading_give_the_same_columns(stored: bool, seed: int, tmp_path: Path) -> None:
    storage = tmp_path / "s.db" if stored else None
    study = bo.create_study(SPACE, sampler="random", storage=storage, seed=seed)
    rng = np.random.default_rng(seed)
    for i in range(60):
        live(study, rng)
        if i % 3 == 0:
            check(study)
    check(study)


def test_define_by_run_trials_are_read_as_they_grew() -> None:
    study = bo.create_study(seed=0)

    def objective(trial: bo.Trial) -> float:
        x = trial.suggest_float("x", 0.0, 1.0 + trial.number // 5)
        if trial.suggest_categorical("c", ["a", "b"]) == "a":
            return x
        return trial.suggest_int("k", 1, 9)

    study.optimize(objective, n_trials=20)
    read = Follower(study.storage, 1, study._context.spec).follow()
    assert study.history.X.tobytes() == read.X.tobytes()
    assert study.history.active.tobytes() == read.active.tobytes()


def test_a_row_that_a_sampler_did_not_snap_is_recorded_as_it_is_read() -> None:
    class Careless:
        name = "careless"

        def propose(self, space, history, n, rng):  # type: ignore[no-untyped-def]
            return bo.samplers.Suggestion(rng.random((n, space.d)), self.name)

    study = bo.create_study(SPACE, sampler=Careless(), seed=0)
    for _ in range(20):
        study.tell(study.ask(), 1.0)
    check(study)
