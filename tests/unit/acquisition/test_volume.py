"""The expected growth of the dominated volume: against sampling, differences and BoTorch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from bayesopt._kernels.hypervolume import free_boxes, hypervolume
from bayesopt.acquisition.functions import LogEI
from bayesopt.acquisition.utility import Gain
from bayesopt.acquisition.volume import Mixture, VolumeGain, free_space


@dataclass
class Wave:
    """A surrogate whose moments are waves."""

    weight: np.ndarray
    shift: float
    scale: float
    d: int = 3

    def posterior(self, X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return self.posterior_grad(X)[:2]

    def posterior_grad(self, X: np.ndarray) -> tuple[np.ndarray, ...]:
        angle = X @ self.weight
        var = self.scale * (0.5 + 0.1 * np.cos(3.0 * X).sum(axis=1))
        slope = np.cos(angle)[:, None] * self.weight
        return np.sin(angle) + self.shift, var, slope, -0.3 * self.scale * np.sin(3.0 * X)

    def condition(self, X: np.ndarray, y: np.ndarray | None = None) -> Wave:
        return self


def mixtures(m: int, rng: np.random.Generator, shift: float = 0.0) -> list[Mixture]:
    return [
        Mixture(
            [Wave(rng.standard_normal(3), shift + 0.3 * j, scale) for scale in (0.1, 0.3)],
            np.array([0.4, 0.6]),
        )
        for j in range(m)
    ]


def front(m: int, n: int, rng: np.random.Generator) -> np.ndarray:
    Y = np.abs(rng.standard_normal((n, m)))
    return Y / np.linalg.norm(Y, axis=1, keepdims=True)


@pytest.mark.parametrize("m", [2, 3, 4])
@pytest.mark.parametrize("shift", [0.0, 5.0, 60.0])
def test_the_gradient_is_that_of_the_value(m: int, shift: float) -> None:
    rng = np.random.default_rng(m)
    gain = VolumeGain(mixtures(m, rng, shift), free_space(front(m, 12, rng), np.full(m, 1.2)))
    X = rng.random((5, 3))
    value, grad = gain.value_grad(X)
    assert np.isfinite(value).all()
    np.testing.assert_allclose(value, gain.value(X))
    for j in range(3):
        step = np.zeros(3)
        step[j] = 1e-6
        slope = (gain.value(X + step) - gain.value(X - step)) / 2e-6
        np.testing.assert_allclose(grad[:, j], slope, rtol=2e-6, atol=1e-7)


@pytest.mark.parametrize("m", [2, 3, 4])
def test_the_value_is_the_mean_of_samples(m: int) -> None:
    rng = np.random.default_rng(m)
    Y, reference, objectives = front(m, 10, rng), np.full(m, 1.2), mixtures(m, rng)
    X = rng.random((2, 3))
    expected = np.exp(VolumeGain(objectives, free_space(Y, reference)).value(X))
    lower, upper = free_boxes(Y, reference)
    for i in range(2):
        samples = np.stack([_drawn(each, X[i : i + 1], 20_000, rng) for each in objectives], axis=1)
        sides = np.maximum(upper - np.maximum(lower, samples[:, None]), 0.0)
        grown = np.prod(sides, axis=2).sum(axis=1)
        error = grown.std() / np.sqrt(len(grown))
        assert abs(grown.mean() - expected[i]) < 4.0 * error


def _drawn(each: Mixture, X: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    pick = rng.random(n) < each.weights[0]
    moments = [member.posterior(X) for member in each.members]
    first, second = (mean + np.sqrt(var) * rng.standard_normal(n) for mean, var in moments)
    return np.where(pick, first, second)


def test_boxes_give_the_growth_of_the_volume() -> None:
    rng = np.random.default_rng(0)
    for m in (2, 3, 4):
        Y, reference, row = front(m, 10, rng), np.full(m, 1.2), 0.7 * rng.random(m)
        lower, upper = free_boxes(Y, reference)
        grown = np.prod(np.maximum(upper - np.maximum(lower, row), 0.0), axis=1).sum()
        both = hypervolume(np.vstack([Y, row]), reference)
        assert grown == pytest.approx(both - hypervolume(Y, reference), rel=1e-9, abs=1e-12)


def test_one_objective_is_expected_improvement() -> None:
    rng = np.random.default_rng(1)
    (only,) = mixtures(1, rng)
    X = rng.random((4, 3))
    volume = VolumeGain([only], free_space(np.array([[0.3], [0.5]]), np.ones(1)))
    expected = Gain(only.members, only.weights, LogEI(0.3)).value(X)
    np.testing.assert_allclose(volume.value(X), expected, rtol=1e-12)


@pytest.mark.parametrize("m", [2, 3])
def test_the_value_is_that_of_botorch(m: int) -> None:
    torch = pytest.importorskip("torch")
    analytic = pytest.importorskip("botorch.acquisition.multi_objective.analytic")
    boxes = pytest.importorskip("botorch.utils.multi_objective.box_decompositions")
    deterministic = pytest.importorskip("botorch.posteriors.gpytorch")
    gpytorch = pytest.importorskip("gpytorch")
    rng = np.random.default_rng(m)
    Y, reference, X = front(m, 9, rng), np.full(m, 1.2), rng.random((3, 3))
    objectives = [Mixture(each.members[:1], np.ones(1)) for each in mixtures(m, rng)]
    moments = [each.members[0].posterior(X) for each in objectives]
    mean = torch.from_numpy(-np.stack([mean for mean, _ in moments], axis=1))[:, None]
    var = torch.from_numpy(np.stack([var for _, var in moments], axis=1))[:, None]

    class Told(torch.nn.Module):
        num_outputs = m

        def posterior(self, X: object, **options: object) -> object:
            normal = gpytorch.distributions.MultivariateNormal
            each = [normal(mean[..., j], torch.diag_embed(var[..., j])) for j in range(m)]
            several = gpytorch.distributions.MultitaskMultivariateNormal
            return deterministic.GPyTorchPosterior(several.from_independent_mvns(each))

    cut = boxes.NondominatedPartitioning(torch.from_numpy(-reference), Y=torch.from_numpy(-Y))
    theirs = analytic.ExpectedHypervolumeImprovement(Told(), (-reference).tolist(), cut)
    expected = theirs(torch.from_numpy(X)[:, None]).detach().numpy()
    ours = np.exp(VolumeGain(objectives, free_space(Y, reference)).value(X))
    np.testing.assert_allclose(ours, expected, rtol=1e-6)
