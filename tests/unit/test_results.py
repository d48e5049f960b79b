from __future__ import annotations

import math
import re
import warnings
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayesopt.errors import InvalidValueError
from bayesopt.results import (
    coerce_constraints,
    coerce_cost,
    coerce_step,
    coerce_values,
    coerce_variances,
)


class Hostile:
    """Raises whatever is done to it."""

    def __init__(self, error: BaseException) -> None:
        object.__setattr__(self, "error", error)

    def _raise(self, *_: object) -> None:
        raise object.__getattribute__(self, "error")

    __float__ = __index__ = __repr__ = __len__ = __iter__ = __getitem__ = __bool__ = _raise
    __lt__ = __eq__ = __hash__ = __getattribute__ = _raise


class EndlessSequence(list):
    def __iter__(self):
        while True:
            yield 1.0


class HasFloat:
    def __float__(self) -> float:
        return 2.5


class FloatGivesText:
    def __float__(self) -> float:
        return "2.5"


NUMBERS = [
    (1, 1.0),
    (True, 1.0),
    (0.25, 0.25),
    (-0.0, -0.0),
    (5e-324, 5e-324),
    (math.inf, math.inf),
    (-math.inf, -math.inf),
    (10**400, math.inf),
    (-(10**400), -math.inf),
    (Decimal("1.5"), 1.5),
    (Decimal("-1e400"), -math.inf),
    (Fraction(1, 4), 0.25),
    (Fraction(10**400), math.inf),
    (np.float64(1.5), 1.5),
    (np.float64(-0.0), -0.0),
    (np.float16(1.5), 1.5),
    (np.longdouble("1e4000"), math.inf),
    (np.longdouble("-1e4000"), -math.inf),
    (np.int64(3), 3.0),
    (np.uint8(3), 3.0),
    (np.bool_(True), 1.0),
    (np.array(2.5), 2.5),
    (np.array(3), 3.0),
    (np.array(Fraction(1, 4), dtype=object), 0.25),
    (np.array(np.longdouble("1e4000")), math.inf),
    (np.ma.array(1.5), 1.5),
    (HasFloat(), 2.5),
    ([1.5], 1.5),
    ((np.float32(1.5),), 1.5),
]

NOT_NUMBERS = [
    None,
    "1.5",
    "nan",
    b"1.5",
    bytearray(b"1"),
    1j,
    {},
    {"loss": 1.0},
    {1.0},
    [],
    [1.0, 2.0],
    [[1.0]],
    ["1.0"],
    object(),
    float,
    lambda: 1.0,
    (x for x in (1.0,)),
    np.str_("1.5"),
    np.bytes_(b"1"),
    np.complex64(1),
    np.array(1j),
    np.array("1.5"),
    np.array(None),
    np.array([1.0]),
    np.array([[1.0]]),
    np.timedelta64(1, "s"),
    np.datetime64("2020-01-01"),
    np.ma.masked,
    Decimal("sNaN"),
    FloatGivesText(),
]


def shown(value: object) -> str:
    """Return a repr that is the same in every process."""
    return re.sub(r" at 0x[0-9a-f]+", "", repr(value))


@pytest.mark.parametrize(("obj", "expected"), NUMBERS, ids=shown)
@pytest.mark.parametrize("mode", ["warn", "raise"])
def test_one_real_number_of_any_kind_becomes_a_float(obj, expected, mode):
    with np.errstate(all=mode):
        (value,) = coerce_values(obj, 1)
    assert type(value) is float
    assert value == expected
    assert math.copysign(1, value) == math.copysign(1, expected)


@pytest.mark.parametrize(
    "nan", [math.nan, np.float32("nan"), np.array(math.nan), Decimal("nan")], ids=repr
)
def test_nan_is_a_number_here(nan):
    (value,) = coerce_values(nan, 1)
    assert type(value) is float
    assert math.isnan(value)


@pytest.mark.parametrize("obj", NOT_NUMBERS, ids=shown)
@pytest.mark.parametrize("mode", ["warn", "raise"])
def test_anything_else_is_one_typed_error_with_a_remedy(obj, mode):
    with np.errstate(all=mode), pytest.raises(InvalidValueError) as caught:
        coerce_values(obj, 1)
    assert caught.value.expected
    assert caught.value.got
    assert caught.value.remedy


@pytest.mark.parametrize("error", [ValueError("no"), RecursionError(), MemoryError(), Warning()])
@pytest.mark.parametrize("n_objectives", [1, 2])
def test_hostile_objects_raise_only_the_typed_error(error, n_objectives):
    for obj in (Hostile(error), [Hostile(error)], [Hostile(error), 1.0]):
        with pytest.raises(InvalidValueError):
            coerce_values(obj, n_objectives)
    for function in (coerce_step, coerce_cost, coerce_constraints):
        with pytest.raises(InvalidValueError):
            function(Hostile(error))
    with pytest.raises(InvalidValueError):
        coerce_constraints({"c": Hostile(error)})


