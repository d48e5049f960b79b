"""Populations on histories of any kind, configurations of clones, what a bandit learns."""

from __future__ import annotations

import copy
import math
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bayesopt.errors import InvalidValueError, NoTrialsError, SettingsError, TrialNotFoundError
from bayesopt.history import History
from bayesopt.history.origins import trace
from bayesopt.lineage import ATTRIBUTE, Origin, origin_of
from bayesopt.schedulers import (
    Decision,
    HyperparameterSchedule,
    PB2Scheduler,
    PBTScheduler,
    from_spec,
    schedule_of,
    to_spec,
)
from bayesopt.schedulers.bandit import (
    InContext,
    gains_of,
    joined,
    rank_among,
    standardised,
    with_context,
)
from bayesopt.schedulers.explore import NOTHING_NEAR, Perturbation, explored
from bayesopt.schedulers.generations import born_at, levels_of
from bayesopt.schedulers.rungs import read_rungs
from bayesopt.space import Categorical, Constant, Float, Int, Ordinal, Space
from bayesopt.trial import TrialRecord, TrialState

LINE = Space({"x": Float(0.0, 1.0)})
RNG = np.random.default_rng(0)
MIXED = Space(
    {
        "lr": Float(1e-5, 1.0, log=True),
        "momentum": Float(0.0, 0.99),
        "shift": Float(-1.0, 1.0),
        "layers": Int(1, 8),
        "width": Int(8, 512, log=True),
        "batch": Ordinal([16, 32, 64, 128]),
        "kind": Categorical(["sgd", "adam"]),
        "beta": Float(0.5, 0.999, when={"kind": "adam"}),
        "seed": Constant(1),
    },
    constraints=["layers * width <= 2048"],
)
PERTURBED = Perturbation((0.8, 1.25), 0.0)

curves = st.dictionaries(
    st.integers(0, 9), st.sampled_from([0.0, 1.0, 2.0, math.nan, math.inf]), max_size=6
)
trials = st.tuples(
    st.sampled_from(list(TrialState)), curves, st.integers(-1, 12),
    st.sampled_from([0.0, 1.0, 2.0, 4.0, 6.0, 7.5, 8.0]), st.booleans(),
)  # fmt: skip


def build(told: list[Any], order: list[int]) -> History:
    """Return a history whose reports were heard of in some order."""
    history = History(LINE)
    for state, _, _, _, _ in told:
        history.append({"x": 0.5}, state)
    reports = [(n, *each) for n, (_, curve, *_) in enumerate(told) for each in curve.items()]
    for i in order:
        if i < len(reports):
            history.report(*reports[i])
    for number, (_, _, parent, step, imported) in enumerate(told):
        origin = Origin(parent, step) if 0 <= parent < number else None
        trace(history, number, origin, imported=imported and origin is None)
    return history


@settings(max_examples=60)
@given(st.lists(trials, max_size=10), st.permutations(range(60)), st.booleans())
def test_any_history_is_judged_and_in_any_order_of_arrival_alike(
    told: list[Any], order: list[int], no_more: bool
) -> None:
    scheduler = PBTScheduler(max_steps=8, population=3, interval=2)
    history, other = build(told, order), build(told, list(range(60)))
    settled, again = (scheduler.settle(each, no_more=no_more) for each in (history, other))
    assert settled.resume.tolist() == again.resume.tolist()
    assert settled.stop.tolist() == again.stop.tolist()
    paused = history.numbers_in(TrialState.PAUSED).tolist()
    assert sorted({*settled.resume.tolist(), *settled.stop.tolist()}) == sorted(
        [*settled.resume.tolist(), *settled.stop.tolist()]
    )
    assert {*settled.resume.tolist(), *settled.stop.tolist()} <= set(paused)
    for number in range(history.n):
        decision = scheduler.decide(history, number, RNG)
        assert decision is scheduler.decide(other, number, RNG)
        if number in settled.stop and not no_more:
            assert decision is Decision.STOP
    brood, its = (scheduler.breed(LINE, each, 2) for each in (history, other))
    assert np.array_equal(brood.rows, its.rows)
    assert (brood.parents.tolist(), brood.steps.tolist()) == (
        its.parents.tolist(),
        its.steps.tolist(),
    )
    assert len(brood.rows) <= 2
    assert all(history.last_step[parent] >= 2 for parent in brood.parents.tolist())


