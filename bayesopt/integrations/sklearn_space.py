"""What scikit-learn's searches take as distributions of parameters, as a search space."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
from scipy import stats

from bayesopt.errors import SpaceError, short_repr
from bayesopt.space import Categorical, Constant, Float, Int, Ordinal, Parameter, Space
from bayesopt.space.axes import Floats
from bayesopt.space.labels import is_native, label_key, plain

_TAIL = 1e-6  # of an unbounded distribution's probability, left out on either side
_N_LEVELS = 1000  # of a discrete distribution's quantiles, one value each
_N_DRAWS = 4096
_DRAW_SEED = 0
_ORDERED_FROM = 3  # numbers
_CHOICE = "which of the spaces"
_SAME = 1e-9

Read = Callable[[Any], Any]
"""Turns a value of the search space into one for the estimator."""


@dataclass(frozen=True, eq=False)
class Column:
    """A parameter of the search space, and how its values become the estimator's.

    Attributes
    ----------
    parameter : Parameter
    read : callable
    source : object
        What the user gave.
    values : tuple, optional
        What `read` picks from, if the parameter holds positions only.
    """

    parameter: Parameter
    read: Read
    source: object
    values: tuple[Any, ...] | None = None


@dataclass(frozen=True, eq=False)
class SearchSpace:
    """A space, and the way from its configurations to parameters of the estimator.

    Attributes
    ----------
    space : Space
    readers : mapping of str to (str, callable)
        For each parameter of the space that the estimator has: its name there, and how a value is
        read.
    """

    space: Space
    readers: Mapping[str, tuple[str, Read]]

    def params(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """Return what ``set_params`` takes."""
        known = ((self.readers[name], value) for name, value in config.items() if name in self)
        return {name: read(value) for (name, read), value in known}

    def __contains__(self, name: object) -> bool:
        return name in self.readers


def search_space(distributions: object) -> SearchSpace:
    """Return the search space of what a user gave as ``param_distributions``.

    Parameters
    ----------
    distributions : Space, mapping, or sequence of these
        A mapping gives, for each parameter, a list of values, a SciPy distribution, or a parameter
        of this package. A sequence is a choice: every candidate belongs to one of its members.

    Raises
    ------
    SpaceError
        If it is nothing of that kind.
    """
    if isinstance(distributions, Space):
        readers = {name: (name, _as_is) for name in distributions}
        return SearchSpace(distributions, readers)
    if isinstance(distributions, Mapping):
        return _one(_columns(distributions))
    if isinstance(distributions, Iterable) and not isinstance(distributions, str):
        members = [_columns(each) for each in distributions]
        if members:
            return _one(members[0]) if len(members) == 1 else _several(members)
    raise SpaceError(
        "param_distributions",
        expected="a Space, a dict of distributions, or a list of these",
        got=short_repr(distributions),
    )


# ------------------------------------------------------------------------- one parameter


def to_column(name: str, given: object) -> Column:
    """Return the column of one distribution. Raises SpaceError."""
    if isinstance(given, Parameter):
        return Column(given, _as_is, given)
    if hasattr(given, "rvs") or hasattr(given, "icdf"):
        return _from_distribution(name, given)
    if isinstance(given, Iterable) and not isinstance(given, str | bytes | Mapping):
        return _from_values(name, given)
    raise SpaceError(
        f"distribution of {name!r}",
        expected="a list of values, a SciPy distribution, or a parameter such as Float(0, 1)",
        got=short_repr(given),
    )


def _from_values(name: str, given: Iterable[Any]) -> Column:
    """Numbers that rise or fall are ordered; objects without a name are known by position."""
    values: tuple[Any, ...] = tuple(plain(value) for value in given)
    if not values:
        raise SpaceError(f"values of {name!r}", expected="at least one", got="none")
    natives = all(map(is_native, values)) and len(set(map(label_key, values))) == len(values)
    choices = values if natives else tuple(range(len(values)))
    kind = Ordinal if _is_monotone(values) else Categorical
    parameter = Constant(choices[0]) if len(values) == 1 else kind(choices)
    if natives:
        return Column(parameter, _as_is, given)
    return Column(parameter, values.__getitem__, given, values)


def _is_monotone(values: tuple[Any, ...]) -> bool:
    if len(values) < _ORDERED_FROM or not all(type(value) in (int, float) for value in values):
        return False
    pairs = list(pairwise(values))
    return all(a < b for a, b in pairs) or all(a > b for a, b in pairs)


def _from_distribution(name: str, given: Any) -> Column:
    parameter = _exactly(given)
    if parameter is not None:
        return Column(parameter, _as_is, given)
    quantile = getattr(given, "ppf", getattr(given, "icdf", None))
    if quantile is None:
        return _from_draws(name, given)
    if _is_discrete(given):
        return _from_quantiles(name, given, quantile)
    low, high = (float(end) for end in given.support())
    from_u = 0.0 if np.isfinite(low) else _TAIL
    to_u = 1.0 if np.isfinite(high) else 1.0 - _TAIL

    def read(u: float) -> float:
        return min(max(float(quantile(u)), low), high)

    return Column(Float(from_u, to_u), read, given)


def _is_discrete(given: Any) -> bool:
    """Tell whether values have probabilities: SciPy's new distributions all have a ``pmf``."""
    if isinstance(getattr(given, "dist", given), stats.rv_discrete):
        return True
    is_new = hasattr(given, "icdf") and hasattr(given, "pmf")
    return is_new and bool(given.pmf(given.icdf(0.5)) > 0.0)


