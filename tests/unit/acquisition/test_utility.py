from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from bayesopt.acquisition.functions import UCB, Acquisition, LogEI, LogPI
from bayesopt.acquisition.pending import with_pending
from bayesopt.acquisition.utility import Gain, Success, Utility, Within


@dataclass
class Bowl:
    """A surrogate with a quadratic mean, and a variance that shrinks around what was added."""

    center: float
    added: tuple[float, ...] = ()
    d: int = 2

    def posterior(self, X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return self.posterior_grad(X)[:2]

    def posterior_grad(self, X: np.ndarray) -> tuple[np.ndarray, ...]:
        delta = X - self.center
        var, d_var = 0.5 + 0.1 * np.sin(3 * X).sum(axis=1), 0.3 * np.cos(3 * X)
        return (delta**2).sum(axis=1), var, 2 * delta, d_var

    def condition(self, X: np.ndarray, y: np.ndarray | None = None) -> Bowl:
        assert y is None
        return Bowl(self.center, (*self.added, *X[:, 0]))


class Chance:
    def log_success(self, X: np.ndarray) -> np.ndarray:
        return self.log_success_grad(X)[0]

    def log_success_grad(self, X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return -(X**3).sum(axis=1), -3 * X**2


ACQUISITIONS = {"ei": LogEI(0.2), "pi": LogPI(0.2), "ucb": UCB(1.5)}


@pytest.mark.parametrize("acquisition", ACQUISITIONS.values(), ids=ACQUISITIONS)
@pytest.mark.parametrize("n_members", [1, 3])
def test_the_gradient_is_that_of_the_value(acquisition: Acquisition, n_members: int) -> None:
    members = [Bowl(c) for c in (0.2, 0.5, 0.9)[:n_members]]
    weights = np.array([0.5, 0.3, 0.2])[:n_members]
    is_log = not isinstance(acquisition, UCB)
    gain = Gain(members, weights / weights.sum(), acquisition, is_log)
    utility = Utility((gain, Success(Chance(), 2.5)))
    X = np.random.default_rng(0).random((7, 2))
    value, grad = utility.value_grad(X)
    np.testing.assert_allclose(value, utility.value(X))
    for j in range(2):
        step = np.zeros(2)
        step[j] = 1e-6
        slope = (utility.value(X + step) - utility.value(X - step)) / 2e-6
        np.testing.assert_allclose(grad[:, j], slope, rtol=1e-6, atol=1e-8)


def test_members_are_averaged_inside_the_logarithm() -> None:
    members, weights = [Bowl(0.2), Bowl(0.8)], np.array([0.25, 0.75])
    X = np.random.default_rng(1).random((5, 2))
    each = [LogEI(0.2).partials(*member.posterior(X))[0] for member in members]
    expected = np.log(weights @ np.exp(each))
    np.testing.assert_allclose(Gain(members, weights, LogEI(0.2)).value(X), expected)
    each = [UCB(2.0).partials(*member.posterior(X))[0] for member in members]
    mean = Gain(members, weights, UCB(2.0), is_log=False).value(X)
    np.testing.assert_allclose(mean, weights @ np.array(each))


def test_a_member_that_expects_nothing_does_not_hide_the_others() -> None:
    class Far(Bowl):
        def posterior_grad(self, X: np.ndarray) -> tuple[np.ndarray, ...]:
            mean, var, d_mean, d_var = super().posterior_grad(X)
            return mean + 1e60, var, d_mean, d_var

    X = np.random.default_rng(2).random((4, 2))
    both = Gain([Bowl(0.3), Far(0.3)], np.array([0.5, 0.5]), LogEI(0.1))
    one = Gain([Bowl(0.3)], np.ones(1), LogEI(0.1))
    value, grad = both.value_grad(X)
    np.testing.assert_allclose(value, one.value(X) - np.log(2))
    np.testing.assert_allclose(grad, one.value_grad(X)[1])


def test_running_trials_are_taken_into_every_member() -> None:
    members = (Bowl(0.1), Bowl(0.2))
    assert with_pending(members, np.empty((0, 2))) == members
    rows = np.array([[0.3, 0.0], [0.4, 0.0]])
    assert [member.added for member in with_pending(members, rows)] == [(0.3, 0.4)] * 2


def test_what_it_does_not_hold_of_is_worth_nothing() -> None:
    rows = np.array([[0.1], [0.5]])
    right = Within(lambda X: X[:, 0] >= 0.3)
    value, grad = right.value_grad(rows)
    np.testing.assert_array_equal(value, [-np.inf, 0.0])
    np.testing.assert_array_equal(right.value(rows), value)
    np.testing.assert_array_equal(grad, np.zeros((2, 1)))
