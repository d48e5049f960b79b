"""Bundles: several parameters that go together under one name, such as a learning-rate schedule."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar, Protocol, runtime_checkable

from bayesopt.errors import SpaceError, short_repr
from bayesopt.space.parameters import Parameter
from bayesopt.space.schedules import LearningRateSchedule, ScheduleGroup


@runtime_checkable
class Bundle(Protocol):
    """What expands into parameters ``name.part``."""

    kind: ClassVar[str]

    def expand(self, name: str) -> Mapping[str, Parameter]:
        """Return the parameters under their dotted names, conditions included."""
        ...


GROUPS: Mapping[str, Callable[[str], ScheduleGroup]] = {LearningRateSchedule.kind: ScheduleGroup}
"""What `Space.group` returns, by the kind of the bundle."""


def make_group(kind: str, name: str) -> ScheduleGroup:
    """Return the handle of a bundle; SpaceError if its kind is unknown."""
    if kind not in GROUPS:
        raise SpaceError(f"bundle {name!r}", expected="a known kind", got=short_repr(kind))
    return GROUPS[kind](name)


def expand(params: object) -> tuple[dict[str, Parameter], dict[str, str]]:
    """Return flat parameters, and the kinds of the bundles by name.

    Raises
    ------
    SpaceError
        If a name is no non-empty string or is taken, or a value is no parameter.
    """
    if not isinstance(params, Mapping):
        raise SpaceError("space", expected="a mapping of name to parameter", got=short_repr(params))
    flat: dict[str, Parameter] = {}
    groups: dict[str, str] = {}
    for name, given in params.items():
        _check_name(name)
        if isinstance(given, Parameter):
            _add(flat, name, given)
        elif isinstance(given, Bundle):
            groups[name] = given.kind
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
