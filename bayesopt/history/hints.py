"""What a history says about its space: bounds that hold the search back, scales, budgets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from bayesopt.errors import short_repr
from bayesopt.history.columns import Columns
from bayesopt.space import Float, Int
from bayesopt.space.parameters import Parameter

_ENOUGH = 10  # comparable trials before a best one says something
_NEAR = 0.01  # of the unit interval: on a bound
_FEW_VALUES = 3  # ordered values: the ends of so few say nothing
_DECADES = 1e3  # ratio of bounds from which a scale should be logarithmic
_PER_PARAMETER = 10  # trials (Loeppky, Sacks and Welch, Technometrics 51, 2009)


@dataclass(frozen=True)
class Hint:
    """A remark on how a study is set up.

    Attributes
    ----------
    kind : {"bound", "scale", "budget", "idle"}
    parameter : str or None
        What it is about, None if the whole study.
    text : str
        What was seen and what to do; it holds the parameter's name as it is.
    """

    kind: str
    parameter: str | None
    text: str


def hints(history: Columns) -> list[Hint]:
    """Return what a person with experience would remark; O(n).

    * The best trial lies on a bound (the best hundredth of a range, or the last of an ordered
      list), once ten trials can be compared.
    * A range from above zero spans three decades and its scale is not logarithmic.
    * There are fewer than ten complete or pruned trials per parameter.
    """
    return [*_bounds(history), *_scales(history), *_budget(history)]


def _bounds(history: Columns) -> Iterator[Hint]:
    front = history.pareto()
    if history.n_objectives != 1 or not front.size or _n_comparable(history) < _ENOUGH:
        return
    row, active = history.X[front[0]], history.active[front[0]]
    for j, name in enumerate(history.space.names):
        end = _end(history.space.parameters[name], float(row[j])) if active[j] else None
        if end is not None:
            text = (
                f"The best trial ({front[0]}) has {short_repr(name)} at its {end} bound: "
                "if values beyond it make sense, widen the range."
            )
            yield Hint("bound", name, text)


def _end(parameter: Parameter, u: float) -> str | None:
    """Return which bound a coordinate lies on, if any."""
    if not parameter.is_ordered or parameter.n_values <= _FEW_VALUES:
        return None
    near = max(_NEAR, 1.0 / parameter.n_values)
    return "lower" if u <= near else "upper" if u >= 1.0 - near else None


def _scales(history: Columns) -> Iterator[Hint]:
    for name, parameter in history.space.parameters.items():
        if isinstance(parameter, Float | Int) and _spans_decades(parameter):
            text = (
                f"{short_repr(name)} goes from {parameter.low:g} to {parameter.high:g} on a linear "
                "scale: nine tenths of the search are in the last decade. Say log=True."
            )
            yield Hint("scale", name, text)


def _spans_decades(parameter: Float | Int) -> bool:
    """Whether a linear range wants a logarithm; a step says that its values are meant so."""
    if parameter.log or parameter.low <= 0 or parameter.step not in (None, 1):
        return False
    return parameter.high / parameter.low >= _DECADES


def _budget(history: Columns) -> Iterator[Hint]:
    n = int(np.count_nonzero(history.is_complete | history.is_pruned))
    d = history.space.d
    if n < _PER_PARAMETER * d:
        trials, columns = "trial" + "s" * (n != 1), "parameter" + "s" * (d != 1)
        text = (
            f"{n} complete or pruned {trials} for {d} {columns}: with fewer than {_PER_PARAMETER} "
            "per parameter much of the space is unseen. Give it more trials, or fix parameters."
        )
        yield Hint("budget", None, text)


def _n_comparable(history: Columns) -> int:
    return int(np.count_nonzero(history.is_complete & history.feasible))
