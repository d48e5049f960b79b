"""Checks of what users pass to a study; each returns the value in normal form."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from bayesopt.errors import InvalidValueError, NoTrialsError, StudyError, short_repr
from bayesopt.history import History
from bayesopt.trial import TrialState, as_state


def count(name: str, n: object, at_least: int = 0) -> int | None:
    """Return an integer or None. Raises InvalidValueError."""
    return None if n is None else integer(name, n, at_least)


def integer(name: str, n: object, at_least: float = 0, below: float = math.inf) -> int:
    """Return an integer of any integer type. Raises InvalidValueError."""
    index = None if isinstance(n, bool) else getattr(n, "__index__", None)
    value = None if index is None else int(index())
    if value is None or not at_least <= value < below:
        lower = "" if at_least == -math.inf else f" >= {at_least:.0f}"
        upper = "" if below == math.inf else f" and below {below:.0f}"
        raise InvalidValueError(name, expected=f"an integer{lower}{upper}", got=short_repr(n))
    return value


def seconds(name: str, duration: object) -> float | None:
    """Return positive seconds; None for None and for infinity. Raises InvalidValueError."""
    if duration is None:
        return None
    value = _number(duration)
    if not value > 0:
        raise InvalidValueError(
            name, expected="a positive number of seconds or None", got=short_repr(duration)
        )
    return None if value == math.inf else value


def amount(name: str, given: object) -> float | None:
    """Return a positive number; None for None and for infinity. Raises InvalidValueError."""
    if given is None:
        return None
    value = _number(given)
    if not value > 0:
        raise InvalidValueError(name, expected="a positive number or None", got=short_repr(given))
    return None if value == math.inf else value


def _number(given: Any) -> float:
    """Return a float, NaN for what is no number and infinity for what no float can hold."""
    if isinstance(given, bool) or not hasattr(given, "__float__"):
        return math.nan
    try:
        return float(given)
    except OverflowError:
        return math.inf if given > 0 else -math.inf
    except (TypeError, ValueError):  # an array of several numbers, for one
        return math.nan


def function(name: str, given: Any) -> Callable[..., Any]:
    """Return a callable. Raises InvalidValueError."""
    if callable(given):
        return given  # type: ignore[no-any-return]
    raise InvalidValueError(name, expected="a callable", got=short_repr(given))


def rule(name: str, given: Any) -> Callable[..., Any]:
    """Return a callable that is no class: calling one makes an object. Raises InvalidValueError."""
    if isinstance(given, type):
        raise InvalidValueError(
            name,
            expected="a function of the history, or an object that is called like one",
            got=f"the class {given.__name__}",
            remedy=f"Write {given.__name__}() with its settings.",
        )
    return function(name, given)


def functions(name: str, given: object) -> tuple[Callable[..., Any], ...]:
    """Return several callables. Raises InvalidValueError."""
    if not isinstance(given, Iterable):
        raise InvalidValueError(name, expected="a list of callables", got=short_repr(given))
    return tuple(function(f"one of the {name}", each) for each in given)


def exceptions(name: str, given: object) -> tuple[type[BaseException], ...]:
    """Return exception types from one or several. Raises InvalidValueError."""
    several = given if isinstance(given, tuple | list | set | frozenset) else (given,)
    kinds = [kind for kind in several if isinstance(kind, type)]
    if len(kinds) == len(several) and all(issubclass(kind, BaseException) for kind in kinds):
        return tuple(kinds)
    raise InvalidValueError(
        name, expected="an exception type, or a tuple of them", got=short_repr(given)
    )


def text(name: str, given: object) -> str:
    """Return a non-empty string. Raises InvalidValueError."""
    if isinstance(given, str) and given:
        return given
    raise InvalidValueError(name, expected="a non-empty string", got=short_repr(given))


def states(given: object) -> frozenset[TrialState]:
    """Return trial states from one or several, by name or as they are. Raises InvalidValueError."""
    if isinstance(given, Iterable) and not isinstance(given, str):
        return frozenset(as_state(each) for each in given)
    return frozenset([as_state(given)])


def one_objective(n_objectives: int, what: str, instead: str) -> None:
    """Refuse what only a study with one objective has. Raises StudyError."""
    if n_objectives > 1:
        raise StudyError(
            what,
            expected="one objective",
            got=f"{n_objectives}",
            remedy=f"Use study.{instead}.",
        )


def found_best(history: History, what: str) -> int:
    """Return the number of the best trial. Raises NoTrialsError if there is none."""
    best = history.best()
    if best is None:
        raise NoTrialsError(
            what,
            expected="at least one complete and feasible trial",
            got=f"{history.n} trials, none of them",
            remedy="See study.trials for their states, errors and constraints." + _owed(history),
        )
    return best


def _owed(history: History) -> str:
    """Say which trials are infeasible for what they did not tell; "" if none is."""
    lacking = np.isnan(history.constraints[history.is_complete]).any(axis=1)
    if not lacking.any():
        return ""
    names = short_repr(list(history.constraint_names))
    return f" {lacking.sum()} complete ones did not tell all of {names}: they are infeasible."
