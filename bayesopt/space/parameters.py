"""The base of all parameters, and the one that does not vary."""

from __future__ import annotations

import copy
import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from typing import Any, ClassVar, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from bayesopt.errors import InvalidConfigError, short_repr
from bayesopt.space.axes import Axis, Bools, Floats
from bayesopt.space.conditions import When
from bayesopt.space.labels import (
    Choice,
    Label,
    LabelKey,
    canonical_json,
    choice_from_json,
    choice_of,
    describe,
    is_native,
    plain,
)

Column: TypeAlias = NDArray[Any]
"""Values as an expression sees them: float64, bool, or objects."""


class Parameter(ABC):
    """What a `Space` maps a name to: a set of values and where they lie on the unit interval.

    Parameters are immutable, and equal when they are of one kind with the same definition.
    Values are what users see; labels are their JSON-native stand-ins (the same thing for numbers).
    """

    kind: ClassVar[str]
    is_ordered: ClassVar[bool] = True
    when: Mapping[str, object] | None
    default: object

    @property
    @abstractmethod
    def axis(self) -> Axis | None:
        """Where the values lie on the unit interval; None if there is nothing to choose."""

    @property
    def n_values(self) -> int | float:
        """Number of distinct values: an int, or ``math.inf``."""
        return 1 if self.axis is None else self.axis.count

    @property
    def condition(self) -> When | None:
        """The condition under which the parameter exists."""
        return When.of(self.when)

    @abstractmethod
    def to_label(self, value: object) -> Label:
        """Return the label of a value.

        Raises
        ------
        InvalidConfigError
            If the parameter has no such value.
        """

    @abstractmethod
    def from_label(self, label: Label) -> object:
        """Return the value of a label.

        Raises
        ------
        InvalidConfigError
            If the parameter has no such label.
        """

    @abstractmethod
    def positions(self, labels: Sequence[Label]) -> tuple[Floats, Bools]:
        """Return the positions f64[n] of labels on the axis and whether each belongs, bool[n].

        A position is a value on a continuous axis and an index on an axis of cells. A label that
        does not belong is clipped to the nearest that does, or has no position (NaN).
        """

    @abstractmethod
    def values_at(self, positions: Floats) -> list[Any]:
        """Return the values at positions f64[n]."""

    @abstractmethod
    def column(self, u: Floats) -> Column:
        """Return the values at coordinates f64[n] as an expression sees them."""

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """Return the definition as JSON data."""

    def labels_at(self, positions: Floats) -> list[Label]:
        """Return the labels of the values at positions f64[n]."""
        return self.values_at(positions)

    def units(self, labels: Sequence[Label]) -> tuple[Floats, Bools]:
        """Return coordinates f64[n] of labels, and whether each belongs (see `positions`)."""
        positions, inside = self.positions(labels)
        units = np.full(len(positions), 0.5) if self.axis is None else self.axis.to_units(positions)
        return np.where(np.isnan(positions), 0.5, units), inside

    def values(self, u: Floats) -> list[Any]:
        """Return the values at coordinates f64[n]."""
        return self.values_at(u if self.axis is None else self.axis.positions(u))

    def contains(self, value: object) -> bool:
        """Tell whether `value` is one of the parameter's values."""
        try:
            self.to_label(value)
        except InvalidConfigError:
            return False
        return True

    def to_unit(self, value: object) -> float:
        """Return the coordinate of one value; InvalidConfigError if it does not belong."""
        return float(self.units([self.to_label(value)])[0][0])

    def from_unit(self, u: float) -> Any:
        """Return the value at one coordinate; coordinates outside [0, 1] are clipped."""
        return self.values(np.array([u], dtype=np.float64))[0]

    def with_condition(self, when: Mapping[str, object] | None) -> Self:
        """Return the same parameter under another condition."""
        other = copy.copy(self)
        object.__setattr__(other, "when", When.of(when))
        return other

    def _store_condition(self) -> None:
        object.__setattr__(self, "when", When.of(self.when))

    def _common(self) -> dict[str, Any]:
        """Return the entries that all kinds of parameters share, defaults left out."""
        condition = self.condition
        shared: dict[str, Any] = {} if condition is None else {"when": condition.to_json()}
        if self.default is not None:
            shared["default"] = self.to_label(self.default)
        return shared

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Parameter):
            return NotImplemented
        return self is other or canonical_json(self.to_dict()) == canonical_json(other.to_dict())

    def __hash__(self) -> int:
        return hash((self.kind, self.n_values))


