"""The knowledge gradient against its definition, finite differences and expected improvement."""

from __future__ import annotations

import numpy as np
import pytest

import bayesopt as bo
from bayesopt._kernels.knowledge import log_knowledge_gain
from bayesopt.acquisition.functions import LogEI
from bayesopt.acquisition.knowledge import KnowledgeGain
from bayesopt.acquisition.utility import Gain
from bayesopt.surrogates.exact_gp import Kernel, factorise, observe
from bayesopt.surrogates.hyper import default_theta, new_frame, to_hyper
from bayesopt.surrogates.inputs import to_inputs
from bayesopt.surrogates.settings import GPSettings

SPACE = bo.Space(
    {
        "a": bo.Float(0.0, 1.0),
        "b": bo.Float(0.0, 1.0),
        "c": bo.Categorical(["x", "y"]),
        "e": bo.Float(0.0, 1.0, when={"c": "x"}),
    }
)
RNG = np.random.default_rng(0)
X = SPACE.sample(25, RNG)
Y = 3.0 * (X[:, 0] - 0.4) ** 2 + X[:, 1] + 0.3 * RNG.normal(size=25)
Q = SPACE.sample(10, RNG)


def member(noise: float, told: np.ndarray | None = None, scale: float = 0.4):
    frame = new_frame(SPACE.domain, GPSettings())
    theta = default_theta(frame, scale)
    theta[frame.varies.size + 1] = np.log(noise)
    inputs = to_inputs(SPACE.domain, X).with_noise(told)
    factor = factorise(Kernel(frame, to_hyper(theta, frame)), inputs)
    return observe(SPACE.domain, factor, Y - Y.mean())


def gain(*members, noise: float | None = None) -> KnowledgeGain:
    weights = np.full(len(members), 1.0 / len(members))
    return KnowledgeGain(members, weights, np.arange(25))


def least_mean_after(gp, row, z: float) -> float:
    """Return the least posterior mean at rows evaluated, after one more outcome, by refitting."""
    mean, var = gp.posterior(row[None])
    y = mean + z * np.sqrt(var + gp.hyper.noise)
    after = gp.condition(row[None], y)
    return float(min(after.posterior(np.vstack([X, row[None]]))[0]))


def test_it_is_what_one_more_outcome_lowers_the_least_mean_by() -> None:
    gp = member(0.2)
    z = np.linspace(-6.0, 6.0, 301)
    weight = np.exp(-0.5 * z * z)
    best = gp.fitted_means().min()
    for row in (Q[0], Q[1], X[int(np.argmin(Y))]):
        after = [least_mean_after(gp, row, each) for each in z]
        expected = best - weight @ after / weight.sum()
        found = float(np.exp(gain(gp).value(row[None]))[0])
        assert found == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize(
    "told", [None, RNG.uniform(0.0, 1.0, 25)], ids=["one noise", "each its own"]
)
def test_its_gradient_is_that_of_finite_differences(told) -> None:
    term = gain(member(0.2, told), member(0.05, told, 0.8))
    value, grad = term.value_grad(Q)
    np.testing.assert_allclose(value, term.value(Q), rtol=1e-12)
    active = SPACE.active(Q)
    for j in (0, 1, 3):
        move = np.where(active[:, [j]], 1e-6 * np.eye(4)[j], 0.0)
        slope = (term.value(Q + move) - term.value(Q - move)) / 2e-6
        np.testing.assert_allclose(
            grad[:, j], np.where(active[:, j], slope, 0.0), rtol=1e-4, atol=1e-5
        )
    assert (grad[:, 2] == 0.0).all()


def test_noise_that_was_told_of_all_is_as_good_as_learned() -> None:
    told, learned = gain(member(0.05, np.full(25, 0.15))), gain(member(0.2))
    for one, other in zip(told.value_grad(Q), learned.value_grad(Q), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def test_gpytorch_says_the_same() -> None:
    pytest.importorskip("gpytorch")
    pytest.importorskip("botorch")
    import torch

    from bayesopt.surrogates.torch_gp import TorchEngine

    engine, ours = TorchEngine(torch.device("cpu")), member(0.2)
    frame = ours.factor.kernel.frame
    theta = default_theta(frame, 0.4)
    theta[frame.varies.size + 1] = np.log(0.2)
    theirs = engine.observe(
        SPACE.domain, engine.factorise(frame, theta, ours.factor.inputs), ours.y
    )
    for one, other in zip(gain(ours).value_grad(Q), gain(theirs).value_grad(Q), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-8)


def test_without_noise_it_is_the_expected_improvement() -> None:
    gp = member(1e-9)
    ei = Gain((gp,), np.ones(1), LogEI(float(gp.fitted_means().min())))
    np.testing.assert_allclose(gain(gp).value(Q), ei.value(Q), rtol=1e-3)


def test_a_row_again_is_worth_something_with_noise_and_nothing_without() -> None:
    best = X[[int(np.argmin(member(0.2).fitted_means()))]]
    assert gain(member(0.2)).value(best)[0] > gain(member(1e-9)).value(best)[0] + 10.0


def test_running_trials_take_away_from_what_is_near() -> None:
    gp = member(0.2)
    near = gain(gp.condition(Q[:1])).value(Q[:1])
    assert near[0] < gain(gp).value(Q[:1])[0]


def test_lines_that_never_are_the_lowest_count_for_nothing() -> None:
    """Against integration, with ties, parallels and lines that are higher everywhere."""
    means = np.array([0.0, 0.0, 0.5, 0.2, 9.0, 0.0])
    spreads = np.array([[0.3, 0.3, 0.3, -0.2, 0.1, -0.5], [0.0] * 6])
    mean, spread = np.array([0.1, 0.0]), np.array([0.7, 0.0])
    b = np.column_stack([spreads, spread])
    order = np.argsort(-b, axis=1, kind="stable")
    out, partials, scratch = np.empty((3, 2)), np.empty((2, 6)), np.empty((3, 7))
    log_knowledge_gain(
        means, spreads, mean, spread, order, np.empty(7, np.int64), *scratch, *out, partials
    )
    z = np.linspace(-9.0, 9.0, 200_001)
    density = np.exp(-0.5 * z * z) / np.sqrt(2.0 * np.pi)
    lowest = (np.append(means, mean[0])[:, None] + np.outer(b[0], z)).min(axis=0)
    expected = -np.trapezoid(lowest * density, z)
    assert np.exp(out[0, 0]) == pytest.approx(expected, rel=1e-6)
    assert out[0, 1] < -600.0  # nothing moves, so nothing is gained
