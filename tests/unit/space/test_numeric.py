"""Float and Int: bounds, scales, steps, and round trips that lose nothing."""

from __future__ import annotations

import math
import sys

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bayesopt.errors import InvalidConfigError, SpaceError
from bayesopt.space import Float, Int

MAX = sys.float_info.max
finite = st.floats(allow_nan=False, allow_infinity=False)
unit = st.floats(0, 1)


@st.composite
def floats(draw: st.DrawFn) -> Float:
    log = draw(st.booleans())
    bounds = st.floats(5e-324, MAX) if log else finite
    low, high = sorted((draw(bounds), draw(bounds)))
    return Float(low, high, log=log)


@st.composite
def ints(draw: st.DrawFn) -> Int:
    log = draw(st.booleans())
    step = draw(st.integers(1, 1000))
    low = draw(st.integers(1, 10**6) if log else st.integers(-(2**50), 2**50))
    count = draw(st.integers(0, 10**6 if log else 2**40))
    assume(low + count * step <= 2**53)
    return Int(low, low + count * step, log=log, step=step)


@given(floats(), unit)
def test_every_coordinate_gives_a_value_inside_the_bounds(p: Float, u: float) -> None:
    assert p.low <= p.from_unit(u) <= p.high


@given(floats(), unit)
def test_snapped_coordinates_survive_a_round_trip_exactly(p: Float, u: float) -> None:
    snapped = p.axis.snap(np.array([u]))
    value = p.from_unit(float(snapped[0]))
    assert p.to_unit(value) == snapped[0]
    assert p.axis.snap(snapped)[0] == snapped[0]


@given(floats(), st.data())
def test_values_survive_a_round_trip_to_within_the_grid(p: Float, data: st.DataObject) -> None:
    value = data.draw(st.floats(p.low, p.high))
    again = p.from_unit(p.to_unit(value))
    if p.low == p.high:
        assert again == value
        return
    cell = 1 / p.axis.cells
    if p.log:
        span = math.log(p.high) - math.log(p.low)
        error = abs(math.log(again) - math.log(value)) / span
    else:
        error = abs(again / 2 - value / 2) / (p.high / 2 - p.low / 2) if p.high > 1e-300 else 0
    assert error <= 1.01 * cell


@pytest.mark.parametrize(
    ("p", "values"),
    [
        (Float(0, 1), [0.1, 0.3, 0.7, 1e-5, 0.123456789, 1 / 4]),
        (Float(1e-5, 1e-1, log=True), [0.01, 1e-3, 3e-4, 0.05, 2.5e-5]),
        (Float(0.0, 0.99), [0.9, 0.99, 0.95]),
        (Float(-1000, 1000), [0.1, -999.9, 3.14159]),
        (Float(1e-30, 1e30, log=True), [1e-12, 1e-10, 7e22, 123456.0]),
        (Float(1e300, 1e308), [1e307, 2.5e305]),
    ],
)
def test_numbers_that_people_write_come_back_exactly(p: Float, values: list[float]) -> None:
    assert [p.from_unit(p.to_unit(value)) for value in values] == values


def test_ends_are_exact() -> None:
    p = Float(1e-5, 0.1, log=True)
    assert (p.from_unit(0.0), p.from_unit(1.0)) == (1e-5, 0.1)
    assert (p.to_unit(1e-5), p.to_unit(0.1)) == (0.0, 1.0)


@given(st.floats(5e-324, MAX), st.floats(5e-324, MAX))
def test_log_round_trip_never_leaves_the_bounds(a: float, b: float) -> None:
    p = Float(min(a, b), max(a, b), log=True)
    for value in (p.low, p.high):
        assert p.low <= p.from_unit(p.to_unit(value)) <= p.high


@pytest.mark.parametrize("bounds", [(-1.7e308, 1.7e308), (-MAX, MAX), (0, MAX)])
def test_a_span_beyond_the_largest_double_works(bounds: tuple[float, float]) -> None:
    p = Float(*bounds)
    values = [p.from_unit(u) for u in (0.0, 0.25, 0.5, 0.75, 1.0)]
    assert values == sorted(values)
    assert all(map(math.isfinite, values))
    assert (values[0], values[-1]) == bounds
    assert p.to_unit(values[2]) == 0.5


def test_equal_bounds_are_legal() -> None:
    for p in (Float(3, 3), Float(2, 2, log=True), Int(7, 7), Int(7, 7, log=True)):
        assert p.n_values == 1
        assert p.to_unit(p.low) == 0.5
        assert p.from_unit(0.9) == p.low


