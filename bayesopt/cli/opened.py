"""The study that a command works on, and its trials by number."""

from __future__ import annotations

import contextlib
from argparse import Namespace
from collections.abc import Iterator, Sequence

from bayesopt.active import Trial, TrialSetup
from bayesopt.errors import SpaceExhausted, StudyError
from bayesopt.space import Space
from bayesopt.study import asking
from bayesopt.study.exchange import stored_trials
from bayesopt.study.factory import load_study
from bayesopt.study.port import StudyPort
from bayesopt.study.study import Study
from bayesopt.trial import TrialRecord


@contextlib.contextmanager
def opened(args: Namespace, lease_s: float | None = None) -> Iterator[Study]:
    """Open the study of ``--storage`` and ``--name``, and close it at the end.

    Leases do not expire by default: the process that asks ends before the evaluation does.
    """
    study = load_study(args.storage, args.name, lease_s=lease_s)
    try:
        yield study
    finally:
        study.close()


def declared_space(study: Study) -> Space:
    """Return the study's space. Raises StudyError if its objectives declare the parameters."""
    if study._context.define_by_run:
        raise StudyError(
            f"study {study.name!r}",
            expected="a study that was created with a space",
            got="one whose objective declares the parameters",
            remedy="Run it with study.optimize in Python.",
        )
    return study.space


def trial_by_number(study: Study, number: int, attempt: int | None = None) -> Trial:
    """Return a handle of a trial that some process asked for; by default of its last attempt.

    Raises
    ------
    TrialNotFoundError
        If there is no such trial.
    """
    record = stored_trials(study, [number])[0]
    setup = TrialSetup(
        number=record.number,
        attempt=record.attempt if attempt is None else attempt,
        params=record.params,
        n_objectives=len(study.directions),
        study_key=study._context.key,
        checkpoints=str(study._context.checkpoints),
    )
    return Trial(setup, StudyPort(study._context, study.scheduler))


def ask_within(study: Study, n: int, budget: int) -> list[int]:
    """Ask for up to `n` trials, as long as fewer than `budget` of the study are begun.

    Raises
    ------
    SpaceExhausted
        If there is not even one.
    """
    numbers: list[int] = []
    while len(numbers) < n:
        try:
            setup = asking.ask_within(study._context, study._strategy, budget)
        except SpaceExhausted:
            if not numbers:
                raise
            break
        if setup is None:
            break
        numbers.append(setup.number)
    if not numbers:
        raise SpaceExhausted(
            f"study {study.name!r}",
            expected=f"fewer than {budget} trials running or finished",
            got="no fewer",
        )
    return numbers


def give_back(study: Study, records: Sequence[TrialRecord]) -> None:
    """Queue trials again that were asked for and could not be handed out."""
    for record in records:
        study.storage.release(study._context.study_id, record.number, record.attempt)
