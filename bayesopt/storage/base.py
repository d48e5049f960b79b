"""The storage protocol: what a study needs from the place that keeps it.

Every method is one atomic, durable step (durable as far as the storage promises), safe to call
from several threads and, where the storage is shared, from several processes. Suggestions are
computed outside; a storage only allocates numbers and records facts. Every change of a trial gets
the study's next ``seq``, and readers follow with :meth:`Storage.changes`.

Parameters travel as *labels* (JSON-native scalars, see ``Space.to_labels``); values are in the
user's direction.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from bayesopt.trial import TrialRecord, TrialState

Label = str | int | float | bool | None
Labels = Mapping[str, Label]


@dataclass(frozen=True, slots=True)
class StudySpec:
    """What is fixed when a study is created."""

    name: str
    directions: tuple[str, ...]  # "minimize" | "maximize", one per objective
    seed: int
    noisy: bool = False
    sampler: str = ""  # JSON of the sampler's settings, so that other processes use the same
    scheduler: str = ""


@dataclass(frozen=True, slots=True)
class StudyRecord:
    """A stored study."""

    id: int
    spec: StudySpec
    created_at: float  # seconds since the epoch
    n_trials: int
    attrs: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Proposal:
    """A configuration to allocate a number for, with the trial's attributes.

    Those with a name of ``SYSTEM_PREFIX`` are among `user_attrs` here, and apart in a record.
    """

    params: Labels
    sampler: str = ""
    fallback: str = ""
    space_version: int = 0
    user_attrs: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ticket:
    """The right to evaluate one trial: its number, and the attempt that fences others off."""

    number: int
    attempt: int
    params: Labels
    sampler: str = ""
    fallback: str = ""
    user_attrs: Mapping[str, Any] = field(default_factory=dict)
    system_attrs: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Result:
    """How a trial ended."""

    state: TrialState  # COMPLETE, PRUNED or FAIL
    values: tuple[float, ...] | None = None
    constraints: Mapping[str, float] = field(default_factory=dict)
    cost: float | None = None
    error: str = ""
    reports: Mapping[float, tuple[float, ...]] = field(default_factory=dict)
    """Intermediate values by step of a trial that was evaluated elsewhere (``add_finished``)."""
    started_at: float = math.nan
    finished_at: float = math.nan
    """When a trial that was evaluated elsewhere began and ended; NaN: unknown, and now."""
    variances: tuple[float, ...] | None = None
    """How noisy the values are, one variance per objective, where that is known."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What happened after some ``seq``, in columns (index i of every list is one trial row).

    A trial appears once with its present facts, however often it changed; rows are in order of
    their ``seq``. ``reports`` are in order of their own ``seq``, merged into the same numbering.
    """

    seq: int  # pass it as `since` next time
    numbers: list[int]
    states: list[int]
    params: list[Labels]
    values: list[tuple[float, ...] | None]
    constraints: list[Mapping[str, float]]
    costs: list[float | None]
    space_versions: list[int]
    report_numbers: list[int]
    report_steps: list[float]
    report_values: list[tuple[float, ...]]
    report_attempts: list[int]  # supersedes reports of earlier attempts at this step and beyond
    n_spaces: int  # how many versions of the space are stored now
    more: bool = False  # the limit cut the answer; call again with `seq`
    variances: Sequence[tuple[float, ...] | None] = ()  # of values, by trial; () for none at all


@runtime_checkable
class Storage(Protocol):
    """Where studies live."""

    @property
    def is_shared(self) -> bool:
        """Whether other processes can reach the same studies (so that leases matter)."""

    def files(self, study_id: int) -> Path | None:
        """Return the folder for files of a study's trials, which need not exist; None for none."""

    # -- studies ------------------------------------------------------------------------------
    def create_study(self, spec: StudySpec, space: str) -> int:
        """Create a study with version 0 of its space (JSON); return its id.

        Raises StudyExistsError when the name is taken.
        """

    def find_study(self, name: str) -> StudyRecord:
        """Return the study of that name. Raises StudyNotFoundError."""

    def list_studies(self) -> list[StudyRecord]:
        """Return all studies, oldest first."""

    def delete_study(self, study_id: int) -> None:
        """Delete a study and everything in it, its files as well."""

    def add_space(self, study_id: int, space: str, expected_version: int) -> bool:
        """Append a version of the space; False when `expected_version` is not the next one."""

    def spaces(self, study_id: int) -> list[str]:
        """Return all versions of the space (JSON), oldest first."""

    def set_study_attr(self, study_id: int, name: str, value: object) -> None:
        """Set a study attribute (JSON-able). Raises InvalidValueError."""

    # -- following ----------------------------------------------------------------------------
    def changes(self, study_id: int, since: int, limit: int = 10_000) -> Changes:
        """Return what changed after `since` (0: everything), at most `limit` trial rows."""

    def trials(self, study_id: int, numbers: Sequence[int] | None = None) -> list[TrialRecord]:
        """Return records by number (all if None), in the order asked for.

        Raises TrialNotFoundError.
        """

    # -- a trial's life -----------------------------------------------------------------------
    def ask_turn(self, study_id: int) -> AbstractContextManager[None]:
        """Wait (a bounded time) for one's turn to ask; advisory, it saves wasted proposals."""

    def ask(
        self,
        study_id: int,
        proposals: Sequence[Proposal],
        expected_number: int,
        *,
        owner: str,
        lease_s: float | None,
        key: str | None = None,
    ) -> list[Ticket] | None:
        """Allocate consecutive numbers from `expected_number` and record RUNNING trials.

        None when `expected_number` is taken (someone else asked: follow, propose again). With a
        `key` that was used before, return the tickets of then and allocate nothing.
        A lease of None never expires.
        """

    def find_ask(self, study_id: int, key: str) -> list[Ticket] | None:
        """Return the tickets that `key` allocated, None if it was never used."""

    def enqueue(self, study_id: int, proposals: Sequence[Proposal]) -> list[int]:
        """Record WAITING trials (their params may be partial); return their numbers."""

    def claim(
        self,
        study_id: int,
        number: int,
        proposal: Proposal,
        *,
        owner: str,
        lease_s: float | None,
        key: str | None = None,
    ) -> Ticket | None:
        """Turn a WAITING, LOST or PAUSED trial into RUNNING with `proposal` and attempt + 1.

        None when another worker was faster. A `key` makes the trial findable by ``find_ask``,
        replacing the key of an earlier attempt. Raises TrialNotFoundError.
        """

    def add_finished(
        self, study_id: int, proposals: Sequence[Proposal], results: Sequence[Result]
    ) -> list[int]:
        """Record trials that were evaluated elsewhere; all or none. Return their numbers."""

    def set_params(
        self, study_id: int, number: int, attempt: int, params: Labels, space_version: int
    ) -> None:
        """Replace a RUNNING trial's parameters (define-by-run). Raises StaleTrialError."""

    def report(
        self,
        study_id: int,
        number: int,
        attempt: int,
        step: float,
        values: tuple[float, ...],
        lease_s: float | None,
    ) -> None:
        """Record intermediate values of a RUNNING trial and renew its lease.

        A `lease_s` of None leaves the lease as it is. The same step with the same values again is
        fine. A later attempt supersedes what earlier ones reported at this step and beyond: one
        that resumes keeps the part of the curve it resumes from, one that starts over keeps none.
        Raises ReportConflictError, StaleTrialError, TrialNotFoundError.
        """

    def tell(self, study_id: int, number: int, attempt: int | None, result: Result) -> bool:
        """Record the result of a trial, once; True if this call did, False if it was known.

        With an `attempt`, it must be the current one (StaleTrialError otherwise). Without, any
        unfinished trial accepts. A finished trial: same result again → False, another →
        TellConflictError. Raises TrialNotFoundError.
        """

    def release(self, study_id: int, number: int, attempt: int) -> bool:
        """Put a RUNNING trial back in the queue (state LOST); False if it is not ours any more."""

    def pause(self, study_id: int, number: int, attempt: int) -> bool:
        """Lay a RUNNING trial aside (state PAUSED) until somebody claims it.

        True if this call did, False if that attempt had paused it before. Raises StaleTrialError,
        TrialNotFoundError.
        """

    def renew(
        self, study_id: int, tickets: Sequence[tuple[int, int]], owner: str, lease_s: float
    ) -> list[int]:
        """Renew leases of (number, attempt) pairs; return the numbers no longer held."""

    def expire(self, study_id: int) -> list[int]:
        """Mark RUNNING trials whose lease ran out as LOST; return their numbers.

        Only reads when there are none.
        """

    def set_user_attr(
        self, study_id: int, number: int, name: str, value: object, *, attempt: int | None = None
    ) -> None:
        """Set a trial attribute (JSON-able).

        Any name may be given; a record has those of ``SYSTEM_PREFIX`` as ``system_attrs``. With an
        `attempt`, it must hold the trial (StaleTrialError otherwise); without, any trial accepts.
        Raises InvalidValueError, TrialNotFoundError.
        """

    def invalidate(self, study_id: int, number: int, reason: str, who: str) -> None:
        """Strike a finished trial out; the old state and `reason` go to the audit log.

        Raises TrialNotFoundError, StudyError when the trial is not finished.
        """

    def audit_log(self, study_id: int) -> list[Mapping[str, Any]]:
        """Return the audited changes: when, number, action, who, reason, before."""

    def close(self) -> None:
        """Release files and connections; calling again is fine."""
