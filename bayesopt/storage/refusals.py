"""The errors that every storage answers with, worded once."""

from __future__ import annotations

from bayesopt.errors import (
    InvalidValueError,
    ReportConflictError,
    StaleTrialError,
    StudyError,
    StudyExistsError,
    StudyNotFoundError,
    TellConflictError,
    TrialNotFoundError,
    short_repr,
)
from bayesopt.storage.base import Result
from bayesopt.trial import TrialState


def no_study(study: int | str) -> StudyNotFoundError:
    """Say that there is no study of that id or name."""
    return StudyNotFoundError(
        f"study {short_repr(study)}",
        expected="a study of this storage",
        remedy="It may have been deleted; list_studies() shows what there is.",
    )


def study_exists(name: str) -> StudyExistsError:
    """Say that the name of a new study is taken."""
    return StudyExistsError(
        f"study {short_repr(name)}",
        expected="a name that is not taken",
        remedy="Load it with load_study, pass load_if_exists=True, or choose another name.",
    )


def no_trial(number: object) -> TrialNotFoundError:
    """Say that there is no trial of that number."""
    return TrialNotFoundError(
        f"trial {short_repr(number)}", expected="the number of a trial that was asked or added"
    )


def stale(number: int, attempt: int, current: int, state: int) -> StaleTrialError:
    """Say that the handle's attempt is not the trial's present one, or the trial is over."""
    is_over = TrialState(state).is_finished and attempt == current
    cause = "It was told" if is_over else "Another worker has it or ended it"
    return StaleTrialError(
        f"trial {number}, attempt {attempt}",
        expected=f"its present attempt, {current}, while it runs",
        got=f"state {TrialState(state).name}",
        remedy=f"{cause}: drop this handle and ask for a new trial.",
    )


def tell_conflict(number: int, told: Result, known: Result | None) -> TellConflictError:
    """Say that a finished trial is told something else."""
    return TellConflictError(
        f"trial {number}",
        expected=f"the result it already has, {_described(known)}",
        got=_described(told),
        remedy="A result stands; strike a wrong one out with Study.invalidate.",
    )


def _described(result: Result | None) -> str:
    if result is None:
        return "none"
    values = None if result.values is None else list(result.values)
    facts = {"values": values, "constraints": dict(result.constraints), "cost": result.cost}
    facts["variances"] = None if result.variances is None else list(result.variances)
    told = [f"{name} {short_repr(fact)}" for name, fact in facts.items() if fact not in (None, {})]
    return ", ".join([result.state.name, *told])


def report_conflict(number: int, step: float) -> ReportConflictError:
    """Say that a step is reported again with other values."""
    return ReportConflictError(
        f"trial {number}, step {step:g}",
        expected="the values reported before, or a new step",
        got="other values",
        remedy="Report each step once.",
    )


def not_finished(number: int, state: int) -> StudyError:
    """Say that only a finished trial can be struck out."""
    return StudyError(
        f"trial {number}",
        expected="a finished trial",
        got=TrialState(state).name,
        remedy="Tell it first, e.g. with state='fail'.",
    )


def uneven(proposals: int, results: int) -> InvalidValueError:
    """Say that there must be one result per added trial."""
    return InvalidValueError(
        "finished trials", expected="one result per proposal", got=f"{proposals} and {results}"
    )
