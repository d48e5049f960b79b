"""Asynchronous successive halving: the best part of every rung goes on, and nobody waits."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import numpy.typing as npt

from bayesopt.checks import require_choice, require_count, require_flag, require_number
from bayesopt.history import History
from bayesopt.schedulers.base import Decision, Settled
from bayesopt.schedulers.budgets import require_eta, require_max_steps, require_min_steps
from bayesopt.schedulers.fidelity import LEARN_FROM, LearnFrom, seen_through
from bayesopt.schedulers.pasha import growing_cap
from bayesopt.schedulers.rungs import Rungs, arrival, ladder, read_rungs
from bayesopt.trial import TrialState

F = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]

_MOST_TIMES = 1e150  # min_steps: who reports greater steps has passed all rungs


@dataclass(frozen=True)
class ASHAScheduler:
    """Let the best 1/eta of every rung train eta times longer, without waiting for the others.

    Rungs are at ``min_steps``, ``min_steps * eta``, ``min_steps * eta**2``, … and ``max_steps``, in
    the unit of the steps that trials report: epochs, seconds, rows seen. Report 1, not 0, after the
    first step, and ask ``should_prune`` after every report. (Li et al., "A System for Massively
    Parallel Hyperparameter Tuning", MLSys 2020, arXiv 1810.05934.)

    Parameters
    ----------
    min_steps : float
        The first rung: nothing is stopped before. Raise it where early reports are noise.
    max_steps : float, optional
        What a whole training reports in the end. None: there is always a next rung.
    eta : float
        One of so many goes on; at least 1.1.
    mode : {"stop", "pause"}
        "stop": a trial that is not among the best of its rung when it gets there is over; the first
        to get there always goes on. "pause": it is laid aside, and goes on once it belongs to the
        best 1/eta, from its own checkpoint (``trial.resume_from``); nothing good is lost by coming
        at the wrong time.
    smoothing : int
        A trial is judged by the mean of so many reports, the last ones up to the rung.
    n_brackets : int
        Every n-th trial begins a rung higher than the one before it, so that there are trials that
        are not judged by their first steps.
    growing : bool
        Let trials go beyond a rung only once it has ranked some of them otherwise than the rung
        below did; until then more training would tell nothing new (PASHA, Bohdal et al., ICLR 2023,
        arXiv 2207.06940). Needs mode "pause".
    tolerance : float, optional
        Values that differ by no more than this do not count as ranked otherwise (with `growing`).
        By default it is estimated from curves that cross and cross back, as in the paper.
    learn_from : {"all", "level", "last"}
        What samplers learn from: all trials, as if they had got to the highest rung that enough of
        them have reached; only those that did, as in BOHB; or the last value of every trial. See
        ``docs/algorithms/budgets.md``.

    Raises
    ------
    SettingsError
        If a setting is out of its range.

    Notes
    -----
    Several objectives rank by fronts. NaN is worse than anything, and never goes on.
    """

    min_steps: float = 1.0
    max_steps: float | None = None
    eta: float = 3.0
    mode: Literal["stop", "pause"] = "stop"
    smoothing: int = 1
    n_brackets: int = 1
    growing: bool = False
    tolerance: float | None = None
    learn_from: LearnFrom = "all"

    name: ClassVar[str] = "asha"

    def __post_init__(self) -> None:
        require_min_steps(self.min_steps)
        if self.max_steps is not None:
            require_max_steps(self.max_steps, self.min_steps)
        require_eta(self.eta)
        require_flag("growing", self.growing)
        if self.tolerance is not None:
            require_number("tolerance", self.tolerance, 0.0)
        require_choice("mode", self.mode, ("stop", "pause") if not self.growing else ("pause",))
        require_choice("learn_from", self.learn_from, LEARN_FROM)
        require_count("smoothing", self.smoothing)
        require_count("n_brackets", self.n_brackets)

    def decide(self, history: History, number: int, rng: np.random.Generator) -> Decision:
        """Return what becomes of the running trial `number`.

        O(1) between rungs, O(reports) at one. Raises TrialNotFoundError.
        """
        steps, _ = history.curve(number)
        levels = self._levels(history)
        level = arrival(steps, levels)
        bracket = number % self.n_brackets
        if level is None or level < self._lowest(bracket, levels) or self._is_last(level, levels):
            return Decision.CONTINUE
        rungs = self._read(history, levels)
        if number in self._promoted(rungs, bracket, level, self._cap(rungs, history, levels)):
            return Decision.CONTINUE
        return Decision.STOP if self.mode == "stop" else Decision.PAUSE

    def settle(self, history: History, *, no_more: bool = False) -> Settled:
        """Return the paused trials that now belong to the best of their rungs, higher rungs first.

        One that was paused before its first rung goes on as well. O(reports).
        """
        paused = history.numbers_in(TrialState.PAUSED)
        levels = self._levels(history)
        rungs = self._read(history, levels)
        cap = self._cap(rungs, history, levels)
        waits_at = np.full(history.n, levels.size)
        waits_at[paused] = rungs.height[paused] - 1
        due = [
            number
            for level in range(levels.size - 1, -1, -1)
            for bracket in range(self.n_brackets)
            if level >= self._lowest(bracket, levels)
            for number in self._promoted(rungs, bracket, level, cap).tolist()
            if waits_at[number] == level
        ]
        lowest = np.array([self._lowest(i, levels) for i in range(self.n_brackets)])
        early = np.flatnonzero(waits_at < lowest[np.arange(history.n) % self.n_brackets])
        return Settled(np.array([*due, *early.tolist()], dtype=np.int64), paused[:0])

    def view(self, history: History) -> History:
        """Return the history as a sampler should see it: at one rung."""
        levels = self._levels(history)
        return seen_through(history, levels, self.smoothing, self.learn_from)

    def _levels(self, history: History) -> F:
        if self.max_steps is not None:
            return ladder(self.min_steps, self.max_steps, self.eta)
        farthest = float(np.nanmax(history.last_step, initial=0.0))
        times = min(max(farthest / self.min_steps, 1.0), _MOST_TIMES)
        n = 1 + max(0, math.ceil(math.log(times, self.eta)))
        return np.array([self.min_steps * self.eta**k for k in range(n + 1)])

    def _lowest(self, bracket: int, levels: F) -> int:
        """Return where a bracket begins."""
        return min(bracket, levels.size - 1)

    def _is_last(self, level: int, levels: F) -> bool:
        return self.max_steps is not None and level == levels.size - 1

    def _read(self, history: History, levels: F) -> Rungs:
        return read_rungs(history, levels, self.smoothing)

    def _cap(self, rungs: Rungs, history: History, levels: F) -> int:
        """Return the rung from which on nothing may go on."""
        highest = levels.size if self.max_steps is None else levels.size - 1
        if not self.growing:
            return highest
        return min(highest, growing_cap(rungs, history, levels, self.tolerance))

    def _promoted(self, rungs: Rungs, bracket: int, level: int, cap: int) -> Numbers:
        """Return the best 1/eta of a bracket's rung, best first; none from the cap on."""
        if level >= cap:
            return np.empty(0, dtype=np.int64)
        everyone = np.arange(bracket, len(rungs.values), self.n_brackets)
        mates = everyone[rungs.reached[everyone, level]]
        n_best = int(mates.size / self.eta)
        return rungs.best(mates, level, max(n_best, 1) if self.mode == "stop" else n_best)
