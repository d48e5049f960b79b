"""Choices of every kind: labels, lookups and round trips."""

from __future__ import annotations

import enum
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayesopt.errors import InvalidConfigError, SpaceError
from bayesopt.space import Categorical, Constant, Ordinal, Space

native = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=5),
)


class Net:
    """Stands for a user's class."""


class Color(enum.Enum):
    RED = 1
    BLUE = 2


def relu() -> None:
    """Stands for a user's function."""


@given(st.lists(native, min_size=1, max_size=20, unique_by=lambda v: (type(v), v)))
def test_native_choices_come_back_with_their_types(choices: list) -> None:
    p = Categorical(choices)
    back = [p.from_unit(p.to_unit(choice)) for choice in choices]
    assert back == choices
    assert list(map(type, back)) == list(map(type, choices))
    u, inside = p.units(choices)
    assert inside.all()
    assert len(set(u.tolist())) == len(choices)
    assert u == pytest.approx((np.arange(len(choices)) + 0.5) / len(choices))


def test_true_one_and_one_point_zero_are_three_choices() -> None:
    p = Categorical([True, 1, 1.0, "1", None])
    assert [p.from_unit(p.to_unit(v)) for v in (True, 1, 1.0, "1", None)] == [
        True,
        1,
        1.0,
        "1",
        None,
    ]
    assert len({p.to_unit(v) for v in (True, 1, 1.0, "1", None)}) == 5


def test_odd_choices_work_and_survive_json() -> None:
    choices = [(1, 2), [3, [4]], {"a": (1,)}, math.nan, math.inf, -math.inf, None, True, "x", 0.5]
    p = Categorical(choices)
    space = Space.from_json(Space({"c": p}).to_json())
    again = space["c"]
    for old, new in zip(choices, again.choices, strict=True):
        assert type(old) is type(new)
        assert old == new or (math.isnan(old) and math.isnan(new))
    rows = [{"c": choice} for choice in choices]
    assert space.encode(rows).tolist() == Space({"c": p}).encode(rows).tolist()


def test_objects_are_known_by_their_names() -> None:
    p = Categorical([Net, relu, Color.RED, Color.BLUE, np.mean])
    assert p.labels_at(p.positions(["Net", "relu", "Color.RED", "Color.BLUE", "mean"])[0]) == [
        "Net",
        "relu",
        "Color.RED",
        "Color.BLUE",
        "mean",
    ]
    assert p.from_unit(p.to_unit(Net)) is Net
    assert p.from_label("relu") is relu
    assert p.to_label(Color.BLUE) == "Color.BLUE"


def test_a_mapping_labels_any_object() -> None:
    small, large = object(), np.zeros(3)
    p = Categorical({"small": small, "large": large, 3: Net()})
    assert p.to_label(small) == "small"
    assert p.to_label(large) == "large"
    assert p.to_label("large") == "large"
    assert p.from_label("large") is large
    assert p.labels_at(np.array([2.0])) == [3]


def test_objects_with_a_hostile_equality_do_no_harm() -> None:
    class Hostile:
        def __eq__(self, other: object) -> bool:
            raise RuntimeError("no")

        __hash__ = None  # type: ignore[assignment]

    hostile = Hostile()
    p = Categorical({"a": hostile, "b": 1})
    assert p.to_label(hostile) == "a"
    assert not p.contains(Hostile())


@pytest.mark.parametrize(
    ("choices", "says"),
    [
        ([], "at least one"),
        ({}, "at least one"),
        ("abc", "list"),
        (5, "list"),
        ({1, 2}, "list"),
        ([1, 2, 1], "twice"),
        ([math.nan, math.nan], "twice"),
        ([math.nan, "nan"], "twice"),
        ([(1, 2), [1, 2]], "twice"),
        ([object()], "mapping label"),
        ([lambda: 0], "mapping label"),
        ([b"bytes"], "mapping label"),
        pytest.param([10**5000], "mapping label", id="huge"),
        ([[object()]], "mapping label"),
        ({(1,): 2}, "label"),
        ({math.nan: 2}, "label"),
        ({"a": "b", "b": "a"}, "told apart"),
        ({"a": 1, "b": 1}, "told apart"),
    ],
)
def test_bad_choices_are_typed_errors_with_a_hint(choices: object, says: str) -> None:
    with pytest.raises(SpaceError, match=says):
        Categorical(choices)  # type: ignore[arg-type]


@pytest.mark.parametrize("value", ["z", 1.0, True, None, math.nan, [1], object(), {"a": object()}])
def test_values_that_are_no_choice(value: object) -> None:
    p = Categorical(["a", 1])
    assert not p.contains(value)
    with pytest.raises(InvalidConfigError, match="one of 'a', 1"):
        p.to_unit(value)


def test_unknown_labels_are_tolerated_and_reported() -> None:
    p = Categorical(["a", "b"])
    u, inside = p.units(["b", "gone", None, 3, [1]])  # type: ignore[list-item]
    assert inside.tolist() == [True, False, False, False, False]
    assert u.tolist() == [0.75, 0.5, 0.5, 0.5, 0.5]
    with pytest.raises(InvalidConfigError):
        p.from_label("gone")


def test_five_thousand_choices() -> None:
    p = Categorical([f"choice {i}" for i in range(5000)])
    labels = [f"choice {i % 5000}" for i in range(50_000)]
    u, inside = p.units(labels)
    assert inside.all()
    assert p.labels_at(p.axis.positions(u)) == labels


def test_numpy_choices_are_plain() -> None:
    p = Ordinal(np.array([1, 2, 4]))
    assert list(map(type, p.choices)) == [int, int, int]
    assert p.to_label(np.int32(2)) == 2
    assert Categorical([np.str_("a"), np.bool_(True)]).choices == ("a", True)


def test_kinds_are_told_apart() -> None:
    assert Categorical([1, 2]) != Ordinal([1, 2])
    assert Ordinal([1, 2]) == Ordinal((1, 2))
    assert Ordinal([1, 2]) != Ordinal([2, 1])
    assert "Ordinal" in repr(Ordinal([1, 2]))


def test_defaults_are_choices() -> None:
    assert Categorical(["a", "b"], default="b").default == "b"
    assert Categorical({"n": Net}, default=Net).default is Net
    with pytest.raises(SpaceError, match="default"):
        Categorical(["a"], default="z")


def test_constants_hold_anything_with_a_label() -> None:
    for value in (3, "x", None, True, (1, 2), Net):
        p = Constant(value)
        assert p.contains(value)
        assert p.axis is None
        assert p.n_values == 1
        assert p.from_label(p.label) == value
    assert not Constant(1).contains(True)
    assert not Constant(1).contains(2)
    assert not Constant(Net).contains(relu)
    with pytest.raises(SpaceError, match="label"):
        Constant(object())


def test_equal_labels_are_found_among_choices_that_label_themselves() -> None:
    with pytest.raises(SpaceError, match="'b' twice"):
        Categorical(["a", "b", "c", "b"])
    assert Categorical([1, True, 1.0]).n_values == 3