def test_an_interrupt_is_not_swallowed():
    with pytest.raises(KeyboardInterrupt):
        coerce_values(Hostile(KeyboardInterrupt()), 1)


def test_a_sequence_that_never_ends_is_cut():
    with pytest.raises(InvalidValueError):
        coerce_values(EndlessSequence([1.0, 2.0]), 2)


def test_a_warning_of_numpy_turned_into_an_error_stays_inside():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert coerce_values(np.longdouble("1e-4900"), 1) == (0.0,)
        with pytest.raises(InvalidValueError):
            coerce_values(np.complex128(1), 1)


@pytest.mark.parametrize(
    "obj", [[1, 2.0], (1.0, Decimal(2)), np.array([1.0, 2.0]), np.array([1, 2], dtype=np.int8)]
)
def test_several_objectives_take_lists_tuples_and_arrays(obj):
    assert coerce_values(obj, 2) == (1.0, 2.0)


@pytest.mark.parametrize(
    "obj", [1.0, [1.0], [1.0, 2.0, 3.0], np.ones((2, 1)), "12", {"a": 1, "b": 2}, {1.0, 2.0}, None]
)
def test_several_objectives_want_exactly_as_many(obj):
    with pytest.raises(InvalidValueError):
        coerce_values(obj, 2)


@pytest.mark.parametrize(
    ("coerce", "remedy"),
    [
        (lambda: coerce_values(1.0, 2), "one number per direction"),
        (lambda: coerce_values(None, 1), "a plain float"),
        (lambda: coerce_variances(1.0, 2), "standard error"),
        (lambda: coerce_variances("1", 1), "standard error"),
        (lambda: coerce_constraints(1.0), "Give constraints as"),
        (lambda: coerce_constraints({"memory": None}), "Give constraints as"),
        (lambda: coerce_cost("3"), "cost in seconds"),
        (lambda: coerce_step(None), "Report how much"),
    ],
)
def test_the_remedy_is_one_for_what_was_wrong(coerce, remedy):
    with pytest.raises(InvalidValueError, match=remedy):
        coerce()


def test_the_error_names_the_objective_that_is_wrong():
    with pytest.raises(InvalidValueError, match="value 1: expected one real number, got str '2'"):
        coerce_values([1.0, "2"], 2)


@given(st.floats())
def test_floats_pass_unchanged_and_results_can_be_coerced_again(x):
    once = coerce_values(x, 1)
    assert repr(once) == repr((x,)) == repr(coerce_values(once, 1))


def test_tensors_of_every_real_dtype():
    torch = pytest.importorskip("torch")
    for dtype in (torch.float64, torch.float32, torch.bfloat16, torch.int32, torch.bool):
        assert coerce_values(torch.tensor(1, dtype=dtype), 1) == (1.0,)
    assert coerce_values(torch.tensor(1.5, requires_grad=True) * 2, 1) == (3.0,)
    assert coerce_values(torch.tensor([1.5, 2.0]), 2) == (1.5, 2.0)
    meta = torch.empty((), device="meta")
    for bad in (torch.tensor([1.0]), torch.tensor(1j), torch.ones(1, 1), meta):
        with pytest.raises(InvalidValueError):
            coerce_values(bad, 1)


@pytest.mark.parametrize("bad", [-1, None, "1"])
def test_what_is_said_of_a_step_is_about_steps(bad):
    with pytest.raises(InvalidValueError, match=r"^step: .* 1 after the first epoch: report"):
        coerce_step(bad)


def test_steps_are_finite_and_not_negative():
    assert coerce_step(np.int64(3)) == 3.0
    assert coerce_step(0) == 0.0
    for bad in (-1, math.nan, math.inf, None, "3", 10**400):
        with pytest.raises(InvalidValueError):
            coerce_step(bad)


def test_costs_are_finite_and_not_negative_or_absent():
    assert coerce_cost(None) is None
    assert coerce_cost(Decimal("2.5")) == 2.5
    for bad in (-1e-9, math.nan, math.inf, "3", [1.0, 2.0]):
        with pytest.raises(InvalidValueError):
            coerce_cost(bad)


def test_constraints_by_name_or_by_position():
    assert coerce_constraints(None) == {}
    assert coerce_constraints({"memory": np.float32(0.5), "time": -1}) == {
        "memory": 0.5,
        "time": -1.0,
    }
    assert coerce_constraints([1, -2]) == {"c0": 1.0, "c1": -2.0}
    assert coerce_constraints(np.array([1.0])) == {"c0": 1.0}
    assert math.isnan(coerce_constraints({"c": math.nan})["c"])


@pytest.mark.parametrize(
    "bad", [1.0, "c", {"": 1.0}, {1: 1.0}, {None: 1.0}, {"c": None}, {"c": "1"}, [None], {1.0}]
)
def test_constraints_that_are_none(bad):
    with pytest.raises(InvalidValueError):
        coerce_constraints(bad)


def test_the_error_names_the_constraint_that_is_wrong():
    with pytest.raises(InvalidValueError, match="constraint 'memory'"):
        coerce_constraints({"memory": "1 GB"})
