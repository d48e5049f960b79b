"""The example that embeds the engine: it does what a study would, and survives being stopped."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

import bayesopt as bo

PATH = Path(__file__).parents[2] / "docs" / "examples" / "own_tuner.py"


@pytest.fixture(scope="module")
def example():
    spec = importlib.util.spec_from_file_location("own_tuner", PATH)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def whole(example, tmp_path_factory):
    return example.run(tmp_path_factory.mktemp("own") / "log.jsonl")


def test_stopped_and_run_again_it_decides_the_same(example, whole, tmp_path):
    path = tmp_path / "log.jsonl"
    for n_turns in (1, 5, 3):
        example.run(path, n_turns)
    again = example.run(path)
    assert path.read_text().count('"begin"') == example.N_TRIALS
    np.testing.assert_array_equal(again.history.X, whole.history.X)
    np.testing.assert_array_equal(again.history.state, whole.history.state)
    np.testing.assert_array_equal(again.history.values, whole.history.values)


def test_a_program_that_died_in_a_training_takes_it_up_again(example, whole, tmp_path):
    path = tmp_path / "log.jsonl"
    tuner = example.run(path, 11)
    number = tuner.next()
    training = example.Training(tuner.config(number))
    tuner.note("report", number, epoch=1, loss=training.step())
    again = example.run(path)
    assert again.history.n == example.N_TRIALS
    assert not again.history.count(bo.TrialState.RUNNING, bo.TrialState.PAUSED)
    np.testing.assert_array_equal(again.history.X, whole.history.X)
    np.testing.assert_array_equal(again.history.values, whole.history.values)


def test_it_decides_as_a_study_does(example, whole):
    """The same space, seed, sampler and scheduler: the same trials, through a study."""

    def objective(trial):
        training = example.Training(trial.params)
        loss = float("nan")
        for epoch in range(1, example.N_EPOCHS + 1):
            loss = training.step()
            trial.report(loss, epoch)
            if trial.should_prune():
                raise bo.TrialPruned
        return loss

    study = bo.create_study(
        example.SPACE, seed=0, sampler=example.SAMPLER, scheduler=example.SCHEDULER
    )
    study.optimize(objective, n_trials=example.N_TRIALS)
    np.testing.assert_array_equal(study.history.X, whole.history.X)
    np.testing.assert_array_equal(study.history.is_complete, whole.history.is_complete)


def test_it_says_what_it_found(example, tmp_path, monkeypatch, capsys):
    path = str(tmp_path / "log.jsonl")
    monkeypatch.setattr("sys.argv", ["own_tuner.py", path])
    example.main()
    first = capsys.readouterr().out
    example.main()
    assert capsys.readouterr().out == first
    assert "18 trials, 2 trained to the end" in first