def _from_quantiles(name: str, given: Any, quantile: Callable[[Any], Any]) -> Column:
    """Represent a discrete distribution by its values at 1,000 even levels, each of them once.

    So no value is tried twice, and where there are many, most lie where it has its mass.
    """
    try:
        values = np.unique(quantile((np.arange(_N_LEVELS) + 0.5) / _N_LEVELS))
    except (TypeError, RuntimeError):  # without its parameters; with tails beyond SciPy
        values = np.array([np.nan])
    if not np.isfinite(values).all():
        raise SpaceError(
            f"distribution of {name!r}",
            expected="one with quantiles",
            got=short_repr(given),
            remedy="Give it valid parameters, such as poisson(5), or a list of its values.",
        )
    kind = np.int64 if _is_of_integers(given, values) else np.float64
    return replace(_from_values(name, np.unique(values.astype(kind))), source=given)


def _is_of_integers(given: Any, values: Floats) -> bool:
    """Tell what kind is drawn: quantiles are floats, and 1 and 1.0 may mean two things."""
    if hasattr(given, "rvs"):
        return isinstance(plain(given.rvs(random_state=_DRAW_SEED)), int)
    return bool((values == np.floor(values)).all())


def _exactly(given: Any) -> Parameter | None:
    """Return the parameter with just this distribution, None if there is none."""
    family = getattr(given, "dist", None)
    if isinstance(family, type(stats.uniform)):
        return Float(*map(float, given.support()))
    if isinstance(family, type(stats.randint)):
        return Int(*map(int, given.support()))
    if isinstance(family, type(stats.loguniform)):
        low, high = map(float, given.support())
        middle = float(given.ppf(0.5))
        is_pure = low > 0 and abs(middle - (low * high) ** 0.5) <= _SAME * middle  # not shifted
        return Float(low, high, log=True) if is_pure else None
    return None


def _from_draws(name: str, given: Any) -> Column:
    """Represent what can only be drawn from by 4,096 draws, in order; values that recur once."""
    state = np.random.RandomState(_DRAW_SEED)
    draws = [given.rvs(random_state=state) for _ in range(_N_DRAWS)]
    try:
        ordered = tuple(plain(value) for value in sorted(draws))
        np.asarray(ordered, dtype=np.float64)
    except (TypeError, ValueError):
        raise SpaceError(
            f"distribution of {name!r}",
            expected="one with a quantile function (ppf), or of numbers",
            got=short_repr(given),
            remedy="Give a list of its values.",
        ) from None
    distinct = tuple(dict.fromkeys(ordered))
    if len(distinct) <= _N_LEVELS:
        return replace(_from_values(name, distinct), source=given)

    def read(u: float) -> Any:
        return ordered[min(int(u * len(ordered)), len(ordered) - 1)]

    return Column(Float(0.0, 1.0), read, given)


