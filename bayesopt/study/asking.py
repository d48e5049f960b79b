"""How the next trial is found: first the queue, then the sampler.

A suggestion is computed outside any transaction, for the number that is next as far as this
process knows. The storage allocates it only if that number is still free; otherwise another
process asked meanwhile, and the suggestion is made again with that trial in view. So every
suggestion is a function of the trials before it, however many processes ask.
"""

from __future__ import annotations

import numpy as np

from bayesopt.active import TrialSetup
from bayesopt.errors import InfeasibleSpaceError, InvalidConfigError, SpaceExhausted
from bayesopt.history import History
from bayesopt.rng import trial_rng
from bayesopt.samplers.base import Sampler
from bayesopt.space import Space
from bayesopt.storage.base import Labels, Proposal, Result, Ticket
from bayesopt.study.context import StudyContext
from bayesopt.trial import TrialState


def ask(
    context: StudyContext, sampler: Sampler, n: int, key: str | None = None
) -> list[TrialSetup]:
    """Hand out `n` trials; the same `key` gives the same trials again."""
    with context.lock, context.storage.ask_turn(context.study_id):
        known = context.storage.find_ask(context.study_id, key) if key is not None else None
        if known:
            context.follower.follow()
            return [_start(context, ticket) for ticket in known]
        tickets: list[Ticket] = []
        while len(tickets) < n:
            try:
                tickets += _next_tickets(context, sampler, n - len(tickets), key)
            except SpaceExhausted:
                if not tickets:
                    raise
                break  # fewer than asked for, but what is handed out must not be lost
        return [_start(context, ticket) for ticket in tickets]


def ask_within(context: StudyContext, sampler: Sampler, n_trials: int | None) -> TrialSetup | None:
    """Hand out one trial unless `n_trials` of the study are begun or finished already."""
    with context.lock, context.storage.ask_turn(context.study_id):
        while True:
            history = refresh(context)
            if n_trials is not None and n_begun(history) >= n_trials:
                return None
            tickets = _next_tickets(context, sampler, 1, None)
            if tickets:
                return _start(context, tickets[0])


def n_begun(history: History) -> int:
    """Count the trials that use up a budget: running or finished, not struck out."""
    return int(np.count_nonzero(history.is_running | history.is_finished))


def refresh(context: StudyContext) -> History:
    """Queue the trials whose worker vanished, and bring the history up to date."""
    context.storage.expire(context.study_id)
    return context.follower.follow()


def _next_tickets(context: StudyContext, sampler: Sampler, n: int, key: str | None) -> list[Ticket]:
    """Make one round through queue and sampler; it may give fewer than `n`."""
    history = refresh(context)
    tickets = _claim_queued(context, history, n, key)
    if not tickets:
        tickets = _propose(context, sampler, history, n, key)
    return tickets


def _claim_queued(context: StudyContext, history: History, n: int, key: str | None) -> list[Ticket]:
    """Take up to `n` trials from the queue: enqueued ones and those whose worker vanished."""
    numbers = np.flatnonzero(history.is_queued)[:n].tolist()
    tickets = (_claim(context, number, key) for number in numbers)
    return [ticket for ticket in tickets if ticket is not None]


def _claim(context: StudyContext, number: int, key: str | None) -> Ticket | None:
    """Take one queued trial; None if another process did, or if it can no longer be run."""
    try:
        proposal = _completed(context, number)
    except (InvalidConfigError, InfeasibleSpaceError) as error:  # the space changed meanwhile
        failed = Result(TrialState.FAIL, error=f"it no longer fits the space: {error}")
        context.storage.tell(context.study_id, number, None, failed)
        return None
    return context.storage.claim(
        context.study_id,
        number,
        proposal,
        owner=context.owner,
        lease_s=context.lease_s,
        key=key,
    )


def _completed(context: StudyContext, number: int) -> Proposal:
    """Fill in what an enqueued trial leaves open; the randomness is keyed by its number.

    A lost trial is whole already and runs again as it was.
    """
    record = context.storage.trials(context.study_id, [number])[0]
    params = record.params
    if record.state is TrialState.WAITING and not context.define_by_run:
        params = _fill(context.follower.space, params, trial_rng(context.spec.seed, number))
    return Proposal(
        params=params,
        sampler=record.sampler,
        fallback=record.fallback,
        space_version=context.follower.space_version,
        user_attrs=record.user_attrs,
    )


def _fill(space: Space, params: Labels, rng: np.random.Generator) -> Labels:
    """Complete labels at random; what was given stays to the last bit."""
    given = {name: label for name, label in params.items() if name in space.parameters}
    rows = space.complete(space.from_labels(given), rng)
    return {**space.decode_labels(rows)[0], **given}


def _propose(
    context: StudyContext, sampler: Sampler, history: History, n: int, key: str | None
) -> list[Ticket]:
    """Let the sampler fill `n` places; none if another process took the number meanwhile."""
    space = context.follower.space
    suggestion = sampler.propose(space, history, n, trial_rng(context.spec.seed, history.n))
    proposals = [
        Proposal(
            params=labels,
            sampler=suggestion.sampler,
            fallback=suggestion.fallback,
            space_version=context.follower.space_version,
        )
        for labels in space.decode_labels(suggestion.rows)
    ]
    tickets = context.storage.ask(
        context.study_id,
        proposals,
        history.n,
        owner=context.owner,
        lease_s=context.lease_s,
        key=key,
    )
    return tickets or []


def _start(context: StudyContext, ticket: Ticket) -> TrialSetup:
    context.hold(ticket.number, ticket.attempt)
    return TrialSetup(
        number=ticket.number,
        attempt=ticket.attempt,
        params=context.follower.space.from_labels(ticket.params),
        n_objectives=len(context.spec.directions),
        seed=context.spec.seed,
        define_by_run=context.define_by_run,
        sampler=ticket.sampler,
        fallback=ticket.fallback,
    )
