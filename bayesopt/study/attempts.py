"""What attempts at a trial left that ended without a result: in a pause, or with their worker.

A trial is one training, however often it was laid aside: its cost is that of all attempts. What an
attempt cost that told no result is kept in an attribute of the trial, under the attempt's number,
so that telling the same again is still the same. So are the constraints of a trial that is laid
aside, which it may never tell again.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from contextlib import suppress

import numpy as np

from bayesopt.errors import StaleTrialError
from bayesopt.history import History, spending
from bayesopt.storage.base import Result
from bayesopt.study.context import StudyContext
from bayesopt.trial import OPEN, TrialRecord, TrialState

ATTRIBUTE = "bayesopt:spent"
"""The attribute of a trial that says what earlier attempts cost, one of ``SYSTEM_PREFIX``."""

LOSSES = "bayesopt:losses"
"""The attribute of a trial that says which attempts lost their worker, one of ``SYSTEM_PREFIX``."""

CONSTRAINTS = "bayesopt:constraints"
"""The attribute of a trial that says what it told of its constraints before it was laid aside."""


def note(context: StudyContext, number: int, attempt: int, cost: float | None) -> None:
    """Write down what an attempt has cost that ends without a result, if it still holds the trial.

    Raises TrialNotFoundError.
    """
    if cost is None:
        return
    record = context.storage.trials(context.study_id, [number])[0]
    costs = {**_costs(record), str(attempt): cost}
    with suppress(StaleTrialError):  # whoever took the trial over knows nothing of it
        context.storage.set_user_attr(context.study_id, number, ATTRIBUTE, costs, attempt=attempt)


def note_constraints(
    context: StudyContext, number: int, attempt: int, told: Mapping[str, float]
) -> None:
    """Write down the outcome constraints of a trial that is laid aside, if it told any.

    They are its result's if it never goes on. Raises TrialNotFoundError.
    """
    if told:
        with suppress(StaleTrialError):  # whoever took the trial over tells its own
            study = context.study_id
            context.storage.set_user_attr(study, number, CONSTRAINTS, dict(told), attempt=attempt)


def note_loss(context: StudyContext, number: int, attempt: int) -> int:
    """Write down that an attempt lost its worker; return how many at the trial have by now.

    They are counted by attempt, so that they outlast this process and noting one again is the same.
    Raises TrialNotFoundError.
    """
    record = context.storage.trials(context.study_id, [number])[0]
    known = record.system_attrs.get(LOSSES)
    lost = {attempt, *filter(_is_attempt, known if isinstance(known, list) else [])}
    with suppress(StaleTrialError):  # whoever took the trial over counts it no more
        study = context.study_id
        context.storage.set_user_attr(study, number, LOSSES, sorted(lost), attempt=attempt)
    return len(lost)


def with_earlier_cost(
    context: StudyContext, number: int, attempt: int | None, result: Result
) -> Result:
    """Return a result whose cost is that of all attempts up to this one."""
    if attempt == 1:
        return result
    record = context.storage.trials(context.study_id, [number])[0]
    earlier = _sum_before(record, record.attempt if attempt is None else attempt)
    if not earlier:
        return result
    return dataclasses.replace(result, cost=earlier + (result.cost or 0.0))


def as_pruned(record: TrialRecord) -> Result:
    """Return what a trial ends with that never goes on: its last report, constraints and cost."""
    values = record.reports[max(record.reports)] if record.reports else None
    cost = _sum_before(record, math.inf) or None
    return Result(TrialState.PRUNED, values, _constraints(record), cost)


def trace(context: StudyContext, history: History) -> None:
    """Write down in the history what open trials have cost so far; O(trials that changed)."""
    known, version = context.costed
    changed = history.changed_since(version if known is history else 0)
    open_ones = changed[np.isin(history.state[changed], OPEN)].tolist()
    for record in context.storage.trials(context.study_id, open_ones) if open_ones else []:
        spending.trace(history, record.number, _sum_before(record, math.inf))
    context.costed = history, history.version


def _sum_before(record: TrialRecord, attempt: float) -> float:
    return sum(cost for each, cost in _costs(record).items() if int(each) < attempt)


def _costs(record: TrialRecord) -> dict[str, float]:
    """Return costs by attempt; nothing of what :func:`note` did not write."""
    known = record.system_attrs.get(ATTRIBUTE)
    if not isinstance(known, Mapping):
        return {}
    return {each: float(cost) for each, cost in known.items() if _is_cost(each, cost)}


def _constraints(record: TrialRecord) -> dict[str, float]:
    """Return constraints by name; nothing of what :func:`note_constraints` did not write."""
    known = record.system_attrs.get(CONSTRAINTS)
    if not isinstance(known, Mapping):
        return {}
    return {name: each for name, each in known.items() if isinstance(each, float)}


def _is_attempt(found: object) -> bool:
    return isinstance(found, int) and not isinstance(found, bool)


def _is_cost(attempt: object, cost: object) -> bool:
    is_attempt = isinstance(attempt, str) and attempt.isdecimal()
    is_number = isinstance(cost, int | float) and not isinstance(cost, bool)
    return is_attempt and is_number and 0.0 <= cost < math.inf  # type: ignore[operator]
