"""What a program with its own records asks of the engine: no study, no storage.

It keeps a :class:`~bayesopt.History`, tells it what happens, and asks three things: what to
evaluate next (:func:`propose`), whether a running trial goes on (:func:`decide`), and which paused
ones do (:func:`settle`). All three are functions of the history: they may be asked again, in any
process, and give the same answer.

>>> import bayesopt as bo
>>> from bayesopt.host import propose
>>> history = bo.History(bo.Space({"x": bo.Float(-5.0, 5.0)}), seed=0)
>>> sampler = bo.GPSampler()
>>> for _ in range(10):
...     config = propose(sampler, history)[0].config
...     number = history.append(config)
...     history.tell(number, config["x"] ** 2)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from bayesopt.checks import require_count
from bayesopt.errors import SettingsError, short_repr
from bayesopt.history import History
from bayesopt.rng import trial_rng
from bayesopt.samplers.base import Sampler, learns
from bayesopt.samplers.base import resolve as make_sampler
from bayesopt.schedulers.base import Decision, Scheduler, Settled, view
from bayesopt.schedulers.base import resolve as make_scheduler
from bayesopt.schedulers.base import settle as settle_paused

__all__ = [
    "Candidate",
    "Decision",
    "Sampler",
    "Scheduler",
    "Settled",
    "decide",
    "make_sampler",
    "make_scheduler",
    "propose",
    "settle",
]

F = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """A configuration to evaluate.

    Attributes
    ----------
    config : dict of str to object
        Active parameters and constants, in the user's terms: what ``History.append`` takes.
    sampler : str
        Which sampler made it.
    fallback : str
        Why it was not made the way it should have been; empty if it was.
    is_new : bool
        Whether neither a trial of the history nor an earlier candidate of the same answer has this
        configuration. On a deterministic history a known one comes only where no new one is left.
    """

    config: dict[str, Any]
    sampler: str
    fallback: str
    is_new: bool


def propose(
    sampler: Sampler,
    history: History,
    n: int = 1,
    *,
    scheduler: Scheduler | None = None,
    number: int | None = None,
) -> list[Candidate]:
    """Return up to `n` configurations to evaluate next, all at once.

    Parameters
    ----------
    sampler : Sampler
        Keep one object for a history: it remembers what it has computed (for speed alone).
    history : History
        What is known, running trials included. It is not changed: append what you evaluate.
    n : int
        How many, at least 1; there are fewer only where no more are left.
    scheduler : Scheduler, optional
        The one that decides: if it compares trials at fixed budgets, the sampler learns there.
    number : int, optional
        Number of the first of these trials, ``history.n`` if not given. Randomness is keyed by
        (``history.seed``, number): a program whose numbers have gaps gives its own.

    Raises
    ------
    SettingsError
        If the sampler or the scheduler is a name (``make_sampler`` makes one of it), `history` is
        none, or `n` or `number` is no count.
    SpaceExhausted
        If the sampler repeats nothing and has nothing left.
    InfeasibleSpaceError
        If no configuration satisfies the constraints.
    """
    _require_method("propose", "sampler", sampler)
    _require_history(history)
    if scheduler is not None:
        _require_method("decide", "scheduler", scheduler)
    _require_whole("n", n, least=1)
    _require_whole("number", 0 if number is None else number, least=0)
    seen = view(scheduler, history) if scheduler is not None and learns(sampler) else history
    rng = trial_rng(history.seed, history.n if number is None else number)
    made = sampler.propose(history.space, seen, n, rng)
    configs = history.space.decode(made.rows)
    columns = zip(configs, made.fallbacks, _is_new(history, made.rows), strict=True)
    return [Candidate(config, made.sampler, why, new) for config, why, new in columns]


def _require_method(method: str, name: str, given: object) -> None:
    if isinstance(given, type) or not hasattr(given, method):
        raise SettingsError(
            name,
            expected=f"a {name}",
            got=short_repr(given),
            remedy=f"bayesopt.host.make_{name} makes one of a name.",
        )


def _require_history(given: object) -> None:
    if not isinstance(given, History):
        raise SettingsError("history", expected="a bayesopt.History", got=short_repr(given))


def _require_whole(name: str, value: object, least: int) -> None:
    whole = int(value) if isinstance(value, np.integer) else value
    require_count(name, whole, least, most=2**62)


def _is_new(history: History, rows: F) -> list[bool]:
    known = history.contains(rows).tolist()
    seen: set[bytes] = set()
    new = []
    for row, is_known in zip(rows + 0.0, known, strict=True):  # -0.0 becomes 0.0
        key = row.tobytes()
        new.append(not is_known and key not in seen)
        seen.add(key)
    return new


def decide(scheduler: Scheduler, history: History, number: int) -> Decision:
    """Return what becomes of the running trial `number` after its last report.

    STOP: tell it with ``TrialState.PRUNED``. PAUSE: ``history.pause(number)``, and ask
    :func:`settle` from time to time who goes on.

    Raises TrialNotFoundError, and SettingsError if the scheduler or the history is none.
    """
    _require_method("decide", "scheduler", scheduler)
    _require_history(history)
    return scheduler.decide(history, number, trial_rng(history.seed, number))


def settle(scheduler: Scheduler, history: History, *, no_more: bool = False) -> Settled:
    """Return what becomes of paused trials; all go on under a scheduler that pauses none.

    Parameters
    ----------
    scheduler : Scheduler
    history : History
    no_more : bool
        No trial will be added: what waits for others that do not exist yet must not wait for them.

    Raises SettingsError if the scheduler or the history is none.
    """
    _require_method("decide", "scheduler", scheduler)
    _require_history(history)
    return settle_paused(scheduler, history, no_more=no_more)
