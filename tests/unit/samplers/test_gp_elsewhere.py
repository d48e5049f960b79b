"""A search that has exhausted a basin looks for another one."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest

from bayesopt.acquisition.trust_region import Life, early_region
from bayesopt.active import Trial
from bayesopt.history import History
from bayesopt.rng import trial_rng
from bayesopt.samplers import GPSampler, gp_elsewhere, gp_offer, gp_search
from bayesopt.samplers.fresh import Batch
from bayesopt.samplers.gp_data import Observed
from bayesopt.samplers.gp_elsewhere import may_leave, offer_elsewhere
from bayesopt.samplers.gp_search import Plan, View, taking_in, utility_of
from bayesopt.space import Float, Space
from bayesopt.study import create_study
from bayesopt.trial import TrialState

CUBE = Space({f"x{i}": Float(0.0, 1.0) for i in range(3)})
SAMPLER = GPSampler()
WIDE_WELL, DEEP_WELL = 0.25, 0.8


def wells(X: np.ndarray) -> np.ndarray:
    """Return a wide well of depth 1 and a narrow one of 1.3."""
    X = np.atleast_2d(X)
    wide = np.exp(-((X - WIDE_WELL) ** 2).sum(axis=1) / (2 * 0.3**2))
    return -np.maximum(wide, 1.3 * np.exp(-((X - DEEP_WELL) ** 2).sum(axis=1) / (2 * 0.15**2)))


def view_of(X: np.ndarray, y: np.ndarray, **changes) -> View:
    data = Observed(X, y, np.isnan(y), np.empty((0, 3)))
    data = dataclasses.replace(data, **changes)

    def believe(part: Observed):
        return SAMPLER.believe(CUBE, part, deterministic=True)

    plan = Plan("ei", 0.1, 1.8, True, 8, {}, believe=believe)
    history = History(CUBE, seed=0)
    for config, value in zip(CUBE.decode(X), y, strict=True):
        number = history.append(config)
        if np.isnan(value):
            history.tell(number, None, TrialState.FAIL)
        else:
            history.tell(number, float(value))
    return View.of(plan, CUBE, history, data, believe(data))


def exhausted() -> tuple[np.ndarray, np.ndarray]:
    """Return trials of which the last forty are about the bottom of the wide well."""
    rng = np.random.default_rng(0)
    far = rng.random((16, 3))
    far = far[np.linalg.norm(far - DEEP_WELL, axis=1) > 0.35]
    near = np.clip(WIDE_WELL + 0.05 * rng.normal(size=(40, 3)), 0.0, 1.0)
    X = np.concatenate([far, near, [[WIDE_WELL] * 3], near[:12] * 0.3 + 0.7 * WIDE_WELL])
    return X, wells(X)


STUCK = Life(0, 0, 0.4, 0, 12)


def offered(view: View, life: Life = STUCK) -> np.ndarray:
    batch = Batch(1, 3)
    offer_elsewhere(view, life, batch, trial_rng(0, 0))
    return batch.rows()


def test_where_nothing_is_left_to_gain_it_goes_where_it_has_not_been() -> None:
    X, y = exhausted()
    rows = offered(view_of(X, y))
    assert len(rows) == 1
    assert np.linalg.norm(rows[0] - WIDE_WELL) > 0.25


def plateau() -> tuple[np.ndarray, np.ndarray]:
    """Return trials of which the last twelve are on a plateau, here and there, after a valley."""
    rng = np.random.default_rng(2)
    X = rng.random((40, 3))
    X = np.concatenate([X[X[:, 0] > 0.5], X[X[:, 0] <= 0.5][:12]])
    edge = np.where(X[:, 0] > 0.5, 4.0 + 3.0 * np.sin(9.0 * X[:, 0]) * X[:, 1], 0.0)
    return X, edge - 1e-5 * X[:, 2]


def test_a_plateau_is_left_whatever_the_model_hopes_for(monkeypatch) -> None:
    view = view_of(*plateau())
    assert len(offered(view)) == 1
    monkeypatch.setattr(gp_elsewhere, "is_plateau", lambda *_: False)
    assert len(offered(view)) == 0


def outside_of(view: View) -> tuple[Observed, Callable[[np.ndarray], np.ndarray]]:
    """Return the trials outside the basin of the best row, and the test for rows outside."""
    belief, best = view.belief, view.data.X[np.argmin(view.values)]
    likeliest = belief.members[int(np.argmax(belief.weights))]

    def is_outside(rows: np.ndarray) -> np.ndarray:
        return likeliest.correlation(rows, best[None])[:, 0] < 0.3

    return view.data.part(is_outside(view.data.X)), is_outside


def test_it_proposes_what_the_trials_outside_promise_most_outside() -> None:
    """Climbs that may end in the basin miss the edge of it by more, and the row is any one."""
    X, y = exhausted()
    view = view_of(X, y)
    data, is_outside = outside_of(view)
    utility = utility_of(view.plan, view.plan.believe(data), "calm")
    region = early_region(data.X[np.argmin(data.y)], data.n, np.zeros(3))
    rows = region.lower + np.random.default_rng(1).random((30_000, 3)) * (
        region.upper - region.lower
    )
    row = offered(view)
    assert is_outside(row).all()
    assert utility.value(row)[0] > utility.value(rows[is_outside(rows)]).max() - 0.1


def failing(X: np.ndarray, y: np.ndarray) -> View:
    """Return the view after the same trials and some that failed, here and there."""
    lost = np.random.default_rng(5).random((8, 3))
    return view_of(np.concatenate([X, lost]), np.concatenate([y, np.full(8, np.nan)]))


def test_caution_exhausts_no_basin(monkeypatch) -> None:
    monkeypatch.setattr(gp_search, "caution", lambda risks: 100.0)
    X, y = exhausted()
    assert len(offered(failing(X[:30], y[:30]))) == 0
    assert len(offered(failing(X, y))) == 1


def test_rows_under_way_in_the_basin_tell_nothing_of_the_rest() -> None:
    X, y = exhausted()
    rows = []
    for under_way in (np.empty((0, 3)), WIDE_WELL + np.array([[0.01, 0.0, 0.02]])):
        view = view_of(X, y, pending=under_way)
        view = dataclasses.replace(view, belief=taking_in(view.belief, under_way))
        rows.append(offered(view))
    np.testing.assert_array_equal(*rows)


def test_a_second_belief_that_breaks_costs_nothing(monkeypatch) -> None:
    def broken(*_: object) -> bool:
        raise np.linalg.LinAlgError("no factor")

    studies = []
    for way in (broken, lambda *_: False):
        monkeypatch.setattr(gp_offer, "offer_elsewhere", way)
        studies.append(create_study(CUBE, sampler="gp", seed=3))
        studies[-1].optimize(objective, n_trials=30)
    assert [t.params for t in studies[0].trials] == [t.params for t in studies[1].trials]
    assert not any(trial.fallback for trial in studies[0].trials)


def test_where_something_is_left_to_gain_it_stays() -> None:
    X, y = exhausted()
    assert len(offered(view_of(X[:30], y[:30]))) == 0


def objective(trial: Trial) -> float:
    return float(wells(np.array(list(trial.params.values())))[0])


def test_until_it_leaves_a_search_is_the_same_bits_as_one_that_never_does(monkeypatch) -> None:
    study = create_study(CUBE, sampler="gp", seed=3)
    study.optimize(objective, n_trials=40)
    first = [trial.sampler for trial in study.trials].index("gp:elsewhere")
    monkeypatch.setattr(gp_offer, "may_leave", lambda *_: False)
    other = create_study(CUBE, sampler="gp", seed=3)
    other.optimize(objective, n_trials=first + 1)
    params = [[trial.params for trial in each.trials[: first + 1]] for each in (study, other)]
    assert first > 15
    assert params[0][:first] == params[1][:first]
    assert params[0][first] != params[1][first]


def test_a_study_finds_the_deeper_well_after_the_wide_one() -> None:
    """Without a way out three of these four end at -1."""
    ends, ways = [], set()
    for seed in (1, 3, 4, 7):
        study = create_study(CUBE, sampler="gp", seed=seed)
        study.optimize(objective, n_trials=60)
        ends.append(study.best_value)
        ways |= {trial.sampler for trial in study.trials}
    assert np.mean(np.array(ends) < -1.29) > 0.5
    assert "gp:elsewhere" in ways


def test_it_stays_where_it_may_not_leave() -> None:
    X, y = exhausted()
    view, rng = view_of(X, y), trial_rng(0, 0)
    assert may_leave(view, STUCK, "bold", rng)
    assert not may_leave(view, dataclasses.replace(STUCK, n_idle=3), "bold", rng)
    assert not may_leave(view, STUCK, "calm", rng)
    local = [may_leave(view, STUCK, "local", trial_rng(0, k)) for k in range(200)]
    assert np.mean(local) == pytest.approx(0.5, abs=0.1)
    for change in (
        {"believe": None},
        {"acquisition": "ucb"},
        {"n_regions": 2},
        {"has_region": False},
    ):
        plan = dataclasses.replace(view.plan, **change)
        assert not may_leave(dataclasses.replace(view, plan=plan), STUCK, "bold", rng)
    level = dataclasses.replace(view.belief, half_step=0.1)
    assert not may_leave(dataclasses.replace(view, belief=level), STUCK, "bold", rng)
    assert not may_leave(view_of(X, y, is_noisy=True), STUCK, "bold", rng)
    assert not may_leave(view_of(X, y, noise=np.full(len(y), 0.1)), STUCK, "bold", rng)


def test_a_part_of_the_trials_keeps_all_that_was_told_of_them() -> None:
    X, y = exhausted()
    n = len(y)
    whole = Observed(
        X, y, np.zeros(n, bool), X[:2], np.arange(float(n)), np.arange(float(n)), True, np.arange(n)
    )
    kept = np.arange(n) % 3 == 0
    part = whole.part(kept)
    np.testing.assert_array_equal(part.numbers, np.arange(0, n, 3))
    np.testing.assert_array_equal(part.noise, part.cost)
    np.testing.assert_array_equal(part.X, X[::3])
    np.testing.assert_array_equal(part.y, y[::3])
    assert part.is_noisy
    assert len(part.pending) == 2
    assert part.n == len(part.failed) == (n + 2) // 3
