"""The belief: a pure function of what is known, whatever was computed before."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import bayesopt as bo
from bayesopt.surrogates.fit import Mode, distinct
from bayesopt.surrogates.hyper import default_theta
from bayesopt.surrogates.inputs import to_inputs
from bayesopt.surrogates.model import Belief, FitCache, GPSettings, build_belief
from bayesopt.surrogates.schedule import refit_size
from bayesopt.surrogates.training import new_task

SPACE = bo.Space(
    {
        "a": bo.Float(0.0, 1.0),
        "c": bo.Categorical(["x", "y"]),
        "e": bo.Float(0.0, 1.0, when={"c": "x"}),
    }
)
DOMAIN = SPACE.domain
QUERIES = SPACE.sample(6, np.random.default_rng(99))
POOL = SPACE.sample(400, np.random.default_rng(1))
VALUES = np.sin(6.0 * POOL[:, 0]) + POOL[:, 2] + 0.3 * (POOL[:, 1] > 0.5)
FAILED = (POOL[:, 0] > 0.8) & (POOL[:, 1] > 0.5)


def believe(rows, cache=None, fail=False, **chosen) -> Belief:
    failed = FAILED[rows] if fail else np.zeros(len(rows), dtype=bool)
    return build_belief(DOMAIN, POOL[rows], VALUES[rows], failed, GPSettings(**chosen), cache)


def bits(belief: Belief) -> list[np.ndarray]:
    """Return everything that a climb could see of a belief."""
    found = [belief.weights, belief.y, np.array([belief.incumbent, belief.noise])]
    for member in belief.members:
        found += member.posterior_grad(QUERIES)
    if belief.success is not None:
        found += [*belief.success.log_success_grad(QUERIES), belief.success.risks]
    return found


def assert_same(one: Belief, other: Belief) -> None:
    assert len(bits(one)) == len(bits(other))
    for a, b in zip(bits(one), bits(other), strict=True):
        np.testing.assert_array_equal(a, b)


def rugged(n: int, deterministic: bool, cache=None) -> Belief:
    """Return a belief about a function whose bends are too fine for the model: noise, to it."""
    X = POOL[:n]
    y = X[:, 0] ** 2 + 0.5 * np.sin(1e4 * X[:, 0])
    nothing = np.zeros(n, dtype=bool)
    return build_belief(
        DOMAIN, X, y, nothing, GPSettings(n_modes=1), cache, deterministic=deterministic
    )


def test_a_deterministic_objective_is_certain_where_it_was_evaluated() -> None:
    latent, exact = rugged(40, False), rugged(40, True)
    assert latent.is_noisy
    assert exact.incumbent == latent.incumbent
    (before,), (after,) = latent.members, exact.members
    for rows in (QUERIES, POOL[:40]):
        np.testing.assert_allclose(after.posterior(rows)[0], before.posterior(rows)[0], atol=1e-3)
    assert before.posterior(POOL[:40])[1].min() > 1e-3
    assert after.posterior(POOL[:40])[1].max() < 2e-6


def test_its_variance_is_that_of_an_interpolation() -> None:
    exact = rugged(40, True).members[0]
    kernel, placed = exact.factor.kernel, exact.factor.placed
    queries = kernel.place(to_inputs(DOMAIN, QUERIES))[0]
    K = np.tril(kernel.gram(placed, 0.0))
    K = K + np.tril(K, -1).T + 1e-6 * np.eye(40)
    k = kernel.cross(queries, placed)[0]
    wanted = kernel.prior_variance - np.einsum("ij,ij->i", k, np.linalg.solve(K, k.T).T)
    np.testing.assert_allclose(exact.posterior(QUERIES)[1], wanted, rtol=1e-3)


def test_an_interpolation_grown_with_the_trials_is_the_one_made_at_once() -> None:
    cache = FitCache()
    for n in range(95, 112):
        assert_same(rugged(n, True, cache), rugged(n, True))


@pytest.mark.parametrize("fail", [False, True])
@pytest.mark.parametrize("n_modes", [1, 3])
def test_grown_with_the_trials_it_is_the_one_made_at_once(fail: bool, n_modes: int) -> None:
    cache = FitCache()
    for n in range(41):
        rows = np.arange(n)
        assert_same(
            believe(rows, cache, fail, n_modes=n_modes), believe(rows, None, fail, n_modes=n_modes)
        )


def test_the_same_between_refits_at_larger_sizes() -> None:
    cache, grown = FitCache(), 0
    for n in (118, 119, 120, 122, 127, 128, 150):
        rows = np.arange(n)
        assert_same(believe(rows, cache), believe(rows))
        grown += refit_size(n) < n
    assert grown >= 4


@settings(max_examples=15)
@given(data=st.data())
def test_stragglers_cost_a_fit_and_change_nothing_else(data) -> None:
    """Trials finish in any order; the belief is that of the trials in order of number."""
    cache = FitCache(data.draw(st.integers(1, 6)))
    order = data.draw(st.permutations(range(16)))
    for n in sorted(data.draw(st.sets(st.integers(0, 16), min_size=1, max_size=4))):
        rows = np.sort(np.array(order[:n], dtype=np.int64))
        assert_same(believe(rows, cache, fail=True), believe(rows, None, fail=True))


def test_a_forgetful_cache_and_one_shared_by_studies() -> None:
    cache = FitCache(2)
    other = bo.Space({"a": bo.Float(0.0, 1.0), "c": bo.Float(0, 1), "e": bo.Float(0, 1)}).domain
    nothing = np.zeros(30, dtype=bool)
    X, y = POOL[:30], VALUES[:30]
    alone = build_belief(other, X, y, nothing, GPSettings())
    for _ in range(2):
        assert_same(believe(np.arange(30), cache), believe(np.arange(30)))
        shared = build_belief(other, X, y, nothing, GPSettings(), cache)
        np.testing.assert_array_equal(
            shared.members[0].posterior(QUERIES), alone.members[0].posterior(QUERIES)
        )
        assert_same(
            believe(np.arange(30), cache, kernel="rbf"), believe(np.arange(30), kernel="rbf")
        )


def test_growing_does_not_change_what_was_given_out() -> None:
    cache = FitCache()
    early = believe(np.arange(122), cache)
    before = bits(early)
    for n in (123, 124):
        believe(np.arange(n), cache)
    early.members[0].condition(QUERIES)
    for a, b in zip(before, bits(early), strict=True):
        np.testing.assert_array_equal(a, b)


def test_it_predicts() -> None:
    belief = believe(np.arange(60))
    mean, _ = belief.members[0].posterior(POOL[100:300])
    error = belief.to_outcome(mean) - VALUES[100:300]
    assert np.abs(error).mean() < 0.03
    np.testing.assert_allclose(belief.weights.sum(), 1.0)
    assert not belief.is_noisy
    assert belief.incumbent == belief.y.min()
    np.testing.assert_array_equal(belief.incumbent_row, POOL[VALUES[:60].argmin()])
    np.testing.assert_allclose(belief.from_outcome(VALUES[:60]), belief.y)


def test_noise_is_found_and_the_incumbent_is_a_mean() -> None:
    rng = np.random.default_rng(0)
    y = VALUES[:120] + 0.3 * rng.normal(size=120)
    belief = build_belief(DOMAIN, POOL[:120], y, np.zeros(120, dtype=bool), GPSettings())
    assert belief.is_noisy
    assert 0.3**2 / y.var() / 2.0 < belief.noise < 0.3**2 / y.var() * 2.0
    assert belief.incumbent > belief.y.min()
    means = belief.weights @ [member.posterior(POOL[:120])[0] for member in belief.members]
    np.testing.assert_allclose(belief.incumbent, means.min(), rtol=1e-6)
    np.testing.assert_array_equal(belief.incumbent_row, POOL[means.argmin()])


def test_nothing_known() -> None:
    belief = believe(np.arange(0))
    assert belief.incumbent == 0.0
    assert belief.incumbent_row is None
    assert belief.success is None
    mean, var = belief.members[0].posterior(QUERIES)
    assert not mean.any()
    assert (var > 0.0).all()


@pytest.mark.parametrize("failures", ["probability", "impute", "both"])
def test_failed_trials(failures: str) -> None:
    belief = believe(np.arange(80), None, True, failures=failures)
    assert (belief.success is None) == (failures == "impute")
    n_failed = int(FAILED[:80].sum())
    assert len(belief.y) == 80 - (n_failed if failures == "probability" else 0)
    if failures != "probability":
        assert (belief.y[FAILED[:80]] == belief.y.max()).all()


def test_what_is_not_finite_has_failed() -> None:
    y = VALUES[:20].copy()
    y[3], y[4], y[5] = np.nan, np.inf, -np.inf
    belief = build_belief(DOMAIN, POOL[:20], y, np.zeros(20, dtype=bool), GPSettings())
    assert belief.success is not None
    assert len(belief.y) == 17
    assert np.isfinite(belief.y).all()


def test_members_are_the_modes_that_differ_and_are_not_far_behind() -> None:
    frame = new_task(DOMAIN, POOL[:2], GPSettings(n_modes=2, mode_nats=3.0), FitCache()).frame
    best = default_theta(frame)
    other, third = best - 1.0, best - 2.0
    flat = best.copy()
    flat[0], best[0] = 3.0, 5.0  # two lengthscales that mean the same: no influence
    nearly = best + 0.1
    low, high = Mode(third, -9.0), Mode(best, 0.0)
    modes = [low, Mode(nearly, -0.1), Mode(flat, -0.2), Mode(other, -2.0), high]
    assert distinct(modes, frame) == (high, modes[3])
    assert distinct([low, high], frame) == (high,)
    assert distinct([Mode(best, -np.inf), Mode(other, -np.inf)], frame)


def test_a_step_has_more_than_one_explanation() -> None:
    rng = np.random.default_rng(0)
    space = bo.Space({f"x{j}": bo.Float(0, 1) for j in range(5)})
    counts = set()
    for n in (30, 50):
        X = space.sample(n, rng)
        y = np.floor(4.0 * X[:, 0]) + (X[:, 1] > 0.5) * X[:, 2]
        belief = build_belief(space.domain, X, y, np.zeros(n, dtype=bool), GPSettings(n_modes=3))
        assert len(belief.members) == len(belief.weights) <= 3
        assert (np.diff(belief.weights) <= 0.0).all()
        counts.add(len(belief.members))
    assert counts - {1}
