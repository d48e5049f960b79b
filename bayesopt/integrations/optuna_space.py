"""Optuna's distributions as parameters, and values in both directions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from bayesopt.errors import SpaceError, short_repr
from bayesopt.space import Categorical, Constant, Float, Int, Parameter
from bayesopt.space.labels import Label, LabelKey, label_key, label_of_key
from bayesopt.space.presence import MOST_VALUES


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


def may_be_parent(distribution: BaseDistribution) -> bool:
    """Whether others may depend on what has a distribution: its values are distinct, and few."""
    if isinstance(distribution, CategoricalDistribution):
        return len(distribution.choices) <= MOST_VALUES
    if not isinstance(distribution, IntDistribution):
        return False
    return (distribution.high - distribution.low) // distribution.step < MOST_VALUES


def to_label(distribution: BaseDistribution, value: Any) -> float | int:
    """Return the label under which the parameter of a distribution has a value of Optuna's."""
    if isinstance(distribution, CategoricalDistribution):
        return int(distribution.to_internal_repr(value))
    return value  # type: ignore[no-any-return]


def fixed_label(distribution: BaseDistribution | None, value: Any) -> float | int | None:
    """Return the label of a value that somebody fixed; None if it is none of the distribution's."""
    if distribution is None:
        return None
    try:
        stored = distribution.to_internal_repr(value)
    except (TypeError, ValueError):
        return None
    return to_label(distribution, distribution.to_external_repr(stored))


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


# -- studies that move ----------------------------------------------------------------------------


def declared(distribution: BaseDistribution) -> Parameter:
    """Return the parameter that ``suggest_*`` with the same arguments declares here.

    A grid of floats that is finer than an exact one may be becomes a continuous range.

    Raises
    ------
    SpaceError
        If there is none: an integer beyond 2**53, a choice without a stable label.
    """
    if isinstance(distribution, CategoricalDistribution):
        return Categorical(_distinct(distribution.choices))
    if isinstance(distribution, IntDistribution):
        step = None if distribution.step == 1 else distribution.step
        return Int(distribution.low, distribution.high, log=distribution.log, step=step)
    return to_parameter(distribution)


def _distinct(choices: Sequence[Any]) -> list[Any]:
    """Return choices without repetitions, which Optuna allows; True, 1 and 1.0 are three."""
    known = {(type(choice), repr(choice)): choice for choice in reversed(choices)}
    return list(reversed(known.values()))


@dataclass(frozen=True)
class Outward:
    """A parameter as Optuna's distribution.

    Attributes
    ----------
    distribution : BaseDistribution
    values : mapping of label key to value
        Of a categorical one: what Optuna has for a label.
    """

    distribution: BaseDistribution
    values: Mapping[LabelKey, Any] = field(default_factory=dict)

    def value(self, label: Label) -> Any:
        """Return the value of Optuna's that a label stands for."""
        if isinstance(self.distribution, CategoricalDistribution):
            return self.values[label_key(label)]
        return float(label) if isinstance(self.distribution, FloatDistribution) else label  # type: ignore[arg-type]


def outward(parameter: Parameter | None, labels: Sequence[Label]) -> Outward:
    """Return the distribution that holds a parameter's values and the labels that trials had.

    Choices in an order and constants become choices; what Optuna cannot store as a choice goes by
    its label, and what it takes for the same as another (True and 1) by a text. Grids on a
    logarithmic scale, and those that a label lies off, lose their step.

    Parameters
    ----------
    parameter : Parameter or None
        None for a name that no version of the space had: the labels say what it is.
    labels : sequence of labels
        They may lie outside, being of older versions of the space.
    """
    numbers: list[Any] = [label for label in labels if _is_number(label)]
    if len(numbers) == len(labels):
        if isinstance(parameter, Float | Int):
            return Outward(_range_of(parameter, numbers))
        if parameter is None and all(type(number) is int for number in numbers):
            return Outward(IntDistribution(int(min(numbers)), int(max(numbers))))
        if parameter is None:
            return Outward(FloatDistribution(min(numbers), max(numbers)))
    return _choices_of(parameter, labels)


def _is_number(label: Label) -> bool:
    return isinstance(label, int | float) and not isinstance(label, bool)


def _range_of(p: Float | Int, labels: Sequence[Any]) -> BaseDistribution:
    low, high = min(p.low, *labels), max(p.high, *labels)
    log = p.log and low > 0
    step = p.step if (low, high) == (p.low, p.high) and not log else None
    if not all(map(p.contains, labels)):
        step = None
    if isinstance(p, Float):
        return FloatDistribution(low, high, log=log, step=step)
    return IntDistribution(int(low), int(high), log=log, step=int(step or 1))


def _choices_of(parameter: Parameter | None, labels: Iterable[Label]) -> Outward:
    values: dict[LabelKey, Any] = {}
    if isinstance(parameter, Categorical):
        for choice in parameter.entries:
            values[label_key(choice.label)] = choice.value
    elif isinstance(parameter, Constant):
        values[label_key(parameter.label)] = parameter.value
    values = {key: v if _is_storable(v) else label_of_key(key) for key, v in values.items()}
    for label in labels:
        values.setdefault(label_key(label), label)
    values = _told_apart(values)
    return Outward(CategoricalDistribution(list(values.values())), values)


def _told_apart(values: Mapping[LabelKey, Any]) -> dict[LabelKey, Any]:
    """Return values, with text for those that Optuna takes for the same: True, 1 and 1.0.

    For all of them where such a text is the value of another.
    """
    counts = Counter(values.values())
    texts = {key: repr(label_of_key(key)) for key in values}
    apart = {key: texts[key] if counts[value] > 1 else value for key, value in values.items()}
    return apart if len(set(apart.values())) == len(apart) else texts


def _is_storable(value: object) -> bool:
    return value is None or type(value) in (bool, int, float, str)
