"""Trials that begin together, and are compared when all of them have come as far.

The trials of a *cohort* are numbers in a row; which bracket they go through follows from the number
alone. So a cohort needs no memory: its state is what the history says of its members.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bayesopt.history import History
from bayesopt.schedulers.base import Decision, Settled
from bayesopt.schedulers.rungs import Rungs, arrival, read_rungs
from bayesopt.trial import TrialState

Numbers = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

_OVER = tuple(state for state in TrialState if state.is_finished)


class Bracket(NamedTuple):
    """How many trials there are on each rung, and how long they train to get there."""

    sizes: tuple[int, ...]
    levels: tuple[float, ...]


class Cohort(NamedTuple):
    """One run through a bracket; its trials are numbered from `first` on."""

    first: int
    bracket: Bracket

    @property
    def last(self) -> int:
        """The number after its last trial's."""
        return self.first + self.bracket.sizes[0]


class Rung(NamedTuple):
    """One rung of a cohort: who takes part, and who goes on (None: that is not decided yet)."""

    members: Numbers
    promoted: Numbers | None


def cohort_of(number: int, brackets: Sequence[Bracket]) -> Cohort:
    """Return the cohort of a trial; brackets follow one another, round after round."""
    n_round = sum(bracket.sizes[0] for bracket in brackets)
    first = number - number % n_round
    for bracket in brackets[:-1]:
        if number < first + bracket.sizes[0]:
            return Cohort(first, bracket)
        first += bracket.sizes[0]
    return Cohort(first, brackets[-1])


def decide(history: History, number: int, cohort: Cohort, smoothing: int) -> Decision:
    """Return what becomes of a running trial of a cohort."""
    steps, _ = history.curve(number)
    levels = np.array(cohort.bracket.levels)
    level = arrival(steps, levels)
    if level is None or level == levels.size - 1:
        return Decision.CONTINUE
    rungs = rungs_of(history, cohort, _read(history, cohort, smoothing))
    if level >= len(rungs):  # rungs below are not decided: it came here without asking
        return Decision.PAUSE
    members, promoted = rungs[level]
    if number not in members:
        return Decision.STOP
    if promoted is None:
        return Decision.PAUSE
    return Decision.CONTINUE if number in promoted else Decision.STOP


def settle(
    history: History, brackets: Sequence[Bracket], smoothing: int, *, no_more: bool
) -> Settled:
    """Return what becomes of the paused trials: higher rungs first, then older cohorts."""
    paused = history.numbers_in(TrialState.PAUSED)
    resume: list[tuple[int, int]] = []  # (- rung, number)
    stop: list[int] = []
    for cohort in sorted({cohort_of(number, brackets) for number in paused.tolist()}):
        read = _read(history, cohort, smoothing)
        height = read.height
        for k, rung in enumerate(rungs_of(history, cohort, read, no_more=no_more)):
            waiting = rung.members[history.state[rung.members] == TrialState.PAUSED]
            is_under_way = height[waiting - cohort.first] <= k
            is_last = k == len(cohort.bracket.sizes) - 1
            resume += [(-k, n) for n in waiting[is_under_way | is_last].tolist()]
            if rung.promoted is not None:
                stop += np.setdiff1d(waiting, rung.promoted).tolist()
    resume.sort(key=lambda each: each[0])  # stable: the best of a rung first
    order = np.array([number for _, number in resume], dtype=np.int64)
    return Settled(order, np.array(stop, dtype=np.int64))


def rungs_of(history: History, cohort: Cohort, read: Rungs, *, no_more: bool = False) -> list[Rung]:
    """Return the rungs of a cohort up to the first that is not decided.

    A rung is decided once each of its members has a value there, or will never have one. The best
    of those with a value go on, as many as the next rung holds, or all there are. With `no_more`, a
    cohort that is not whole is judged as it is.
    """
    sizes = cohort.bracket.sizes
    members = np.arange(cohort.first, min(cohort.last, history.n))
    is_whole = members.size == sizes[0]
    rungs: list[Rung] = []
    for level in range(len(sizes) - 1):
        there = read.reached[members - cohort.first, level]
        settled = there | np.isin(history.state[members], _OVER)
        if not (settled.all() and (is_whole or no_more)):
            return [*rungs, Rung(members, None)]
        most = sizes[level + 1] if is_whole else _share(members.size, sizes, level)
        promoted = read.best(members, level, most)
        rungs.append(Rung(members, promoted))
        members = promoted
    return [*rungs, Rung(members, members)]


def _share(n: int, sizes: tuple[int, ...], level: int) -> int:
    """Return how many of `n` trials go on, at the bracket's own rate."""
    return min(sizes[level + 1], max(1, n * sizes[level + 1] // sizes[level]))


def _read(history: History, cohort: Cohort, smoothing: int) -> Rungs:
    levels = np.array(cohort.bracket.levels)
    return read_rungs(history, levels, smoothing, cohort.first, cohort.last)
