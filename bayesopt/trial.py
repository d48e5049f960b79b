"""What a trial is: its states and its frozen record."""

from __future__ import annotations

import enum
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from bayesopt.errors import InvalidValueError, short_repr
from bayesopt.lineage import Origin, origin_of
from bayesopt.markup import trial_html


class TrialState(enum.IntEnum):
    """The life of a trial: WAITING → RUNNING → COMPLETE, PRUNED or FAIL.

    A RUNNING trial whose worker vanished becomes LOST, which is queued like WAITING and runs
    again under its old number. A PAUSED trial waits until its scheduler wants it to go on; nobody
    evaluates it. INVALID marks a finished trial that a person struck out.
    """

    WAITING = 0
    RUNNING = 1
    COMPLETE = 2
    PRUNED = 3
    FAIL = 4
    LOST = 5
    INVALID = 6
    PAUSED = 7

    @property
    def is_finished(self) -> bool:
        """Whether no evaluation is under way or due."""
        return self in _FINISHED

    @property
    def is_queued(self) -> bool:
        """Whether the next ``ask`` hands the trial out, whatever the scheduler."""
        return self in (TrialState.WAITING, TrialState.LOST)


def as_state(given: object) -> TrialState:
    """Return a state from itself or its name, in any case. Raises InvalidValueError."""
    if isinstance(given, TrialState):
        return given
    if isinstance(given, str) and given.upper() in TrialState.__members__:
        return TrialState[given.upper()]
    raise InvalidValueError(
        "state of a trial",
        expected=f"one of {', '.join(TrialState.__members__)}",
        got=short_repr(given),
    )


_FINISHED = frozenset({TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL, TrialState.INVALID})


OPEN = tuple(state for state in TrialState if not state.is_finished)
"""States of trials that are not over."""

AWAITED = (TrialState.WAITING, TrialState.RUNNING, TrialState.LOST)
"""States of trials that will be heard of, whatever their scheduler: queued, or under evaluation."""

SYSTEM_PREFIX = "bayesopt:"
"""Attributes of trials with such a name are the package's own, and not among the user's."""

_TIMES = ("created_at", "started_at", "finished_at")


def split_attrs(attrs: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a trial's attributes as the user's, and the package's own."""
    own = {name: value for name, value in attrs.items() if name.startswith(SYSTEM_PREFIX)}
    return {name: value for name, value in attrs.items() if name not in own}, own


def check_attr_name(name: object) -> None:
    """Refuse the name of an attribute that is the package's own. Raises InvalidValueError."""
    if isinstance(name, str) and name.startswith(SYSTEM_PREFIX):
        raise InvalidValueError(
            "name of an attribute",
            expected=f"one that does not begin with {SYSTEM_PREFIX!r}",
            got=short_repr(name),
            remedy="Choose another name; these are the package's own notes.",
        )


@dataclass(frozen=True, slots=True)
class TrialRecord:
    """One trial as recorded, in the user's units and direction.

    Attributes
    ----------
    number : int
        Position in the study, from 0 without gaps.
    state : TrialState
    params : mapping of str to object
        Active parameters only. (A storage fills it with *labels*, see ``Space.to_labels``.)
    values : tuple of float or None
        One value per objective once told.
    constraints : mapping of str to float
        Told outcome constraints; feasible at <= 0.
    cost : float or None
        Told or measured cost of the evaluation, seconds unless the user means something else.
    reports : mapping of float to tuple of float
        Intermediate values by step.
    sampler, fallback : str
        Which sampler made the configuration, and why it was not the one asked for (or "").
    attempt : int
        How many times it was handed out; the fencing token of its current worker.
    variances : tuple of float or None
        How noisy the told values are, one variance per objective; None where nobody said.
    system_attrs : mapping of str to object
        What the package itself notes of a trial, such as its :attr:`origin`.
    """

    number: int
    state: TrialState
    params: Mapping[str, Any] = field(default_factory=dict)
    values: tuple[float, ...] | None = None
    constraints: Mapping[str, float] = field(default_factory=dict)
    cost: float | None = None
    reports: Mapping[float, tuple[float, ...]] = field(default_factory=dict)
    user_attrs: Mapping[str, Any] = field(default_factory=dict)
    sampler: str = ""
    fallback: str = ""
    error: str = ""
    attempt: int = 0
    owner: str = ""
    space_version: int = 0
    created_at: float = math.nan
    started_at: float = math.nan
    finished_at: float = math.nan
    variances: tuple[float, ...] | None = None
    system_attrs: Mapping[str, Any] = field(default_factory=dict)

    def __eq__(self, other: object) -> bool:
        """Compare all facts; two times that are not known are the same."""
        if not isinstance(other, TrialRecord):
            return NotImplemented
        return self._facts() == other._facts()

    def _facts(self) -> tuple[Any, ...]:
        """Return all fields, NaN in the times replaced: it is unlike itself."""
        times = (self.created_at, self.started_at, self.finished_at)
        others = (getattr(self, each.name) for each in fields(self) if each.name not in _TIMES)
        return *others, *(None if math.isnan(time) else time for time in times)

    @property
    def value(self) -> float | None:
        """The value of a single-objective trial, None before it was told."""
        return self.values[0] if self.values else None

    @property
    def origin(self) -> Origin | None:
        """The training that this one goes on from, None if it began from nothing."""
        return origin_of(self.system_attrs)

    @property
    def duration_s(self) -> float:
        """Seconds between the last hand-out and the result (nan while unfinished)."""
        return self.finished_at - self.started_at

    def _repr_html_(self) -> str:
        """Return the trial as a table for a notebook."""
        return trial_html(self.number, self.params, self.values, self.state.name.lower())

    @property
    def is_feasible(self) -> bool:
        """Whether every told outcome constraint is at most 0."""
        return all(value <= 0.0 for value in self.constraints.values())
