"""Hints come when they should, and not before."""

from __future__ import annotations

import bayesopt as bo
from bayesopt.history.hints import hints


def told(space, value, n=20):
    history = bo.History(bo.Space(space))
    for i in range(n):
        config = {name: at(i / (n - 1)) for name, at in value.items()}
        number = history.append(config)
        history.tell(number, float(i))
    return hints(history)


def test_a_best_trial_on_a_bound_is_noted():
    space = {"x": bo.Float(2.0, 4.0), "k": bo.Int(1, 9), "o": bo.Ordinal([1, 2, 4, 8])}
    value = {
        "x": lambda t: 2.0 + 2.0 * t,
        "k": lambda t: round(9 - 8 * t),
        "o": lambda t: [1, 2, 4, 8][round(3 * t)],
    }
    found = [hint for hint in told(space, value) if hint.kind == "bound"]
    assert [(hint.parameter, "lower" in hint.text) for hint in found] == [
        ("x", True),
        ("k", False),
        ("o", True),
    ]
    assert not [h for h in told(space, value, n=9) if h.kind == "bound"]


def test_no_bound_inside_nor_of_choices_without_order():
    space = {
        "x": bo.Float(0.0, 1.0),
        "c": bo.Categorical(list("abcdef")),
        "flag": bo.Ordinal([0, 1]),
    }
    value = {"x": lambda t: 0.5 + t / 4, "c": lambda _: "a", "flag": lambda _: 0}
    assert not [hint for hint in told(space, value) if hint.kind == "bound"]


def test_a_range_of_decades_wants_a_logarithm():
    space = {
        "lr": bo.Float(1e-5, 1e-1),
        "logged": bo.Float(1e-5, 1e-1, log=True),
        "units": bo.Int(1, 4096),
        "narrow": bo.Float(1.0, 100.0),
        "from_zero": bo.Float(0.0, 100.0),
    }
    found = [hint.parameter for hint in told(space, {}, n=0) if hint.kind == "scale"]
    assert found == ["lr", "units"]


def test_a_small_budget_is_noted_until_it_is_large_enough():
    space = {"x": bo.Float(0.0, 1.0), "y": bo.Float(0.0, 1.0)}
    value = {"x": lambda t: 0.3 + 0.4 * t, "y": lambda t: 0.3 + 0.4 * t}
    assert [hint.kind for hint in told(space, value, n=19)] == ["budget"]
    assert told(space, value, n=20) == []
