"""How a trial ends: what was told becomes one result, recorded once."""

from __future__ import annotations

import dataclasses
import logging
import math
from collections.abc import Mapping
from typing import Literal

from bayesopt.errors import InvalidValueError, StudyError, short_repr
from bayesopt.results import (
    coerce_constraints,
    coerce_cost,
    coerce_step,
    coerce_values,
    coerce_variances,
)
from bayesopt.storage.base import Result
from bayesopt.study.attempts import with_earlier_cost
from bayesopt.study.context import StudyContext
from bayesopt.study.pausing import collect_garbage, is_to_be_paused, pause
from bayesopt.study.versions import Suggested, grow_space
from bayesopt.trial import TrialState

_log = logging.getLogger("bayesopt")

StateLike = TrialState | Literal["complete", "pruned", "fail", "paused"]

_TELLABLE = {
    "complete": TrialState.COMPLETE,
    "pruned": TrialState.PRUNED,
    "fail": TrialState.FAIL,
}


def make_result(
    n_objectives: int,
    values: object = None,
    state: StateLike | None = None,
    constraints: object = None,
    cost: object = None,
    error: str = "",
    reports: Mapping[object, object] | None = None,
    variance: object = None,
    what: str = "a trial",
) -> Result:
    """Check what a user told and normalise it.

    A completed trial whose value is not finite counts as failed, with the value kept on record:
    no sampler can learn a number from it, and no best trial may be one.

    Raises
    ------
    InvalidValueError
        If the values, the state, the constraints, the cost or the variance are not usable.
    """
    told = None if values is None else coerce_values(values, n_objectives)
    known_state = _state(state, told)
    if known_state is TrialState.COMPLETE and not all(math.isfinite(v) for v in told or ()):
        known_state = TrialState.FAIL
        error = error or f"the told value is not finite: {told}"
        _log.warning("%s counts as failed: %s", what, error)
    return Result(
        state=known_state,
        values=told,
        constraints={} if constraints is None else coerce_constraints(constraints),
        cost=coerce_cost(cost),
        error=error,
        reports=_checked_reports(reports, n_objectives),
        variances=coerce_variances(variance, n_objectives),
    )


def _checked_reports(reports: object, n_objectives: int) -> dict[float, tuple[float, ...]]:
    """Return intermediate values by step. Raises InvalidValueError."""
    if reports is None:
        return {}
    if not isinstance(reports, Mapping):
        raise InvalidValueError(
            "reports", expected="a mapping of steps to values", got=short_repr(reports)
        )
    return {
        coerce_step(step): coerce_values(reported, n_objectives, what="reported value")
        for step, reported in reports.items()
    }


def is_pause(state: StateLike | None) -> bool:
    """Whether a told state lays a trial aside instead of ending it."""
    return state is TrialState.PAUSED or (isinstance(state, str) and state.lower() == "paused")


def _state(state: StateLike | None, told: tuple[float, ...] | None) -> TrialState:
    if isinstance(state, str):
        known = _TELLABLE.get(state.lower())
    elif state is None:
        known = None if told is None else TrialState.COMPLETE
    else:
        is_state = isinstance(state, TrialState) and state in _TELLABLE.values()
        known = state if is_state else None
    if known is None and state is not None:
        expected = "'complete', 'pruned', 'fail' or 'paused'"
        raise InvalidValueError("state of a trial", expected=expected, got=short_repr(state))
    if known is None or (known is TrialState.COMPLETE and told is None):
        raise InvalidValueError(
            "result of a trial",
            expected="a value, or state='fail' or 'pruned'",
            got=f"value {told}, state {short_repr(state)}",
            remedy="An objective returns its value; tell(trial, state='fail') records a failure, "
            "and 'paused' lays the trial aside.",
        )
    return known


def tell(
    context: StudyContext,
    number: int,
    attempt: int | None,
    result: Result,
    suggested: Suggested | None = None,
) -> bool:
    """Record the result of a trial; False if the same result was recorded before.

    A trial that was advised to pause and ends as pruned is paused.
    """
    if attempt is None:
        _require_asked(context, number)
    if suggested is not None:
        record_suggestions(context, number, attempt, suggested)
    if result.state is TrialState.PRUNED and is_to_be_paused(context, number, attempt):
        return pause(context, number, attempt, result.cost, result.constraints)
    if result.state is TrialState.PRUNED and result.values is None:
        result = _with_last_report(context, number, result)
    result = with_earlier_cost(context, number, attempt, result)
    told = context.storage.tell(context.study_id, number, attempt, result)
    if attempt is not None:
        context.drop(number, attempt)
    context.to_pause.pop(number, None)
    collect_garbage(context)
    return told


def _require_asked(context: StudyContext, number: int) -> None:
    """Refuse a result for a trial whose configuration may still be incomplete."""
    record = context.storage.trials(context.study_id, [number])[0]
    if record.state is TrialState.WAITING:
        raise StudyError(
            f"trial {number}",
            expected="a trial that was asked",
            got="one that is enqueued",
            remedy="Ask for it first, or use add_trial.",
        )
    context.drop(number, record.attempt)


def _with_last_report(context: StudyContext, number: int, result: Result) -> Result:
    """Give a pruned trial the value that it last reported."""
    reports = context.storage.trials(context.study_id, [number])[0].reports
    values = reports[max(reports)] if reports else None
    return dataclasses.replace(result, values=values)


def record_suggestions(
    context: StudyContext, number: int, attempt: int | None, suggested: Suggested
) -> None:
    """Write down what a define-by-run objective really used; the space grows by what is new."""
    record = context.storage.trials(context.study_id, [number])[0]
    if record.state.is_finished:
        return  # told before: the storage decides whether this is a repetition or a conflict
    with context.lock:
        grow_space(context, suggested)
        space = context.follower.space
        version = context.follower.space_version
    used = {name: value for name, (_, value) in suggested.items()}
    params = space.to_labels(used, partial=True)
    is_as_asked = list(params.items()) == list(record.params.items())  # in the same order
    if not is_as_asked or version != record.space_version:
        current = record.attempt if attempt is None else attempt
        context.storage.set_params(context.study_id, number, current, params, version)
