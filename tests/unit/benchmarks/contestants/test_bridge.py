"""Our samplers inside an Optuna study as contestants, and what the way there costs."""

from __future__ import annotations

import pytest

import bayesopt as bo
from benchmarks.contestants import registry

pytest.importorskip("optuna")

from benchmarks.contestants.bridge import Bridge
from benchmarks.optuna_bridge import Cell, ratio, table

SPACE = bo.Space(
    {
        "x": bo.Float(0, 1),
        "kind": bo.Categorical(["a", "b"]),
        "y": bo.Int(1, 8, when={"kind": "a"}),
        "size": bo.Ordinal([1, 2, 4]),
    },
    constraints=["x * size <= 2"],
)


def belongs(config):
    """Whether a configuration is one of the space's, and feasible; raises if it has other names."""
    return bool(SPACE.feasible(SPACE.encode([config]))[0])


@pytest.mark.parametrize("sampler", ["tpe", "random"])
def test_what_it_asks_for_belongs_to_the_space(sampler):
    bridge = Bridge(SPACE, 0, 0, sampler)
    for i in range(20):
        config = bridge.ask()
        assert belongs(config)
        assert bridge.ask_s > 0
        bridge.tell(config, float(i), failed=i % 5 == 0)
    states = [trial.state.name for trial in bridge._study.trials]
    assert states.count("COMPLETE") == 16


def test_it_takes_what_was_evaluated_elsewhere():
    import numpy as np

    bridge = Bridge(SPACE, 0, 0, "tpe")
    configs = SPACE.decode(SPACE.sample(12, np.random.default_rng(0)))
    bridge.prefill(configs, [float(i) for i in range(12)])
    assert belongs(bridge.ask())
    assert [trial.value for trial in bridge._study.trials[:12]] == [float(i) for i in range(12)]


def test_it_is_found_by_name_and_is_none_of_ours():
    names = [name for name in registry.entries() if name.startswith("bridge-")]
    assert names == ["bridge-gp", "bridge-tpe"]


def test_the_table_of_times():
    lines = list(table([Cell("random", "mixed", 6, 5)], rounds=3))
    assert len(lines) == 3
    assert lines[2].startswith("| random | mixed | 6 | 5 |")


def test_the_ratio_of_equal_times_is_one():
    import numpy as np

    seconds = np.array([1.0, 2.0, 3.0])
    assert ratio(seconds, seconds) == (1.0, 1.0, 1.0)
    assert ratio(2 * seconds, seconds)[0] == 2.0
