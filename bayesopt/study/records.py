"""Between a user's configurations and the labels that a storage keeps."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from bayesopt.errors import (
    InfeasibleSpaceError,
    InvalidConfigError,
    InvalidValueError,
    short_repr,
)
from bayesopt.space import Space
from bayesopt.storage.base import Proposal
from bayesopt.study.context import StudyContext
from bayesopt.trial import TrialRecord, check_attr_name

_PLAIN = (str, int, float, bool, type(None))


def with_user_params(space: Space, records: Iterable[TrialRecord]) -> list[TrialRecord]:
    """Put the user's objects in place of the stored labels."""
    return [
        dataclasses.replace(record, params=space.from_labels(record.params)) for record in records
    ]


def get_record(context: StudyContext, number: int) -> TrialRecord:
    """Return one trial in the user's terms. Raises TrialNotFoundError."""
    with context.lock:
        context.follower.follow()
        space = context.follower.space
    return with_user_params(space, context.storage.trials(context.study_id, [number]))[0]


def proposal_of(
    context: StudyContext,
    params: Mapping[str, Any],
    user_attrs: Mapping[str, Any] | None,
    *,
    partial: bool,
) -> Proposal:
    """Check a user's configuration and turn it into what a storage records.

    Raises
    ------
    InvalidConfigError
        If the configuration does not belong to the space.
    InvalidValueError
        If the attributes are no mapping, or one has a name of the package's own.
    """
    if not isinstance(params, Mapping):
        raise InvalidConfigError(
            "configuration", expected="a mapping of names to values", got=short_repr(params)
        )
    attrs = checked_attrs(user_attrs)
    with context.lock:
        context.follower.follow()
        space, version = context.follower.space, context.follower.space_version
    if context.define_by_run:
        labels = space.to_labels(_plain(space, params), partial=True)
    elif partial:
        labels = _completable(space, params)
    else:
        labels = feasible_labels(space, space.validate(params, fill=True))
    return Proposal(params=labels, sampler="user", space_version=version, user_attrs=attrs)


def checked_attrs(user_attrs: object) -> dict[str, Any]:
    """Return a user's attributes. Raises InvalidValueError."""
    if not isinstance(user_attrs, Mapping | None):
        raise InvalidValueError(
            "user_attrs", expected="a mapping of names to values", got=short_repr(user_attrs)
        )
    attrs = dict(user_attrs or {})
    for name in attrs:
        check_attr_name(name)
    return attrs


def feasible_labels(space: Space, config: Mapping[str, Any]) -> dict[str, Any]:
    """Label a whole configuration. Raises InvalidConfigError if it violates a constraint."""
    if not space.feasible(space.encode([config]))[0]:
        raise InvalidConfigError(
            "configuration",
            expected=f"one that satisfies {short_repr([str(c) for c in space.constraints])}",
            got=short_repr(dict(config)),
        )
    return space.to_labels(config)


def _completable(space: Space, params: Mapping[str, Any]) -> dict[str, Any]:
    """Label a partial configuration, after showing that it can be completed."""
    try:
        space.complete(params, np.random.default_rng(0))
    except InfeasibleSpaceError as error:
        raise InvalidConfigError(
            "enqueued configuration",
            expected="values that some feasible configuration has",
            got=short_repr(dict(params)),
            remedy="See the constraints of the space.",
        ) from error
    return space.to_labels(params, partial=True)


def _plain(space: Space, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Refuse objects under names that no objective has declared yet: they have no label."""
    for name, value in params.items():
        if name not in space.parameters and not isinstance(value, _PLAIN):
            raise InvalidConfigError(
                f"parameter {name!r}",
                expected="a number, a string, a boolean or None",
                got=type(value).__name__,
                remedy="Give the study a space to use other objects as choices.",
            )
    return params
