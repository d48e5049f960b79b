"""What the next trial promises: closed forms, and what must not matter."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

import bayesopt as bo
from bayesopt.history.gains import expected_record, gains
from bayesopt.samplers.gp_data import observe
from bayesopt.samplers.outlook import (
    ENOUGH,
    expected_gain,
    idle_hints,
    model_gain,
    outlook,
    promising_rows,
)

SPACE = bo.Space({"x": bo.Float(-5, 5), "y": bo.Float(-5, 5)})


def bowl(config):
    return (config["x"] - 1) ** 2 + config["y"] ** 2


def history_of(objective=bowl, n=30, space=SPACE, seed=0, **told):
    history = bo.History(space)
    rng = np.random.default_rng(seed)
    for config in space.decode(space.sample(n, rng)):
        history.tell(history.append(config), objective(config), **told)
    return history


def closed_form(belief, rows, slope):
    """Return Σ w [(b - m) Φ(z) + s φ(z)], of outcomes whose transform has a slope."""
    gain = np.zeros(len(rows))
    for weight, member in zip(belief.weights, belief.members, strict=True):
        mean, var = member.posterior(rows)
        sd = np.sqrt(var)
        z = (belief.incumbent - mean) / sd
        gain += weight * ((belief.incumbent - mean) * norm.cdf(z) + sd * norm.pdf(z))
    return gain * slope


def test_where_outcomes_are_only_scaled_the_gain_is_the_closed_form():
    history = history_of()
    process = bo.GPSampler(model={"transform": "standardize", "winsorize_iqr": 1e9})
    belief = process.believe(SPACE, observe(history))
    rows = SPACE.sample(200, np.random.default_rng(1))
    slope = float(np.diff(belief.to_outcome(np.array([0.0, 1.0])))[0])
    found = expected_gain(belief, rows)
    np.testing.assert_allclose(found, closed_form(belief, rows, slope), rtol=1e-9, atol=1e-12)


def test_where_they_are_bent_it_is_the_mean_of_many_draws():
    history = history_of(lambda c: math.exp(0.4 * bowl(c)))
    belief = bo.GPSampler().believe(SPACE, observe(history))
    rows = promising_rows(belief, history)[:3]
    rng, best = np.random.default_rng(2), belief.to_outcome(np.array([belief.incumbent]))
    for row, found in zip(rows, expected_gain(belief, rows), strict=True):
        drawn = []
        for weight, member in zip(belief.weights, belief.members, strict=True):
            mean, var = member.posterior(row[None])
            t = mean + np.sqrt(var) * rng.standard_normal(400_000)
            drawn.append(weight * np.maximum(best - belief.to_outcome(t), 0.0))
        total = np.sum(drawn, axis=0)
        assert abs(total.mean() - found) < 5 * total.std() / math.sqrt(len(total))


def test_no_row_of_many_promises_more_than_the_best_that_was_found():
    history = history_of()
    process = bo.GPSampler()
    belief = process.believe(SPACE, observe(history), deterministic=True)
    rows = SPACE.sample(4000, np.random.default_rng(3))
    assert model_gain(process, history) >= 0.98 * expected_gain(belief, rows).max()


def test_units_and_direction_do_not_matter():
    plain, scaled = history_of(), history_of(lambda c: 3e4 * bowl(c) - 5e5)
    up = bo.History(SPACE, directions=["maximize"])
    for config in SPACE.decode(plain.X):
        up.tell(up.append(config), -bowl(config))
    expected = outlook(plain)
    assert outlook(scaled).gain == pytest.approx(3e4 * expected.gain, rel=1e-3)
    assert outlook(scaled).share == pytest.approx(expected.share, rel=1e-3)
    assert outlook(up).gain == pytest.approx(expected.gain, rel=1e-6)


def test_it_is_a_function_of_the_history():
    history = history_of()
    again = outlook(history.copy(), bo.GPSampler())
    assert outlook(history).gain == again.gain


def test_a_search_that_went_on_long_enough_is_idle():
    study = bo.create_study(SPACE, sampler="gp", seed=0)
    study.optimize(lambda t: bowl(t.params), n_trials=25)
    before = outlook(study.history)
    assert before.basis == "model"
    assert before.recent_share == math.inf
    assert idle_hints(study.history) == []
    study.optimize(lambda t: bowl(t.params), n_trials=45)
    for _ in range(30):
        study.add_trial({"x": 4.0, "y": 4.0}, 25.0)
    after = outlook(study.history)
    assert after.share < 1e-3
    assert after.recent_share == 0.0
    (hint,) = idle_hints(study.history)
    assert (hint.kind, hint.parameter) == ("idle", None)
    assert hint in study.hints()


def test_nothing_is_said_early_nor_of_values_that_are_all_the_same():
    assert idle_hints(history_of(lambda c: 1.0 - c["x"] * 0, n=ENOUGH - 1)) == []
    flat = history_of(lambda c: 1.0, n=60)
    assert outlook(flat).share == outlook(flat).recent_share == math.inf
    assert idle_hints(flat) == []


def test_an_exhausted_space_promises_nothing_by_the_model():
    space = bo.Space({"k": bo.Int(1, 25)})
    history = bo.History(space)
    for k in range(1, 26):
        history.tell(history.append({"k": k}), float(k))
    assert model_gain(bo.GPSampler(), history) == 0.0
    nothing = bo.Space({"c": bo.Constant(1)})
    assert model_gain(bo.GPSampler(), history_of(lambda c: 1.0, space=nothing)) == 0.0


def test_failures_several_objectives_and_very_many_trials_have_an_outlook():
    failing = history_of()
    for config in SPACE.decode(SPACE.sample(10, np.random.default_rng(5))):
        failing.tell(failing.append(config), state=bo.TrialState.FAIL)
    assert outlook(failing).gain > 0
    both = bo.History(SPACE, 2)
    for config in SPACE.decode(SPACE.sample(30, np.random.default_rng(6))):
        both.tell(both.append(config), [bowl(config), (config["x"] + 1) ** 2])
    found = outlook(both)
    assert found.basis == "record"
    assert 0 < found.gain < math.inf
    assert found.past.progress > 0
    cheap = history_of(n=900, cost=1e-3)
    assert outlook(cheap).basis == "record"


def test_costs_count_once_all_are_known():
    dear = history_of(cost=2.0)
    assert gains(dear).cost == 2.0
    number = dear.append({"x": 0.0, "y": 0.0})
    dear.tell(number, 1.0)
    assert gains(dear).cost == 1.0


def test_what_a_window_brought():
    history = bo.History(bo.Space({"x": bo.Float(0, 1)}))
    values = [10.0] * 9 + [8, 8, 8, 7, 6, 6]
    for i, value in enumerate(values):
        history.tell(history.append({"x": i / 20}), value)
    past = gains(history, 3)
    assert (past.n, past.progress, past.recent) == (15, 4.0, 2.0)
    assert gains(history, 14).recent == 4.0
    assert gains(history, 15).recent == math.inf


def test_penalties_at_the_end_of_float64_leave_comparable_gains():
    most = np.finfo(np.float64).max
    history = bo.History(bo.Space({"x": bo.Float(0, 1)}))
    for i, value in enumerate([most] * 8 + [0.0, -most] + [-most] * 6):
        history.tell(history.append({"x": i / 20}), value)
    past = gains(history, 3)  # warnings are errors here
    assert (past.progress, past.recent) == (most, 0.0)
    assert 0.0 < past.expected <= most


def test_the_record_by_hand():
    best = np.minimum.accumulate([9.0, 7, 8, 6, 6, 5.5, *[5.5] * 20])
    # one improvement in the last 20 steps? none: (0 + 1) / 22 times the mean of 2, 1, 0.5
    assert expected_record(best) == pytest.approx((2 + 1 + 0.5) / 3 / 22)
    falling = -np.arange(31.0)
    assert expected_record(falling) == 21 / 22
    assert expected_record(np.ones(50)) == 0.0
    once = np.array([1.0] * 10 + [0.0] * 350)  # all of it in one early step, then 349 idle trials
    assert expected_record(once) == pytest.approx(60 / 349 / (359 // 2 + 2))
    assert expected_record(once[:70]) == pytest.approx(1 / (69 // 2 + 2))  # 59 of them
    assert expected_record(np.array([])) == 0.0


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=80), st.floats(0.1, 10))
def test_the_record_scales_and_is_never_negative(values, scale):
    best = np.minimum.accumulate(values)
    found = expected_record(best)
    assert found >= 0
    assert expected_record(scale * best) == pytest.approx(scale * found, rel=1e-6, abs=1e-9)
    assert found <= (best[0] - best[-1]) * (1 + 1e-9)
