"""Optuna's distributions as parameters, and values in both directions."""

from __future__ import annotations

from typing import Any

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from bayesopt.errors import SpaceError, short_repr
from bayesopt.space import Categorical, Float, Int, Parameter


def to_parameter(distribution: BaseDistribution) -> Parameter:
    """Return the parameter that models a distribution.

    Choices are modelled by their indices, which Optuna keeps fixed within a study. A grid that is
    finer than an exact one may be is modelled as a continuous range.
    """
    if isinstance(distribution, CategoricalDistribution):
        return Categorical(range(len(distribution.choices)))
    if not isinstance(distribution, FloatDistribution | IntDistribution):
        raise SpaceError(
            "distribution",
            expected="one of Optuna's float, int and categorical ones",
            got=short_repr(distribution),
        )
    kind = Float if isinstance(distribution, FloatDistribution) else Int
    low, high, log = distribution.low, distribution.high, distribution.log
    try:
        return kind(low, high, log=log, step=distribution.step)  # type: ignore[arg-type]
    except SpaceError:
        return Float(low, high, log=log)


def to_label(distribution: BaseDistribution, value: Any) -> float | int:
    """Return the label under which the parameter of a distribution has a value of Optuna's."""
    if isinstance(distribution, CategoricalDistribution):
        return int(distribution.to_internal_repr(value))
    return value  # type: ignore[no-any-return]


def to_external(distribution: BaseDistribution, label: Any) -> Any:
    """Return the value of Optuna's that a label stands for; what is out of range stays so."""
    if isinstance(distribution, CategoricalDistribution):
        return distribution.to_external_repr(label)
    if isinstance(distribution, IntDistribution) and isinstance(label, float):
        return _on_grid(distribution, label)
    return label


def _on_grid(distribution: IntDistribution, value: float) -> int:
    """Return the integer of the grid nearest to a value of a continuous range."""
    last = (distribution.high - distribution.low) // distribution.step
    index = round((value - distribution.low) / distribution.step)
    return distribution.low + min(max(index, 0), last) * distribution.step


def union(known: BaseDistribution, more: BaseDistribution) -> BaseDistribution:
    """Return a distribution with the values of both; of two that do not go together, the newer."""
    if known == more:
        return known
    if isinstance(known, FloatDistribution) and isinstance(more, FloatDistribution):
        return _union_floats(known, more) if known.log == more.log else more
    if isinstance(known, IntDistribution) and isinstance(more, IntDistribution):
        return _union_ints(known, more) if known.log == more.log else more
    return more


def _union_floats(a: FloatDistribution, b: FloatDistribution) -> FloatDistribution:
    """Join two ranges; only ranges on one grid keep their step."""
    low, high = min(a.low, b.low), max(a.high, b.high)
    same = a.step is not None and a.step == b.step and _is_multiple(b.low - a.low, a.step)
    return FloatDistribution(low, high, log=a.log, step=a.step if same else None)


def _is_multiple(x: float, step: float) -> bool:
    return abs(x / step - round(x / step)) < 1e-8


def _union_ints(a: IntDistribution, b: IntDistribution) -> IntDistribution:
    low, high = min(a.low, b.low), max(a.high, b.high)
    same = a.step == b.step and (b.low - a.low) % a.step == 0
    return IntDistribution(low, high, log=a.log, step=a.step if same else 1)
