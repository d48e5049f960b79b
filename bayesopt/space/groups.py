"""Bundles: several parameters that go together under one name, such as a learning-rate schedule."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Protocol, TypeAlias, runtime_checkable

from bayesopt.errors import SpaceError, short_repr
from bayesopt.space.parameters import Parameter

Definition: TypeAlias = str | dict[str, Any]
"""What a bundle's handle is made from, as JSON: the kind, or a mapping with it as "kind"."""


@runtime_checkable
class Bundle(Protocol):
    """What expands into parameters ``name.part``."""

    kind: ClassVar[str]

    def expand(self, name: str) -> Mapping[str, Parameter]:
        """Return the parameters under their dotted names, conditions included."""
        ...

    def definition(self) -> Definition:
        """Return what the handle is made from (see `Definition`)."""
        ...


class Group(Protocol):
    """The handle of a bundle in a space."""

    @property
    def rules(self) -> tuple[Callable[[Mapping[str, Any]], object], ...]:
        """Constraints that the bundle brings along: predicates of a configuration."""
        ...


_HANDLES: Mapping[str, str] = {
    "lr_schedule": "bayesopt.space.schedules:ScheduleGroup",
    "network": "bayesopt.architectures.group:NetworkGroup",
}
"""Whose ``of(name, definition)`` makes a handle, by kind; imported where a space has one."""


def make_group(definition: Definition, name: str) -> Any:
    """Return the handle of a bundle; SpaceError if its kind is unknown."""
    kind = definition.get("kind") if isinstance(definition, dict) else definition
    if not isinstance(kind, str) or kind not in _HANDLES:
        raise SpaceError(f"bundle {name!r}", expected="a known kind", got=short_repr(kind))
    module, _, handle = _HANDLES[kind].partition(":")
    return getattr(importlib.import_module(module), handle).of(name, definition)


def rules_of(handles: Mapping[str, Group]) -> list[Callable[[Mapping[str, Any]], object]]:
    """Return the constraints that bundles bring along."""
    return [rule for handle in handles.values() for rule in handle.rules]


def expand(params: object) -> tuple[dict[str, Parameter], dict[str, Definition]]:
    """Return flat parameters, and the definitions of the bundles by name.

    Raises
    ------
    SpaceError
        If a name is no non-empty string or is taken, or a value is no parameter.
    """
    if not isinstance(params, Mapping):
        raise SpaceError("space", expected="a mapping of name to parameter", got=short_repr(params))
    flat: dict[str, Parameter] = {}
    groups: dict[str, Definition] = {}
    for name, given in params.items():
        _check_name(name)
        if isinstance(given, Parameter):
            _add(flat, name, given)
        elif isinstance(given, Bundle):
            groups[name] = given.definition()
            for part, parameter in given.expand(name).items():
                _add(flat, part, parameter)
        else:
            raise SpaceError(
                f"parameter {name!r}",
                expected="a Float, Int, Categorical, Ordinal, Constant or a bundle of them",
                got=short_repr(given),
                remedy="Wrap a fixed value in Constant(...)",
            )
    return flat, groups


def _add(flat: dict[str, Parameter], name: str, parameter: Parameter) -> None:
    if name in flat:
        raise SpaceError(f"parameter {name!r}", expected="one definition", got="two")
    flat[name] = parameter


def _check_name(name: object) -> None:
    if not isinstance(name, str) or not name:
        raise SpaceError("name of a parameter", expected="a non-empty string", got=short_repr(name))