@dataclass(frozen=True, eq=False)
class Constant(Parameter):
    """A value that never varies. It is in every configuration, and in no column.

    Parameters
    ----------
    value : object
        Any value with a stable label (see `Categorical`).
    when : mapping, optional
        The condition under which it is present.

    Raises
    ------
    SpaceError
        If the value has no stable label.
    """

    value: Any
    _: KW_ONLY
    when: Mapping[str, object] | None = None
    default: None = field(default=None, init=False, repr=False)
    choice: Choice = field(init=False, repr=False)

    kind: ClassVar[str] = "constant"

    def __post_init__(self) -> None:
        object.__setattr__(self, "choice", choice_of(self.value))
        object.__setattr__(self, "value", self.choice.value)
        self._store_condition()

    @property
    def axis(self) -> None:
        """Nothing to choose."""
        return None

    @property
    def label(self) -> Label:
        """The label of the value."""
        return self.choice.label

    def to_label(self, value: object) -> Label:
        """Return the label if `value` is the constant (or its label)."""
        value = plain(value)
        if value is self.value or (is_native(value) and _same(value, self.label)):
            return self.label
        if not is_native(value) and self.choice.spec == _spec_of(value):
            return self.label
        raise InvalidConfigError("constant", expected=repr(self.label), got=short_repr(value))

    def from_label(self, label: Label) -> object:
        """Return the value if `label` is the constant's."""
        self.to_label(label)
        return self.value

    def positions(self, labels: Sequence[Label]) -> tuple[Floats, Bools]:
        """Return no position, and whether each label is the constant's."""
        inside = np.array([_same(label, self.label) for label in labels], dtype=bool)
        return np.full(len(labels), math.nan), inside

    def values_at(self, positions: Floats) -> list[Any]:
        """Return the constant once per position."""
        return [self.value] * len(positions)

    def labels_at(self, positions: Floats) -> list[Label]:
        """Return the constant's label once per position."""
        return [self.label] * len(positions)

    def column(self, u: Floats) -> Column:
        """Return the constant once per coordinate, as an expression sees it."""
        return np.repeat(expression_table([self.choice]), len(u))

    def to_dict(self) -> dict[str, Any]:
        """Return the definition as JSON data."""
        return {"kind": self.kind, "choice": self.choice.to_json(), **self._common()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], like: Mapping[LabelKey, object]) -> Constant:
        """Return the constant that `to_dict` wrote."""
        constant = cls(None, when=data.get("when"))
        choice = choice_from_json(data["choice"], like)
        object.__setattr__(constant, "choice", choice)
        object.__setattr__(constant, "value", choice.value)
        return constant


def expression_table(choices: Sequence[Choice]) -> Column:
    """Return the choices as an expression sees them: numbers, booleans, or native values.

    A choice that is no native value is seen as its label.
    """
    seen = [c.value if is_native(c.value) else c.label for c in choices]
    kinds = set(map(type, seen))
    if kinds == {bool}:
        return np.array(seen, dtype=bool)
    if kinds <= {int, float} and all(map(_is_exact, seen)):
        return np.array(seen, dtype=np.float64)
    table = np.empty(len(seen), dtype=object)
    table[:] = seen
    return table


def _is_exact(number: object) -> bool:
    return isinstance(number, float) or (isinstance(number, int) and abs(number) <= 2**53)


def _same(value: object, label: Label) -> bool:
    return type(value) is type(label) and value == label


def _spec_of(value: object) -> object:
    spec = describe(value)
    return math.nan if spec == ["object"] else spec  # NaN: equal to nothing, itself included