@pytest.mark.parametrize("seterr", ["ignore", "raise"])
def test_extremes_are_silent_whatever_numpy_is_told(seterr: str) -> None:
    with np.errstate(all=seterr):  # type: ignore[call-overload]
        for p in (Float(-MAX, MAX), Float(0, 5e-324), Float(5e-324, MAX, log=True), Int(1, 2**40)):
            for u in (0.0, 1e-300, 0.3, 1.0):
                assert p.contains(p.from_unit(u))
                p.units([1e300, -1e300, 5e-324, math.inf])


@given(ints(), st.data())
def test_every_int_survives_a_round_trip_exactly(p: Int, data: st.DataObject) -> None:
    step = p.step or 1
    value = p.low + step * data.draw(st.integers(0, (p.high - p.low) // step))
    u = p.to_unit(value)
    assert 0 < u < 1
    assert p.from_unit(u) == value
    assert type(p.from_unit(u)) is int


@given(ints(), unit)
def test_every_coordinate_gives_an_int_of_the_grid(p: Int, u: float) -> None:
    assert p.contains(p.from_unit(u))
    snapped = p.axis.snap(np.array([u]))
    assert p.axis.snap(snapped) == snapped


def test_all_ints_of_a_log_scale_are_reachable_and_in_order() -> None:
    p = Int(1, 5000, log=True)
    u, inside = p.units(list(range(1, 5001)))
    assert inside.all()
    assert (np.diff(u) > 0).all()
    assert p.values(u) == list(range(1, 5001))


def test_log_scale_is_logarithmic() -> None:
    p = Float(1e-4, 1e0, log=True)
    assert p.to_unit(1e-2) == pytest.approx(0.5)
    assert Int(1, 10**6, log=True).from_unit(0.5) in range(700, 1300)


@pytest.mark.parametrize("low", [2**53 - 9, -(2**53), 2**52 - 4])
def test_large_ints_are_exact(low: int) -> None:
    p = Int(low, low + 9)
    assert [p.from_unit(p.to_unit(low + i)) for i in range(10)] == list(range(low, low + 10))


def test_a_range_of_2_to_the_51_is_exact_everywhere() -> None:
    p = Int(0, 2**51 - 1)
    for value in (0, 1, 2**50, 2**50 + 1, 2**51 - 2, 2**51 - 1, 1234567890123457):
        assert p.from_unit(p.to_unit(value)) == value


@pytest.mark.parametrize(
    ("low", "high", "settings"),
    [
        (0, 2**53 + 1, {}),
        (0, 10**400, {}),
        (0, 2**52, {}),  # more cells than doubles can address
        (1, 2**45, {"log": True}),
    ],
)
def test_ints_that_cannot_be_exact_are_refused(low: int, high: int, settings: dict) -> None:
    with pytest.raises(SpaceError, match=r"2\*\*"):
        Int(low, high, **settings)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Float(2, 1), "low <= high"),
        (lambda: Int(2, 1), "low <= high"),
        (lambda: Float(math.nan, 1), "finite"),
        (lambda: Float(0, math.inf), "finite"),
        (lambda: Float(-math.inf, 0), "finite"),
        (lambda: Float(0, 10**400), "finite"),
        (lambda: Float("0", 1), "finite"),
        (lambda: Float(False, True), "finite"),
        (lambda: Float(None, 1), "finite"),
        (lambda: Int(0.5, 2), "integer"),
        (lambda: Int(True, 2), "integer"),
        (lambda: Int(math.nan, 2), "integer"),
        (lambda: Int(0, math.inf), "integer"),
        (lambda: Float(0, 1, log=True), "low > 0"),
        (lambda: Float(-1, 1, log=True), "low > 0"),
        (lambda: Int(0, 5, log=True), "low > 0"),
        (lambda: Float(0, 1, step=0), "positive"),
        (lambda: Float(0, 1, step=-0.1), "positive"),
        (lambda: Float(0, 1, step=math.nan), "finite"),
        (lambda: Int(0, 10, step=0), "positive"),
        (lambda: Float(0, 1, step=0.3), r"high=0\.9"),
        (lambda: Float(0, 1, step=2), r"high=0\.0"),
        (lambda: Int(1, 10, step=4), "high=9"),
        (lambda: Float(0, 1, step=1e-300), "at most"),
        (lambda: Float(0, 1e308, step=1e-300), "at most"),
        (lambda: Float(0, 1, default=2.0), "default"),
        (lambda: Int(0, 1, default=0.5), "default"),
    ],
)
def test_bad_definitions_are_typed_errors_with_a_hint(make: object, says: str) -> None:
    with pytest.raises(SpaceError, match=says):
        make()  # type: ignore[operator]


