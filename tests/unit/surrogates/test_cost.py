"""What an evaluation will cost, and the price term that is made of it."""

from __future__ import annotations

import numpy as np
import pytest

import bayesopt as bo
from bayesopt.acquisition.functions import LogEI
from bayesopt.acquisition.price import Price, cooled
from bayesopt.acquisition.utility import Gain, Utility
from bayesopt.surrogates.cost import learn_cost
from bayesopt.surrogates.model import FitCache, GPSettings, build_belief

SPACE = bo.Space(
    {
        "units": bo.Float(1.0, 1000.0, log=True),
        "c": bo.Categorical(["slow", "fast"]),
        "e": bo.Float(0.0, 1.0, when={"c": "slow"}),
    }
)
ROWS = SPACE.sample(40, np.random.default_rng(1))
COST = 3.0 * 10.0 ** (3.0 * ROWS[:, 0]) * np.where(ROWS[:, 1] < 0.5, 2.0, 1.0)
VALUES = (ROWS[:, 0] - 0.6) ** 2
NOTHING = np.zeros(40, dtype=bool)


def learn(cost: np.ndarray = COST, cache: FitCache | None = None):
    return learn_cost(SPACE.domain, ROWS[: len(cost)], cost, GPSettings(), cache)


def test_it_predicts_costs_over_decades() -> None:
    model, new = learn(), SPACE.sample(200, np.random.default_rng(2))
    truth = 3.0 * 10.0 ** (3.0 * new[:, 0]) * np.where(new[:, 1] < 0.5, 2.0, 1.0)
    error = model.log_cost(new) - np.log(truth / np.median(COST))
    assert np.abs(error).max() < 0.2


@pytest.mark.parametrize("factor", [1e-200, 1.0, 1e200])
def test_the_unit_of_costs_does_not_matter(factor: float) -> None:
    found, plain = learn(COST * factor).log_cost(ROWS), learn().log_cost(ROWS)
    np.testing.assert_allclose(found, plain, atol=1e-6)


def test_the_same_bits_with_a_cache_or_none() -> None:
    cache = FitCache()
    for n in range(4, 41):
        grown, made = learn(COST[:n], cache), learn(COST[:n])
        for one, other in zip(grown.log_cost_grad(ROWS), made.log_cost_grad(ROWS), strict=True):
            np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    "cost", [[], [1.0, 2.0, np.nan, 3.0], [5.0] * 10, [0.0] * 10], ids=["none", "few", "same", "0"]
)
def test_of_too_little_nothing_is_learned(cost: list[float]) -> None:
    assert learn(np.array(cost)) is None


def test_free_trials_are_cheap_and_no_error() -> None:
    model = learn(np.where(np.arange(40) == 7, 0.0, COST))
    assert np.isfinite(model.log_cost(ROWS)).all()


@pytest.mark.parametrize("exponent", [0.3, 1.0])
def test_gradients_of_price_and_utility_are_those_of_finite_differences(exponent: float) -> None:
    belief = build_belief(SPACE.domain, ROWS, VALUES, NOTHING, GPSettings())
    price = Price(learn(), exponent)
    gain = Gain(belief.members, belief.weights, LogEI(0.3))
    X, step = SPACE.sample(12, np.random.default_rng(3)), 1e-6
    for term in (price, Utility((gain, price))):
        value, grad = term.value_grad(X)
        np.testing.assert_allclose(value, term.value(X), rtol=1e-12)
        move = np.zeros_like(X)
        move[:, 0] = step
        slope = (term.value(X + move) - term.value(X - move)) / (2.0 * step)
        np.testing.assert_allclose(grad[:, 0], slope, rtol=1e-4, atol=1e-6)
        assert (grad[:, 1] == 0.0).all()  # a choice


def test_the_exponent_cools_from_one_to_nothing() -> None:
    assert [cooled(spent, 10.0, 110.0) for spent in (5.0, 10.0, 60.0, 110.0, 500.0)] == [
        1.0, 1.0, 0.5, 0.0, 0.0,
    ]  # fmt: skip
    assert cooled(5.0, 20.0, 20.0) == 0.0  # nothing is left after the design
