"""A row read alone gives, to the last bit, what it gives among others."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bayesopt.errors import InvalidConfigError
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
            "loss": Categorical({"l1": math.fabs, "l2": [1.0, 2.0], "nan": math.nan}),
        }
    ),
    "constants": Space({"k": Constant(1)}),
    "empty": Space({}),
    "extremes": Space({"x": Float(-1.7e308, 1.7e308), "t": Float(5e-324, 1e300, log=True)}),
    "narrow": Space(
        {
            "x": Float(1.0, math.nextafter(1.0, 2.0)),
            "t": Float(1e-300, 1.1e-300),
            "w": Float(1e25, 3e25, log=True),
        }
    ),
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
    assert repr(space.decode(pair[:1])[0]) == repr(space.decode(pair)[0])


@pytest.mark.parametrize("space", SPACES.values(), ids=SPACES)
@settings(max_examples=60)
@given(data=st.data())
def test_one_row_is_read_like_one_of_many(space: Space, data: st.DataObject) -> None:
    row = np.array(data.draw(st.lists(units, min_size=space.d, max_size=space.d)), dtype=np.float64)
    with np.errstate(all="raise"):
        check_row(space, row)
        check_row(space, space.snap(row[np.newaxis])[0])


@given(units)
def test_bounds_may_have_the_same_logarithm(unit: float) -> None:
    bounds = 1e200, math.nextafter(1e200, math.inf)
    with np.errstate(all="raise"):
        check_row(Space({"x": Float(*bounds, log=True)}), np.array([unit]))


@pytest.mark.parametrize("space", SPACES.values(), ids=SPACES)
def test_what_is_read_is_encoded_to_the_same_row(space: Space) -> None:
    for row in np.random.default_rng(0).random((200, space.d)):
        reading = space.read(row)
        again, active, inside = space.encode_labels([reading.labels], strict=True)
        assert again[0].tobytes() == reading.row.tobytes()
        assert active[0].tolist() == reading.active.tolist()
        assert inside.all()


labels = st.one_of(
    st.sampled_from(
        [0, 1, 2, 3, -3, 0.0, 1.0, 0.5, 0.1, 0.3, 2.0, True, False, None, "sgd", "fixed"]
    ),
    st.sampled_from([math.nan, math.inf, 1e300, 10**9, 10**400, 301, 4999, [1], {"a": 1}]),
)


@pytest.mark.parametrize("space", SPACES.values(), ids=SPACES)
@settings(max_examples=60)
@given(data=st.data())
def test_one_label_dict_is_encoded_like_one_of_many(space: Space, data: st.DataObject) -> None:
    seed = data.draw(st.integers(0, 2**32))
    trial = dict(space.read(np.random.default_rng(seed).random(space.d)).labels)
    names = st.sampled_from([*space.parameters, "unknown"])
    for name in data.draw(st.lists(names, max_size=2)):
        trial.pop(name, None)
        if data.draw(st.booleans()):
            trial[name] = data.draw(labels)
    alone, among = space.encode_labels([trial]), space.encode_labels([trial, {}])
    assert [part[0].tobytes() for part in alone] == [part[0].tobytes() for part in among]
    if alone[2][0] and "unknown" not in trial:
        check_strict(space, trial)


def check_strict(space: Space, trial: dict) -> None:
    """A strict encoding gives the same row, or refuses, alone or among others."""
    other = space.read(np.full(space.d, 0.25)).labels
    try:
        among = space.encode_labels([trial, other], strict=True)
    except InvalidConfigError:
        with pytest.raises(InvalidConfigError):
            space.encode_labels([trial], strict=True)
    else:
        alone = space.encode_labels([trial], strict=True)
        assert [part[0].tobytes() for part in alone] == [part[0].tobytes() for part in among]
