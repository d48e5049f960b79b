"""Choices as parameters: `Categorical` (no order) and `Ordinal` (ordered)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from bayesopt.errors import InvalidConfigError, SpaceError, short_repr
from bayesopt.space.axes import Bools, CellAxis, Floats
from bayesopt.space.labels import (
    Choice,
    Label,
    LabelKey,
    canonical_json,
    choice_from_json,
    choice_of,
    describe,
    is_native,
    label_key,
    labelled_choice,
    plain,
)
from bayesopt.space.parameters import Column, Parameter, expression_table


@dataclass(frozen=True, eq=False)
class Categorical(Parameter):
    """One of several values without an order.

    Parameters
    ----------
    choices : sequence, or mapping label -> object
        Any objects. Strings, ints, finite floats, bools and None are stored as they are (True, 1
        and 1.0 are three choices); plain lists, tuples, dicts, NaN and infinities as JSON;
        classes, functions and enum members under their qualified name. Everything else needs a
        label of the user's: pass a mapping.
    when, default
        As for `Float`.

    Raises
    ------
    SpaceError
        If there is no choice, two have one label, or one has no stable label.
    """

    choices: Sequence[Any] | Mapping[Any, Any]
    _: KW_ONLY
    when: Mapping[str, object] | None = None
    default: Any = None
    entries: tuple[Choice, ...] = field(init=False, repr=False)

    kind: ClassVar[str] = "categorical"
    is_ordered: ClassVar[bool] = False

    def __post_init__(self) -> None:
        self._store(_entries_of(self.choices, type(self).__name__))
        self._store_condition()
        if self.default is not None:
            self._store_default()

    @cached_property
    def axis(self) -> CellAxis:
        """One cell per choice."""
        return CellAxis(len(self.entries))

    def to_label(self, value: object) -> Label:
        """Return the label of a choice, or of a label; InvalidConfigError if it is neither."""
        index = self._find(plain(value))
        if index is not None:
            return self.entries[index].label
        shown = ", ".join(short_repr(c.label) for c in self.entries[:8])
        more = ", ..." if len(self.entries) > 8 else ""
        raise InvalidConfigError(
            type(self).__name__, expected=f"one of {shown}{more}", got=short_repr(value)
        )

    def from_label(self, label: Label) -> object:
        """Return the choice of a label; InvalidConfigError if there is none."""
        index = self._by_label.get(label_key(label))
        return self.entries[index].value if index is not None else self._no_label(label)

    def positions(self, labels: Sequence[Label]) -> tuple[Floats, Bools]:
        """Return the indices of labels (see `Parameter.positions`)."""
        get = self._by_label.get
        if set(map(type, labels)) <= {str}:
            found = [get(label, math.nan) for label in labels]  # type: ignore[arg-type]
        else:
            found = [get(label_key(x), math.nan) if is_native(x) else math.nan for x in labels]
        index = np.array(found, dtype=np.float64)
        return index, ~np.isnan(index)

    def values_at(self, positions: Floats) -> list[Any]:
        """Return the choices at indices f64[n]."""
        return [self.entries[int(i)].value for i in positions.tolist()]

    def labels_at(self, positions: Floats) -> list[Label]:
        """Return the labels of the choices at indices f64[n]."""
        return [self.entries[int(i)].label for i in positions.tolist()]

    def column(self, u: Floats) -> Column:
        """Return the choices at coordinates f64[n] as an expression sees them."""
        return self._table[self.axis.index(u)]

    def to_dict(self) -> dict[str, Any]:
        """Return the definition as JSON data."""
        choices = [choice.to_json() for choice in self.entries]
        return {"kind": self.kind, "choices": choices, **self._common()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], like: Mapping[LabelKey, object]) -> Categorical:
        """Return the parameter that `to_dict` wrote; `like` maps label keys to known objects."""
        return cls.of_entries(
            tuple(choice_from_json(choice, like) for choice in data["choices"]),
            when=data.get("when"),
            default=data.get("default"),
        )

    @classmethod
    def of_entries(
        cls, entries: tuple[Choice, ...], when: Mapping[str, object] | None, default: object
    ) -> Categorical:
        """Return a parameter with ready-made choices; `default` is a value or a label."""
        made = cls([0], when=when)
        object.__setattr__(made, "default", default)
        made._store(entries)
        if default is not None:
            made._store_default()
        return made

    def _store(self, entries: tuple[Choice, ...]) -> None:
        _check_labels(entries, type(self).__name__)
        object.__setattr__(self, "entries", entries)
        object.__setattr__(self, "choices", tuple(choice.value for choice in entries))

    def _store_default(self) -> None:
        try:
            label = self.to_label(self.default)
        except InvalidConfigError as error:
            raise SpaceError("`default`", expected=error.expected, got=error.got) from None
        object.__setattr__(self, "default", self.from_label(label))

    def _no_label(self, label: Label) -> object:
        raise InvalidConfigError(
            type(self).__name__, expected="the label of a choice", got=short_repr(label)
        )

    @cached_property
    def _table(self) -> Column:
        return expression_table(self.entries)

    @cached_property
    def _by_label(self) -> dict[LabelKey, int]:
        return {label_key(choice.label): i for i, choice in enumerate(self.entries)}

    @cached_property
    def _by_value(self) -> dict[LabelKey, int]:
        """Native values and, as JSON text, plain data."""
        known: dict[LabelKey, int] = {}
        for i, choice in enumerate(self.entries):
            if is_native(choice.value):
                known.setdefault(label_key(choice.value), i)  # type: ignore[arg-type]
            elif not choice.is_opaque:
                known.setdefault((list, canonical_json(choice.spec)), i)
        return known

    def _find(self, value: object) -> int | None:
        """Return the index of a value or of a label."""
        if is_native(value):
            key = label_key(value)  # type: ignore[arg-type]
            return self._by_value.get(key, self._by_label.get(key))
        spec = describe(value)
        if spec != ["object"]:
            return self._by_value.get((list, canonical_json(spec)))
        for i, choice in enumerate(self.entries):
            if choice.is_opaque and (choice.value is value or _equal(choice.value, value)):
                return i
        return None


class Ordinal(Categorical):
    """One of several values in a meaningful order, such as ``[1, 2, 4, 8]``.

    Takes what `Categorical` takes; the order given is the order meant.
    """

    kind: ClassVar[str] = "ordinal"
    is_ordered: ClassVar[bool] = True


def _entries_of(choices: object, kind: str) -> tuple[Choice, ...]:
    if isinstance(choices, Mapping):
        return tuple(labelled_choice(label, value) for label, value in choices.items())
    if isinstance(choices, str | bytes) or not isinstance(choices, Sequence | np.ndarray | range):
        raise SpaceError(
            f"choices of a {kind}",
            expected="a list, a tuple or a mapping label -> object",
            got=short_repr(choices),
            remedy="Put the choices into a list, in an order that does not change between runs",
        )
    return tuple(choice_of(value) for value in choices)


def _check_labels(entries: tuple[Choice, ...], kind: str) -> None:
    """Raise SpaceError if there are no choices or a label would stand for two of them."""
    if not entries:
        raise SpaceError(f"choices of a {kind}", expected="at least one", got="none")
    if len({label_key(choice.label) for choice in entries}) == len(entries) and all(
        choice.value is choice.label for choice in entries
    ):
        return
    owner: dict[LabelKey, int] = {}
    for i, choice in enumerate(entries):
        if owner.setdefault(label_key(choice.label), i) != i:
            raise SpaceError(
                f"choices of a {kind}",
                expected="one label per choice",
                got=f"{short_repr(choice.label)} twice",
                remedy="Remove the duplicate, or give a mapping label -> object",
            )
    values: dict[LabelKey, int] = {}
    for i, choice in enumerate(entries):
        if not is_native(choice.value):
            continue
        key = label_key(choice.value)  # type: ignore[arg-type]
        if owner.get(key, i) != i or values.setdefault(key, i) != i:
            raise SpaceError(
                f"choices of a {kind}",
                expected="values that are told apart, from labels too",
                got=f"{short_repr(choice.value)} for two choices",
                remedy="Rename a label",
            )


def _equal(a: object, b: object) -> bool:
    """Compare user objects whose ``==`` may do anything."""
    try:
        return bool(a == b)
    except Exception:  # e.g. arrays, whose truth is ambiguous
        return False
