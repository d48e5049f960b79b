"""A row read alone gives, to the last bit, what it gives among others."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bayesopt.space import Categorical, Constant, Float, Int, Ordinal, Space

SPACES = {
    "numbers": Space(
        {
            "x": Float(-1.0, 1.0),
            "lr": Float(1e-6, 1e-1, log=True),
            "s": Float(0.0, 1.0, step=0.1),
            "ls": Float(0.1, 10.0, step=0.1, log=True),
            "i": Int(-3, 9),
            "li": Int(1, 300, log=True),
            "far": Int(1, 10**9, log=True),
            "wide": Int(0, 10**12),
            "one": Float(2.0, 2.0),
            "two": Int(3, 3, log=True),
        }
    ),
    "conditional": Space(
        {
            "k": Constant("fixed"),
            "opt": Categorical(["sgd", 1, True, None]),
            "mom": Float(0.0, 0.9, when={"opt": ["sgd", 1]}),
            "only": Constant(7, when={"opt": "sgd"}),
            "nest": Categorical([False, True], when={"opt": "sgd", "k": "fixed"}),
            "deep": Int(1, 5, log=True, when={"nest": True}),
            "deeper": Ordinal([1, 2, 4], when={"deep": [2, 3]}),
            "large": Categorical(list(range(5000))),
        }
    ),
    "constants": Space({"k": Constant(1)}),
    "empty": Space({}),
    "extremes": Space({"x": Float(-1.7e308, 1.7e308), "t": Float(5e-324, 1e300, log=True)}),
}

units = st.one_of(
    st.floats(0.0, 1.0), st.sampled_from([0.0, 0.5, 1.0, -1.0, 2.0, math.inf, -math.inf, math.nan])
)


def check_row(space: Space, row: np.ndarray) -> None:
    pair = np.array([row, row])
    reading = space.read(row)
    snapped, active = space.snap(pair)[0], space.active(pair)[0]
    assert reading.row.tobytes() == snapped.tobytes() == space.snap(pair[:1])[0].tobytes()
    assert reading.active.tolist() == active.tolist() == space.active(pair[:1])[0].tolist()
    assert repr(reading.labels) == repr(space.decode_labels(pair)[0])
    assert repr(reading.labels) == repr(space.decode_labels(pair[:1])[0])


@pytest.mark.parametrize("space", SPACES.values(), ids=SPACES)
@settings(max_examples=60)
@given(data=st.data())
def test_one_row_is_read_like_one_of_many(space: Space, data: st.DataObject) -> None:
    row = np.array(data.draw(st.lists(units, min_size=space.d, max_size=space.d)), dtype=np.float64)
    with np.errstate(all="raise"):
        check_row(space, row)
        check_row(space, space.snap(row[np.newaxis])[0])


@pytest.mark.parametrize("space", SPACES.values(), ids=SPACES)
def test_what_is_read_is_encoded_to_the_same_row(space: Space) -> None:
    for row in np.random.default_rng(0).random((200, space.d)):
        reading = space.read(row)
        again, active, inside = space.encode_labels([reading.labels], strict=True)
        assert again[0].tobytes() == reading.row.tobytes()
        assert active[0].tolist() == reading.active.tolist()
        assert inside.all()
