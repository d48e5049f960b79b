"""Changing the space of a study that has trials already."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bayesopt.errors import SpaceError, short_repr
from bayesopt.space import Parameter, Space
from bayesopt.study.context import StudyContext

Suggested = Mapping[str, tuple[Parameter, Any]]


def as_space(space: object) -> Space | None:
    """Return a Space from what users give: a Space, a mapping of parameters, or None."""
    return None if space is None else required_space(space)


def required_space(space: object) -> Space:
    """Return a Space from a Space or a mapping of parameters. Raises SpaceError."""
    if isinstance(space, Space):
        return space
    if isinstance(space, Mapping):
        return Space(space)
    raise SpaceError(
        "space",
        expected="a Space, or a mapping of names to parameters",
        got=short_repr(space),
    )


def change_space(context: StudyContext, space: Space) -> None:
    """Make `space` the study's newest; trials of the old ones stay usable.

    Define-by-run, its conditions are left out: the trials say under which parameters exist.

    Raises
    ------
    SpaceChangedError
        If a name would become another kind of parameter.
    """
    with context.lock:
        while True:
            context.follower.follow()
            context.follower.space.changed_to(space)
            if context.define_by_run:
                space = space.with_conditions({})
            if space == context.follower.stored or _append(context, space):
                break
        context.follower.adopt(space)


def _append(context: StudyContext, space: Space) -> bool:
    """Store the next version; False when another process stored one meanwhile."""
    version = context.follower.space_version + 1
    return context.storage.add_space(context.study_id, space.to_json(), version)


def grow_space(context: StudyContext, suggested: Suggested) -> None:
    """Widen the study's space until it holds all suggested parameters.

    Raises
    ------
    SpaceChangedError
        If a name was seen before as another kind of parameter.
    """
    while True:
        context.follower.follow()
        grown = context.follower.stored.with_conditions({})
        for name, (parameter, _) in suggested.items():
            grown = grown.with_parameter(name, parameter)
        if grown == context.follower.stored:
            break
        if _append(context, grown):
            context.follower.adopt(grown)
            break
