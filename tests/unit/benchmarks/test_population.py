"""The training that populations are compared on, and the comparison."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("sklearn")

from benchmarks.digits_training import Images, Training, load
from benchmarks.population import CONTESTANTS, Budget, Size, run, table

CONFIG = {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.0, "dropout": 0.0, "batch": 32}


def test_a_step_goes_down_the_gradient() -> None:
    training = Training({**CONFIG, "lr": 1.0, "momentum": 0.0}, seed=1)
    batch = Images(load().train.x[:32], load().train.y[:32])
    before = [each.copy() for each in training.weights]
    training._step(*batch, np.random.default_rng(0))
    steps = [old - new for old, new in zip(before, training.weights, strict=True)]
    for i, place in ((0, (20, 5)), (1, (3,)), (2, (4, 2)), (3, (1,))):
        losses = []
        for sign in (1.0, -1.0):
            training.weights = [each.copy() for each in before]
            training.weights[i][place] += sign * 1e-6
            losses.append(training._evaluate(batch)[0])
        assert steps[i][place] == pytest.approx((losses[0] - losses[1]) / 2e-6, abs=1e-8)


def test_a_training_that_was_saved_goes_on_as_if_it_had_not_been(tmp_path: Path) -> None:
    whole, first = (Training(CONFIG, seed=3) for _ in range(2))
    whole.run_epoch()
    first.run_epoch()
    first.save(tmp_path)
    second = Training(CONFIG, seed=9)
    second.load(tmp_path)
    assert second.run_epoch() == whole.run_epoch()


def test_every_contestant_spends_the_same_budget() -> None:
    size = Size(members=3, epochs=2, interval=1)
    rows = [run(name, size, seed=0) for name in CONTESTANTS]
    assert all(row["unspent"] == 0 for row in rows)
    text = table(rows)
    assert all(f"| {name} |" in text for name in CONTESTANTS)
    assert Budget(3).best.validation == float("inf")
