"""The GPyTorch engine against the compiled one: evidence, posterior, growth."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest

from bayesopt.surrogates.compiled import COMPILED
from bayesopt.surrogates.fit import Evidence
from bayesopt.surrogates.hyper import default_theta, new_frame, with_warp
from bayesopt.surrogates.inputs import to_inputs
from bayesopt.surrogates.model import FitCache, build_belief
from bayesopt.surrogates.settings import GPSettings

torch = pytest.importorskip("torch")
gpytorch = pytest.importorskip("gpytorch")

from bayesopt.surrogates import torch_gp  # noqa: E402
from bayesopt.surrogates.torch_kernel import to_rows  # noqa: E402

ENGINE = torch_gp.TorchEngine(torch.device("cpu"))
KERNELS = ["matern52", "matern32", "rbf"]


def drawn(space, n=40, seed=0, warp=False, **settings):
    """Return (frame, theta, X, y) with hyperparameters drawn at random."""
    rng = np.random.default_rng(seed)
    frame = new_frame(space.domain, GPSettings(**settings))
    theta = default_theta(frame) + 0.4 * rng.normal(size=frame.n_theta)
    if warp:
        theta = with_warp(theta, frame)
        theta[frame.n_theta :] += 0.3 * rng.normal(size=theta.size - frame.n_theta)
    return frame, theta, space.sample(n, rng), rng.normal(size=n)


def both(space, warp=False, **settings):
    """Return the posteriors of the two engines, and rows to predict at."""
    frame, theta, X, y = drawn(space, warp=warp, **settings)
    inputs = to_inputs(space.domain, X)
    found = [
        engine.observe(space.domain, engine.factorise(frame, theta, inputs), y)
        for engine in (COMPILED, ENGINE)
    ]
    return *found, space.sample(30, np.random.default_rng(7))


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("warp", [False, True])
def test_evidence_and_its_gradient_are_the_same(mixed, kernel: str, warp: bool) -> None:
    frame, theta, X, y = drawn(mixed, kernel=kernel, warp=warp)
    inputs = to_inputs(mixed.domain, X)
    value, slope = Evidence(inputs, y, frame).negative_log_posterior(theta)
    found = ENGINE.evidence(inputs, y, frame).negative_log_posterior(theta)
    assert found[0] == pytest.approx(value, rel=1e-9)
    np.testing.assert_allclose(found[1], slope, rtol=1e-7, atol=1e-7)


def test_a_warp_that_does_nothing_has_a_gradient(numeric) -> None:
    space = numeric(3)
    frame, theta, X, y = drawn(space)
    inputs, theta = to_inputs(space.domain, X), with_warp(theta, frame)
    _, slope = Evidence(inputs, y, frame).negative_log_posterior(theta)
    _, found = ENGINE.evidence(inputs, y, frame).negative_log_posterior(theta)
    np.testing.assert_allclose(found, slope, rtol=1e-6, atol=1e-6)
    assert np.abs(found[frame.n_theta :]).min() > 0.0


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("warp", [False, True])
def test_the_posterior_is_the_same(mixed, kernel: str, warp: bool) -> None:
    ours, theirs, Q = both(mixed, warp=warp, kernel=kernel)
    for mine, found in zip(ours.posterior_grad(Q), theirs.posterior_grad(Q), strict=True):
        np.testing.assert_allclose(found, mine, rtol=1e-7, atol=1e-8)
    for mine, found in zip(ours.posterior(Q), theirs.posterior(Q), strict=True):
        np.testing.assert_allclose(found, mine, rtol=1e-8, atol=1e-9)
    assert theirs.log_likelihood() == pytest.approx(ours.log_likelihood(), rel=1e-9)
    np.testing.assert_allclose(theirs.alpha, ours.alpha, rtol=1e-7, atol=1e-7)
    for mine, found in zip(ours.one_ahead(), theirs.one_ahead(), strict=True):
        np.testing.assert_allclose(found, mine, rtol=1e-7, atol=1e-8)
    np.testing.assert_allclose(theirs.fitted_means(), ours.fitted_means(), atol=1e-8)
    np.testing.assert_allclose(theirs.inverse_diagonal(), ours.inverse_diagonal(), rtol=1e-7)
    mine = ours.correlation(Q, Q[:4])
    np.testing.assert_allclose(theirs.correlation(Q, Q[:4]), mine, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("known", [True, False])
def test_added_rows_have_the_same_effect(mixed, known: bool) -> None:
    ours, theirs, Q = both(mixed)
    y = np.array([0.3, -1.0, 0.5]) if known else None
    mine, found = ours.condition(Q[:3], y), theirs.condition(Q[:3], y)
    for a, b in zip(mine.posterior(Q), found.posterior(Q), strict=True):
        np.testing.assert_allclose(b, a, rtol=1e-7, atol=1e-9)


def test_the_posterior_is_that_of_gpytorch(mixed) -> None:
    _, theta, X, y = drawn(mixed)
    _, theirs, Q = both(mixed)
    rows = to_rows(to_inputs(mixed.domain, X), ENGINE.device)
    kernel = theirs.factor.kernel
    model = torch_gp.RowModel(kernel, rows, torch.tensor(y))
    model.load(theta)
    with torch.no_grad(), gpytorch.settings.fast_computations(False, False, False):
        found = model.eval()(to_rows(to_inputs(mixed.domain, Q), ENGINE.device))
    mean, var = theirs.posterior(Q)
    np.testing.assert_allclose(mean, found.mean.numpy(), rtol=1e-7, atol=1e-8)
    np.testing.assert_allclose(var, found.variance.numpy(), rtol=1e-7, atol=1e-8)


def test_growth_is_the_same_bits_on_any_way(mixed) -> None:
    frame, theta, X, _ = drawn(mixed)
    inputs = to_inputs(mixed.domain, X)
    at_once = ENGINE.factorise(frame, theta, inputs.first(30)).grown(inputs.after(30))
    step = ENGINE.factorise(frame, theta, inputs.first(30))
    for k in range(30, 40, 2):
        step = step.grown(inputs.first(k + 2).after(k))
    assert torch.equal(at_once.L, step.L)
    whole = ENGINE.factorise(frame, theta, inputs)
    np.testing.assert_allclose(np.tril(at_once.L), np.tril(whole.L), atol=1e-8)
    assert torch.equal(whole.first(12).L, whole.L[:12, :12])


def test_copies_of_rows_do_no_harm(numeric) -> None:
    space = numeric(2)
    frame, theta, X, y = drawn(space)
    X = np.repeat(X[:4], 10, axis=0)
    theta[frame.varies.size + 1] = np.log(1e-9)
    factor = ENGINE.factorise(frame, theta, to_inputs(space.domain, X))
    gp = ENGINE.observe(space.domain, factor, np.repeat(y[:4], 10)).condition(X[:3])
    found = gp.posterior(space.sample(9, np.random.default_rng(1)))
    assert all(np.isfinite(part).all() for part in found)


@pytest.mark.parametrize("deterministic", [False, True])
def test_a_belief_is_the_same_to_the_optimum(mixed, deterministic: bool) -> None:
    X = mixed.sample(40, np.random.default_rng(3))
    y, failed = np.sin(5 * X[:, 0]) + X[:, 1] + 0.3 * (X[:, 2] > 0.5), X[:, 0] > 0.8
    rest = mixed.domain, X, y, failed, GPSettings(), FitCache()
    ours = build_belief(*rest, deterministic=deterministic)
    theirs = build_belief(*rest, engine=ENGINE, deterministic=deterministic)
    Q = mixed.sample(30, np.random.default_rng(4))
    assert len(ours.members) == len(theirs.members)
    for mine, found in zip(ours.members, theirs.members, strict=True):
        assert isinstance(found, torch_gp.TorchGP)
        np.testing.assert_allclose(found.posterior(Q)[0], mine.posterior(Q)[0], atol=1e-5)
    np.testing.assert_allclose(
        theirs.success.log_success(Q), ours.success.log_success(Q), atol=1e-4
    )
    np.testing.assert_allclose(theirs.success.risks, ours.success.risks, atol=1e-4)


def test_memory_is_given_back(numeric) -> None:
    ours, theirs, _ = both(numeric(2))
    factor = weakref.ref(theirs.factor)
    del ours, theirs
    gc.collect()
    assert factor() is None


def test_failures_are_pythons_own() -> None:
    with pytest.raises(MemoryError), ENGINE.session():
        raise torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate")
    with pytest.raises(np.linalg.LinAlgError), ENGINE.session():
        torch.linalg.cholesky(-torch.eye(2))
