"""Expected improvement of a weighted maximum: against sampling, differences, and plain EI."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from bayesopt.acquisition import weighted
from bayesopt.acquisition.functions import LogEI
from bayesopt.acquisition.mixtures import Mixture
from bayesopt.acquisition.utility import Gain
from bayesopt.acquisition.weighted import WeightedGain, Weighting, random_weighting


@dataclass
class Slope:
    """A surrogate with a linear mean and a variance that varies."""

    weight: np.ndarray
    shift: float
    scale: float
    d: int = 2

    def posterior(self, X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return self.posterior_grad(X)[:2]

    def posterior_grad(self, X: np.ndarray) -> tuple[np.ndarray, ...]:
        slope = np.broadcast_to(self.weight, X.shape)
        var = self.scale * (1.0 + 0.5 * np.sin(3.0 * X).sum(axis=1))
        return X @ self.weight + self.shift, var, slope, 1.5 * self.scale * np.cos(3.0 * X)

    def condition(self, X: np.ndarray, y: np.ndarray | None = None) -> Slope:
        return self


def mixtures(m: int, shift: float, n_members: int = 2) -> list[Mixture]:
    rng = np.random.default_rng(m)
    scales, weights = (0.2, 0.5)[:n_members], np.array([0.3, 0.7])[:n_members]
    return [
        Mixture([Slope(rng.standard_normal(2), shift, s) for s in scales], weights / weights.sum())
        for _ in range(m)
    ]


@pytest.mark.parametrize("m", [1, 2, 5, 8])
@pytest.mark.parametrize("shift", [-3.0, 0.5, 8.0])
def test_the_gradient_is_that_of_the_value(m: int, shift: float) -> None:
    weighting = random_weighting(np.random.default_rng(0).random((9, m)), np.random.default_rng(1))
    gain = WeightedGain(mixtures(m, shift), weighting, 0.4)
    X = np.random.default_rng(2).random((4, 2))
    value, grad = gain.value_grad(X)
    assert np.isfinite(value).all()
    for j in range(2):
        step = np.zeros(2)
        step[j] = 1e-5
        slope = (gain.value(X + step) - gain.value(X - step)) / 2e-5
        np.testing.assert_allclose(grad[:, j], slope, rtol=1e-4, atol=1e-4)


def test_the_value_is_the_mean_of_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weighted, "_SHARE", 0.0)
    rng, m, n = np.random.default_rng(3), 4, 40_000
    weighting, objectives = Weighting(np.array([0.5, 1.0, 0.2, 2.0]), np.zeros(m)), mixtures(m, 0.1)
    X = rng.random((2, 2))
    expected = np.exp(WeightedGain(objectives, weighting, 0.9).value(X))
    for i in range(2):
        samples = np.empty((n, m))
        for j, each in enumerate(objectives):
            pick = rng.random(n) < each.weights[0]
            found = [member.posterior(X[i : i + 1]) for member in each.members]
            first, second = (mean + np.sqrt(var) * rng.standard_normal(n) for mean, var in found)
            samples[:, j] = np.where(pick, first, second)
        gains = np.maximum(0.9 - weighting.of(samples), 0.0)
        assert abs(gains.mean() - expected[i]) < 4.0 * gains.std() / np.sqrt(n)


@pytest.mark.parametrize("shift", [-5.0, 0.0, 30.0])
def test_one_objective_is_expected_improvement(
    shift: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weighted, "_SHARE", 0.0)
    (only,) = mixtures(1, shift)
    X = np.random.default_rng(4).random((5, 2))
    gain = WeightedGain([only], Weighting(np.array([2.0]), np.array([0.5])), 1.0)
    expected = Gain(only.members, only.weights, LogEI(1.0)).value(X) + np.log(2.0)
    np.testing.assert_allclose(gain.value(X), expected, rtol=1e-4)


def test_weights_are_above_zero_and_follow_the_extent() -> None:
    front = np.array([[0.0, 100.0, 5.0], [1.0, 0.0, 5.0]])
    scales = [random_weighting(front, np.random.default_rng(s)).scale for s in range(50)]
    assert np.min(scales) > 0.0
    ratio = np.log10(np.array(scales)[:, 0] / np.array(scales)[:, 1]).mean()
    assert 1.0 < ratio < 3.0
