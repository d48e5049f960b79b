"""How the next trial is found: first the queue, then paused trials, then the sampler.

A suggestion is computed outside any transaction, for the number that is next as far as this
process knows. The storage allocates it only if that number is still free; otherwise another
process asked meanwhile, and the suggestion is made again with that trial in view. So every
suggestion is a function of the trials before it, however many processes ask.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from bayesopt.active import TrialSetup
from bayesopt.errors import (
    InfeasibleSpaceError,
    InvalidConfigError,
    NothingToAskError,
    SpaceExhausted,
)
from bayesopt.history import History
from bayesopt.history.spending import committed
from bayesopt.lineage import origin_of
from bayesopt.rng import trial_rng
from bayesopt.samplers.base import Sampler, Suggestion, learns
from bayesopt.schedulers.base import Scheduler, view
from bayesopt.space import Space
from bayesopt.space.single import Reading
from bayesopt.storage.base import Labels, Proposal, Result, Ticket
from bayesopt.study import attempts, breeding, lost, pausing
from bayesopt.study.context import Clearance, StudyContext
from bayesopt.study.identity import is_gone
from bayesopt.trial import TrialRecord, TrialState, split_attrs

FINISHED = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL)


@dataclass(frozen=True)
class Strategy:
    """Who suggests new configurations, and who says which paused trials go on."""

    sampler: Sampler
    scheduler: Scheduler


def with_cost_budget(strategy: Strategy, cost: float) -> Strategy:
    """Return the strategy whose sampler knows what all trials may cost, if it has use for that."""
    tell = getattr(strategy.sampler, "with_cost_budget", None)
    return strategy if tell is None else dataclasses.replace(strategy, sampler=tell(cost))


def ask(
    context: StudyContext, strategy: Strategy, n: int, key: str | None = None
) -> list[TrialSetup]:
    """Hand out `n` trials, fewer if no more are left; the same `key` gives the same ones again."""
    with context.lock, context.storage.ask_turn(context.study_id):
        if key is not None:
            return _ask_keyed(context, strategy, n, key)
        tickets: list[Ticket] = []
        with _undone_on_error(context, tickets):
            while len(tickets) < n:
                try:
                    history = refresh(context)
                    tickets += _next_tickets(context, strategy, history, n - len(tickets), None)
                except (SpaceExhausted, NothingToAskError):
                    if not tickets:
                        raise
                    break
        return [_start(context, ticket) for ticket in tickets]


def ask_within(
    context: StudyContext,
    strategy: Strategy,
    n_trials: int | None,
    max_cost: float | None = None,
) -> TrialSetup | None:
    """Hand out one trial unless `n_trials` of the study are begun or finished already.

    Paused ones are begun: those that are to go on are handed out even then. None goes on once
    `max_cost` is used up, what is being evaluated counted in at a typical cost. Raises
    SpaceExhausted if nothing is left, NothingToAskError if that depends on trials that still run.
    """
    with context.lock, context.storage.ask_turn(context.study_id):
        while True:
            history = refresh(context)
            if max_cost is not None and _is_used_up(context, history, max_cost):
                return None
            if n_trials is not None and n_begun(context, history) >= n_trials:
                tickets = _claim_due(context, strategy, history, 1, None, no_more=True)
                if not tickets:
                    return None
            else:
                tickets = _next_tickets(context, strategy, history, 1, None)
            if tickets:
                context.evaluating.add(tickets[0].number)
                return _start(context, tickets[0])


def _is_used_up(context: StudyContext, history: History, max_cost: float) -> bool:
    """Whether the study has cost so much, what is being evaluated counted in."""
    attempts.trace(context, history)
    return committed(history, under_way(context, history)) >= max_cost


def n_begun(context: StudyContext, history: History) -> int:
    """Count the trials that use up a budget: finished ones, paused ones, those under evaluation.

    In a shared storage every running trial counts: another process evaluates it, or its lease runs
    out. Elsewhere nobody can tell whether a trial that was asked by hand will ever be told.
    """
    return history.count(*FINISHED, TrialState.PAUSED) + len(under_way(context, history))


def under_way(context: StudyContext, history: History) -> list[int]:
    """Return the trials that somebody evaluates (see ``n_begun``)."""
    running: list[int] = history.numbers_in(TrialState.RUNNING).tolist()
    if context.storage.is_shared:
        return running
    return [number for number in running if number in context.evaluating]


def refresh(context: StudyContext) -> History:
    """Queue the trials whose worker vanished, and bring the history up to date."""
    if context.leases is not None:
        context.leases.renew_if_due()
    if context.storage.is_shared:  # nobody else takes a lease
        context.storage.expire(context.study_id)
    history = context.follower.follow()
    breeding.trace(context, history)
    return history


def release_gone(context: StudyContext) -> int:
    """Queue running trials whose process is known to have ended; return how many."""
    history = refresh(context)
    numbers = history.numbers_in(TrialState.RUNNING).tolist()
    gone = [
        record
        for record in context.storage.trials(context.study_id, numbers)
        if is_gone(record.owner)
    ]
    for record in gone:
        context.storage.release(context.study_id, record.number, record.attempt)
    return len(gone)


@contextmanager
def _undone_on_error(context: StudyContext, tickets: list[Ticket]) -> Iterator[None]:
    """Put trials that nobody will evaluate back in the queue."""
    try:
        yield
    except BaseException:
        for ticket in tickets:
            context.storage.release(context.study_id, ticket.number, ticket.attempt)
        raise


def _ask_keyed(context: StudyContext, strategy: Strategy, n: int, key: str) -> list[TrialSetup]:
    """Hand out trials one by one, each under a key of its own, so that any may be repeated."""
    setups: list[TrialSetup] = []
    for i in range(n):
        part = key if n == 1 else f"{key} [{i + 1}/{n}]"
        known = context.storage.find_ask(context.study_id, part)
        try:
            ticket = _taken_over(context, known[0], part) if known else None
            while ticket is None:
                history = refresh(context)
                ticket = next(iter(_next_tickets(context, strategy, history, 1, part)), None)
        except (SpaceExhausted, NothingToAskError):
            if not setups:
                raise
            break
        setups.append(_start(context, ticket))
    return setups


def _taken_over(context: StudyContext, ticket: Ticket, key: str) -> Ticket:
    """Continue a trial of an earlier ask; from another process that kept it, it is taken over.

    The new attempt fences the old process off, and its lease is renewed here.
    """
    context.follower.follow()
    record = context.storage.trials(context.study_id, [ticket.number])[0]
    ticket = _with_attrs(ticket, record)
    is_ours = context.leases is None or record.owner == context.owner
    if is_ours or record.state.is_finished:
        return ticket
    context.storage.release(context.study_id, ticket.number, ticket.attempt)
    return _claim(context, ticket.number, key) or ticket


def _next_tickets(
    context: StudyContext, strategy: Strategy, history: History, n: int, key: str | None
) -> list[Ticket]:
    """Make one round, which may give fewer than `n`, or none: then history has changed.

    First the queue, then clones, paused trials that go on, and the sampler.
    """
    queued = history.numbers_in(TrialState.WAITING, TrialState.LOST).tolist()
    queued, is_changed = lost.without_judged(context, strategy.scheduler, history, queued)
    tickets = _claim_some(context, queued, n, key)
    if tickets or is_changed:
        return tickets
    due = pausing.due(context, strategy.scheduler, history)
    brood = breeding.brood_of(context, strategy.scheduler, history, n)
    if brood is not None and len(brood.rows):
        proposals = breeding.proposals_of(context, strategy.scheduler, brood)
        return _ask(context, proposals, history.n, key)
    tickets = _claim_cleared(context, history, due, n, key)
    if tickets:
        return tickets
    if brood is not None:
        if not brood.n_founders:
            raise breeding.nobody(context, brood)
        n = min(n, brood.n_founders)
    return _propose(context, strategy, history, n, key)


def _claim_due(
    context: StudyContext,
    strategy: Strategy,
    history: History,
    n: int,
    key: str | None,
    *,
    no_more: bool = False,
) -> list[Ticket]:
    """Take up to `n` paused trials that go on now."""
    due = pausing.due(context, strategy.scheduler, history, no_more=no_more)
    return _claim_cleared(context, history, due, n, key, is_last=no_more)


def _claim_cleared(
    context: StudyContext,
    history: History,
    due: list[int],
    n: int,
    key: str | None,
    *,
    is_last: bool = False,
) -> list[Ticket]:
    """Take up to `n` paused trials that go on, and note that they may, from where they stand."""
    tickets = _claim_some(context, due, n, key)
    for ticket in tickets:
        stood_at = float(history.last_step[ticket.number])
        context.cleared[ticket.number] = Clearance(ticket.attempt, stood_at, is_last)
    return tickets


def _claim_some(context: StudyContext, wanted: list[int], n: int, key: str | None) -> list[Ticket]:
    """Take up to `n` trials that nobody evaluates, in order."""
    if not wanted:
        return []
    numbers = [number for number in wanted if not context.holds(number)][:n]
    tickets: list[Ticket] = []
    with _undone_on_error(context, tickets):
        for number in numbers:
            ticket = _claim(context, number, key)
            tickets += [] if ticket is None else [ticket]
    return tickets


def _claim(context: StudyContext, number: int, key: str | None) -> Ticket | None:
    """Take one queued trial; None if another process did, or if it can no longer be run."""
    record = context.storage.trials(context.study_id, [number])[0]
    if not (record.state.is_queued or record.state is TrialState.PAUSED):
        return None
    try:
        proposal = _completed(context, record)
    except (InvalidConfigError, InfeasibleSpaceError) as error:  # the space changed meanwhile
        failed = Result(TrialState.FAIL, error=f"it no longer fits the space: {error}")
        context.storage.tell(context.study_id, number, record.attempt, failed)
        return None
    ticket = context.storage.claim(
        context.study_id,
        number,
        proposal,
        owner=context.owner,
        lease_s=context.lease_s,
        key=key,
    )
    if ticket is None:
        return None
    return _with_attrs(ticket, record)


def _with_attrs(ticket: Ticket, record: TrialRecord) -> Ticket:
    return dataclasses.replace(
        ticket, user_attrs=record.user_attrs, system_attrs=record.system_attrs
    )


def _completed(context: StudyContext, record: TrialRecord) -> Proposal:
    """Fill in what a queued trial leaves open; the randomness is keyed by its number.

    A lost or paused trial is whole, unless the space has changed since it was asked.
    """
    params, version = record.params, context.follower.space_version
    is_begun = record.state is not TrialState.WAITING
    is_whole = is_begun and record.space_version == version
    if not (is_whole or context.define_by_run):
        rng = trial_rng(context.spec.seed, record.number)
        params = _fill(context.follower.space, params, rng)
    return Proposal(
        params=params,
        sampler=record.sampler,
        fallback=record.fallback,
        space_version=version,
        user_attrs=record.user_attrs,
    )


def _fill(space: Space, params: Labels, rng: np.random.Generator) -> Labels:
    """Complete labels at random; what was given stays to the last bit."""
    given = {name: label for name, label in params.items() if name in space.parameters}
    rows = space.complete(space.from_labels(given), rng)
    return {**space.decode_labels(rows)[0], **given}


def _propose(
    context: StudyContext, strategy: Strategy, history: History, n: int, key: str | None
) -> list[Ticket]:
    """Let the sampler fill `n` places; none if another process took the number meanwhile."""
    space = context.follower.space
    rng, sampler = trial_rng(context.spec.seed, history.n), strategy.sampler
    seen = view(strategy.scheduler, history) if learns(sampler) else history
    suggestion = sampler.propose(space, seen, n, rng)
    version, readings = context.follower.space_version, _readings(space, suggestion)
    labels = [each.labels for each in readings] or space.decode_labels(suggestion.rows)
    proposals = [
        Proposal(own, suggestion.sampler, fallback, version)
        for own, fallback in zip(labels, suggestion.fallbacks, strict=True)
    ]
    tickets = _ask(context, proposals, history.n, key)
    for ticket, reading in zip(tickets, readings, strict=False):
        history.remember(ticket.number, *reading)
    return tickets


def _readings(space: Space, suggestion: Suggestion) -> Sequence[Reading]:
    """Return what the rows of a suggestion stand for, if that is known or there is but one."""
    is_one = len(suggestion.rows) == 1 and not suggestion.readings
    return [space.read(suggestion.rows[0])] if is_one else suggestion.readings


def _ask(
    context: StudyContext, proposals: list[Proposal], number: int, key: str | None
) -> list[Ticket]:
    """Have numbers allocated from `number` on; none if another process took it meanwhile."""
    asked = context.storage.ask(
        context.study_id,
        proposals,
        number,
        owner=context.owner,
        lease_s=context.lease_s,
        key=key,
    )
    tickets = zip(asked or [], proposals, strict=False)
    return [_as_proposed(ticket, proposal) for ticket, proposal in tickets]


def _as_proposed(ticket: Ticket, proposal: Proposal) -> Ticket:
    if not proposal.user_attrs:
        return ticket
    given, own = split_attrs(proposal.user_attrs)
    return dataclasses.replace(ticket, user_attrs=given, system_attrs=own)


def _start(context: StudyContext, ticket: Ticket) -> TrialSetup:
    context.hold(ticket.number, ticket.attempt)
    origin = origin_of(ticket.system_attrs)
    return TrialSetup(
        number=ticket.number,
        attempt=ticket.attempt,
        params=context.follower.space.from_labels(ticket.params),
        n_objectives=len(context.spec.directions),
        seed=context.spec.seed,
        define_by_run=context.define_by_run,
        sampler=ticket.sampler,
        fallback=ticket.fallback,
        user_attrs=ticket.user_attrs,
        study_key=context.key,
        checkpoints=str(context.checkpoints),
        parent=None if origin is None else origin.parent,
        begins_from=breeding.origin_path(context, origin),
    )
