"""The parts of the demo, and the demo itself in small."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "examples" / "digits_cnn"


@pytest.fixture
def demo(modules_of):
    """Import a module of the demo by its bare name."""
    return modules_of("digits_cnn")


def test_the_parts_of_the_data_are_disjoint_and_balanced(demo):
    digits = demo("data").load()
    parts = [digits.train, digits.validation, digits.test]
    assert [len(part) for part in parts] == [1077, 360, 360]
    for part in parts:
        share = part.y.bincount(minlength=10) / len(part)
        assert share.min() > 0.09
        assert share.max() < 0.11
    images = [{row.numpy().tobytes() for row in part.x} for part in parts]
    assert not images[0] & images[2]
    assert not images[1] & images[2]
    assert not images[0] & images[1]


def test_the_split_is_always_the_same(demo):
    data = demo("data")
    first, second = data.load(), data.load.__wrapped__()
    assert first.test.x.equal(second.test.x)


def test_every_shape_of_the_model_classifies(demo):
    import torch

    for activation in demo("model").ACTIVATIONS:
        for depth in range(1, 5):
            model = demo("model").build(depth, 8, 0.1, activation)
            assert model(torch.zeros(3, 1, 8, 8)).shape == (3, 10)


def test_a_training_learns_and_repeats_exactly(demo, monkeypatch):
    train, data, space = demo("train"), demo("data"), demo("space")
    monkeypatch.setattr(train, "N_EPOCHS", 3)
    images = data.load().train
    first = train.evaluate(train.train(space.TEXTBOOK, images, seed=1), images)
    again = train.evaluate(train.train(space.TEXTBOOK, images, seed=1), images)
    assert first == again
    assert first[1] > 0.3


def test_the_textbook_belongs_to_the_space(demo):
    space = demo("space")
    config = space.SPACE.validate(space.TEXTBOOK)
    assert config["optimizer"] == "sgd"
    assert (config["batch"], config["dropout"], config["weight_decay"]) == (32, 0.5, 1e-4)


def test_only_sgd_has_a_momentum(demo):
    import numpy as np

    space = demo("space").SPACE
    configs = space.decode(space.sample(64, np.random.default_rng(0)))
    assert {config["optimizer"] for config in configs} == {"sgd", "adamw"}
    for config in configs:
        assert ("momentum" in config) == (config["optimizer"] == "sgd")


def test_the_grid_has_as_many_cells_as_the_demo_has_trainings(demo):
    assert demo("space").GRID.size == demo("main").N_TRAININGS


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_demo_runs_and_resumes(tmp_path):
    storage = tmp_path / "study.db"
    command = [sys.executable, str(FOLDER / "main.py"), "--storage", str(storage)]
    command += ["--trainings", "2", "--more", "1"]
    first = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)
    assert "textbook" in first.stdout
    assert "Resuming" not in first.stdout
    second = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)
    assert "Resuming study.db: 6 trainings" in second.stdout
    assert "digits-cnn-random: random sampler, 3 trainings in all" in second.stdout
