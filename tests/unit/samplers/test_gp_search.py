"""How the next row is looked for: moods, regions, what is taken in."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from bayesopt.acquisition.functions import UCB, LogEI, LogPI
from bayesopt.acquisition.trust_region import Life, replay
from bayesopt.acquisition.utility import Gain, Success, Within
from bayesopt.history import History
from bayesopt.rng import trial_rng
from bayesopt.samplers import GPSampler
from bayesopt.samplers.fresh import Batch
from bayesopt.samplers.gp_data import Observed, observe
from bayesopt.samplers.gp_offer import offer_second
from bayesopt.samplers.gp_search import (
    Plan,
    lengthscales,
    lives_of,
    mood_for,
    narrowed,
    region_for,
    search_settings,
    taking_in,
    utility_of,
)
from bayesopt.samplers.tpe import TPESampler
from bayesopt.space import Categorical, Float, Int, Space
from bayesopt.study import create_study
from bayesopt.surrogates.model import Belief, half_step
from bayesopt.trial import TrialState

PLANE = Space({"x": Float(0.0, 1.0), "y": Float(0.0, 1.0)})
CHOICES = Space({"x": Float(0.0, 1.0), "c": Categorical(["a", "b"])})
PLAN = Plan("ei", 0.2, 1.8, True, 5, {})


def life(n_idle: int, best: int = 0) -> Life:
    return Life(0, best, 0.4, 0, n_idle)


def moods(plan: Plan, n_idle: int, space: Space = PLANE) -> dict[str, float]:
    drawn = [mood_for(plan, life(n_idle), space.domain, trial_rng(0, k)) for k in range(400)]
    return {mood: drawn.count(mood) / 400 for mood in set(drawn)}


def test_a_search_that_gets_on_is_calm_and_bold_now_and_then_where_there_are_choices() -> None:
    assert moods(PLAN, 3) == {"calm": 1.0}
    assert moods(PLAN, 3, CHOICES) == pytest.approx({"calm": 0.8, "bold": 0.2}, abs=0.06)


def test_in_many_columns_it_is_bold_by_how_many_of_them_have_cells() -> None:
    cells = {f"c{i}": Int(0, 9) for i in range(15)}
    wide = Space({**cells, **{f"x{i}": Float(0, 1) for i in range(15)}})
    assert moods(PLAN, 3, wide) == pytest.approx({"calm": 0.5, "bold": 0.5}, abs=0.08)
    assert set(moods(dataclasses.replace(PLAN, explore=0.0), 3, wide)) == {"calm"}
    assert set(moods(PLAN, 3, Space({f"x{i}": Float(0, 1) for i in range(30)}))) == {"calm"}


def test_a_search_that_is_stuck_turns_bold_or_local() -> None:
    assert moods(PLAN, 4) == pytest.approx({"local": 0.5, "bold": 0.5}, abs=0.08)
    free = dataclasses.replace(PLAN, has_region=False)
    assert set(moods(free, 4)) == {"calm", "bold"}


def test_patience_is_as_long_as_the_columns_and_twenty_at_most() -> None:
    for d, patience in ((12, 12), (20, 20), (100, 20)):
        space = Space({f"x{i}": Float(0.0, 1.0) for i in range(d)})
        assert moods(PLAN, patience - 1, space) == {"calm": 1.0}
        assert "calm" not in moods(PLAN, patience, space)


def test_a_search_that_is_stuck_for_long_asks_a_second_model() -> None:
    two = dataclasses.replace(PLAN, second=TPESampler())
    assert moods(two, 3) == {"calm": 1.0}
    assert moods(two, 7) == pytest.approx({"local": 0.5, "bold": 0.5}, abs=0.08)
    thirds = {"local": 1 / 3, "bold": 1 / 3, "second": 1 / 3}
    assert moods(two, 8) == pytest.approx(thirds, abs=0.08)
    assert "second" not in moods(PLAN, 8)


def test_three_trials_with_exactly_the_best_outcome_tell_of_steps() -> None:
    others = [-0.4, 0.0, 0.8, 0.8, 0.8]
    assert half_step(np.array([-1.0, -1.0, *others])) == 0.0
    assert half_step(np.array([-1.0, 0.8, -1.0, -1.0, *others])) == pytest.approx(0.3)
    assert half_step(np.full(6, -1.0)) == 0.0
    assert half_step(np.empty(0)) == 0.0


def test_on_a_level_half_a_step_is_wanted_wherever_the_search_is() -> None:
    level = dataclasses.replace(believed()[0], half_step=0.3)
    for mood in ("calm", "local", "bold"):
        wanted = utility_of(PLAN, level, mood).terms[0].acquisition.best
        assert wanted == pytest.approx(level.incumbent - 0.3)
    two = dataclasses.replace(PLAN, second=TPESampler())
    drawn = [mood_for(two, life(8), PLANE.domain, trial_rng(0, k), True) for k in range(400)]
    assert set(drawn) == {"bold", "second"}
    assert mood_for(two, life(0), PLANE.domain, trial_rng(0, 0), is_level=True) == "bold"


def test_a_search_leaves_a_level_that_it_has_found() -> None:
    def terraces(x: float, y: float) -> float:
        return max(0.0, round(5.0 * abs(x - 0.8)) - 1.0) + max(0.0, round(5.0 * abs(y - 0.8)) - 1.0)

    study = create_study(PLANE, sampler=GPSampler(), seed=1)
    study.optimize(lambda trial: terraces(**trial.params), n_trials=50)
    on_it = np.array([trial.value == study.best_value for trial in study.trials])
    assert on_it.any()
    assert on_it[20:].mean() < 0.8


def test_what_a_second_model_repeats_is_not_taken() -> None:
    space = Space({"k": Int(0, 2)})
    history = History(space, seed=0)
    two = dataclasses.replace(PLAN, second=TPESampler(n_startup=2))
    for k, expected in ((0, True), (1, True), (2, True), (None, False)):
        batch = Batch(1, space.d)
        assert offer_second(two, batch, space, history, trial_rng(0, history.n)) == expected
        assert batch.missing == (not expected)
        if k is not None:
            history.tell(history.append({"k": k}), float(k))


def believed(n: int = 12, n_failed: int = 0) -> tuple[Belief, Observed]:
    X = PLANE.sample(n, np.random.default_rng(0))
    y = ((X - 0.4) ** 2).sum(axis=1)
    failed = np.arange(n) < n_failed
    data = Observed(X, np.where(failed, np.nan, y), failed, np.empty((0, 2)))
    return GPSampler().believe(PLANE, data), data


def test_the_acquisition_is_the_one_that_was_asked_for() -> None:
    belief, _ = believed()
    kinds = {"ei": LogEI, "logei": LogEI, "pi": LogPI, "ucb": UCB}
    for name, kind in kinds.items():
        term = utility_of(dataclasses.replace(PLAN, acquisition=name), belief, "calm").terms[0]
        assert isinstance(term, Gain)
        assert isinstance(term.acquisition, kind)
        assert term.is_log == (name != "ucb")
    calm, bold = (utility_of(PLAN, belief, mood).terms[0] for mood in ("calm", "bold"))
    assert bold.acquisition.best == pytest.approx(calm.acquisition.best - 0.1)


def test_failures_bring_in_the_probability_of_success() -> None:
    assert len(utility_of(PLAN, believed()[0], "calm").terms) == 1
    terms = utility_of(PLAN, believed(n_failed=4)[0], "calm").terms
    assert isinstance(terms[1], Success)


def test_caution_weighs_the_probability_of_success() -> None:
    belief = believed(n_failed=4)[0]
    assert belief.success is not None
    for risk in (0.0, 1.0):
        success = dataclasses.replace(belief.success, risks=np.full(4, risk))
        term = utility_of(PLAN, dataclasses.replace(belief, success=success), "calm").terms[1]
        assert isinstance(term, Success)
        assert term.weight == pytest.approx(2 ** (4 * max(risk - 0.1, 0.0)))


def test_rows_under_way_enter_the_probability_of_success() -> None:
    belief, rows = believed(n_failed=4)[0], np.array([[0.4, 0.4], [0.9, 0.1]])
    taken = taking_in(belief, rows)
    assert belief.success is not None
    assert taken.success is not None
    assert len(taken.success.risks) == len(belief.success.risks) + 2
    before, after = (b.success.surrogate.posterior(rows)[1] for b in (belief, taken))
    assert (after < before).all()
    assert taking_in(belief, rows[:0]).success is belief.success


def test_a_choice_that_always_fails_does_not_take_the_trials() -> None:
    history = History(CHOICES, seed=0)
    for _ in range(50):
        made = GPSampler().propose(CHOICES, history, 1, trial_rng(0, history.n))
        config = CHOICES.decode(made.rows)[0]
        number = history.append(config)
        if config["c"] == "b":
            history.tell(number, state=TrialState.FAIL)
        else:
            history.tell(number, (config["x"] - 0.37) ** 2)
    assert np.count_nonzero(history.is_failed) < 20  # 43 where chance and gain are multiplied
    assert history.values[history.best(), 0] < 1e-7


def test_regions_follow_the_mood() -> None:
    belief, data = believed()
    scale = lengthscales(belief)
    arguments = (PLANE.domain, belief, data, scale)
    early = region_for(*arguments, life(0), "calm")
    np.testing.assert_array_equal(early.center, belief.incumbent_row)
    local = region_for(*arguments, life(9, best=3), "local")
    np.testing.assert_array_equal(local.center, data.X[3])
    assert (local.upper - local.lower).max() < 0.5
    nothing = region_for(*arguments, life(0, best=-1), "local")
    np.testing.assert_array_equal(nothing.center, belief.incumbent_row)


def test_a_bold_search_keeps_to_the_branch_that_few_trials_are_in() -> None:
    space = Space({"c": Categorical(["a", "b"]), "x": Float(0.0, 1.0, when={"c": "a"})})
    a, b = space.encode([{"c": "a", "x": 0.5}, {"c": "b"}])
    utility = utility_of(PLAN, believed()[0], "bold")
    begun = [np.tile(a, (29, 1)), b[None, :]]
    assert narrowed(utility, "calm", space.domain, begun) is utility
    branch = narrowed(utility, "bold", space.domain, begun).terms[-1]
    assert isinstance(branch, Within)
    np.testing.assert_array_equal(branch.holds(np.array([a, b])), [False, True])
    assert narrowed(utility, "bold", space.domain, [*begun, np.tile(b, (3, 1))]) is utility


def test_a_believed_outcome_below_the_incumbent_is_the_one_to_improve_on() -> None:
    belief, _ = believed()
    low = np.array([[0.4, 0.4]])
    taken = taking_in(belief, low)
    mean, var = taken.members[0].posterior(low)
    assert taken.incumbent == pytest.approx(min(belief.incumbent, float(mean[0])))
    assert var[0] < belief.members[0].posterior(low)[1][0]
    assert taking_in(belief, np.empty((0, 2))).incumbent == belief.incumbent


def test_large_histories_are_searched_thriftily_unless_the_user_says_otherwise() -> None:
    assert search_settings(PLAN, 100).n_candidates > search_settings(PLAN, 500).n_candidates
    wanted = dataclasses.replace(PLAN, search={"n_candidates": 77})
    assert search_settings(wanted, 500).n_candidates == 77


def test_where_all_of_the_region_is_known_the_search_leaves_it() -> None:
    space = Space({f"i{k}": Int(0, 6) for k in range(5)})  # too many to list
    history = History(space, seed=0)
    center = space.encode([{f"i{k}": 3 for k in range(5)}])[0]
    offsets = np.stack(np.meshgrid(*[[-1, 0, 1]] * 5), axis=-1).reshape(-1, 5)
    rows = space.snap(center + offsets / 7)
    for config, row in zip(space.decode(rows), rows, strict=True):
        history.tell(history.append(config), float(((row - center) ** 2).sum()))
    made = GPSampler().propose(space, history, 1, trial_rng(1, 0))
    assert made.fallback == ""
    assert not history.contains(made.rows).any()


def test_trials_take_turns_in_several_regions() -> None:
    rng = np.random.default_rng(0)
    y, numbers = rng.standard_normal(60), np.delete(np.arange(70), np.arange(0, 70, 7))
    lives = lives_of(y, numbers, 3, 4, 6)
    for k, found in enumerate(lives):
        own = np.flatnonzero(numbers % 3 == k)
        alone = replay(y[own], 4, 2)
        assert found.best == own[alone.best]
        assert (found.length, found.n_idle) == (alone.length, alone.n_idle)
    assert lives_of(y, numbers, 1, 4, 6) == (replay(y, 4, 6),)
    assert [one.best for one in lives_of(y[:2], numbers[:2], 3, 4, 6)] == [-1, 0, 1]


def test_a_batch_in_many_columns_searches_around_the_best_of_each_region() -> None:
    space = Space({f"x{j}": Float(0.0, 1.0) for j in range(24)})
    rows = space.sample(30, np.random.default_rng(2))
    history = History(space, seed=4)
    for config, row in zip(space.decode(rows), rows, strict=True):
        history.tell(history.append(config), float(((row - 0.5) ** 2).sum()))
    data = observe(history)
    assert data.numbers.tolist() == list(range(30))
    made = GPSampler(n_regions=3).propose(space, history, 3, trial_rng(4, 30)).rows
    belief = GPSampler().believe(space, data)
    y = belief.from_outcome(data.y)
    lives = lives_of(y, data.numbers, 3, 24, 10)
    assert len({found.best for found in lives}) == 3
    for number, row in zip(range(30, 33), made, strict=True):
        found = lives[number % 3]
        region = region_for(
            space.domain, belief, data, lengthscales(belief), found, "calm", is_only=False
        )
        np.testing.assert_array_equal(region.center, data.X[found.best])
        assert (row >= region.lower - 1e-9).all()
        assert (row <= region.upper + 1e-9).all()
