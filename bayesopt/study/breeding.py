"""Trials that go on from the checkpoints of others: who comes from whom, and what must be kept."""

from __future__ import annotations

import logging
from pathlib import Path

from bayesopt import checkpoints
from bayesopt.errors import NothingToAskError, SpaceExhausted
from bayesopt.history import History, origins
from bayesopt.lineage import ATTRIBUTE, Origin, origin_of
from bayesopt.schedulers.base import Brood, Scheduler, breeds
from bayesopt.storage.base import Proposal
from bayesopt.study.context import StudyContext
from bayesopt.trial import TrialState

_log = logging.getLogger("bayesopt")


def watch(context: StudyContext, scheduler: Scheduler) -> None:
    """Follow who comes from whom from now on, if the scheduler breeds."""
    context.is_bred = context.is_bred or breeds(scheduler)


def trace(context: StudyContext, history: History) -> None:
    """Write down in the history where its newest trials come from; O(new trials)."""
    if not context.is_bred:
        return
    if context.traced is not history:  # another one, encoded by another space
        context.traced, context.n_traced = history, 0
    known = range(context.n_traced, history.n)
    unknown = [number for number in known if number not in context.origins]
    for record in context.storage.trials(context.study_id, unknown) if unknown else []:
        is_imported = record.state.is_finished and not record.attempt
        context.origins[record.number] = origin_of(record.system_attrs), is_imported
    for number in known:
        origin, is_imported = context.origins[number]
        origins.trace(history, number, origin, imported=is_imported)
    context.n_traced = history.n


def origin_path(context: StudyContext, origin: Origin | None) -> str:
    """Return where the checkpoint lies that a trial begins from; "" where there is none."""
    if origin is None or not origin.checkpoint:
        return ""
    return str(checkpoints.trial_folder(context.checkpoints, origin.parent) / origin.checkpoint)


def brood_of(context: StudyContext, scheduler: Scheduler, history: History, n: int) -> Brood | None:
    """Return who is begun next; None under a scheduler that does not breed."""
    return scheduler.breed(context.follower.space, history, n) if breeds(scheduler) else None


def proposals_of(context: StudyContext, scheduler: Scheduler, brood: Brood) -> list[Proposal]:
    """Return clones as a storage records them; their parents' checkpoints are kept from now on.

    Raises StorageError.
    """
    labels = context.follower.space.decode_labels(brood.rows)
    parents, steps = brood.parents.tolist(), brood.steps.tolist()
    places = zip(labels, parents, steps, brood.notes, strict=True)
    return [_proposal(context, scheduler, *place) for place in places]


def _proposal(
    context: StudyContext,
    scheduler: Scheduler,
    labels: dict[str, str | int | float | bool | None],
    parent: int,
    step: float,
    note: str,
) -> Proposal:
    folder = checkpoints.trial_folder(context.checkpoints, parent)
    newest = checkpoints.latest(folder)
    name = newest.name if newest is not None and checkpoints.keep(newest) else ""
    if not name:
        note = f"trial {parent} left no checkpoint, so its clone trains from the beginning"
        _log.warning("%s: call trial.save_checkpoint() before trial.report()", note)
    return Proposal(
        params=labels,
        sampler=scheduler.name,
        fallback=note,
        space_version=context.follower.space_version,
        user_attrs={ATTRIBUTE: Origin(parent, step, name).to_attr()},
    )


def nobody(context: StudyContext, brood: Brood) -> SpaceExhausted | NothingToAskError:
    """Return the error of an ask that comes after the end of a population, or too early."""
    if brood.is_over:
        return SpaceExhausted(
            f"study {context.spec.name!r}: {brood.epitaph}",
            remedy="Create another study, with another seed, for another population.",
        )
    return NothingToAskError(
        f"study {context.spec.name!r}",
        expected="a member of the population that may train",
        got="members that wait for others at their level",
        remedy="Tell or pause a running trial, then ask again.",
    )


def note_silent(context: StudyContext, scheduler: Scheduler, number: int) -> None:
    """Warn that a trial ended unheard: others take its place, which may go on for ever."""
    if not breeds(scheduler):
        return
    record = context.storage.trials(context.study_id, [number])[0]
    if record.state in (TrialState.COMPLETE, TrialState.PRUNED) and not record.reports:
        message = "trial %d reported nothing, so the population does not count it: %s"
        _log.warning(message, number, "call trial.report(value, step) in the objective")


def still_needed(context: StudyContext, history: History) -> dict[int, set[str]]:
    """Return the names of checkpoints that unfinished clones begin from, by parent."""
    needed: dict[int, set[str]] = {}
    for number, (origin, _) in context.origins.items():
        if origin is not None and not is_over(history, number):
            needed.setdefault(origin.parent, set()).add(origin.checkpoint)
    return needed


def let_go(context: StudyContext, history: History, number: int, needed: set[str]) -> bool:
    """Give up kept checkpoints of a trial that nobody needs; return whether any is still kept.

    Those of a paused trial stay: its clones may be about to begin.
    """
    folder = checkpoints.trial_folder(context.checkpoints, number)
    kept = checkpoints.kept(folder)
    is_paused = number < history.n and history.state[number] == TrialState.PAUSED
    if not kept or not context.is_bred or is_paused:
        return bool(kept)
    for name in kept - needed:
        checkpoints.let_go(Path(folder, name))
    return bool(kept & needed)


def is_over(history: History, number: int) -> bool:
    """Return whether a trial is known and has ended."""
    known = number < history.n and history.state[number] >= 0
    return known and TrialState(int(history.state[number])).is_finished
