"""What a scheduler is: a function from the history to a decision about one running trial."""

from __future__ import annotations

import enum
from typing import ClassVar, Protocol, runtime_checkable

import numpy as np

from bayesopt.errors import SettingsError, short_repr
from bayesopt.history import History
from bayesopt.settings import Registry


class Decision(enum.Enum):
    """What becomes of a running trial."""

    CONTINUE = "continue"
    STOP = "stop"


@runtime_checkable
class Scheduler(Protocol):
    """Decides after a report whether a trial is worth finishing.

    A scheduler is a frozen dataclass of settings. Its decision depends on (history, number, rng)
    alone, so that it survives restarts and is the same in every worker.
    """

    name: ClassVar[str]

    def decide(self, history: History, number: int, rng: np.random.Generator) -> Decision:
        """Return what becomes of the running trial `number`."""


_REGISTRY = Registry(
    "scheduler",
    {
        "median": "bayesopt.schedulers.median:MedianScheduler",
        "never": "bayesopt.schedulers.never:NeverScheduler",
    },
)


def to_spec(scheduler: Scheduler) -> str:
    """Return the scheduler as JSON. Raises SettingsError for settings that JSON cannot hold."""
    return _REGISTRY.to_spec(scheduler)


def from_spec(spec: str) -> Scheduler:
    """Return the scheduler that a spec describes. Raises SettingsError."""
    return _checked(_REGISTRY.from_spec(spec))


def resolve(scheduler: Scheduler | str | None) -> Scheduler:
    """Return a scheduler from what a user gives: an object, a short name, None for no stopping.

    Raises SettingsError for an unknown name and for an object that is no scheduler.
    """
    name = "never" if scheduler is None else scheduler
    return _checked(_REGISTRY.create(name) if isinstance(name, str) else name)


def _checked(scheduler: object) -> Scheduler:
    if isinstance(scheduler, Scheduler) and not isinstance(scheduler, type):
        return scheduler
    raise SettingsError(
        "scheduler",
        expected="a scheduler object or a short name",
        got=short_repr(scheduler),
        remedy="A scheduler has a name and decide(history, number, rng).",
    )
