"""What a host passes to a history, checked: one kind of error for all that makes no sense."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from bayesopt.errors import InvalidValueError, short_repr
from bayesopt.space import Space
from bayesopt.trial import as_state

F = npt.NDArray[np.float64]


def checked_space(space: object) -> Space:
    """Return a space. Raises InvalidValueError."""
    if isinstance(space, Space):
        return space
    raise InvalidValueError(
        "space of a history",
        expected="a Space",
        got=short_repr(space),
        remedy="Space({...}) makes one of parameters.",
    )


def checked_directions(directions: Any, m: int) -> tuple[str, ...]:
    """Return one direction per objective; one is for all. Raises InvalidValueError."""
    is_list = isinstance(directions, Sequence) and not isinstance(directions, str)
    each = tuple(directions) if is_list else ()
    each = each * m if len(each) == 1 else each
    if len(each) != m or not all(one in ("minimize", "maximize") for one in each):
        raise InvalidValueError(
            "directions",
            expected=f"a list of 'minimize' or 'maximize' for each of {m} objectives",
            got=short_repr(directions),
        )
    return each


def checked_rows(rows: Any, d: int) -> F:
    """Return rows of the unit cube, [k, d]. Raises InvalidValueError."""
    if isinstance(rows, np.ndarray) and rows.ndim == 2 and rows.shape[1] == d:
        return rows
    raise InvalidValueError(
        "rows of the unit cube",
        expected=f"an array [k, {d}], such as Space.encode gives",
        got=short_repr(rows),
    )


def require_changes(given: Any) -> None:
    """Raise InvalidValueError unless a storage could have given this."""
    if not (hasattr(given, "numbers") and hasattr(given, "report_numbers")):
        raise InvalidValueError(
            "changes of a history",
            expected="what Storage.changes gives",
            got=short_repr(given),
            remedy="A program with its own records calls append, report and tell.",
        )


def no_states(states: Iterable[object]) -> InvalidValueError:
    """Return the error of the first that is no state."""
    for state in states:
        as_state(state)
    return InvalidValueError("states", expected="trial states", got=short_repr(states))


def uneven_values(m: int) -> InvalidValueError:
    """Return the error of values of which a trial has not `m`."""
    return InvalidValueError("values of trials", expected=f"{m} numbers each")