def _as_is(value: Any) -> Any:
    return value


# ----------------------------------------------------------------------- all parameters


def _columns(given: object) -> dict[str, Column]:
    if isinstance(given, Space):
        if given.constraints:
            raise SpaceError(
                "a Space in a list",
                expected="no constraints",
                got=short_repr(given.constraints),
                remedy="Make one Space, with a parameter that the others depend on by `when`.",
            )
        return {name: to_column(name, parameter) for name, parameter in given.parameters.items()}
    if isinstance(given, Mapping) and all(isinstance(name, str) for name in given):
        return {name: to_column(name, each) for name, each in given.items()}
    raise SpaceError(
        "param_distributions",
        expected="a dict from names of parameters to distributions",
        got=short_repr(given),
    )


def _one(columns: Mapping[str, Column]) -> SearchSpace:
    parameters = {
        name: column.parameter.with_condition(_condition(column, columns) or None)
        for name, column in columns.items()
    }
    return SearchSpace(Space(parameters), {n: (n, column.read) for n, column in columns.items()})


@dataclass(frozen=True, eq=False)
class _Shared:
    """One distribution of a parameter, and the members of a choice that have it."""

    name: str
    column: Column
    where: list[int]


def _several(members: Sequence[Mapping[str, Column]]) -> SearchSpace:
    """Join spaces by a choice; what several have alike is one parameter."""
    shared = _shared(members)
    names = _names(shared)
    parameters: dict[str, Parameter] = {_CHOICE: Categorical(range(len(members)))}
    readers: dict[str, tuple[str, Read]] = {}
    for each in shared:
        first = each.where[0]
        inner = _condition(each.column, members[first])
        own = {names[first, parent]: values for parent, values in inner.items()}
        unique = names[first, each.name]
        parameter = each.column.parameter
        parameters[unique] = parameter.with_condition({_CHOICE: each.where, **own})
        readers[unique] = (each.name, each.column.read)
    return SearchSpace(Space(parameters), readers)


def _shared(members: Sequence[Mapping[str, Column]]) -> list[_Shared]:
    shared: list[_Shared] = []
    for i, columns in enumerate(members):
        for name, column in columns.items():
            known = (e for e in shared if e.name == name and _is_alike(e.column, column))
            same = next(known, None)
            if same is None:
                shared.append(_Shared(name, column, [i]))
            else:
                same.where.append(i)
    return shared


def _is_alike(a: Column, b: Column) -> bool:
    if a.parameter.when is not None or b.parameter.when is not None:
        return False
    plain_ones = a.read is _as_is and b.read is _as_is
    return a.source is b.source or (plain_ones and a.parameter == b.parameter)


def _names(shared: Sequence[_Shared]) -> dict[tuple[int, str], str]:
    """Return what each member's parameter is called in the space that joins them."""
    names: dict[tuple[int, str], str] = {}
    for each in shared:
        is_only = sum(other.name == each.name for other in shared) == 1
        unique = each.name if is_only else f"{each.name} ({each.where[0]})"
        names.update({(i, each.name): unique for i in each.where})
    return names


def _condition(column: Column, columns: Mapping[str, Column]) -> dict[str, list[Any]]:
    """Return a condition in terms of what parameters hold: of objects their positions."""
    terms: dict[str, list[Any]] = {}
    for parent, values in (column.parameter.condition or {}).items():
        known = columns[parent].values if parent in columns else None
        terms[parent] = list(values) if known is None else _positions(parent, values, known)
    return terms


def _positions(parent: str, values: Iterable[Any], known: tuple[Any, ...]) -> list[int]:
    found = [i for i, each in enumerate(known) if any(_equal(each, value) for value in values)]
    if not found:
        raise SpaceError(
            f"condition on {parent!r}", expected="one of its values", got=short_repr(values)
        )
    return found


def _equal(a: object, b: object) -> bool:
    try:
        return a is b or bool(a == b)
    except Exception:  # e.g. arrays, whose truth is ambiguous
        return False
