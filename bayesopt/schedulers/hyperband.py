"""Successive halving that waits for its rungs, in one bracket or in Hyperband's several."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from bayesopt.checks import require_choice, require_count
from bayesopt.history import History
from bayesopt.schedulers.base import Decision, Settled
from bayesopt.schedulers.budgets import require_eta, require_max_steps, require_min_steps
from bayesopt.schedulers.cohorts import Bracket, cohort_of, decide, settle
from bayesopt.schedulers.fidelity import LEARN_FROM, LearnFrom, seen_through
from bayesopt.schedulers.rungs import ladder

_ROUNDING = 1e-9


@dataclass(frozen=True)
class _Waiting(ABC):
    """What schedulers have in common that compare cohorts: see :class:`ASHAScheduler`."""

    max_steps: float | None = None
    min_steps: float = 1.0
    eta: float = 3.0
    smoothing: int = 1
    learn_from: LearnFrom = "all"

    def __post_init__(self) -> None:
        require_min_steps(self.min_steps)
        require_max_steps(self.max_steps, self.min_steps)
        require_eta(self.eta)
        require_count("smoothing", self.smoothing)
        require_choice("learn_from", self.learn_from, LEARN_FROM)

    @property
    @abstractmethod
    def brackets(self) -> tuple[Bracket, ...]:
        """The brackets of one round, in the order in which they begin."""

    def decide(self, history: History, number: int, rng: np.random.Generator) -> Decision:
        """Return what becomes of the running trial; O(reports). Raises TrialNotFoundError."""
        return decide(history, number, cohort_of(number, self.brackets), self.smoothing)

    def settle(self, history: History, *, no_more: bool = False) -> Settled:
        """Return which paused trials go on, and which never will."""
        return settle(history, self.brackets, self.smoothing, no_more=no_more)

    def view(self, history: History) -> History:
        """Return the history as a sampler should see it: at one rung."""
        levels = np.array(sorted({at for bracket in self.brackets for at in bracket.levels}))
        return seen_through(history, levels, self.smoothing, self.learn_from)

    @property
    def _whole(self) -> float:
        return math.inf if self.max_steps is None else float(self.max_steps)  # None is refused


@dataclass(frozen=True)
class SuccessiveHalvingScheduler(_Waiting):
    """Begin so many trials, keep the best 1/eta, train them eta times longer, and so on.

    A rung is decided when all of its trials got there or ended; until then they are laid aside, and
    go on from their own checkpoints (``trial.resume_from``). Workers do not wait: they begin the
    next ``n_begin`` trials meanwhile. (Jamieson & Talwalkar, "Non-stochastic Best Arm
    Identification", AISTATS 2016, arXiv 1502.07943.)

    Parameters
    ----------
    max_steps : float
        What a whole training reports in the end.
    min_steps, eta, smoothing, learn_from
        See :class:`ASHAScheduler`.
    n_begin : int, optional
        How many trials begin together; by default as many as leave one at the end.

    Raises
    ------
    SettingsError
        If a setting is out of its range.
    """

    n_begin: int | None = None

    name: ClassVar[str] = "halving"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.n_begin is not None:
            require_count("n_begin", self.n_begin, least=2)

    @property
    def brackets(self) -> tuple[Bracket, ...]:
        """The one bracket that is begun again and again."""
        levels = ladder(self.min_steps, self._whole, self.eta)
        n = self.n_begin or math.ceil(self.eta ** (levels.size - 1) - _ROUNDING)
        sizes = tuple(_part(n, self.eta**k) for k in range(levels.size))
        return (Bracket(sizes, tuple(levels.tolist())),)


@dataclass(frozen=True)
class HyperbandScheduler(_Waiting):
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

    name: ClassVar[str] = "hyperband"

    @property
    def brackets(self) -> tuple[Bracket, ...]:
        """The brackets of one round, in the order in which they begin."""
        s_max = int(math.log(self._whole / self.min_steps, self.eta) + _ROUNDING)
        return tuple(self._bracket(s, s_max) for s in range(s_max, -1, -1))

    def _bracket(self, s: int, s_max: int) -> Bracket:
        n = math.ceil((s_max + 1) / (s + 1) * self.eta**s - _ROUNDING)
        sizes = tuple(_part(n, self.eta**k) for k in range(s + 1))
        return Bracket(sizes, tuple(self._whole / self.eta ** (s - k) for k in range(s + 1)))


def _part(n: int, of: float) -> int:
    """Return how many of `n` are one in so many, at least one."""
    return max(1, int(n / of + _ROUNDING))
