"""Generations of a population, read from the history: who stays, who goes, who may have clones.

A *member* is a trial: a stretch of training with one configuration. A population begins with
*founders* and is compared at *levels* (budgets in the unit of the reported steps). At each level
but the last the worst members are over, and clones of the best take their places. A clone is a new
trial that says from whom, and at which step, it was cloned. So the generation that trains
from one level to the next is: those who survived the level, and the clones that were born there.

All of it follows from the history. A level is *open* until somebody has gone beyond it: until then
it is judged by the values there. Once it is *closed*, what happened counts: a survivor is
who went on. So nothing that comes to light later (a struck-out trial, a training that was repeated
after a crash) reopens a level whose clones have been trained for long.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bayesopt.history import History
from bayesopt.schedulers.rungs import Rungs, read_rungs
from bayesopt.trial import TrialState

F = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

_ROUNDING = 1e-9  # of a level, as in `rungs`
_OVER = tuple(state for state in TrialState if state.is_finished)
_GONE = (TrialState.FAIL, TrialState.INVALID)
_NOBODY: Numbers = np.empty(0, dtype=np.int64)


@dataclass(frozen=True, eq=False)
class Selection:
    """How a population is selected.

    Attributes
    ----------
    population : int
        How many members there are.
    levels : float64 [l]
        Where they are compared, ascending; the last is the end of a whole training.
    quantile : float
        The share that is over at a level, and the share that may have clones.
    smoothing : int
        A member is judged by the mean of so many reports up to the level.
    """

    population: int
    levels: F
    quantile: float
    smoothing: int = 1

    @property
    def n_replaced(self) -> int:
        """How many members are over at a level: those that failed meanwhile, and the worst."""
        least = math.ceil(self.quantile * self.population - _ROUNDING)
        return min(max(1, least), self.population // 2)


class Generation(NamedTuple):
    """The members that train up to one level, and what became of them there.

    Attributes
    ----------
    level : int
        Index of the level.
    members : int64 [n]
    survivors : int64 [k] or None
        The best first; None: that is not decided yet.
    parents : int64 [p]
        Survivors that may have clones, the best first.
    born : int64 [b]
        Clones that were begun at the level, in the order of their birth.
    n_missing : int
        Clones that are still to be begun.
    """

    level: int
    members: Numbers
    survivors: Numbers | None
    parents: Numbers = _NOBODY
    born: Numbers = _NOBODY
    n_missing: int = 0

    @property
    def is_extinct(self) -> bool:
        """Whether it was decided that nobody goes on."""
        return self.survivors is not None and not (self.survivors.size or self.born.size)


def levels_of(interval: float, max_steps: float) -> F:
    """Return interval, 2 · interval, … below max_steps, and max_steps."""
    n = math.ceil(max_steps / interval * (1.0 - _ROUNDING))
    return np.array([*(interval * k for k in range(1, n)), float(max_steps)])


def founders(history: History, most: int) -> Numbers:
    """Return the members that began from nothing: the first `most` of those trials, ascending.

    Trials that were evaluated elsewhere are none, nor is one that ended before it reported.
    """
    is_silent = np.isnan(history.last_step) & np.isin(history.state, _OVER)
    heard = history.state >= 0
    return np.flatnonzero(heard & (history.parent < 0) & ~history.imported & ~is_silent)[:most]


def born_at(history: History, selection: Selection) -> Numbers:
    """Return the index of the level at which each trial was cloned, [n]; -1 of all others."""
    inner = selection.levels[:-1]
    at = np.full(history.n, -1, dtype=np.int64)
    clones = np.flatnonzero((history.parent >= 0) & ~history.imported)
    for number in clones.tolist():
        near = np.flatnonzero(np.abs(inner - history.fork_step[number]) <= _ROUNDING * inner)
        at[number] = near[0] if near.size else -1
    return at


def standing(history: History, selection: Selection, number: int) -> int:
    """Return the index of the highest level that a trial reached; -1 for none."""
    last = float(history.last_step[number])
    slack = selection.levels * (1.0 - _ROUNDING)
    return -1 if math.isnan(last) else int(np.searchsorted(slack, last, side="right")) - 1


def read_generations(
    history: History, selection: Selection, *, no_more: bool = False
) -> tuple[Rungs, list[Generation]]:
    """Return where trials stand, and the generations up to the first that is not decided.

    With `no_more`, nobody will be begun: a population that is not whole is judged as it is.
    O(reports · levels).
    """
    rungs = read_rungs(history, selection.levels, selection.smoothing)
    births = born_at(history, selection)
    members = founders(history, selection.population)
    is_whole = members.size == selection.population or no_more
    found: list[Generation] = []
    for level in range(selection.levels.size - 1):
        is_begun = bool((births == level).any())  # a clone is born when the level is decided
        is_there = (is_whole or level > 0) and _is_settled(history, rungs, members, level)
        if not (is_begun or is_there):
            break
        found.append(_judged(history, selection, rungs, births, members, level))
        survivors, n_missing = found[-1].survivors, found[-1].n_missing
        if survivors is None or found[-1].is_extinct or (n_missing and not no_more):
            return rungs, found
        members = np.concatenate([survivors, found[-1].born])
    return rungs, [*found, Generation(len(found), members, None)]


def is_over(history: History, numbers: Numbers) -> Mask:
    """Whether trials are finished, [k]."""
    return np.asarray(np.isin(history.state[numbers], _OVER))


def stands_at(history: History, rungs: Rungs, numbers: Numbers, level: int) -> Mask:
    """Whether trials reached a level with their last report, [k]."""
    return np.asarray(history.last_step[numbers] == rungs.steps[numbers, level])


def _is_settled(history: History, rungs: Rungs, members: Numbers, level: int) -> bool:
    """Whether there are members, and each waits at a level, or went beyond it, or never will.

    One that is still running there may not have saved its checkpoint yet.
    """
    waits = history.state[members] == TrialState.PAUSED
    went_on = ~stands_at(history, rungs, members, level)
    there = rungs.reached[members, level] & (waits | went_on)
    return bool(members.size and (there | is_over(history, members)).all())


def _judged(
    history: History,
    selection: Selection,
    rungs: Rungs,
    births: Numbers,
    members: Numbers,
    level: int,
) -> Generation:
    """Return a generation whose members have all settled."""
    born = np.flatnonzero(births == level)
    if rungs.reached[members, level + 1].any() or (births > level).any():
        return _closed(history, rungs, members, born, level)
    ranked = rungs.best(members, level, members.size)
    n_replaced = selection.n_replaced
    n_kept = min(ranked.size, selection.population - n_replaced)
    survivors = ranked[:n_kept]
    n_missing = max(0, selection.population - n_kept - born.size) if n_kept else 0
    parents = ranked[: max(1, min(n_replaced, n_kept))]
    alive = parents[~np.isin(history.state[parents], _GONE)]
    return Generation(level, members, survivors, alive if alive.size else parents, born, n_missing)


def _closed(
    history: History, rungs: Rungs, members: Numbers, born: Numbers, level: int
) -> Generation:
    """Return a generation that somebody has left: who went on survived."""
    went_on = rungs.reached[members, level + 1] | ~is_over(history, members)
    survivors = members[went_on]
    ranked = rungs.best(survivors, level, survivors.size)
    rest = np.setdiff1d(survivors, ranked)
    return Generation(level, members, np.concatenate([ranked, rest]), _NOBODY, born)
