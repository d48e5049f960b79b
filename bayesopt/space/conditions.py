"""Conditions: when a parameter exists."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bayesopt.errors import SpaceError, short_repr
from bayesopt.space.labels import Label, choice_of, plain


class When(Mapping[str, tuple[object, ...]]):
    """A condition: every key's parameter has one of its values. Immutable.

    Parameters
    ----------
    terms : mapping of str to value or list of values
        Keys are AND-ed; the values of a list are OR-ed. A tuple is one value if the parent has
        it as a choice, else a list of values.

    Raises
    ------
    SpaceError
        If it is no such mapping, or a list is empty.
    """

    __slots__ = ("_terms",)

    def __init__(self, terms: Mapping[str, object]) -> None:
        if not isinstance(terms, Mapping) or not terms:
            raise SpaceError(
                "condition",
                expected="a mapping like {'optimizer': 'sgd'}",
                got=short_repr(terms),
            )
        self._terms = {_checked_name(name): _alternatives(name, v) for name, v in terms.items()}

    @classmethod
    def of(cls, terms: Mapping[str, object] | None) -> When | None:
        """Return `terms` as a condition; None stays None."""
        return terms if terms is None or isinstance(terms, When) else cls(terms)

    def __getitem__(self, name: str) -> tuple[object, ...]:
        return self._terms[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._terms)

    def __len__(self) -> int:
        return len(self._terms)

    def __repr__(self) -> str:
        shown = {name: v[0] if len(v) == 1 else list(v) for name, v in self._terms.items()}
        return repr(shown)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), ({name: list(values) for name, values in self._terms.items()},)

    def to_json(self) -> dict[str, list[Label]]:
        """Return the JSON form, values replaced by labels."""
        return {name: [_label(value) for value in values] for name, values in self._terms.items()}


def _label(value: object) -> Label:
    """Return the label of a value, as far as it can be told without its parameter.

    A `Space` replaces values by their parents' labels; before that, objects that have no label of
    their own are only compared, and one label per object does for that.
    """
    try:
        return choice_of(value).label
    except SpaceError:
        return f"{type(value).__qualname__} {id(value):x}"


def _checked_name(name: object) -> str:
    if isinstance(name, str):
        return name
    raise SpaceError("condition", expected="a parameter's name as a string", got=short_repr(name))


def _alternatives(name: str, values: object) -> tuple[object, ...]:
    values = plain(values)
    if not isinstance(values, list | set | frozenset):
        return (values,)
    if not values:
        raise SpaceError(
            f"condition on {name!r}",
            expected="at least one value",
            got="an empty list",
            remedy="Leave the parameter out if it is never active",
        )
    # sets of mixed types have no order of their own; text gives one that repeats
    ordered = values if isinstance(values, list) else sorted(values, key=repr)
    return tuple(plain(value) for value in ordered)
