"""Successive halving that waits for its rungs, in one bracket or in Hyperband's several."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from bayesopt.errors import SettingsError, short_repr
from bayesopt.history import History
from bayesopt.schedulers.base import Decision, Settled
from bayesopt.schedulers.checks import require_budgets, require_choice, require_count
from bayesopt.schedulers.cohorts import Bracket, Cohort, cohort_of, decide, settle
from bayesopt.schedulers.fidelity import LEARN_FROM, LearnFrom, at_highest_level
from bayesopt.schedulers.rungs import ladder


@dataclass(frozen=True)
class SuccessiveHalvingScheduler:
    """Begin so many trials, keep the best 1/eta, train them eta times longer, and so on.

    A rung is decided when all of its trials got there or ended; until then they are laid aside, and
    go on from their own checkpoints (``trial.resume_from``). Workers do not wait: they begin the
    next ``n_begin`` trials meanwhile. (Jamieson & Talwalkar, "Non-stochastic Best Arm
    Identification", AISTATS 2016, arXiv 1502.07943.)

    Parameters
    ----------
    max_steps : float
        What a whole training reports in the end.
    n_begin : int, optional
        How many trials begin together; by default as many as leave one at the end.
    min_steps, eta, smoothing, learn_from
        See :class:`ASHAScheduler`.

    Raises
    ------
    SettingsError
        If a setting is out of its range.
    """

    max_steps: float | None = None
    n_begin: int | None = None
    min_steps: float = 1.0
    eta: float = 3.0
    smoothing: int = 1
    learn_from: LearnFrom = "level"

    name: ClassVar[str] = "halving"

    def __post_init__(self) -> None:
        _check(self)
        if self.n_begin is not None:
            require_count("n_begin", self.n_begin, least=2)

    @property
    def brackets(self) -> tuple[Bracket, ...]:
        """The one bracket that is begun again and again."""
        levels = ladder(self.min_steps, _known(self.max_steps), self.eta)
        n = self.n_begin or math.ceil(self.eta ** (levels.size - 1) - 1e-9)
        sizes = [max(1, int(n / self.eta**k + 1e-9)) for k in range(levels.size)]
        return (Bracket(tuple(sizes), tuple(levels.tolist())),)

    def decide(self, history: History, number: int, rng: np.random.Generator) -> Decision:
        """Return what becomes of the running trial; O(reports). Raises TrialNotFoundError."""
        return decide(history, number, cohort_of(number, self.brackets), self.smoothing)

    def settle(self, history: History, *, no_more: bool = False) -> Settled:
        """Return which paused trials go on, and which never will."""
        return settle(history, self.brackets, self.smoothing, no_more=no_more)

    def view(self, history: History) -> History:
        """Return the history at the highest rung that enough trials have reached."""
        return _view(self, history)


@dataclass(frozen=True)
class HyperbandScheduler:
    """Hyperband: brackets of successive halving, from many short trainings to few whole ones.

    Bracket s = s_max, …, 0 begins ``ceil((s_max + 1) / (s + 1) * eta**s)`` trials at ``max_steps /
    eta**s``, where eta**s_max is the largest power that leaves ``min_steps``; each costs about the
    same. A trial's number alone says to which bracket it belongs; after the last bracket the first
    one begins again. Everything else is as in :class:`SuccessiveHalvingScheduler`. (Li et al.,
    JMLR 18, 2018, arXiv 1603.06560.) With a sampler that learns, this is BOHB.

    Parameters
    ----------
    max_steps : float
        What a whole training reports in the end.
    min_steps, eta, smoothing, learn_from
        See :class:`ASHAScheduler`.

    Raises
    ------
    SettingsError
        If a setting is out of its range.

    Examples
    --------
    >>> [b.sizes for b in HyperbandScheduler(max_steps=81).brackets]
    [(81, 27, 9, 3, 1), (34, 11, 3, 1), (15, 5, 1), (8, 2), (5,)]
    """

    max_steps: float | None = None
    min_steps: float = 1.0
    eta: float = 3.0
    smoothing: int = 1
    learn_from: LearnFrom = "level"

    name: ClassVar[str] = "hyperband"

    def __post_init__(self) -> None:
        _check(self)

    @property
    def brackets(self) -> tuple[Bracket, ...]:
        """The brackets of one round, in the order in which they begin."""
        whole = _known(self.max_steps)
        s_max = int(math.log(whole / self.min_steps, self.eta) + 1e-9)
        return tuple(self._bracket(s, s_max, whole) for s in range(s_max, -1, -1))

    def _bracket(self, s: int, s_max: int, whole: float) -> Bracket:
        n = math.ceil((s_max + 1) / (s + 1) * self.eta**s - 1e-9)
        sizes = tuple(max(1, int(n / self.eta**k + 1e-9)) for k in range(s + 1))
        return Bracket(sizes, tuple(whole / self.eta ** (s - k) for k in range(s + 1)))

    def decide(self, history: History, number: int, rng: np.random.Generator) -> Decision:
        """Return what becomes of the running trial; O(reports). Raises TrialNotFoundError."""
        return decide(history, number, cohort_of(number, self.brackets), self.smoothing)

    def settle(self, history: History, *, no_more: bool = False) -> Settled:
        """Return which paused trials go on, and which never will."""
        return settle(history, self.brackets, self.smoothing, no_more=no_more)

    def view(self, history: History) -> History:
        """Return the history at the highest rung that enough trials have reached."""
        return _view(self, history)

    def cohorts(self, n_trials: int) -> Iterator[Cohort]:
        """Yield the brackets that the first `n_trials` trials belong to, as they begin."""
        number = 0
        while number < n_trials:
            cohort = cohort_of(number, self.brackets)
            yield cohort
            number = cohort.first + cohort.bracket.sizes[0]


def _check(scheduler: SuccessiveHalvingScheduler | HyperbandScheduler) -> None:
    require_budgets(scheduler.min_steps, scheduler.max_steps, scheduler.eta)
    require_count("smoothing", scheduler.smoothing)
    require_choice("learn_from", scheduler.learn_from, LEARN_FROM)


def _known(max_steps: float | None) -> float:
    if max_steps is None:  # refused before
        raise SettingsError("max_steps", expected="a number", got=short_repr(max_steps))
    return max_steps


def _view(scheduler: SuccessiveHalvingScheduler | HyperbandScheduler, history: History) -> History:
    if scheduler.learn_from == "last":
        return history
    levels = sorted({level for bracket in scheduler.brackets for level in bracket.levels})
    return at_highest_level(history, np.array(levels), scheduler.smoothing)