def test_steps_are_decimal() -> None:
    p = Float(0, 1, step=0.1)
    u = p.axis.to_units(np.arange(11))
    assert p.values(u) == [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]
    assert p.n_values == 11
    assert all(p.contains(k / 10) for k in range(11))
    assert p.contains(0.1 * 3)
    assert p.to_unit(0.1 * 3) == p.to_unit(0.3)
    assert not p.contains(0.35)


@given(st.integers(1, 10**6), st.integers(-50, 50), st.integers(1, 200), st.data())
def test_stepped_floats_round_trip(num: int, low: int, count: int, data: st.DataObject) -> None:
    step = num / 1000
    high = (low * 1000 + count * num) / 1000
    p = Float(low, high, step=step)
    assert p.n_values == count + 1
    i = data.draw(st.integers(0, count))
    value = (low * 1000 + i * num) / 1000
    assert p.from_unit(p.to_unit(value)) == value


def test_stepped_log_floats_cover_their_grid() -> None:
    for p in (Float(0.01, 1, step=0.01, log=True), Float(0.001, 1.001, step=0.1, log=True)):
        u = p.axis.to_units(np.arange(p.axis.count))
        assert (np.diff(u) > 0).all()
        assert (p.axis.index(u) == np.arange(p.axis.count)).all()


@pytest.mark.parametrize("log", [False, True])
def test_cell_masses_are_the_probabilities_of_cells(log: bool) -> None:
    p = Int(2, 40, log=log)
    cells = np.arange(p.axis.count)
    mass = p.axis.mass(cells)
    assert mass.sum() == pytest.approx(1)
    u = (np.arange(200_000) + 0.5) / 200_000
    counts = np.bincount(p.axis.index(u), minlength=len(cells)) / len(u)
    assert counts == pytest.approx(mass, abs=2e-5)


def test_numpy_scalars_become_plain_python() -> None:
    p = Float(np.float32(0), np.float64(1), default=np.float64(0.5))
    assert (type(p.low), type(p.high), type(p.default)) == (float, float, float)
    q = Int(np.int64(1), np.uint8(9), step=np.int32(2))
    assert (type(q.low), type(q.high), type(q.step)) == (int, int, int)
    assert q.to_label(np.int16(3)) == 3
    assert type(q.to_label(np.int16(3))) is int
    assert type(p.to_label(np.array(0.5))) is float
    assert q.to_label(3.0) == 3


@pytest.mark.parametrize(
    "value",
    ["0.5", None, True, math.nan, math.inf, [0.5], 2.0, pytest.param(10**400, id="huge")],
)
def test_values_that_do_not_belong(value: object) -> None:
    p = Float(0, 1)
    assert not p.contains(value)
    with pytest.raises(InvalidConfigError):
        p.to_unit(value)


def test_tolerant_encoding_clips_and_says_so() -> None:
    u, inside = Float(0, 1).units([0.5, 2, -1.0, None, "x", math.nan, 10**400, True])
    assert u.tolist() == [0.5, 1, 0, 0.5, 0.5, 0.5, 1, 0.5]
    assert inside.tolist() == [True] + [False] * 7
    u, inside = Int(0, 9, step=3).units([3, 4, 99, None, 10**400, -(10**400)])
    assert Int(0, 9, step=3).values(u)[:3] == [3, 3, 9]
    assert inside.tolist() == [True, False, False, False, False, False]
    _, inside = Float(0, 1, step=0.1).units([0.3, 0.33, 5.0])
    assert inside.tolist() == [True, False, False]


def test_definitions_are_frozen_and_comparable() -> None:
    p = Float(0, 1)
    with pytest.raises(AttributeError):
        p.low = 5  # type: ignore[misc]
    assert p == Float(0.0, 1.0)
    assert hash(p) == hash(Float(0.0, 1.0))
    assert p != Float(0, 1, log=False, step=0.5)
    assert Float(0, 1) != Int(0, 1)
    assert p != "Float(0, 1)"
    with pytest.raises(TypeError):
        Float(0, 1, True)  # type: ignore[misc]  settings by name only
