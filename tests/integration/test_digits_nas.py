"""The example of architecture search, in small."""

from __future__ import annotations

import sys

import pytest


@pytest.fixture
def example(modules_of):
    """Import a module of the example by its bare name."""
    return modules_of("digits_nas")


def test_every_network_of_its_space_can_be_built(example):
    import numpy as np
    import torch

    space, train = example("space").SPACE, example("train")
    for config in space.decode(space.sample(5, np.random.default_rng(0))):
        model = train.make(config)
        assert model(torch.zeros(2, 1, 8, 8)).shape == (2, 10)
        assert sum(w.numel() for w in model.parameters()) <= example("space").MOST_WEIGHTS


@pytest.mark.slow
def test_the_example_runs(example, monkeypatch, capsys):
    main = example("main")
    monkeypatch.setattr(sys, "argv", ["main.py", "--trials", "6"])
    monkeypatch.setattr(main, "N_EPOCHS", 2)
    main.main()
    printed = capsys.readouterr().out
    assert "6 networks" in printed
    assert "accuracy on the test images" in printed
