"""Noise that can be repeated and has the size it claims; minima that were built in."""

from __future__ import annotations

import math

import numpy as np
import pytest

from benchmarks.problems import registry

MINIMA = {
    "training-d7": {
        "learning_rate": 10**-3.2,
        "batch_size": 64,
        "optimizer": "adam",
        "depth": 4,
        "width": 128,
        "dropout": 0.2,
        "weight_decay": 10**-4.5,
    },
    "ranks-d7": {
        "x0": -4.3,
        "x1": 2.9,
        "k0": -6,
        "k1": 3,
        "choice0": "b",
        "choice1": "a",
        "level": "small",
    },
    "choose-d4": {"function": "branin", "tilt": "none", "u": (math.pi + 5) / 15, "v": 2.275 / 15},
    "pressure_vessel": {"shell": 13, "head": 7, "radius": 42.0984455959, "length": 176.636595842},
    "tree-d9": {"a": "0", "b": "0", "x4": 0.37, "r8": 0.0},
    "branches-d12": {
        "model": "hartmann",
        "hartmann.x0": 0.11458887,
        "hartmann.x1": 0.5556489,
        "hartmann.x2": 0.85254698,
    },
    "layers-d9": {
        "n_layers": 3,
        "width0": 96,
        "width1": 48,
        "width2": 24,
        "optimizer": "sgd",
        "momentum": 0.9,
        "learning_rate": 0.01,
    },
}
NOISY = [name for name in registry.problem_names("classic") if "-noise" in name]


@pytest.mark.parametrize("name", MINIMA)
def test_the_least_value_is_reached_where_it_was_put(name):
    problem = registry.load(f"classic/{name}")
    config = problem.space.validate(MINIMA[name])
    assert problem.loss(config) == pytest.approx(problem.best, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("name", ["ackley_bits-d13", "ackley_bits-d53"])
def test_the_bits_of_the_least_value_are_a_mixed_pattern(name):
    problem = registry.load(f"classic/{name}")
    bits = [key for key in problem.space if key.startswith("bit")]
    config = {"x0": 0.31, "x1": -0.57, "x2": 0.83} | dict.fromkeys(bits, 0)
    for bit in bits:  # each bit on its own is better one way, whatever the others are
        config[bit] = min((0, 1), key=lambda value, bit=bit: problem.loss(config | {bit: value}))
    assert problem.loss(config) == pytest.approx(0.0, abs=1e-12)
    assert 0 < sum(config[bit] for bit in bits) < len(bits)


@pytest.mark.parametrize("name", NOISY)
def test_noise_is_repeatable_and_of_the_size_it_claims(name):
    problem = registry.load(name)
    plain = registry.load(name.rsplit("-", 1)[0])
    config = plain.space.decode(plain.space.sample(1, np.random.default_rng(0)))[0]
    pairs = [problem.losses(config, seed) for seed in range(400)]
    assert {judged for _, judged in pairs} == {plain.loss(config)}
    assert problem.losses(config, 7) == pairs[7]
    draws = plain.space.decode(plain.space.sample(2000, np.random.default_rng(5)))
    spread = np.median([plain.loss(draw) for draw in draws]) - plain.best
    share = 0.05 if name.endswith("noise5") else 0.20
    errors = np.array([told - judged for told, judged in pairs])
    assert abs(errors.mean()) < 4 * share * spread / math.sqrt(400)
    assert errors.std() == pytest.approx(share * spread, rel=0.2)


def test_noise_differs_between_configurations_of_one_seed():
    problem = registry.load("classic/branin-noise20")
    configs = problem.space.decode(problem.space.sample(50, np.random.default_rng(0)))
    errors = [told - judged for told, judged in (problem.losses(c, 3) for c in configs)]
    assert len({round(error, 9) for error in errors}) == 50
