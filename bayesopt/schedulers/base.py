"""What a scheduler is: a function from the history to a decision about one running trial."""

from __future__ import annotations

import enum
from typing import ClassVar, NamedTuple, Protocol, TypeGuard, runtime_checkable

import numpy as np
import numpy.typing as npt

from bayesopt.errors import SettingsError, short_repr
from bayesopt.history import History
from bayesopt.history.views import with_state
from bayesopt.settings import Registry
from bayesopt.space import Space
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


class PausingScheduler(Scheduler, Protocol):
    """A scheduler that may answer PAUSE, and says which paused trials go on."""

    def settle(self, history: History, *, no_more: bool = False) -> Settled:
        """Return what becomes of the paused trials, from the history alone.

        With `no_more`, no trial will be added to the study: what waits for others that do not exist
        yet must not wait for them.
        """


class BudgetScheduler(Scheduler, Protocol):
    """A scheduler that compares trials at fixed budgets, which a sampler may learn from."""

    def view(self, history: History) -> History:
        """Return the history as a sampler should see it: at one budget, where enough is known."""


class Brood(NamedTuple):
    """Who is begun next in a population.

    Attributes
    ----------
    rows : float64 [k, d]
        Configurations of clones, snapped and feasible.
    parents : int64 [k]
        Whose training each goes on from.
    steps : float64 [k]
        How far that had got.
    notes : tuple of str
        Why a configuration is not what it should be; "" if it is.
    n_founders : int
        How many trials may begin from nothing, with configurations of the study's sampler.
    is_over : bool
        Whether nobody will be begun any more.
    epitaph : str
        Why that is so.
    """

    rows: npt.NDArray[np.float64]
    parents: Numbers
    steps: npt.NDArray[np.float64]
    notes: tuple[str, ...] = ()
    n_founders: int = 0
    is_over: bool = False
    epitaph: str = ""

    @classmethod
    def without_clones(
        cls, d: int, *, n_founders: int = 0, is_over: bool = False, epitaph: str = ""
    ) -> Brood:
        """Return a brood without clones, in a space of `d` columns."""
        nobody = np.empty(0, dtype=np.int64)
        return cls(np.empty((0, d)), nobody, np.empty(0), (), n_founders, is_over, epitaph)


class BreedingScheduler(PausingScheduler, Protocol):
    """A scheduler that begins trials from the checkpoints of others.

    It is asked before paused trials go on: a parent waits until its clones are begun, so that its
    checkpoint is still the one that they are to begin from.
    """

    def breed(self, space: Space, history: History, n: int) -> Brood:
        """Return who is begun next, up to `n` clones, from the history alone."""


def pauses(scheduler: Scheduler) -> TypeGuard[PausingScheduler]:
    """Whether a scheduler may pause trials.

    By the method's name: on Python 3.11 `isinstance` with a protocol takes 40 µs, and every ask and
    report of a study wants to know.
    """
    return hasattr(scheduler, "settle")


def compares_budgets(scheduler: Scheduler) -> TypeGuard[BudgetScheduler]:
    """Whether a scheduler compares trials at fixed budgets."""
    return hasattr(scheduler, "view")


def breeds(scheduler: Scheduler) -> TypeGuard[BreedingScheduler]:
    """Whether a scheduler begins trials from the checkpoints of others."""
    return hasattr(scheduler, "breed")


def settle(scheduler: Scheduler, history: History, *, no_more: bool = False) -> Settled:
    """Return what becomes of paused trials; all go on under a scheduler that pauses none."""
    paused = history.numbers_in(TrialState.PAUSED)
    if paused.size and pauses(scheduler):
        return scheduler.settle(history, no_more=no_more)
    return Settled(paused, paused[:0])


def would_go_on(scheduler: Scheduler, history: History, number: int) -> bool:
    """Whether a trial would go on at once if it were paused now and no trial were to come."""
    paused = with_state(history, number, TrialState.PAUSED)
    return number in settle(scheduler, paused, no_more=True).resume


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
        "pb2": "bayesopt.schedulers.pb2:PB2Scheduler",
        "pbt": "bayesopt.schedulers.pbt:PBTScheduler",
    },
)


def to_spec(scheduler: Scheduler) -> str:
    """Return the scheduler as JSON. Raises SettingsError for settings that JSON cannot hold."""
    return _REGISTRY.to_spec(scheduler)


def from_spec(spec: str) -> Scheduler:
    """Return the scheduler that a spec describes. Raises SettingsError."""
    return _checked(_REGISTRY.from_spec(spec))


def resolve(scheduler: Scheduler | str | None, *, max_steps: float | None = None) -> Scheduler:
    """Return a scheduler from what a user gives: an object, a short name, None for no stopping.

    Where it is known what a whole training reports in the end, `max_steps`, schedulers that need it
    can be had by their names, too.

    Raises SettingsError for an unknown name and for an object that is no scheduler.
    """
    name = "never" if scheduler is None else scheduler
    if not isinstance(name, str):
        return _checked(name)
    is_wanted = max_steps is not None and _REGISTRY.takes(name, "max_steps")
    return _checked(_REGISTRY.create(name, {"max_steps": max_steps} if is_wanted else None))


def _checked(scheduler: object) -> Scheduler:
    if isinstance(scheduler, Scheduler) and not isinstance(scheduler, type):
        return scheduler
    raise SettingsError(
        "scheduler",
        expected="a scheduler object or a short name",
        got=short_repr(scheduler),
        remedy="A scheduler has a name and decide(history, number, rng).",
    )
