"""Input warping: derivatives, and that it is taken where it explains and not elsewhere."""

from __future__ import annotations

import numpy as np
import pytest

from bayesopt._kernels.warp import warp_columns
from bayesopt.surrogates.exact_gp import Kernel, factorise, observe
from bayesopt.surrogates.fit import Evidence
from bayesopt.surrogates.hyper import default_theta, to_hyper, with_warp
from bayesopt.surrogates.model import FitCache, GPSettings, build_belief
from bayesopt.surrogates.training import new_task

WARPING = GPSettings(input_warp=True)


def bent_task(space, n, seed=0):
    rng = np.random.default_rng(seed)
    X = space.sample(n, rng)
    task = new_task(space.domain, X, WARPING, FitCache())
    theta = with_warp(default_theta(task.frame), task.frame)
    return X, task, theta + 0.3 * rng.normal(size=theta.size), rng


def test_the_warp_is_kumaraswamys() -> None:
    Z = np.linspace(0.01, 0.99, 20)[None].repeat(2, axis=0)
    out, slope = np.empty_like(Z), np.empty_like(Z)
    warp_columns(Z, np.array([2.0, 1.0]), np.array([0.5, 1.0]), out, slope)
    np.testing.assert_allclose(out[0], 1.0 - (1.0 - Z[0] ** 2) ** 0.5, rtol=1e-12)
    np.testing.assert_allclose(slope[0], Z[0] / (1.0 - Z[0] ** 2) ** 0.5, rtol=1e-12)
    np.testing.assert_array_equal(out[1], Z[1])
    np.testing.assert_array_equal(slope[1], 1.0)


def test_the_log_posterior_gradient(mixed) -> None:
    _, task, theta, rng = bent_task(mixed, 25)
    evidence = Evidence(task.inputs, rng.normal(size=25), task.frame)
    _, gradient = evidence.negative_log_posterior(theta)
    h = 1e-5
    for j, step in enumerate(h * np.eye(theta.size)):
        up, down = (evidence.negative_log_posterior(theta + s * step)[0] for s in (1, -1))
        np.testing.assert_allclose(gradient[j], (up - down) / (2 * h), rtol=1e-6, atol=1e-6)


def test_input_gradients_growth_and_conditioning(mixed) -> None:
    X, task, theta, rng = bent_task(mixed, 30)
    kernel, y = Kernel(task.frame, to_hyper(theta, task.frame)), rng.normal(size=30)
    whole = observe(mixed.domain, factorise(kernel, task.inputs), y)
    grown = factorise(kernel, task.inputs.first(10)).grown(task.inputs.after(10))
    np.testing.assert_allclose(np.tril(grown.L), np.tril(whole.factor.L), rtol=1e-9, atol=1e-11)
    Q = mixed.sample(10, rng)
    mean, _, d_mean, d_var = whole.posterior_grad(Q)
    for j in (0, 1):
        step = 1e-6 * np.eye(whole.d)[j]
        up, down = whole.posterior(Q + step), whole.posterior(Q - step)
        np.testing.assert_allclose(d_mean[:, j], (up[0] - down[0]) / 2e-6, rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(d_var[:, j], (up[1] - down[1]) / 2e-6, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(whole.condition(X[:2]).posterior(Q)[0], mean, rtol=1e-9)


@pytest.mark.parametrize("bent", [True, False])
def test_it_is_taken_where_it_explains(numeric, bent: bool) -> None:
    space = numeric(2)
    X = space.sample(60, np.random.default_rng(0))
    u = X[:, 0] ** 4 if bent else X[:, 0]
    y = np.sin(12.0 * u) + X[:, 1]
    cache, nothing = FitCache(), np.zeros(60, dtype=bool)
    belief = build_belief(space.domain, X, y, nothing, WARPING, cache)
    warp = belief.members[0].hyper.warp
    assert (warp is not None) == bent
    if bent:
        assert warp[0, 0] > 1.5
        plain = build_belief(space.domain, X, y, nothing, GPSettings())
        Q = space.sample(200, np.random.default_rng(1))
        truth = np.sin(12.0 * Q[:, 0] ** 4) + Q[:, 1]
        errors = [
            np.abs(b.to_outcome(b.members[0].posterior(Q)[0]) - truth).mean()
            for b in (belief, plain)
        ]
        assert errors[0] < errors[1]
    again = build_belief(space.domain, X, y, nothing, WARPING)
    np.testing.assert_array_equal(again.members[0].posterior(X), belief.members[0].posterior(X))
