"""Turn what users tell or report into plain floats, or say clearly why that cannot be done.

Objectives return all sorts of things: NumPy scalars, 0-d tensors that still need a gradient,
`Decimal`, an int with 400 digits, a string by mistake. Everything that is one real number is
accepted and becomes a float64; everything else is an :class:`InvalidValueError`, which is the only
exception these functions raise, whatever the object does when it is touched. NaN and infinities
are numbers here: what they mean is the study's business.

Neither NumPy nor torch is imported: arrays are recognised by what they can do.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

from bayesopt.errors import InvalidValueError, short_repr

_REAL_KINDS = frozenset("biufO")  # NumPy: bool, int, unsigned, float, object
_TEXT = (str, bytes, bytearray, memoryview)


def coerce_values(obj: object, n_objectives: int, *, what: str = "value") -> tuple[float, ...]:
    """Return one float per objective.

    Parameters
    ----------
    obj : object
        For one objective a real number: int, float, bool, NumPy scalar, 0-d array or tensor,
        Decimal, Fraction (or a list or tuple holding exactly that one number). For several
        objectives a list, tuple or 1-d array of exactly `n_objectives` such numbers.
    n_objectives : int
        How many numbers are expected, >= 1.
    what : str
        What the error message calls the thing.

    Raises
    ------
    InvalidValueError
        If `obj` is anything else. NaN, infinities and ints beyond float64 (-> inf) are fine.
    """
    if type(obj) is float and n_objectives == 1:
        return (obj,)
    return _values(obj, n_objectives, what, _REMEDY, _REMEDY_EACH)


def coerce_step(obj: object) -> float:
    """Return a step (epochs, samples, any budget) as a finite float >= 0.

    Raises
    ------
    InvalidValueError
        If `obj` is not such a number.
    """
    remedy = "Report how much is done, 1 after the first epoch: report(loss, step=epoch)."
    return _finite_nonnegative(obj, "step", remedy)


def coerce_cost(obj: object) -> float | None:
    """Return the cost of an evaluation as a finite float >= 0; None stays None.

    Raises
    ------
    InvalidValueError
        If `obj` is not such a number.
    """
    if obj is None:
        return None
    return _finite_nonnegative(obj, "cost", "Tell the cost in seconds, or leave it out.")


def coerce_variances(obj: object, n_objectives: int) -> tuple[float, ...] | None:
    """Return how noisy values are, one finite float >= 0 per objective; None stays None.

    Raises
    ------
    InvalidValueError
        If `obj` is anything else.
    """
    if obj is None:
        return None
    found = _values(obj, n_objectives, "variance", _REMEDY_VARIANCE, _REMEDY_VARIANCE)
    if not all(0.0 <= variance < math.inf for variance in found):
        raise InvalidValueError(
            "variance",
            expected="a finite number >= 0 for each objective",
            got=short_repr(obj),
            remedy=_REMEDY_VARIANCE,
        )
    return found


def coerce_constraints(obj: object) -> dict[str, float]:
    """Return outcome constraints by name; feasible at <= 0, and NaN means infeasible.

    Parameters
    ----------
    obj : object
        A mapping from names to numbers, or a list, tuple or 1-d array, whose entries are called
        ``"c0"``, ``"c1"``, …. None means there are none.

    Raises
    ------
    InvalidValueError
        If `obj` is neither, a name is not a non-empty string or a value is not a number.
    """
    if obj is None:
        return {}
    about = "constraints", _EXPECTED_CONSTRAINTS, _REMEDY_CONSTRAINTS
    if _guarded(_is_mapping, obj, *about):
        pairs = _guarded(_pairs, obj, *about)
    else:
        pairs = [(f"c{i}", item) for i, item in enumerate(_items(obj, *about))]
    return {
        _name(name): _number(value, f"constraint {name!r}", _REMEDY_CONSTRAINTS)
        for name, value in pairs
    }


_EXPECTED_NUMBER = "one real number"
_EXPECTED_CONSTRAINTS = "a mapping from names to numbers, or a list of numbers"
_REMEDY = "Return a plain float, e.g. float(loss)."
_REMEDY_EACH = "Return one number per direction of the study."
_REMEDY_CONSTRAINTS = 'Give constraints as {"name": value}, feasible at <= 0.'
_REMEDY_VARIANCE = "Tell the square of the value's standard error, or leave it out."


def _values(
    obj: object, n_objectives: int, what: str, remedy: str, remedy_each: str
) -> tuple[float, ...]:
    """Return one float per objective, or raise InvalidValueError."""
    if n_objectives == 1 and not _guarded(_is_plain_sequence, obj, what, _EXPECTED_NUMBER, remedy):
        return (_number(obj, what, remedy),)
    expected = f"{n_objectives} numbers" if n_objectives > 1 else _EXPECTED_NUMBER
    expected = f"{expected}, one per objective"
    items = _items(obj, what, expected, remedy_each)
    if len(items) != n_objectives:
        got = f"{len(items)}: {short_repr(obj)}"
        raise InvalidValueError(what, expected=expected, got=got, remedy=remedy_each)
    return tuple(_number(item, f"{what} {i}", remedy) for i, item in enumerate(items))


def _number(obj: object, what: str, remedy: str) -> float:
    """Return `obj` as a float, or raise InvalidValueError."""
    number: float = _guarded(_float_of, obj, what, _EXPECTED_NUMBER, remedy)
    return number


def _float_of(obj: Any, *, unpack: bool = True) -> float:
    """Return the one real number that `obj` is. Raises TypeError, or what `obj` raises."""
    if isinstance(obj, (complex, *_TEXT)) or obj is None:
        raise TypeError("not a real number")
    if isinstance(obj, (int, float)):
        return _saturating_float(obj)
    if hasattr(obj, "ndim") and hasattr(obj, "item"):
        if not _is_real_scalar_array(obj):
            raise TypeError("not a 0-d array of one real number")
        # .item() serves tensors of every dtype, without a warning about gradients. It gives
        # NumPy's longdouble back as it is, which float() then takes.
        return _float_of(obj.item(), unpack=False) if unpack else _saturating_float(obj)
    if not (hasattr(type(obj), "__float__") or hasattr(type(obj), "__index__")):
        raise TypeError("not a number")
    return _saturating_float(obj)


def _is_real_scalar_array(obj: Any) -> bool:
    """Whether an array-like holds exactly one real number (torch has no ``dtype.kind``)."""
    kind = getattr(getattr(obj, "dtype", None), "kind", "f")
    return bool(obj.ndim == 0 and kind in _REAL_KINDS and not getattr(obj, "mask", False))


def _saturating_float(obj: Any) -> float:
    """Return ``float(obj)``, with infinities for what is beyond float64."""
    try:
        return float(obj)
    except (OverflowError, FloatingPointError):
        return -math.inf if obj < 0 else math.inf


def _finite_nonnegative(obj: object, what: str, remedy: str) -> float:
    number = _number(obj, what, remedy)
    if not 0.0 <= number < math.inf:
        raise InvalidValueError(
            what, expected="a finite number >= 0", got=short_repr(obj), remedy=remedy
        )
    return number


def _items(obj: object, what: str, expected: str, remedy: str) -> list[Any]:
    items: list[Any] | None = _guarded(_listed, obj, what, expected, remedy)
    if items is None:
        raise InvalidValueError(what, expected=expected, got=_described(obj), remedy=remedy)
    return items


def _listed(obj: Any) -> list[Any] | None:
    """Return the entries of a list, tuple or 1-d array, None for anything else."""
    if not _is_plain_sequence(obj) and getattr(obj, "ndim", None) != 1:
        return None
    return list(islice(iter(obj), len(obj) + 1))  # a lying __iter__ may never end


def _is_plain_sequence(obj: object) -> bool:
    return isinstance(obj, Sequence) and not isinstance(obj, _TEXT) and not hasattr(obj, "ndim")


def _is_mapping(obj: object) -> bool:
    return isinstance(obj, Mapping)


def _pairs(obj: Any) -> list[tuple[Any, Any]]:
    return [(key, obj[key]) for key in islice(iter(obj), len(obj) + 1)]


def _name(name: object) -> str:
    if type(name) is str and name:
        return name
    raise InvalidValueError(
        "the name of a constraint",
        expected="a non-empty string",
        got=short_repr(name),
        remedy=_REMEDY_CONSTRAINTS,
    )


def _guarded(function: Any, obj: object, what: str, expected: str, remedy: str) -> Any:
    """Call ``function(obj)``; objects may do anything when touched, users see one error."""
    try:
        return function(obj)
    except Exception:
        raise InvalidValueError(
            what, expected=expected, got=_described(obj), remedy=remedy
        ) from None


def _described(obj: object) -> str:
    return f"{type(obj).__name__} {short_repr(obj)}" if obj is not None else "None"
