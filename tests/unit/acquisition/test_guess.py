"""A guess as a term of the utility: its gradient, and how it fades."""

from __future__ import annotations

import numpy as np
import pytest

import bayesopt as bo
from bayesopt.acquisition.guess import Guess, exponent_after
from bayesopt.space.guess import plain_prior, read_prior

SPACE = bo.Space({"x": bo.Float(0.0, 1.0), "c": bo.Categorical(["a", "b"])})
PRIOR = read_prior(SPACE, plain_prior({"x": bo.Near(0.7, within=0.1), "c": {"a": 1, "b": 4}}))


@pytest.mark.parametrize("exponent", [1.0, 0.1])
def test_the_gradient_is_that_of_the_value(exponent: float) -> None:
    guess, h = Guess(PRIOR, SPACE.domain, exponent), 1e-6
    X = SPACE.sample(30, np.random.default_rng(0)) * [0.98, 1.0] + [0.01, 0.0]
    value, slope = guess.value_grad(X)
    np.testing.assert_array_equal(value, guess.value(X))
    step = np.array([h, 0.0])
    numeric = (guess.value(X + step) - guess.value(X - step)) / (2 * h)
    np.testing.assert_allclose(slope[:, 0], numeric, atol=1e-6)


def test_it_fades_as_trials_come_in() -> None:
    X = np.array([[0.1, 0.25]])
    worth = [
        Guess(PRIOR, SPACE.domain, exponent_after(n, 10.0)).value(X)[0] for n in (0, 10, 100, 1000)
    ]
    assert worth[1] == pytest.approx(100 * worth[2])
    assert worth[2] == pytest.approx(100 * worth[3])
    assert worth[0] == pytest.approx(10 * worth[1])
