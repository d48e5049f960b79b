"""Trials that are laid aside: who goes on, who never will, and what they left on disk."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from bayesopt import checkpoints
from bayesopt.errors import InvalidValueError, StorageError, TellConflictError
from bayesopt.history import History
from bayesopt.results import coerce_cost
from bayesopt.rng import trial_rng
from bayesopt.schedulers.base import (
    Decision,
    Scheduler,
    pauses,
    settle,
    would_go_on,
)
from bayesopt.study import attempts, breeding
from bayesopt.study.context import StudyContext
from bayesopt.trial import TrialState

_log = logging.getLogger("bayesopt")


def due(
    context: StudyContext, scheduler: Scheduler, history: History, *, no_more: bool = False
) -> list[int]:
    """Return the paused trials that go on now, the most urgent first.

    Those that never will are told as pruned, with what they last reported.
    """
    if not history.count(TrialState.PAUSED):
        return []
    settled = settle(scheduler, history, no_more=no_more)
    for number in settled.stop.tolist():
        _stop(context, number)
    if settled.stop.size:
        collect_garbage(context)
    return [int(number) for number in settled.resume]


def _stop(context: StudyContext, number: int) -> None:
    record = context.storage.trials(context.study_id, [number])[0]
    if record.state is not TrialState.PAUSED:
        return  # another worker was faster
    try:
        context.storage.tell(context.study_id, number, record.attempt, attempts.as_pruned(record))
    except TellConflictError as error:
        _log.warning("a paused trial was ended by somebody else: %s", error)


def note_advice(context: StudyContext, number: int, attempt: int, decision: Decision) -> None:
    """Remember whether a running trial that ends as pruned is to be paused instead."""
    if decision is Decision.PAUSE:
        context.to_pause[number] = attempt
    else:
        context.to_pause.pop(number, None)


def advice(
    context: StudyContext, scheduler: Scheduler, history: History, number: int, attempt: int
) -> Decision:
    """Return what the scheduler decides about a running trial; a cleared one is not paused."""
    decision = scheduler.decide(history, number, trial_rng(context.spec.seed, number))
    if decision is Decision.PAUSE and _is_cleared(context, scheduler, history, number, attempt):
        return Decision.CONTINUE
    return decision


def _is_cleared(
    context: StudyContext, scheduler: Scheduler, history: History, number: int, attempt: int
) -> bool:
    """Whether a trial was handed out to go on, and that still holds where it stands now.

    It holds where it was paused, though the trial says again where that is: it may be the only one
    that is not waiting. One that goes on because no others were to come is not paused either where
    it would go on at once: without a checkpoint it would come there again and again.
    """
    clearance = context.cleared.get(number)
    if clearance is None or clearance.attempt != attempt:
        return False
    if float(history.last_step[number]) == clearance.stood_at:
        return True
    return clearance.is_last and would_go_on(scheduler, history, number)


def advise_anew(context: StudyContext, scheduler: Scheduler, number: int) -> None:
    """Ask for the advice that another process gave, unless this one gave some."""
    if number in context.to_pause or not pauses(scheduler):
        return
    with context.lock:
        history = context.follower.follow()
        breeding.trace(context, history)
        record = context.storage.trials(context.study_id, [number])[0]
        decision = advice(context, scheduler, history, number, record.attempt)
    if record.state is TrialState.RUNNING:
        note_advice(context, number, record.attempt, decision)


def is_to_be_paused(context: StudyContext, number: int, attempt: int | None) -> bool:
    """Whether the last advice to this attempt was to pause."""
    advised = context.to_pause.get(number)
    return advised is not None and attempt in (None, advised)


def pause(
    context: StudyContext,
    number: int,
    attempt: int | None,
    cost: float | None = None,
    constraints: Mapping[str, float] | None = None,
) -> bool:
    """Lay a trial aside; its attempt has cost so much. Raises StaleTrialError, TrialNotFoundError.

    Cost and constraints are written down first: if the process dies in between, the trial is lost,
    and the cost is that of an attempt at it all the same.
    """
    context.to_pause.pop(number, None)
    if attempt is None:
        attempt = context.storage.trials(context.study_id, [number])[0].attempt
    attempts.note(context, number, attempt, cost)
    attempts.note_constraints(context, number, attempt, constraints or {})
    paused = context.storage.pause(context.study_id, number, attempt)
    context.drop(number, attempt)
    return paused


def pause_by_hand(
    context: StudyContext,
    number: int,
    attempt: int | None,
    told: tuple[object, ...],
    cost: object,
) -> None:
    """Lay a trial aside as a user tells; it has no result yet. Raises InvalidValueError."""
    if any(each is not None for each in told):
        raise InvalidValueError(
            f"trial {number}",
            expected="nothing told of a trial that is paused, except its cost",
            got="values, constraints or a variance",
            remedy="Report what it is worth so far: trial.report(value, step).",
        )
    pause(context, number, attempt, coerce_cost(cost))


def collect_garbage(context: StudyContext) -> None:
    """Remove the checkpoints of finished trials, except those of the best and of parents.

    A folder that cannot be read is left alone: a result that is recorded must not look lost.
    O(folders), which are those of unfinished trials and the best.
    """
    root = context.checkpoints
    try:
        found = checkpoints.numbers(root)
    except StorageError as error:
        _log.warning("checkpoints are not tidied up: %s", error)
        return
    if not found:
        return
    with context.lock:
        history = context.follower.follow()
        breeding.trace(context, history)
        best, needed = _best(history), breeding.still_needed(context, history)
        over = {n for n in found if n not in best and breeding.is_over(history, n)}
        parents = found if context.is_bred else over
        kept = {n for n in parents if breeding.let_go(context, history, n, needed.get(n, set()))}
    for number in over - kept:
        checkpoints.remove(root, number)


def _best(history: History) -> set[int]:
    if history.n_objectives > 1:
        return set(history.pareto().tolist())
    best = history.best()
    return set() if best is None else {best}
