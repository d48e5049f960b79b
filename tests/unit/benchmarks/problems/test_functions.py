"""The minima that the textbook functions claim are minima, and lie where they are claimed."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize

from benchmarks.problems import functions as fn

FUNCTIONS = {
    "branin": (fn.branin(), 0.39788735772973816),
    "six_hump_camel": (fn.six_hump_camel(), -1.031628453489877),
    "beale": (fn.beale(), 0.0),
    "hartmann3": (fn.hartmann(3), -3.8627797873326),
    "hartmann6": (fn.hartmann(6), -3.32236801141551),
    "turned": (fn.turned(fn.hartmann(6), 3), -3.32236801141551),
    "wells": (fn.wells(3, 2), -1.0),
    "ackley": (fn.ackley(4), 0.0),
    "rosenbrock": (fn.rosenbrock(4), 0.0),
    "levy": (fn.levy(4), 0.0),
    "griewank": (fn.griewank(4), 0.0),
    "styblinski_tang": (fn.styblinski_tang(4), 4 * -39.16616570377142),
    "embedded": (fn.embedded(fn.hartmann(3), 20, seed=0), -3.8627797873326),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_least_value_is_the_one_in_the_literature(name):
    function, best = FUNCTIONS[name]
    assert function.best == pytest.approx(best, abs=1e-9)
    assert (function.low < function.optimum).all()
    assert (function.optimum < function.high).all()


@pytest.mark.parametrize("name", FUNCTIONS)
def test_no_random_or_descended_point_is_below_the_least_value(name):
    function, _ = FUNCTIONS[name]
    rng = np.random.default_rng(0)
    starts = rng.uniform(function.low, function.high, (500, function.d))
    near = function.optimum + 1e-3 * rng.standard_normal((50, function.d))
    values = [function.value(x) for x in [*starts, *near]]
    assert min(values) >= function.best
    bounds = list(zip(function.low, function.high, strict=True))
    for x in starts[:5]:
        found = minimize(function.value, x, method="L-BFGS-B", bounds=bounds)
        assert found.fun >= function.best - 1e-9


def test_a_turned_function_has_the_same_values_elsewhere():
    plain, seeds = fn.hartmann(6), range(1, 5)
    for function in (fn.turned(plain, seed) for seed in seeds):
        assert function.best == pytest.approx(plain.best, abs=1e-12)
        assert not np.allclose(function.optimum, plain.optimum)


def test_wells_are_as_deep_as_they_say_and_apart():
    for d, seed in ((2, 0), (3, 2), (6, 1)):
        function, starts = fn.wells(d, seed), np.random.default_rng(0).random((60, d))
        bounds = list(zip(function.low, function.high, strict=True))
        ends = [minimize(function.value, x, method="L-BFGS-B", bounds=bounds).fun for x in starts]
        assert len({round(end, 3) for end in ends} & {-1.0, -0.92, -0.84, -0.76, -0.68}) >= 3


def test_moved_optima_are_off_the_centre_and_off_the_diagonal():
    for function in (fn.ackley(5), fn.levy(5), fn.griewank(5)):
        share = (function.optimum - function.low) / (function.high - function.low)
        assert (np.abs(share - 0.5) > 0.01).all()
        assert np.ptp(share) > 0.2


def test_a_moved_function_is_the_same_function():
    plain = fn.on_cube(fn.ackley_value, 3, -5.0, 5.0, 0.0)
    shifted = fn.moved(plain)
    step = np.array([0.3, -0.2, 0.1])
    expected = fn.ackley_value(step)
    assert shifted.value(shifted.optimum + step) == pytest.approx(expected, abs=1e-12)


def test_idle_columns_do_nothing_and_the_others_do():
    function = fn.embedded(fn.hartmann(6), 60, seed=1)
    x = np.full(60, 0.4)
    base = function.value(x)
    changes = [function.value(np.where(np.arange(60) == j, 0.9, x)) != base for j in range(60)]
    assert sum(changes) == 6
