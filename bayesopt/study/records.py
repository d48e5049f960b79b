"""Between a user's configurations and the labels that a storage keeps."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

from bayesopt.errors import InvalidConfigError
from bayesopt.rng import trial_rng
from bayesopt.space import Space
from bayesopt.storage.base import Proposal
from bayesopt.study.context import StudyContext
from bayesopt.trial import TrialRecord


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
    """
    with context.lock:
        context.follower.follow()
        space, version = context.follower.space, context.follower.space_version
    if context.define_by_run:
        labels = _free_labels(space, params)
    elif partial:
        # Completing it now, for any trial, shows whether it can be completed at all.
        space.complete(params, trial_rng(context.spec.seed, 0))
        labels = space.to_labels(params)
    else:
        labels = space.to_labels(space.validate(params, fill=True))
    return Proposal(
        params=labels, sampler="user", space_version=version, user_attrs=dict(user_attrs or {})
    )


def _free_labels(space: Space, params: Mapping[str, Any]) -> dict[str, Any]:
    """Labels of a define-by-run configuration, whose names may not have been seen yet."""
    seen = {name: value for name, value in params.items() if name in space.parameters}
    labels = dict(space.to_labels(seen))
    for name, value in params.items():
        if name in seen:
            continue
        if not isinstance(value, (str, int, float, bool, type(None))):
            raise InvalidConfigError(
                f"parameter {name!r}",
                expected="a number, a string, a boolean or None",
                got=type(value).__name__,
                remedy="Give the study a space to use other objects as choices.",
            )
        labels[name] = value
    return labels