@settings(max_examples=60)
@given(st.lists(trials, max_size=10))
def test_something_can_always_go_on(told: list[Any]) -> None:
    """Whoever waits, waits for somebody: if no trial runs or is queued, one is begun or goes on."""
    quiet = {TrialState.RUNNING: TrialState.PAUSED, TrialState.LOST: TrialState.PAUSED}
    told = [(quiet.get(state, state), *rest) for state, *rest in told]
    told = [each for each in told if each[0] is not TrialState.WAITING]
    history = build(told, list(range(60)))
    scheduler = PBTScheduler(max_steps=8, population=3, interval=2)
    settled, brood = scheduler.settle(history), scheduler.breed(LINE, history, 1)
    is_going_on = settled.resume.size or settled.stop.size or len(brood.rows) or brood.n_founders
    assert is_going_on or brood.is_over
    if history.count(TrialState.PAUSED) and brood.is_over:
        assert settled.resume.size or settled.stop.size


def test_levels_are_multiples_of_the_interval_and_the_end() -> None:
    assert levels_of(2, 6).tolist() == [2, 4, 6]
    assert levels_of(2, 7).tolist() == [2, 4, 6, 7]
    assert levels_of(0.1, 0.3).tolist() == pytest.approx([0.1, 0.2, 0.3])
    assert PBTScheduler(max_steps=50).levels == tuple(range(5, 51, 5))


