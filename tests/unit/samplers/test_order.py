"""The order of trials, and that a ledger which grows says what a new one does."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayesopt.history import History
from bayesopt.history.fronts import pareto_order
from bayesopt.samplers.order import CUT_SHORT, FEASIBLE, VIOLATING, Ledger, split
from bayesopt.space import Float, Space
from bayesopt.trial import TrialState

SPACE = Space({"x": Float(0.0, 1.0)})
COMPLETE, PRUNED, FAIL = TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL


def history_of(*results: object) -> History:
    """Return a history of trials told (value, state, constraints, last step, reported)."""
    history = History(SPACE)
    for i in range(len(results)):
        history.append({"x": i / 1000.0})
    for number, result in enumerate(results):
        tell(history, number, result)
    return history


def tell(history: History, number: int, result: object) -> None:
    if result is None:
        return
    value, state, constraints, step, reported = result
    if step is not None:
        history.report(number, step, reported)
    history.tell(number, value if state is COMPLETE else None, state, constraints)


def complete(value: float, constraints: object = None) -> tuple:
    return value, COMPLETE, constraints, None, None


def pruned(step: float, reported: float) -> tuple:
    return None, PRUNED, None, step, reported


FAILED = (None, FAIL, None, None, None)


def numbers(history: History, n_kept: int = 26) -> list[int]:
    return [key.number for key in Ledger(n_kept).best(history)]


def test_complete_trials_come_by_value_the_earlier_of_equals_first() -> None:
    history = history_of(
        complete(2.0), complete(-1.0), complete(2.0), complete(-np.inf), FAILED, None
    )
    assert numbers(history) == [3, 1, 0, 2]


def test_pruned_trials_come_after_complete_ones_by_last_step_and_value() -> None:
    history = history_of(
        pruned(3, 0.1), complete(9.0), pruned(5, 0.9), pruned(5, 0.2), pruned(5, np.nan),
        (None, PRUNED, None, None, None),
    )  # fmt: skip
    assert numbers(history) == [1, 3, 2, 4, 0]
    groups = [key.group for key in Ledger(26).best(history)]
    assert groups == [FEASIBLE, *[CUT_SHORT] * 4]


def test_violating_trials_come_last_by_how_much() -> None:
    history = history_of(
        complete(0.0, {"a": 2.0, "b": -9.0}),
        complete(9.0, {"a": 0.0, "b": -1.0}),
        complete(0.0, {"a": 0.5, "b": 0.5}),
        complete(0.0, {"a": -1.0}),  # did not tell b
    )
    assert numbers(history) == [1, 2, 0, 3]
    assert Ledger(26).best(history)[1].group == VIOLATING


results = st.one_of(
    st.none(),
    st.builds(complete, st.integers(-3, 3).map(float)),
    st.builds(complete, st.integers(-3, 3).map(float), st.just({"g": 0.5})),
    st.builds(complete, st.integers(-3, 3).map(float), st.just({"g": -0.5})),
    st.builds(pruned, st.integers(1, 3), st.sampled_from([0.0, 1.0, np.nan])),
    st.just(FAILED),
)


@given(
    st.lists(results, min_size=1, max_size=25),
    st.randoms(use_true_random=False),
    st.sampled_from([None, 1, 2]),
)
def test_a_ledger_that_grows_says_what_a_new_one_does(
    told: list, random: object, n_alike: int | None
) -> None:
    history, grown = history_of(*[None] * len(told)), Ledger(4, n_alike)
    order = list(range(len(told)))
    random.shuffle(order)
    for number in order:
        tell(history, number, told[number])
        new = Ledger(4, n_alike)
        assert grown.best(history) == new.best(history)
        assert grown.counting[: history.n].tolist() == new.counting.tolist()


@given(st.lists(results, min_size=1, max_size=25), st.randoms(use_true_random=False))
def test_the_order_of_tells_does_not_matter(told: list, random: object) -> None:
    shuffled = history_of(*[None] * len(told))
    order = list(range(len(told)))
    random.shuffle(order)
    for number in order:
        tell(shuffled, number, told[number])
    assert Ledger(8).best(shuffled) == Ledger(8).best(history_of(*told))


@given(st.lists(results, min_size=1, max_size=25), st.integers(1, 4), st.integers(1, 3))
def test_of_equals_the_first_few_are_kept(told: list, n_kept: int, n_alike: int) -> None:
    history = history_of(*told)
    counts: dict[tuple, int] = {}
    kept = []
    for key in Ledger(len(told)).best(history):
        counts[key[:3]] = counts.get(key[:3], 0) + 1
        if counts[key[:3]] <= n_alike:
            kept.append(key)
    assert Ledger(n_kept, n_alike).best(history) == kept[:n_kept]


def test_a_trial_that_leaves_its_equals_makes_room_for_one_of_them() -> None:
    history, ledger = history_of(None, None, None, complete(0.0)), Ledger(26, 2)
    for number in range(3):
        history.report(number, 1, 7.0)
        history.pause(number)
    assert [key.number for key in ledger.best(history)] == [3, 0, 1]
    history.resume(0)
    history.tell(0, -1.0, COMPLETE)  # before anybody asks again
    assert [key.number for key in ledger.best(history)] == [0, 3, 1, 2]


def test_good_trials_weigh_what_they_gain() -> None:
    history = history_of(complete(3.0), complete(1.0), complete(0.0), complete(7.0))
    ledger = Ledger(26)
    parts = split(history, ledger, 2, 500, gains=True)
    assert parts.numbers.tolist() == [2, 1, 0, 3]
    np.testing.assert_allclose(parts.weight, [1.2, 0.8])
    assert split(history, ledger, 2, 500, gains=False).weight.tolist() == [1.0, 1.0]


@pytest.mark.parametrize("values", [[1.0] * 4, [-np.inf, 0, 0, 0], [1e308, -1e308, 5e-324, 0.0]])
def test_weights_are_finite_whatever_the_values(values: list[float]) -> None:
    history = history_of(*map(complete, values))
    with np.errstate(all="raise"):
        weight = split(history, Ledger(26), 2, 500, gains=True).weight
    assert np.isfinite(weight).all()
    assert weight.sum() == pytest.approx(2.0)


@pytest.mark.parametrize("n", [3, 40, 41, 100, 1000])
def test_of_many_others_the_latest_and_an_even_choice_are_taken(n: int) -> None:
    history = history_of(None, None, *[complete(float(i % 17)) for i in range(2, n)])
    parts = split(history, Ledger(6), min(5, n - 2), 40, gains=True)
    others = parts.numbers[parts.n_good :].tolist()
    good = parts.numbers[: parts.n_good].tolist()
    assert others == sorted(set(others))
    assert not set(good) & set(others)
    assert {0, 1} <= set(others)  # under way
    assert set(range(max(n - 20, 0), n)) <= set(others) | set(good)
    assert len(others) <= 42
    if n <= 40:
        assert len(others) + len(good) == n


def test_several_objectives_rank_by_fronts_and_spread() -> None:
    rng = np.random.default_rng(0)
    x = np.linspace(0.01, 1.0, 40)
    front = np.stack([x, 1.0 / x], axis=1)
    Y = np.concatenate([front + 5.0 * rng.random((1, 2)) + 1.0, front, [[np.inf, -np.inf]]])
    order = pareto_order(Y, 10)
    assert (order[:10] >= 40).all()
    chosen = np.sort(Y[order[:10], 0])
    assert chosen[0] < 0.2
    assert chosen[-2] > 0.6
    assert sorted(pareto_order(Y, 81).tolist()) == list(range(81))


def test_the_ledger_of_several_objectives() -> None:
    history = History(SPACE, 2)
    for i, values in enumerate([(3.0, 3.0), (1.0, 2.0), (2.0, 1.0), (4.0, 4.0)]):
        history.tell(history.append({"x": i / 8}), values)
    failed = history.append({"x": 0.9})
    history.tell(failed, None, FAIL)
    best = [key.number for key in Ledger(26).best(history)]
    assert set(best[:2]) == {1, 2}
    assert best[2:] == [0, 3]


def test_a_ledger_grows_with_its_history() -> None:
    history, grown = history_of(*[complete(float(i)) for i in range(3)]), Ledger(4)
    for i in range(40):
        new = Ledger(4)
        assert grown.best(history) == new.best(history)
        assert grown.counting[: history.n].tolist() == new.counting.tolist()
        number = history.append({"x": i / 50.0}, "waiting" if i % 3 else "running")
        if i % 3 == 0:
            history.tell(number, -float(i))
