"""Creating, loading, listing and deleting studies."""

from __future__ import annotations

import pytest

import bayesopt as bo

SPACE = {"x": bo.Float(0.0, 1.0)}


class Linear:
    """Stands for a class that a user passes as a choice."""


class Deep:
    """Another one."""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "studies.db"


def test_a_name_is_taken_once(path):
    bo.create_study(SPACE, storage=path, name="a").close()
    with pytest.raises(bo.StudyExistsError):
        bo.create_study(SPACE, storage=path, name="a")
    bo.create_study(SPACE, storage=path, name="a", load_if_exists=True).close()
    bo.create_study(SPACE, storage=path, name="b", seed=4).close()
    assert [record.spec.name for record in bo.list_studies(path)] == ["a", "b"]


def test_loading_restores_seed_directions_noise_sampler_and_scheduler(path):
    made = bo.create_study(
        SPACE,
        directions=["minimize", "maximize"],
        sampler=bo.GridSampler(resolution=3),
        scheduler=bo.MedianScheduler(n_startup_trials=7),
        storage=path,
        noisy=True,
    )
    loaded = bo.load_study(path)
    for study in (made, loaded):
        study.close()
    assert loaded.seed == made.seed
    assert loaded.directions == ("minimize", "maximize")
    assert loaded.noisy
    assert loaded.sampler == bo.GridSampler(resolution=3)
    assert loaded.scheduler == bo.MedianScheduler(n_startup_trials=7)


def test_deleting_leaves_the_others(path):
    for name in ("a", "b"):
        bo.create_study(SPACE, storage=path, name=name).close()
    bo.delete_study(path, "a")
    assert [record.spec.name for record in bo.list_studies(path)] == ["b"]
    with pytest.raises(bo.StudyNotFoundError):
        bo.delete_study(path, "a")


def test_loading_needs_a_name_among_several_and_an_existing_file(path, tmp_path):
    for name in ("a", "b"):
        bo.create_study(SPACE, storage=path, name=name).close()
    with pytest.raises(bo.StudyNotFoundError, match="2 studies"):
        bo.load_study(path)
    with pytest.raises(bo.StudyNotFoundError):
        bo.load_study(path, "c")
    with pytest.raises(bo.BayesOptError):
        bo.load_study(tmp_path / "typo.db", "a")
    assert not (tmp_path / "typo.db").exists()


def test_other_directions_under_the_same_name_are_refused(path):
    bo.create_study(SPACE, "minimize", storage=path).close()
    with pytest.raises(bo.StudyExistsError, match="directions"):
        bo.create_study(SPACE, "maximize", storage=path, load_if_exists=True)


@pytest.mark.parametrize(
    "arguments",
    [
        {"direction": "up"},
        {"directions": []},
        {"directions": "minimize"},
        {"direction": "minimize", "directions": ["minimize"]},
        {"seed": -1},
        {"seed": 1.5},
        {"seed": True},
        {"name": ""},
        {"lease_s": 0},
        {"lease_s": float("nan")},
        {"sampler": "no such sampler"},
        {"storage": "mysql://host/db"},
    ],
)
def test_unusable_arguments_are_refused(arguments):
    with pytest.raises(bo.BayesOptError):
        bo.create_study(SPACE, **arguments)


def test_objects_come_back_when_the_space_is_given_again(path):
    space = {"model": bo.Categorical([Linear, Deep])}
    study = bo.create_study(space, storage=path, sampler="random", seed=0)
    assert {study.ask().params["model"] for _ in range(2)} == {Linear, Deep}
    study.close()
    study = bo.load_study(path, space=space)
    assert {record.params["model"] for record in study.trials} == {Linear, Deep}
    study.close()
    study = bo.load_study(path)
    assert {record.params["model"] for record in study.trials} == {"Linear", "Deep"}
    study.close()


def test_continuing_with_another_seed_or_noise_is_refused(path):
    bo.create_study(SPACE, storage=path, seed=1).close()
    for changed in ({"seed": 2}, {"noisy": True}):
        with pytest.raises(bo.StudyExistsError, match=next(iter(changed))):
            bo.create_study(SPACE, storage=path, load_if_exists=True, **changed)
    bo.create_study(SPACE, storage=path, load_if_exists=True, seed=1, noisy=False).close()


@pytest.mark.parametrize("space", [[1], "x", 3])
def test_a_space_is_a_space(space):
    with pytest.raises(bo.SpaceError):
        bo.create_study(space)
