"""Ours as contestants: every sampler by name, with settings, failures told as failures."""

from __future__ import annotations

import pytest

import bayesopt as bo
from benchmarks.contestants import ours, plain

SPACE = bo.Space(
    {
        "x": bo.Float(0.0, 1.0),
        "kind": bo.Categorical(["a", "b"]),
        "z": bo.Int(1, 5, when={"kind": "a"}),
    }
)


ALL = [*plain.ENTRIES.values(), *ours.ENTRIES.values()]


def here(entry):
    """Whether this version has the sampler."""
    try:
        entry.make(SPACE, 0, 1)
    except ImportError:
        return False
    return True


@pytest.mark.parametrize("entry", list(filter(here, ALL)), ids=lambda entry: entry.name)
def test_it_asks_and_takes_what_it_is_told(entry):
    contestant = entry.make(SPACE, 3, 10)
    for i in range(6):
        config = contestant.ask()
        assert SPACE.validate(config) == config
        contestant.tell(config, float(i), failed=i == 2)
    states = [trial.state.name for trial in contestant._study.trials]
    assert states == ["COMPLETE"] * 2 + ["FAIL"] + ["COMPLETE"] * 3
    assert entry.version() == bo.__version__


def test_a_sampler_of_another_version_is_missing():
    with pytest.raises(ImportError, match="'yesterday'"):
        ours.entry("ours-yesterday", "yesterday").make(SPACE, 0, 1)


def test_the_seed_decides():
    def first(seed):
        return plain.ENTRIES["random"].make(SPACE, seed, 10).ask()

    assert first(1) == first(1)
    assert first(1) != first(2)


def test_settings_behind_a_colon():
    entry = ours.variant("ours-grid:resolution=3/shuffle=true")
    contestant = entry.make(SPACE, 0, 10)
    assert contestant._study.sampler == bo.GridSampler(resolution=3, shuffle=True)
    assert ours.variant("ours-qmc") is None
    assert ours.variant("optuna-tpe:n=1") is None
    with pytest.raises(ImportError, match="no_such_setting"):
        ours.variant("ours-qmc:no_such_setting=1").make(SPACE, 0, 10)


def test_prefilling_is_telling():
    """The next suggestion depends on what is known, not on how it became known."""
    told, filled = (ours.entry("ours-qmc", "qmc").make(SPACE, 0, 10) for _ in range(2))
    configs, losses = [], [0.3, 0.1, 0.2]
    for loss in losses:
        configs.append(told.ask())
        told.tell(configs[-1], loss, False)
    filled.prefill(configs, losses)
    assert filled.ask() == told.ask()
    assert filled._study.best_params == told._study.best_params