@pytest.mark.parametrize(
    "given_",
    [
        {}, {"max_steps": 0}, {"max_steps": math.inf}, {"max_steps": 4, "interval": 0},
        {"max_steps": 10**400},
        {"max_steps": 4, "interval": 4}, {"max_steps": 4, "interval": 1e-9},
        {"max_steps": 4, "population": 1}, {"max_steps": 4, "quantile": 0.0},
        {"max_steps": 4, "quantile": 0.6}, {"max_steps": 4, "factors": ()},
        {"max_steps": 4, "factors": (0.0, 1.2)}, {"max_steps": 4, "resample": 1.5},
        {"max_steps": 4, "factors": 1.2}, {"max_steps": 4, "smoothing": 0},
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", [PBTScheduler, PB2Scheduler])
def test_settings_out_of_range_are_refused(kind: Any, given_: dict[str, Any]) -> None:
    with pytest.raises(SettingsError):
        kind(**given_)


def test_schedulers_are_values_that_travel_as_json() -> None:
    for scheduler in (PBTScheduler(max_steps=9, interval=2), PB2Scheduler(max_steps=9, beta=2.0)):
        assert from_spec(to_spec(scheduler)) == scheduler
        assert pickle.loads(pickle.dumps(scheduler)) == scheduler
        assert copy.deepcopy(scheduler) == scheduler


# -- exploring ------------------------------------------------------------------------------------
@settings(max_examples=60)
@given(st.integers(0, 10_000), st.sampled_from([0.0, 0.25, 1.0]))
def test_a_clone_is_feasible_near_its_parent_and_another(seed: int, resample: float) -> None:
    rng = np.random.default_rng(seed)
    row = MIXED.sample(1, rng)[0]
    new, note = explored(MIXED, row, Perturbation((0.8, 1.25), resample), rng)
    assert not note
    assert MIXED.feasible(new[None, :])[0]
    assert np.array_equal(MIXED.snap(new[None, :])[0], new)
    assert not np.array_equal(new, row)
    if resample:
        return
    old, config = (MIXED.decode(each[None, :])[0] for each in (row, new))
    assert config["kind"] == old["kind"]
    for name in ("lr", "momentum"):
        low, high = MIXED.parameters[name].low, MIXED.parameters[name].high
        near = [min(max(old[name] * factor, low), high) for factor in (0.8, 1.25)]
        assert any(config[name] == pytest.approx(each, abs=1e-9) for each in near)
    sizes = [16, 32, 64, 128]
    assert abs(sizes.index(config["batch"]) - sizes.index(old["batch"])) <= 1
    assert abs(config["layers"] - old["layers"]) <= 2
    assert config["width"] / old["width"] == pytest.approx(1.0, abs=0.3)


def test_where_nothing_near_is_allowed_the_parent_stays_as_it_is() -> None:
    space = Space({"x": Int(1, 9), "y": Int(1, 9)}, constraints=["x * y == 63"])
    row = space.encode([{"x": 7, "y": 9}])[0]
    new, note = explored(space, row, PERTURBED, np.random.default_rng(0))
    assert note in ("", NOTHING_NEAR)
    assert space.feasible(new[None, :])[0]
    fixed = Space({"c": Categorical(["a", "b"])})
    row = fixed.encode([{"c": "a"}])[0]
    new, note = explored(fixed, row, PERTURBED, np.random.default_rng(0))
    assert (new.tolist(), note) == (row.tolist(), NOTHING_NEAR)


# -- the bandit -----------------------------------------------------------------------------------
def trained(n_levels: int = 2) -> History:
    """Return four members, one of which is cloned at step 2; gains are larger for small x."""
    history = History(LINE, seed=5)
    for x in (0.1, 0.4, 0.6, 0.9):
        is_over = x == 0.9 and n_levels > 1
        number = history.append({"x": x}, TrialState.PRUNED if is_over else TrialState.PAUSED)
        for step in range(1, 2 * n_levels + 1):
            if not is_over or step <= 2:
                history.report(number, step, 10.0 + x * step - step)
    if n_levels > 1:
        number = history.append({"x": 0.2}, TrialState.PAUSED)
        trace(history, number, Origin(0, 2.0))
        for step in (3, 4):
            history.report(number, step, 8.2 - 0.8 * (step - 2))
    return history


def test_gains_are_changes_from_where_a_stretch_began() -> None:
    history = trained()
    scheduler = PB2Scheduler(max_steps=8, population=4, interval=2)
    levels = np.array(scheduler.levels)
    selection = scheduler._selection
    gains = gains_of(history, read_rungs(history, levels), born_at(history, selection), levels)
    assert gains.X[:, 0].round(1).tolist() == [0.1, 0.4, 0.6, 0.9, 0.1, 0.4, 0.6, 0.2]
    assert gains.context[:, 0].tolist() == [0.25] * 4 + [0.5] * 4
    starts = np.array([8.2, 8.8, 9.2, 8.2])  # at step 2; the clone's is its parent's
    place = [rank_among(value, starts) for value in starts]
    assert gains.context[4:, 1].tolist() == place == [0.25, 0.625, 0.875, 0.25]
    raw = np.array([-1.8, -1.2, -0.8, -1.6])
    assert gains.y[4:] == pytest.approx((raw - raw.mean()) / raw.std())
    assert gains.y[:4].mean() == pytest.approx(0.0)


def test_a_bandit_tries_what_gained_and_what_is_not_under_way() -> None:
    four = PB2Scheduler(max_steps=8, population=4, interval=2, quantile=0.5, beta=0.5)
    brood = four.breed(LINE, trained(), 4)
    assert len(brood.rows) == 2
    assert not any(brood.notes)
    assert brood.rows[:, 0].max() < 0.6
    assert not np.array_equal(brood.rows[0], brood.rows[1])
    one_by_one = trained()
    for i in range(2):
        single = four.breed(LINE, one_by_one, 1)
        assert np.array_equal(single.rows[0], brood.rows[i])
        number = one_by_one.append(LINE.decode(single.rows)[0])
        trace(one_by_one, number, Origin(int(single.parents[0]), float(single.steps[0])))
    assert np.array_equal(copy.deepcopy(four).breed(LINE, trained(), 4).rows, brood.rows)


def test_a_posterior_in_a_context_is_the_wide_one_with_columns_fixed() -> None:
    from bayesopt.surrogates.model import build_belief
    from bayesopt.surrogates.settings import GPSettings

    wide = with_context(MIXED)
    assert [*wide.names][: MIXED.d] == [*MIXED.names]
    rows = np.hstack([MIXED.sample(12, RNG), RNG.random((12, 2))])
    member = build_belief(wide.domain, wide.snap(rows), RNG.random(12), np.zeros(12, bool),
                          GPSettings()).members[0]  # fmt: skip
    context, X = np.array([0.25, 0.75]), MIXED.sample(3, RNG)
    here = InContext(member, context)
    assert here.d == MIXED.d
    for mine, its in zip(here.posterior(X), member.posterior(joined(X, context)), strict=True):
        assert np.array_equal(mine, its)
    mean, _, d_mean, d_var = here.posterior_grad(X)
    assert d_mean.shape == d_var.shape == X.shape
    step = np.zeros(MIXED.d)
    step[0] = 1e-6
    slope = (here.posterior(X + step)[0] - here.posterior(X - step)[0]) / 2e-6
    assert d_mean[:, 0] == pytest.approx(slope, abs=1e-4)
    assert np.allclose(here.condition(X[:1]).posterior(X)[0], mean, atol=1e-6)
    taken = Space({"time": Float(0, 1), "time' start": Float(0, 1)})
    assert with_context(taken).d == 4


# -- replay ---------------------------------------------------------------------------------------
def record(number: int, lr: float, last: int, origin: Origin | None = None) -> TrialRecord:
    attrs = {} if origin is None else {ATTRIBUTE: origin.to_attr()}
    reports = {float(step): (0.0,) for step in range(1, last + 1)}
    return TrialRecord(
        number, TrialState.COMPLETE, {"lr": lr}, (0.0,), reports=reports, system_attrs=attrs
    )


FAMILY = [
    record(0, 0.1, 8), record(1, 0.2, 2), record(2, 0.3, 6, Origin(0, 2.0)),
    record(3, 0.4, 8, Origin(2, 6.0, "000001-000002")),
]  # fmt: skip


def test_a_schedule_follows_the_lineage_and_can_be_replayed() -> None:
    schedule = schedule_of(FAMILY, 3)
    assert [(s.start, s.end, s.trial) for s in schedule.stretches] == [
        (0.0, 2.0, 0), (2.0, 6.0, 2), (6.0, 8.0, 3),
    ]  # fmt: skip
    assert [schedule.at(step)["lr"] for step in (1, 2, 3, 6, 7, 99)] == [
        0.1, 0.1, 0.3, 0.3, 0.4, 0.4,
    ]  # fmt: skip
    assert [step for step in range(1, 9) if schedule.changes_at(step)] == [1, 3, 7]
    assert schedule.trials == (0, 2, 3)
    assert HyperparameterSchedule.from_json(schedule.to_json()) == schedule
    for no_step in ("3", None, math.nan, -1):
        with pytest.raises(InvalidValueError, match="step"):
            schedule.at(no_step)  # type: ignore[arg-type]
        with pytest.raises(InvalidValueError, match="step"):
            schedule.changes_at(no_step)  # type: ignore[arg-type]
    assert schedule_of(FAMILY, 0).at(5) == {"lr": 0.1}


def test_gains_of_a_training_that_diverged_are_standardised_like_others() -> None:
    for size in (1.0, 1e200, 1e308):
        found = standardised(np.array([size, -size, 0.5 * size, math.nan, -math.inf]))
        np.testing.assert_allclose(found[:3], standardised(np.array([1.0, -1.0, 0.5])))
        assert np.isnan(found[3:]).all()


def test_schedules_that_are_none_are_refused() -> None:
    with pytest.raises(TrialNotFoundError):
        schedule_of(FAMILY, 7)
    with pytest.raises(NoTrialsError):
        schedule_of([record(0, 0.1, 0)], 0)
    with pytest.raises(TrialNotFoundError):
        schedule_of([record(5, 0.1, 8, Origin(1, 2.0))], 5)
    for text in ("", "3", "[]", '[{"start": 2, "end": 1, "params": {}, "trial": 0}]', "[{}]"):
        with pytest.raises(InvalidValueError):
            HyperparameterSchedule.from_json(text)
    first, *_, last = HyperparameterSchedule.from_json(schedule_of(FAMILY, 3).to_json()).to_data()
    for parts in ([last, first], [first, first], [first, {**last, "start": last["start"] + 0.5}]):
        with pytest.raises(InvalidValueError):
            HyperparameterSchedule.from_data(parts)
    odd = schedule_of([TrialRecord(0, TrialState.COMPLETE, {"f": len}, reports={1.0: (0.0,)})], 0)
    with pytest.raises(InvalidValueError, match="JSON"):
        odd.to_json()


@pytest.mark.parametrize(
    "value",
    [
        None, 3, {}, {"parent": -1, "step": 1.0, "checkpoint": ""},
        {"parent": True, "step": 1.0, "checkpoint": ""},
        {"parent": 1, "step": math.nan, "checkpoint": ""},
        {"parent": 1, "step": 1.0, "checkpoint": "../../etc"},
        {"parent": 1, "step": "x", "checkpoint": ""}, {"parent": 1},
    ],
)  # fmt: skip
def test_an_origin_that_is_none_counts_as_none(value: object) -> None:
    assert origin_of({ATTRIBUTE: value}) is None


def test_an_origin_travels_as_an_attribute() -> None:
    origin = Origin(3, 4.0, "000001-000002")
    assert origin_of({ATTRIBUTE: origin.to_attr()}) == origin
