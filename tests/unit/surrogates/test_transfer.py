"""Earlier studies as a mean: weights against a plain reference, gradients, and harm."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from bayesopt.space import Float, Space
from bayesopt.surrogates.fit import cold_modes
from bayesopt.surrogates.model import build_belief
from bayesopt.surrogates.schedule import FitCache
from bayesopt.surrogates.settings import GPSettings
from bayesopt.surrogates.transfer import (
    Source,
    learn_mean,
    rank_weights,
    ranking_losses,
    slope_of,
)

SQUARE = Space({"x": Float(0.0, 1.0), "y": Float(0.0, 1.0)})
SETTINGS = GPSettings()


def bowl(X: np.ndarray) -> np.ndarray:
    return ((X - [0.3, 0.6]) ** 2).sum(axis=1)


def rows(n: int, seed: int) -> np.ndarray:
    return SQUARE.sample(n, np.random.default_rng(seed))


def source(y: np.ndarray, X: np.ndarray, known: tuple[bool, ...] = (True, True)) -> Source:
    return Source(X, y, np.array(known))


def good_source(seed: int, n: int = 25) -> Source:
    X = rows(n, seed)
    return source(100.0 * bowl(X) - 7.0, X)


def learned(X: np.ndarray, sources: list[Source], cache: FitCache | None = None):
    return learn_mean(SQUARE.domain, X, bowl(X), SETTINGS, sources, cache)


def reference_losses(samples: np.ndarray, y: np.ndarray) -> list[int]:
    pairs = [(j, k) for j, k in itertools.permutations(range(len(y)), 2) if y[j] < y[k]]
    return [sum(not (one[j] < one[k]) for j, k in pairs) for one in samples.tolist()]


def reference_weights(losses: list[list[float]]) -> list[float]:
    limit = np.quantile(losses[-1], 0.95)
    counts = [0.0] * len(losses)
    kept = [i for i in range(len(losses) - 1) if np.median(losses[i]) <= limit]
    for s in range(len(losses[0])):
        least = min(losses[i][s] for i in [*kept, len(losses) - 1])
        winners = [i for i in kept if losses[i][s] == least]
        if losses[-1][s] == least:
            winners = [len(losses) - 1]
        for i in winners:
            counts[i] += 1.0 / len(winners)
    return [count / len(losses[0]) for count in counts]


@pytest.mark.parametrize("seed", range(4))
def test_losses_and_weights_are_those_of_a_plain_reference(seed: int) -> None:
    rng = np.random.default_rng(seed)
    y = rng.integers(6, size=9).astype(float)  # some are equal
    losses = []
    for _ in range(4):
        samples = np.round(y + 2.0 * rng.standard_normal((30, 9)))
        found = ranking_losses(samples, y)
        assert found.tolist() == reference_losses(samples, y)
        losses.append(found.tolist())
    losses.append([loss + 4 for loss in losses.pop()])  # one model that may be left out
    losses[0], losses[-1] = losses[-1], losses[0]
    weights = rank_weights(np.array(losses, dtype=float))
    np.testing.assert_allclose(weights, reference_weights(losses))
    assert weights.sum() == pytest.approx(1.0)


def test_many_bad_models_do_not_outweigh_a_good_one() -> None:
    own = np.tile([3.0, 4.0, 5.0, 6.0], 16)
    bad = np.tile([9.0, 1.0, 9.0, 9.0], 16)  # lucky at times, worse than the own one as a rule
    weights = rank_weights(np.array([bad] * 30 + [own]))
    assert weights[:-1].max() == 0.0
    assert weights[-1] == 1.0


def test_the_slope_is_the_most_likely_one_and_never_below_zero() -> None:
    rng = np.random.default_rng(0)
    said = rng.standard_normal(400)
    assert slope_of(0.5 * said + 3.0, said) == pytest.approx(0.5, abs=0.01)
    assert slope_of(-said, said) == 0.0
    assert slope_of(said[:1], said[:1]) == 1.0


def test_a_study_that_ranks_well_is_trusted_in_whatever_units() -> None:
    X = rows(8, 0)
    mean = learned(X, [good_source(1)])
    assert mean.trust > 0.6
    at = rows(50, 3)
    assert np.corrcoef(mean.value(at), bowl(at))[0, 1] > 0.95


def test_a_study_that_says_the_contrary_counts_for_nothing() -> None:
    X, said = rows(12, 0), good_source(1)
    mean = learned(X, [source(-said.y, said.X)])
    at = rows(50, 3)
    assert np.abs(mean.value(at)).max() < 0.05
    assert mean.trust < 0.05


def test_before_three_outcomes_all_studies_count_alike() -> None:
    said = good_source(1)
    mean = learned(rows(2, 0), [said, source(-said.y, said.X)])
    assert mean.trust == 1.0
    assert mean.factors[0] == mean.factors[1]


def test_gradients_of_mean_and_posterior_are_those_of_their_values() -> None:
    X = rows(9, 0)
    sources = [good_source(1), source(np.sin(5 * rows(20, 2)[:, 0]), rows(20, 2), (True, False))]
    mean = learned(X, sources)
    assert mean.trust > 0.0
    failed = np.zeros(9, dtype=bool)
    belief = build_belief(SQUARE.domain, X, bowl(X), failed, SETTINGS, mean=mean)
    at, h = rows(5, 7), 1e-6
    for member in belief.members:
        value, var, d_mean, d_var = member.posterior_grad(at)
        np.testing.assert_allclose(value, member.posterior(at)[0])
        np.testing.assert_allclose(var, member.posterior(at)[1])
        for j in range(2):
            step = h * np.eye(2)[j]
            up, down = member.posterior(at + step), member.posterior(at - step)
            np.testing.assert_allclose(d_mean[:, j], (up[0] - down[0]) / (2 * h), atol=1e-5)
            np.testing.assert_allclose(d_var[:, j], (up[1] - down[1]) / (2 * h), atol=1e-5)


def test_the_process_goes_through_the_outcomes_whatever_was_said_before() -> None:
    X, said = rows(12, 0), good_source(1)
    failed = np.zeros(12, dtype=bool)
    for y in (said.y, -said.y):
        mean = learned(X, [source(y, said.X)])
        belief = build_belief(SQUARE.domain, X, bowl(X), failed, SETTINGS, mean=mean)
        fitted = belief.weights @ [member.posterior(X)[0] for member in belief.members]
        np.testing.assert_allclose(fitted, belief.y, atol=0.02)
        np.testing.assert_allclose(belief.members[0].y, belief.y, atol=1e-12)
        grown = belief.members[0].condition(X[:1] + 0.05)
        assert grown.posterior(X[:1] + 0.05)[1] < belief.members[0].posterior(X[:1] + 0.05)[1]


def test_what_a_study_did_not_vary_it_says_nothing_of() -> None:
    X = rows(20, 2)
    mean = learned(rows(6, 0), [source(np.sin(5 * X[:, 0]), X, (True, False))])
    at = rows(10, 5)
    moved = np.column_stack([at[:, 0], 1.0 - at[:, 1]])
    np.testing.assert_array_equal(mean.value(at), mean.value(moved))
    assert (mean.value_grad(at)[1][:, 1] == 0.0).all()


def test_failed_trials_of_a_study_are_places_to_avoid() -> None:
    X = rows(40, 4)
    y = np.where(X[:, 0] > 0.5, np.nan, bowl(X))
    (model,) = learned(rows(2, 0), [source(y, X)]).models
    right, left = np.array([[0.9, 0.6]]), np.array([[0.3, 0.6]])
    assert model.mean(right)[0] > 0.4
    assert model.mean(right)[0] > model.mean(left)[0] + 1.0


def test_the_cache_changes_no_bit() -> None:
    X, sources, cache = rows(14, 0), [good_source(1), good_source(2)], FitCache()
    for n in range(2, 15):
        kept = learned(X[:n], sources, cache)
        anew = learned(X[:n], sources)
        np.testing.assert_array_equal(kept.factors, anew.factors)
        np.testing.assert_array_equal(kept.value(X), anew.value(X))


def test_hyperparameters_are_fitted_as_seldom_as_without_earlier_studies(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fits = []

    def counted(inputs: object, *given: object) -> object:
        fits.append(inputs.n)
        return cold_modes(inputs, *given)

    monkeypatch.setattr("bayesopt.surrogates.training.cold_modes", counted)
    X, cache = rows(43, 0), FitCache()
    for n in (37, 38, 41, 43):  # one anchor, 37
        mean = learn_mean(SQUARE.domain, X[:n], bowl(X[:n]), SETTINGS, [good_source(1)], cache)
        failed = np.zeros(n, dtype=bool)
        build_belief(SQUARE.domain, X[:n], bowl(X[:n]), failed, SETTINGS, cache, mean=mean)
    assert sorted(fits) == [22, 37, 37]  # the source's, this study's own, and what the mean leaves


def test_what_noisy_searches_ask_of_a_process_is_answered_about_the_mean() -> None:
    X, said = rows(9, 0), good_source(1)
    mean = learned(X, [said])
    failed = np.zeros(9, dtype=bool)
    belief = build_belief(SQUARE.domain, X, bowl(X), failed, SETTINGS, mean=mean)
    at, member = rows(4, 8), belief.members[0]
    moments, found = member.posterior(at), member.influence(at)
    np.testing.assert_allclose(found[0], moments[0])
    np.testing.assert_allclose(found[1], moments[1])
    np.testing.assert_allclose(mean.value(at) + found[2] @ (member.y - member.base), found[0])
    assert member.noise_at.shape == (9,)
    np.testing.assert_allclose(np.diag(member.correlation(at, at)), 1.0)
    weights = np.ones((4, 9))
    assert member.weighted_influence_grad(at, weights).shape == (4, 2)
