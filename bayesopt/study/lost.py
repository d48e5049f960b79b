"""Trials whose worker vanished at a rung: they are judged there before anybody goes on with them.

A worker may die between reporting what a trial is worth at a rung and asking whether it goes on.
Whoever takes the trial up reports later steps, which are not at that rung any more. So what the
dead worker did not hear is asked when the trial would be handed out again: the answer follows from
the history alone, as it would have for the worker.
"""

from __future__ import annotations

from bayesopt import checkpoints
from bayesopt.history import History
from bayesopt.rng import trial_rng
from bayesopt.schedulers.base import Decision, Scheduler, breeds, compares_budgets
from bayesopt.storage.base import Proposal, Ticket
from bayesopt.study import attempts
from bayesopt.study.context import StudyContext
from bayesopt.trial import TrialRecord, TrialState


def without_judged(
    context: StudyContext, scheduler: Scheduler, history: History, queued: list[int]
) -> tuple[list[int], bool]:
    """Return the queued trials that are to run, and whether others were laid aside or ended.

    A trial is laid aside only if its checkpoint was saved: one that starts over comes to the rung
    again, and a member of a population, trained on, would not be there for its clones.
    """
    lost = [number for number in queued if history.state[number] == TrialState.LOST]
    if not lost or not (compares_budgets(scheduler) or breeds(scheduler)):
        return queued, False
    moved = [number for number in lost if _is_moved(context, scheduler, history, number)]
    return [number for number in queued if number not in moved], bool(moved)


def _is_moved(context: StudyContext, scheduler: Scheduler, history: History, number: int) -> bool:
    decision = scheduler.decide(history, number, trial_rng(context.spec.seed, number))
    record = context.storage.trials(context.study_id, [number])[0]
    if decision is Decision.CONTINUE or record.state is not TrialState.LOST:
        return False
    if decision is Decision.PAUSE and not _has_saved(context, history, number):
        return False
    ticket = _claimed(context, record)
    if ticket is not None:  # otherwise another worker was faster: look again
        _settle(context, record, ticket, decision)
    return True


def _claimed(context: StudyContext, record: TrialRecord) -> Ticket | None:
    """Take a trial as it is; None if another worker was faster."""
    again = Proposal(
        record.params, record.sampler, record.fallback, record.space_version, record.user_attrs
    )
    return context.storage.claim(
        context.study_id, record.number, again, owner=context.owner, lease_s=context.lease_s
    )


def _settle(context: StudyContext, record: TrialRecord, ticket: Ticket, decision: Decision) -> None:
    study, number, attempt = context.study_id, ticket.number, ticket.attempt
    if decision is Decision.PAUSE:
        context.storage.pause(study, number, attempt)
    else:
        context.storage.tell(study, number, attempt, attempts.as_pruned(record))


def _has_saved(context: StudyContext, history: History, number: int) -> bool:
    """Whether the attempt at a trial that reported last saved a checkpoint, or a later one did."""
    folder = checkpoints.trial_folder(context.checkpoints, number)
    newest = checkpoints.latest(folder)
    reported = int(history.last_attempt[number])
    return newest is not None and checkpoints.attempt_of(newest) >= reported
