"""Trials that are laid aside: who goes on, who never will, and what they left on disk."""

from __future__ import annotations

import logging

from bayesopt import checkpoints
from bayesopt.errors import StorageError, TellConflictError
from bayesopt.history import History
from bayesopt.rng import trial_rng
from bayesopt.schedulers.base import Decision, PausingScheduler, Scheduler, settle
from bayesopt.storage.base import Result
from bayesopt.study import breeding
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
    values = record.reports[max(record.reports)] if record.reports else None
    try:
        context.storage.tell(
            context.study_id, number, record.attempt, Result(TrialState.PRUNED, values)
        )
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
    """Return what the scheduler decides about a running trial.

    One that was handed out to go on is not paused where it stood, though it says again where that
    is: it may be the only one that is not waiting.
    """
    decision = scheduler.decide(history, number, trial_rng(context.spec.seed, number))
    stands_at = attempt, float(history.last_step[number])
    is_cleared = context.cleared.get(number) == stands_at
    return Decision.CONTINUE if decision is Decision.PAUSE and is_cleared else decision


def advise_anew(context: StudyContext, scheduler: Scheduler, number: int) -> None:
    """Ask for the advice that another process gave, unless this one gave some."""
    if number in context.to_pause or not isinstance(scheduler, PausingScheduler):
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


def pause(context: StudyContext, number: int, attempt: int | None) -> bool:
    """Lay a trial aside. Raises StaleTrialError, TrialNotFoundError."""
    context.to_pause.pop(number, None)
    if attempt is None:
        attempt = context.storage.trials(context.study_id, [number])[0].attempt
    paused = context.storage.pause(context.study_id, number, attempt)
    context.drop(number, attempt)
    return paused


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
        over = {n for n in found if n not in best and _is_over(history, n)}
        parents = found if context.is_bred else over
        kept = {n for n in parents if breeding.let_go(context, history, n, needed.get(n, set()))}
    for number in over - kept:
        checkpoints.remove(root, number)


def _is_over(history: History, number: int) -> bool:
    known = number < history.n and history.state[number] >= 0
    return known and TrialState(int(history.state[number])).is_finished


def _best(history: History) -> set[int]:
    if history.n_objectives > 1:
        return set(history.pareto().tolist())
    best = history.best()
    return set() if best is None else {best}
