"""How the next trial is found: first the queue, then the sampler.

A suggestion is computed outside any transaction, for the number that is next as far as this
process knows. The storage allocates it only if that number is still free; otherwise another
process asked meanwhile, and the suggestion is made again with that trial in view. So every
suggestion is a function of the trials before it, however many processes ask.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from bayesopt.active import TrialSetup
from bayesopt.history import History
from bayesopt.rng import trial_rng
from bayesopt.samplers.base import Sampler
from bayesopt.storage.base import Proposal, Ticket
from bayesopt.study.context import StudyContext

Budget = Callable[[History], int]


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
            tickets += _next_tickets(context, sampler, n - len(tickets), key)
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
    claims = (
        context.storage.claim(
            context.study_id,
            number,
            _completed(context, number),
            owner=context.owner,
            lease_s=context.lease_s,
            key=key,
        )
        for number in np.flatnonzero(history.is_queued)[:n].tolist()
    )
    return [ticket for ticket in claims if ticket is not None]


def _completed(context: StudyContext, number: int) -> Proposal:
    """Fill in what a queued trial leaves open; the randomness is keyed by its number."""
    record = context.storage.trials(context.study_id, [number])[0]
    space = context.follower.space
    given = {name: label for name, label in record.params.items() if name in space.parameters}
    if not context.define_by_run:
        rows = space.complete(space.from_labels(given), trial_rng(context.spec.seed, number))
        # What was given stays as given: a float may lose its last bit on the unit cube and back.
        given = {**space.to_labels(space.decode(rows)[0]), **given}
    return Proposal(
        params=given,
        sampler=record.sampler or "enqueued",
        fallback=record.fallback,
        space_version=context.follower.space_version,
        user_attrs=record.user_attrs,
    )


def _propose(
    context: StudyContext, sampler: Sampler, history: History, n: int, key: str | None
) -> list[Ticket]:
    """Let the sampler fill `n` places; none if another process took the number meanwhile."""
    space = context.follower.space
    suggestion = sampler.propose(space, history, n, trial_rng(context.spec.seed, history.n))
    proposals = [
        Proposal(
            params=space.to_labels(config),
            sampler=suggestion.sampler,
            fallback=suggestion.fallback,
            space_version=context.follower.space_version,
        )
        for config in space.decode(suggestion.rows)
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
