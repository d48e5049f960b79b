"""The codec: what goes in comes back, or is refused with a remedy."""

from __future__ import annotations

import enum
import json
import math
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayesopt import codec
from bayesopt.errors import CorruptStoreError, InvalidValueError

any_text = st.text(st.characters(codec=None, exclude_categories=()), max_size=8)
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | any_text
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["$", "hex", "items"]) | any_text, inner, max_size=4)
    ),
    max_leaves=12,
)


def bits(value: float) -> bytes:
    return struct.pack("<d", value)


@given(values)
def test_json_values_round_trip(value: object) -> None:
    assert codec.decode(codec.encode(value)) == value


@given(values)
def test_text_is_ascii_and_strict_json(value: object) -> None:
    text = codec.encode(value)
    assert text.isascii()
    assert "\0" not in text
    json.loads(text, parse_constant=lambda name: pytest.fail(f"bare {name}"))


@given(st.floats())
def test_every_float_round_trips_exactly(value: float) -> None:
    back = codec.decode(codec.encode(value))
    assert math.isnan(back) if math.isnan(value) else bits(back) == bits(value)


@given(st.lists(st.floats(), max_size=5))
def test_float_blobs_keep_every_bit(numbers: list[float]) -> None:
    back = codec.unpack_floats(codec.pack_floats(numbers))
    assert [bits(value) for value in back] == [bits(value) for value in numbers]


@pytest.mark.parametrize("bits_", [63, 64, 1300, 8191, 8192, 20000])
def test_integers_of_any_size(bits_: int) -> None:
    for number in (1 << bits_, -(1 << bits_) - 1):
        assert codec.decode(codec.encode({"n": [number]})) == {"n": [number]}


@pytest.mark.parametrize(
    "hostile",
    [
        {"$": "nan"},
        {"$": "dict", "items": []},
        {"$": "int", "hex": "0x1"},
        {"$": {"$": {"$": math.inf}}},
        {"": {"$": None}},
        ["\ud800", "a\0b", "\u2028", "😀", "'; DROP TABLE trial; --"],
    ],
)
def test_dicts_that_look_like_tags_and_hostile_text(hostile: object) -> None:
    assert codec.decode(codec.encode(hostile)) == hostile


class Colour(enum.StrEnum):
    RED = "red"


@pytest.mark.parametrize(
    ("given_value", "plain"),
    [
        (np.float64(0.1), 0.1),
        (np.float32(0.5), 0.5),
        (np.int64(7), 7),
        (np.bool_(True), True),
        (np.str_("x"), "x"),
        (np.array(3.0), 3.0),
        (np.arange(3), [0, 1, 2]),
        (np.array([[1.0, np.inf]]), [[1.0, math.inf]]),
        ((1, (2, 3)), [1, [2, 3]]),
        (Colour.RED, "red"),
        (enum.IntEnum("E", {"A": 4}).A, 4),
    ],
)
def test_foreign_scalars_and_arrays_become_plain(given_value: object, plain: object) -> None:
    back = codec.normalise(given_value)
    assert back == plain
    assert type(back) is type(plain)


def test_zero_d_tensors_become_numbers() -> None:
    class Tensor:
        ndim = 0

        def item(self) -> float:
            return 2.5

    assert codec.normalise(Tensor()) == 2.5


@pytest.mark.parametrize(
    "refused",
    [
        {1, 2},
        object(),
        b"bytes",
        1j,
        np.complex128(1j),
        np.datetime64("2020-01-01"),
        {1: "x"},
        {None: 1},
        [[object()]],
        lambda: None,
        np.longdouble("0.1"),
    ],
)
def test_what_json_cannot_hold_is_refused_with_a_remedy(refused: object) -> None:
    with pytest.raises(InvalidValueError) as caught:
        codec.encode(refused, "attribute 'a'")
    assert caught.value.remedy
    assert "attribute 'a'" in str(caught.value)


def test_a_hostile_repr_does_not_hide_the_error() -> None:
    class Hostile:
        def __repr__(self) -> str:
            raise RuntimeError("no repr")

    with pytest.raises(InvalidValueError):
        codec.encode(Hostile())


def test_cycles_and_deep_nesting_are_refused() -> None:
    loop: list[object] = []
    loop.append(loop)
    with pytest.raises(InvalidValueError, match="nesting"):
        codec.encode(loop)


def test_the_size_is_capped() -> None:
    codec.encode("x" * (codec.MAX_CHARS - 2))
    with pytest.raises(InvalidValueError, match="file"):
        codec.encode("x" * codec.MAX_CHARS)


@pytest.mark.parametrize(
    "damaged",
    ["", "{", "NaN", "[Infinity]", '{"$": "?"}', '{"$": "dict"}', '{"$": []}', "[" * 9999],
)
def test_damaged_text_is_reported_as_such(damaged: str) -> None:
    with pytest.raises(CorruptStoreError):
        codec.decode(damaged)


labels = st.dictionaries(
    any_text,
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | any_text,
    max_size=5,
)


@given(st.lists(labels, max_size=4))
def test_labels_round_trip_in_bulk_with_their_types(many: list[dict[str, object]]) -> None:
    back = codec.decode_labels([codec.encode_labels(each) for each in many])  # type: ignore[arg-type]
    assert back == many
    assert [[type(v) for v in d.values()] for d in back] == [
        [type(v) for v in d.values()] for d in many
    ]


def test_numpy_labels_become_plain() -> None:
    found = codec.plain_labels({"a": np.float64(0.25), "b": np.int32(3), "c": np.bool_(False)})  # type: ignore[dict-item]
    assert [type(value) for value in found.values()] == [float, int, bool]


@pytest.mark.parametrize("bad", [math.nan, math.inf, [1], {"a": 1}, {1}, 1 << 9000, object(), 1j])
def test_labels_that_are_not_scalars_are_refused(bad: object) -> None:
    with pytest.raises(InvalidValueError, match="parameter 'p'"):
        codec.encode_labels({"p": bad})  # type: ignore[dict-item]


def test_label_names_must_be_strings() -> None:
    with pytest.raises(InvalidValueError):
        codec.encode_labels({1: 2})  # type: ignore[dict-item]


@pytest.mark.parametrize("texts", [["1"], ["{}", "{"], ['{"a":NaN}'], ["{},{}"], ["[" * 9999]])
def test_damaged_labels_are_reported(texts: list[str]) -> None:
    with pytest.raises(CorruptStoreError):
        codec.decode_labels(texts)


@pytest.mark.parametrize("bad", [("1.5",), (None,), (10**400,), (1j,)])
def test_values_that_are_not_numbers_are_refused(bad: tuple[object, ...]) -> None:
    with pytest.raises(InvalidValueError):
        codec.pack_floats(bad)  # type: ignore[arg-type]


def test_blobs_of_odd_length_are_damaged() -> None:
    with pytest.raises(CorruptStoreError):
        codec.unpack_floats(b"1234567")
