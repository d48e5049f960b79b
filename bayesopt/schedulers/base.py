"""What a scheduler is: a function from the history to a decision about one running trial."""

from __future__ import annotations

import enum
from typing import ClassVar, NamedTuple, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from bayesopt.errors import SettingsError, short_repr
from bayesopt.history import History
from bayesopt.settings import Registry
from bayesopt.trial import TrialState

Numbers = npt.NDArray[np.int64]


class Decision(enum.Enum):
    """What becomes of a running trial."""

    CONTINUE = "continue"
    STOP = "stop"
    PAUSE = "pause"  # lay it aside: it may go on later, from its checkpoint


@runtime_checkable
class Scheduler(Protocol):
    """Decides after a report whether a trial is worth finishing.

    A scheduler is a frozen dataclass of settings. Its decision depends on (history, number, rng)
    alone, so that it survives restarts and is the same in every worker.
    """

    name: ClassVar[str]

    def decide(self, history: History, number: int, rng: np.random.Generator) -> Decision:
        """Return what becomes of the running trial `number`."""


class Settled(NamedTuple):
    """What becomes of paused trials.

    Attributes
    ----------
    resume : int64 [k]
        Trials to go on with, the most urgent first.
    stop : int64 [j]
        Trials that will never go on.
    """

    resume: Numbers
    stop: Numbers


@runtime_checkable
class PausingScheduler(Scheduler, Protocol):
    """A scheduler that may answer PAUSE, and says which paused trials go on."""

    def settle(self, history: History, *, no_more: bool = False) -> Settled:
        """Return what becomes of the paused trials, from the history alone.

        With `no_more`, no trial will be added to the study: what waits for others that do not exist
        yet must not wait for them.
        """


@runtime_checkable
class BudgetScheduler(Scheduler, Protocol):
    """A scheduler that compares trials at fixed budgets, which a sampler may learn from."""

    def view(self, history: History) -> History:
        """Return the history as a sampler should see it: at one budget, where enough is known."""


def settle(scheduler: Scheduler, history: History, *, no_more: bool = False) -> Settled:
    """Return what becomes of paused trials; all go on under a scheduler that pauses none."""
    paused = history.numbers_in(TrialState.PAUSED)
    if paused.size and isinstance(scheduler, PausingScheduler):
        return scheduler.settle(history, no_more=no_more)
    return Settled(paused, paused[:0])


def view(scheduler: Scheduler, history: History) -> History:
    """Return the history as a sampler should see it under a scheduler."""
    at_one_budget = getattr(scheduler, "view", None)  # as isinstance with a protocol, but faster
    seen: History = history if at_one_budget is None else at_one_budget(history)
    return seen


_REGISTRY = Registry(
    "scheduler",
    {
        "asha": "bayesopt.schedulers.asha:ASHAScheduler",
        "halving": "bayesopt.schedulers.hyperband:SuccessiveHalvingScheduler",
        "hyperband": "bayesopt.schedulers.hyperband:HyperbandScheduler",
        "median": "bayesopt.schedulers.median:MedianScheduler",
        "never": "bayesopt.schedulers.never:NeverScheduler",
        "patience": "bayesopt.schedulers.patience:PatienceScheduler",
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
