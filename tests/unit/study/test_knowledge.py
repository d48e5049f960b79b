"""Studies that begin with knowledge: what is stored of it, and that it lasts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import bayesopt as bo
from bayesopt.errors import SettingsError, StudyNotFoundError
from bayesopt.study.knowledge import MOST_TRIALS, frozen

SPACE = bo.Space({"x": bo.Float(0.0, 1.0), "f": bo.Categorical([abs, len])})


def value(params: dict[str, object]) -> float:
    return (params["x"] - 0.3) ** 2 + (params["f"] is len)


def finished(n: int = 12, direction: str = "minimize", **options: object) -> bo.Study:
    study = bo.create_study(SPACE, direction, sampler="random", seed=3, **options)
    sign = 1.0 if direction == "minimize" else -1.0
    for _ in range(n):
        trial = study.ask()
        study.tell(trial, sign * value(trial.params))
    return study


def first_rows(study: bo.Study, n: int = 8) -> list[dict[str, object]]:
    seen = []
    for _ in range(n):
        trial = study.ask()
        seen.append(dict(trial.params))
        study.tell(trial, value(trial.params))
    return seen


def test_studies_paths_and_names_all_say_the_same(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    old = finished(storage=path, name="old")
    known = [
        bo.create_study(SPACE, seed=5, learn_from=given).sampler.sources
        for given in (old, [old], path, str(path), (path, "old"), [(path, "old")])
    ]
    assert all(sources == known[0] for sources in known)
    params, told = known[0][0]["trials"][0]
    assert (params["x"], told) == (old.trials[0].params["x"], old.trials[0].value)
    assert len(known[0][0]["trials"]) == 12


@pytest.mark.parametrize("direction", ["minimize", "maximize"])
def test_the_best_of_an_earlier_study_comes_first(direction: str) -> None:
    old = finished(direction=direction)
    study = bo.create_study(SPACE, seed=5, learn_from=old)
    assert study.ask().params == old.best_params


def test_knowledge_is_stored_with_the_study_and_outlives_its_sources(tmp_path: Path) -> None:
    path, old = tmp_path / "runs.db", finished(storage=tmp_path / "old.db")
    known = {"prior": {"x": bo.Near(0.3, within=0.1), "f": abs}, "learn_from": old}
    study = bo.create_study(SPACE, storage=path, seed=5, **known)
    first_rows(study)
    there = first_rows(bo.create_study(SPACE, seed=5, **known), 9)
    bo.delete_study(tmp_path / "old.db", "study")
    loaded = bo.load_study(path, space=SPACE)
    assert loaded.sampler == study.sampler
    assert [trial.params for trial in loaded.trials] == there[:8]
    assert loaded.ask().params == there[8]


def test_failed_infeasible_and_pruned_trials() -> None:
    old = bo.create_study({"x": bo.Float(0.0, 1.0)}, sampler="random", seed=1)
    trials = old.ask(5)
    old.tell(trials[0], 1.0)
    old.tell(trials[1], state="fail")
    old.tell(trials[2], 2.0, constraints={"g": 1.0})
    old.tell(trials[3], 3.0, state="pruned")
    values = [value for _, value in frozen(old, {"x": 0})["trials"]]
    assert values == [1.0, None, None]


def test_of_a_long_study_the_best_half_and_an_even_part_are_kept() -> None:
    old = bo.create_study({"x": bo.Float(0.0, 1.0)}, sampler="qmc", seed=1)
    for _ in range(220):
        trial = old.ask()
        old.tell(trial, trial.params["x"])
    kept = [value for _, value in frozen(old, {"x": 0})["trials"]]
    assert len(kept) == MOST_TRIALS
    assert set(sorted(t.value for t in old.trials)[: MOST_TRIALS // 2]) <= set(kept)
    assert sum(value > 0.7 for value in kept) > 25


@pytest.mark.parametrize(
    "known",
    [
        {"prior": {"y": 1.0}},
        {"prior": {"x": 2.0}},
        {"prior": {"x": 0.5}, "sampler": "cmaes"},
        {"prior": {"x": 0.5}, "sampler": "random"},
        {"sampler": bo.GPSampler(prior={"y": 1.0})},
        {"sampler": bo.TPESampler(prior={"x": 2.0})},
        {"sampler": bo.AutoSampler(prior={"x": 2.0})},
    ],
)
def test_a_prior_that_cannot_be_used_is_refused(known: dict[str, object]) -> None:
    with pytest.raises(SettingsError):
        bo.create_study(SPACE, **known)


def test_a_prior_needs_a_declared_space() -> None:
    with pytest.raises(SettingsError, match="a space that declares it"):
        bo.create_study(prior={"x": 0.5})


def test_studies_that_cannot_be_learned_from_are_refused(tmp_path: Path) -> None:
    old = finished()
    with pytest.raises(SettingsError, match="sampler"):
        bo.create_study(SPACE, sampler="tpe", learn_from=old)
    with pytest.raises(SettingsError, match="parameters"):
        bo.create_study({"z": bo.Float(0.0, 1.0)}, learn_from=old)
    several = bo.create_study(SPACE, directions=["minimize", "minimize"])
    with pytest.raises(SettingsError, match="one objective"):
        bo.create_study(SPACE, learn_from=several)
    with pytest.raises(SettingsError, match="one objective"):
        bo.create_study(SPACE, directions=["minimize", "minimize"], learn_from=old)
    for nothing in (3, [3], [None]):
        with pytest.raises(SettingsError):
            bo.create_study(SPACE, learn_from=nothing)
    path = tmp_path / "two.db"
    finished(storage=path, name="a")
    finished(storage=path, name="b")
    with pytest.raises(StudyNotFoundError, match="2"):
        bo.create_study(SPACE, learn_from=path)
    with pytest.raises(StudyNotFoundError):
        bo.create_study(SPACE, learn_from=(path, "c"))


def test_workers_that_join_later_know_what_was_known_at_first(tmp_path: Path) -> None:
    old, path = finished(n=5), tmp_path / "runs.db"
    first = bo.create_study(SPACE, storage=path, seed=5, learn_from=old)
    trial = old.ask()
    old.tell(trial, -100.0)
    joined = bo.create_study(SPACE, storage=path, learn_from=old, load_if_exists=True)
    assert joined.sampler == first.sampler
    own = bo.create_study(SPACE, sampler="gp", storage=path, learn_from=old, load_if_exists=True)
    assert len(own.sampler.sources[0]["trials"]) == 6


def test_a_look_inside_sees_what_earlier_studies_say() -> None:
    study = bo.create_study(SPACE, seed=5, learn_from=finished(20))
    first_rows(study, 8)
    assert [trial.sampler for trial in study.trials[:5]] == ["auto:gp:earlier"] * 4 + ["auto:gp"]
    inside = study.look_inside()
    configs = [trial.params for trial in study.trials]
    told = [trial.value for trial in study.trials]
    band = inside.predict(configs)
    assert np.median(abs(band.median - told)) < 0.01
    assert inside.cross_validated().r2 > 0.0


@pytest.mark.parametrize("known", [{"prior": {"x": 0.5}}, {"learn_from": []}])
def test_a_sampler_of_the_users_that_has_no_place_for_it_refuses(known: dict[str, object]) -> None:
    class Own:
        name = "own"

        def propose(self, space, history, n, rng):  # never called
            raise AssertionError

    with pytest.raises(SettingsError, match="got sampler 'own'"):
        bo.create_study({"x": bo.Float(0.0, 1.0)}, sampler=Own(), **known)


@pytest.mark.parametrize("place", ["path", "pair"])
def test_a_study_goes_on_when_the_one_it_learned_from_is_gone(tmp_path: Path, place: str) -> None:
    path = tmp_path / "earlier.db"
    earlier = bo.create_study(SPACE, storage=path, name="earlier", seed=0, sampler="random")
    earlier.optimize(lambda trial: trial.params["x"], n_trials=3)
    earlier.close()
    given = {"storage": tmp_path / "study.db", "seed": 0, "load_if_exists": True}
    given["learn_from"] = path if place == "path" else (path, "earlier")
    first = bo.create_study(SPACE, **given)
    path.unlink()
    again = bo.create_study(SPACE, **given)
    assert again.sampler == first.sampler
    assert again.sampler.sources[0]["name"] == "earlier"
    with pytest.raises(bo.StorageError, match="an existing file"):  # it would not know it
        bo.create_study(SPACE, sampler="gp", **given)
    with pytest.raises(bo.StorageError, match="an existing file"):
        bo.create_study(SPACE, name="another", **given)
    with pytest.raises(bo.SettingsError):
        bo.create_study(SPACE, **{**given, "learn_from": 3})
    assert [record.spec.name for record in bo.list_studies(tmp_path / "study.db")] == ["study"]
    first.close()
    again.close()
