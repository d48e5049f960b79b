"""The Gaussian process over configurations and budgets."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import spearmanr

from bayesopt.history import History, Levels
from bayesopt.rng import trial_rng
from bayesopt.samplers import AutoSampler, GPSampler
from bayesopt.samplers.gp_levels import believe_levels, observe_levels
from bayesopt.samplers.gp_outcomes import observe_outcomes
from bayesopt.schedulers import ASHAScheduler
from bayesopt.space import Categorical, Float, Int, Space
from bayesopt.space.domain import side_by_side
from bayesopt.surrogates import training
from bayesopt.surrogates.compiled import COMPILED
from bayesopt.surrogates.fit import cold_modes
from bayesopt.surrogates.model import FitCache
from bayesopt.surrogates.settings import GPSettings
from bayesopt.surrogates.sliced import Sliced
from bayesopt.trial import TrialState

SPACE = Space({"x": Float(0.0, 1.0), "y": Float(0.0, 1.0)})
MIXED = Space(
    {
        "c": Categorical(["a", "b", "c"]),
        "z": Float(0.0, 1.0, when={"c": ["a", "b"]}),
        "i": Int(1, 9, when={"c": "b"}),
        "x": Float(1e-3, 1.0, log=True),
    }
)
SCHEDULER = ASHAScheduler(max_steps=9)


def loss(x: float, y: float, step: float) -> float:
    """The best place moves with the budget, and so does the level of the values."""
    return (x - 0.3) ** 2 + (y - 0.5 - 0.2 / step) ** 2 + 2.0 / step


def study(n: int, seed: int = 0, space: Space = SPACE) -> History:
    """Return a history of n trials at random under ASHA, told step by step."""
    history, rng = History(space, seed=seed), np.random.default_rng(seed)
    for config in space.decode(space.sample(n, rng)):
        number = history.append(config)
        x, y = config["x"], config.get("y", 0.5)
        for step in range(1, 10):
            history.report(number, step, loss(x, y, step))
            if SCHEDULER.decide(history, number, rng).value == "stop":
                history.tell(number, state=TrialState.PRUNED)
                break
        else:
            history.tell(number, loss(x, y, 9))
    return history


def test_columns_of_two_domains_are_those_of_one_space() -> None:
    extra = Space({"b": Float(0.0, 1.0)})
    whole = Space({**MIXED.parameters, "b": Float(0.0, 1.0)}).domain
    joined = side_by_side(MIXED.domain, extra.domain)
    for name in joined.arrays._fields:
        if name != "order":
            np.testing.assert_array_equal(getattr(joined.arrays, name), getattr(whole.arrays, name))
    assert sorted(joined.arrays.order) == list(range(joined.d))
    np.testing.assert_array_equal(joined.conditional, whole.conditional)
    swapped = side_by_side(extra.domain, MIXED.domain)
    assert swapped.arrays.need_column.tolist() == (MIXED.domain.arrays.need_column + 1).tolist()


def test_rows_are_values_at_levels_by_trial() -> None:
    view = SCHEDULER.view(study(30))
    assert view.levels is not None
    data = observe_levels(view, view.levels)
    wanted = [
        (*view.X[n], place, view.levels.aligned(2)[n, k, 0])
        for n in range(30)
        for k, place in enumerate((0.0, 0.5, 1.0))
        if not math.isnan(view.levels.values[n, k, 0])
    ]
    np.testing.assert_allclose(np.column_stack([data.X, data.y]), wanted)
    assert data.goal == 1.0
    np.testing.assert_array_equal(data.tried, view.X[view.is_complete])


def belief_of(history: History, cache: FitCache | None = None):  # type: ignore[no-untyped-def]
    view = SCHEDULER.view(history)
    assert view.levels is not None
    data = observe_levels(view, view.levels)
    cache = FitCache() if cache is None else cache
    return believe_levels(view.space.domain, data, GPSettings(), cache, None, COMPILED)


def test_it_knows_better_than_the_highest_level_alone_what_whole_trainings_give() -> None:
    history, rng = study(40), np.random.default_rng(1)
    T = rng.random((200, 2))
    truth = np.array([loss(x, y, 9) for x, y in T])
    belief = belief_of(history)
    mean = sum(w * m.posterior(T)[0] for w, m in zip(belief.weights, belief.members, strict=True))
    assert spearmanr(mean, truth)[0] > 0.95
    assert loss(*belief.incumbent_row, 9) < np.sort(truth)[10]
    assert belief.incumbent == belief.y.min()


@pytest.mark.parametrize("space", [SPACE, MIXED])
def test_a_sliced_process_is_the_whole_one_at_one_place(space: Space) -> None:
    member = belief_of(study(20, space=space)).members[0]
    assert isinstance(member, Sliced)
    X = space.snap(np.random.default_rng(0).random((5, space.d)))
    placed = np.column_stack([X, np.full(5, member.at)])
    mean, var, d_mean, d_var = member.posterior_grad(X)
    for found, wanted in zip(member.posterior(X), member.whole.posterior(placed), strict=True):
        np.testing.assert_array_equal(found, wanted)
    for found, wanted in zip(
        (mean, var, d_mean, d_var), member.whole.posterior_grad(placed), strict=True
    ):
        np.testing.assert_array_equal(found, wanted[..., : space.d] if found.ndim > 1 else wanted)
    assert member.d == space.d == member.hyper.weight.size
    for found, wanted in zip(member.influence(X), member.whole.influence(placed), strict=True):
        np.testing.assert_array_equal(found, wanted)
    alike = member.whole.correlation(placed, placed[:2])
    np.testing.assert_array_equal(member.correlation(X, X[:2]), alike)
    weights = np.ones((5, member.y.size))
    slopes = member.whole.weighted_influence_grad(placed, weights)
    np.testing.assert_array_equal(member.weighted_influence_grad(X, weights), slopes[:, :-1])
    np.testing.assert_array_equal(member.noise_at, member.whole.noise_at)
    after = member.condition(X[:2])
    assert (after.posterior(X[:2])[1] < member.posterior(X[:2])[1]).all()
    np.testing.assert_allclose(after.posterior(X)[0], mean, atol=1e-9)


def test_gradients_at_the_goal_are_those_of_the_mean() -> None:
    member = belief_of(study(20)).members[0]
    x, step = np.array([[0.4, 0.6]]), 1e-6
    _, _, d_mean, d_var = member.posterior_grad(x)
    for j in range(2):
        ahead, behind = x.copy(), x.copy()
        ahead[0, j], behind[0, j] = x[0, j] + step, x[0, j] - step
        up, down = member.posterior(ahead), member.posterior(behind)
        assert d_mean[0, j] == pytest.approx((up[0] - down[0])[0] / (2 * step), rel=1e-4, abs=1e-6)
        assert d_var[0, j] == pytest.approx((up[1] - down[1])[0] / (2 * step), rel=1e-4, abs=1e-6)


def test_what_a_fit_starts_from_stays_while_trainings_go_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    history, cache, n_cold = study(31), FitCache(), 0

    def counted(*given: object) -> object:
        nonlocal n_cold
        n_cold += 1
        return cold_modes(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(training, "cold_modes", counted)
    numbers = [history.append({"x": 0.1 * k, "y": 0.5}) for k in range(4)]
    starts = []
    for step in (1, 2, 3, 4):
        for number in numbers[: step + 1]:
            history.report(number, step, loss(0.1, 0.5, step))
        belief_of(history, cache)
        view = SCHEDULER.view(history)
        assert view.levels is not None
        assert view.levels.n_settled is not None
        assert view.levels.n_settled.tolist() == [min(32 + step, 35), 35 if step > 2 else 31, 31]
        data = observe_levels(view, view.levels)
        assert data.start is not None
        starts.append(data.start)
    assert n_cold == 1  # of 31 trials; 37 would be the next number
    for X, y in starts[:-1]:
        np.testing.assert_array_equal(X, starts[-1][0])
        np.testing.assert_array_equal(y, starts[-1][1])


def test_a_fit_from_there_is_as_good_as_one_from_nothing() -> None:
    view = SCHEDULER.view(study(43))
    assert view.levels is not None
    data = observe_levels(view, view.levels)
    assert data.start is not None
    assert len(data.start[1]) < len(data.y)
    X = np.random.default_rng(0).random((50, 2))
    domain, settings = view.space.domain, GPSettings()
    found = believe_levels(domain, data, settings, FitCache(), None, COMPILED)
    anew = believe_levels(domain, replace(data, start=None), settings, FitCache(), None, COMPILED)
    np.testing.assert_allclose(found.mean(X), anew.mean(X), atol=0.05)  # of a spread of about one


@pytest.mark.parametrize("sampler", [GPSampler(), AutoSampler()])
def test_what_it_proposes_depends_on_the_view_alone(sampler: GPSampler | AutoSampler) -> None:
    for n in (14, 15, 22):  # the cache of the sampler grows, a new one has none
        view = SCHEDULER.view(study(n, space=MIXED))
        rng = trial_rng(view.seed, view.n)
        made = sampler.propose(view.space, view, 2, rng)
        again = type(sampler)().propose(view.space, view, 2, trial_rng(view.seed, view.n))
        np.testing.assert_array_equal(made.rows, again.rows)
        assert not any(made.fallbacks)
        assert made.sampler.endswith("gp")


def test_the_knowledge_gradient_gives_way_where_rows_are_at_several_budgets() -> None:
    history = History(SPACE, seed=0, noisy=True)
    for config in SPACE.decode(SPACE.sample(20, np.random.default_rng(0))):
        number = history.append(config)
        history.report(number, 1, loss(config["x"], config["y"], 1))
        history.tell(number, state=TrialState.PRUNED)
    view = SCHEDULER.view(history)
    made = [
        GPSampler(acquisition=name).propose(SPACE, view, 1, trial_rng(0, view.n))
        for name in ("kg", "ei")
    ]
    assert not any(made[0].fallbacks)
    np.testing.assert_array_equal(made[0].rows, made[1].rows)


def test_it_finds_the_best_place_of_whole_trainings() -> None:
    history = study(30)
    view = SCHEDULER.view(history)
    row = GPSampler().propose(SPACE, view, 1, trial_rng(0, view.n)).rows[0]
    assert loss(*row, 9) - loss(0.3, 0.5 + 0.2 / 9, 9) < 0.02


def test_what_reports_nan_or_fails_is_kept_away_from() -> None:
    history = History(SPACE, seed=0)
    for config in SPACE.decode(SPACE.sample(40, np.random.default_rng(0))):
        number = history.append(config)
        if config["x"] > 0.5:
            if config["y"] > 0.5:
                history.tell(number, state=TrialState.FAIL)
                continue
            history.report(number, 1, math.nan)
        else:
            history.report(number, 1, 1.0 - config["x"])
        history.tell(number, state=TrialState.PRUNED)
    view = SCHEDULER.view(history)
    bad = history.X[:, 0] > 0.5
    np.testing.assert_array_equal(view.is_failed, bad)
    belief = belief_of(history)
    assert belief.success is not None
    chance = np.exp(belief.success.log_success(np.array([[0.2, 0.5], [0.9, 0.5]])))
    assert chance[0] > 0.8 > 0.3 > chance[1]


def test_who_was_stopped_before_it_told_constraints_is_not_broken() -> None:
    constrained = History(SPACE, seed=0)
    for n, config in enumerate(SPACE.decode(SPACE.sample(20, np.random.default_rng(0)))):
        number = constrained.append(config)
        for step in (1, 3, 9) if n % 3 == 0 else (1,):
            constrained.report(number, step, float(n))
        if n % 3:
            constrained.tell(number, state=TrialState.PRUNED)
        else:
            constrained.tell(number, float(n), constraints={"memory": float(n % 2)})
    view = SCHEDULER.view(constrained)
    data = observe_outcomes(view)
    assert view.is_complete.all()
    assert not data.broken.any()
    assert np.isnan(data.C[:, 0]).sum() == 13
    made = GPSampler().propose(SPACE, view, 1, trial_rng(0, view.n))
    assert not any(made.fallbacks)


def test_one_level_and_one_value_are_enough_to_believe_something() -> None:
    values = np.full((3, 2, 1), np.nan)
    values[:2, 0, 0] = [1.0, 2.0]
    history = History(SPACE)
    for x in (0.1, 0.5, 0.9):
        history.append({"x": x, "y": x}, TrialState.COMPLETE)
    data = observe_levels(history, Levels(np.array([1.0, 3.0]), values))
    assert data.goal == 0.0
    belief = believe_levels(SPACE.domain, data, GPSettings(), FitCache(), None, COMPILED)
    assert len(belief.X) == 2
    assert np.isfinite(belief.incumbent)
