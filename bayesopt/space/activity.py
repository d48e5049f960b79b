"""Which parameters exist in which row: conditions resolved against the whole space."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np

from bayesopt.errors import InvalidConfigError, SpaceError, short_repr
from bayesopt.space.axes import Bools, CellAxis, Floats, Ints
from bayesopt.space.conditions import When
from bayesopt.space.parameters import Constant, Parameter

Masks: TypeAlias = Mapping[str, Bools]


@dataclass(frozen=True)
class Requirement:
    """One key of a condition: the parent must have one of the `allowed` value indices."""

    parent: str
    column: int | None
    axis: CellAxis | None
    allowed: tuple[int, ...]

    @cached_property
    def values(self) -> frozenset[int]:
        """The `allowed` indices."""
        return frozenset(self.allowed)

    def holds(self, u: Floats) -> Bools:
        """Return bool[n] for rows of the unit cube f64[n,d]."""
        if self.column is None or self.axis is None:
            return np.ones(len(u), dtype=bool)
        index: Ints = self.axis.index(u[:, self.column])
        if len(self.allowed) > 4:
            return np.asarray(np.isin(index, self.allowed))
        mask: Bools = index == self.allowed[0]
        for other in self.allowed[1:]:
            mask |= index == other
        return mask


@dataclass(frozen=True)
class Rule:
    """A conditional parameter and the requirements that must all hold for it to exist."""

    name: str
    column: int | None
    needs: tuple[Requirement, ...]


@dataclass(frozen=True)
class Activity:
    """The rules of a space, parents before children."""

    rules: tuple[Rule, ...]

    def absent(self, index: Mapping[int, int]) -> set[str]:
        """Return the parameters that do not exist in one row.

        `index` maps the columns of parents, at least, to the indices of their values.
        """
        absent: set[str] = set()
        for rule in self.rules:
            for need in rule.needs:
                holds = need.column is None or index[need.column] in need.values
                if not holds or need.parent in absent:
                    absent.add(rule.name)
                    break
        return absent

    def masks(self, u: Floats, present: Masks | None = None) -> dict[str, Bools]:
        """Return the activity bool[n] of parameters in rows f64[n,d].

        Parameters
        ----------
        u : array [n, d]
        present : mapping of str to bool[n], optional
            What is known to be there at all. Parameters that are neither conditional nor in
            `present` exist everywhere and are left out of the answer.
        """
        active = dict(present or {})
        for rule in self.rules:
            mask = np.ones(len(u), dtype=bool)
            for need in rule.needs:
                mask &= need.holds(u)
                if need.parent in active:
                    mask &= active[need.parent]
            known = active.get(rule.name)
            active[rule.name] = mask if known is None else mask & known
        return active


def with_label_conditions(parameters: Mapping[str, Parameter]) -> dict[str, Parameter]:
    """Return the parameters with all values in conditions checked and replaced by labels.

    Raises
    ------
    SpaceError
        If a condition names an unknown parameter, a parent that is continuous, or a value that
        the parent does not have.
    """
    return {
        name: p if p.condition is None else _relabelled(name, p, p.condition, parameters)
        for name, p in parameters.items()
    }


def build_activity(parameters: Mapping[str, Parameter], columns: Mapping[str, int]) -> Activity:
    """Return the rules of parameters whose conditions hold labels; SpaceError on a cycle."""
    rules = []
    for name in condition_order(parameters):
        condition = parameters[name].condition
        if condition is not None:
            needs = tuple(_need(parent, condition, parameters, columns) for parent in condition)
            rules.append(Rule(name, columns.get(name), needs))
    return Activity(tuple(rules))


def condition_order(parameters: Mapping[str, Parameter]) -> list[str]:
    """Return the names with parents before children, otherwise in order of definition."""
    order: list[str] = []
    waiting = list(parameters)
    done: set[str] = set()
    while waiting:
        ready = [n for n in waiting if all(p in done for p in parameters[n].condition or ())]
        if not ready:
            raise SpaceError(
                "conditions",
                expected="parents that do not depend on their children",
                got="a cycle among " + ", ".join(repr(name) for name in waiting),
            )
        order.extend(ready)
        done.update(ready)
        waiting = [name for name in waiting if name not in done]
    return order


def _relabelled(
    name: str, child: Parameter, condition: When, parameters: Mapping[str, Parameter]
) -> Parameter:
    terms: dict[str, object] = {}
    for parent, values in condition.items():
        what = f"condition of {name!r} on {parent!r}"
        _check_parent(what, parameters.get(parent))
        p = parameters[parent]
        labels = [_parent_label(what, p, value) for value in _expanded(values, p)]
        terms[parent] = list({(type(label), label): label for label in labels}.values())
    return child.with_condition(When(terms))


def _check_parent(what: str, parent: Parameter | None) -> None:
    if parent is None:
        raise SpaceError(what, expected="the name of a parameter of the space", got="no such name")
    if not isinstance(parent, Constant) and not isinstance(parent.axis, CellAxis):
        raise SpaceError(
            what,
            expected="a parent with distinct values",
            got=f"a continuous {type(parent).__name__}",
            remedy="Add a Categorical that says which case it is, and condition on that",
        )


def _expanded(values: tuple[object, ...], parent: Parameter) -> tuple[object, ...]:
    """Spread a lone tuple into its items, unless it is itself a value of the parent."""
    if len(values) == 1 and isinstance(values[0], tuple) and not parent.contains(values[0]):
        return values[0]
    return values


def _parent_label(what: str, parent: Parameter, value: object) -> object:
    try:
        return parent.to_label(value)
    except InvalidConfigError as error:
        raise SpaceError(what, expected=error.expected, got=short_repr(value)) from None


def _need(
    parent: str, condition: When, parameters: Mapping[str, Parameter], columns: Mapping[str, int]
) -> Requirement:
    axis = parameters[parent].axis
    if not isinstance(axis, CellAxis):
        return Requirement(parent, None, None, (0,))
    u, _ = parameters[parent].units(condition[parent])  # type: ignore[arg-type]
    allowed = tuple(sorted({int(i) for i in axis.index(u)}))
    return Requirement(parent, columns[parent], axis, allowed)
