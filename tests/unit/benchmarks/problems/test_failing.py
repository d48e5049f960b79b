"""Where the problems of the suite "failing" fail, and that their best value does not."""

from __future__ import annotations

import numpy as np
import pytest
from problem_promises import configs_of

from benchmarks.problems import functions as fn
from benchmarks.problems import registry

SHARES = {
    "branin-choice3": 2 / 3,
    "levy-d5-choice4": 1 / 2,
    "hartmann6-half": 7 / 8,
    "branin-island": 1 - 36 * np.pi / 15**2,
    "levy-d5-rings": 1 / 2,
    "ackley-d5-chance": 0.3,
}
OPTIMA = {
    "hartmann6-half": fn.hartmann(6),
    "rosenbrock-d5-edge": fn.rosenbrock(5),
    "levy-d5-rings": fn.levy(5),
    "ackley-d5-chance": fn.ackley(5),
}


@pytest.mark.parametrize("name", SHARES)
def test_as_many_fail_as_should(name):
    problem = registry.load(f"failing/{name}")
    losses = [problem.loss(config) for config in configs_of(problem, 1000)]
    assert np.isnan(losses).mean() == pytest.approx(SHARES[name], abs=0.06)


@pytest.mark.parametrize("name", OPTIMA)
def test_the_best_configuration_works(name):
    problem = registry.load(f"failing/{name}")
    config = {f"x{i}": float(x) for i, x in enumerate(OPTIMA[name].optimum)}
    assert problem.loss(config) == pytest.approx(problem.best)


def test_a_broken_choice_always_fails():
    problem = registry.load("failing/levy-d5-choice4")
    for config in configs_of(problem, 100):
        assert np.isnan(problem.loss(config)) == (config["choice"] in {1, 3})
