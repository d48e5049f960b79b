"""The default: the most sample-efficient sampler that the trials leave time for."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

import numpy as np

from bayesopt.checks import require_number
from bayesopt.history import History
from bayesopt.samplers.base import Sampler, Suggestion
from bayesopt.samplers.earlier import SourceData
from bayesopt.samplers.gp import GPSampler
from bayesopt.samplers.gp_outcomes import is_manifold
from bayesopt.space import Space

_LEAST_BUDGET_S = 0.03
_UNKNOWN_COST_S = 10.0  # of a trial: whoever does not tell one does not call it cheap
_LOCAL_POINTS = 800
_LOCAL_FROM = 1200  # finished trials: an exact process takes seconds and learns little more

# What a proposal takes of one core, fits shared out over the trials until the next (gp_cost.py).
_OVERHEAD_S = 0.008
_COLUMN_S = 3e-4  # for each column
_SQUARE_S, _SQUARE_COLUMN_S = 2.5e-8, 5e-9  # for each n², and n² d
_THOROUGH, _THOROUGH_TO = 2.2, 300  # up to so many trials the search looks harder


@dataclass(frozen=True)
class AutoSampler:
    """Use a Gaussian process while a proposal is cheap beside the trials, then TPE.

    A proposal may take 30 ms or `share` of the median cost of the finished trials (in seconds, as
    told or measured by ``optimize``), whichever is more; trials that told no cost count as 10 s.
    From what a fixed model says of the cost of each it takes the first that fits:

    1. the Gaussian process on all trials, up to 1,200;
    2. the Gaussian process on 800, the best and the nearest to them;
    3. the tree-structured Parzen estimator.

    What it does depends on the history alone. A trial says who made it, and why if that was not
    the first: "auto:gp", "auto:gp (800 of 2000 trials)", "auto:tpe (a GP would take ...)".

    Parameters
    ----------
    share : float
        Of a trial's cost that a proposal may take.
    cost, cost_budget
        How far the Gaussian process takes the cost of an evaluation into account; see
        :class:`GPSampler`. TPE does not.
    prior, prior_trials, sources : optional
        A guess of the best values, and earlier studies; see :class:`GPSampler`.

    Raises
    ------
    SettingsError
        If the share is not between 0 and 1, or another setting is none.
    """

    share: float = 0.02
    cost: Literal["auto", "off"] | float = "auto"
    cost_budget: float | None = None
    prior: Mapping[str, Any] | None = None
    prior_trials: float = 10.0
    sources: Sequence[SourceData] | None = field(default=None, repr=False)
    _gp: GPSampler = field(init=False, repr=False, compare=False)
    _local: GPSampler = field(init=False, repr=False, compare=False)

    name: ClassVar[str] = "auto"

    def __post_init__(self) -> None:
        require_number("share", self.share, 0.0, 1.0)
        known: dict[str, Any] = {
            "cost": self.cost,
            "cost_budget": self.cost_budget,
            "prior": self.prior,
            "prior_trials": self.prior_trials,
        }
        gp = GPSampler(sources=self.sources, **known)
        object.__setattr__(self, "prior", gp.prior)
        object.__setattr__(self, "sources", gp.sources)
        object.__setattr__(self, "_gp", gp)
        object.__setattr__(self, "_local", GPSampler(max_points=_LOCAL_POINTS, **known))

    def with_cost_budget(self, cost: float) -> AutoSampler:
        """Return the sampler that knows what all trials may cost; itself if it was told."""
        is_told = self.cost != "auto" or self.cost_budget is not None
        return self if is_told else dataclasses.replace(self, cost_budget=cost)

    def propose(
        self, space: Space, history: History, n: int, rng: np.random.Generator
    ) -> Suggestion:
        """Return `n` configurations by the sampler that fits (see ``Sampler.propose``)."""
        sampler, reason = self.choice(history)
        made = sampler.propose(space, history, n, rng)
        who = f"{self.name}:{made.sampler}" + (f" ({reason})" if reason else "")
        return dataclasses.replace(made, sampler=who)

    def choice(self, history: History) -> tuple[Sampler, str]:
        """Return the sampler that makes the next trial, and why if it is not the first."""
        n = n_learned_from(history)
        d, k = history.space.d, history.n_objectives + len(history.constraint_names)
        budget = self.budget_s(history)
        if local_points(n) is None and proposal_s(n, d, k) <= budget:
            return self._gp, ""
        if n <= _LOCAL_POINTS or proposal_s(_LOCAL_POINTS, d, k) > budget:
            reason = f"a GP of {min(n, _LOCAL_POINTS)} trials would take more than {budget:.2g} s"
            return _parzen(self.prior, self.prior_trials), reason
        return self._local, f"{_LOCAL_POINTS} of {n} trials"

    def budget_s(self, history: History) -> float:
        """Return how long a proposal may take, in seconds."""
        cost = history.cost[history.is_finished]
        told = cost[np.isfinite(cost)]
        typical = float(np.median(told)) if told.size else _UNKNOWN_COST_S
        return max(_LEAST_BUDGET_S, self.share * typical)


def n_learned_from(history: History) -> int:
    """Return how many rows a process has: one a trial, or one at each level that it reached."""
    if history.levels is not None and not is_manifold(history):
        return int(np.count_nonzero(history.levels.known))
    return int(np.count_nonzero(history.is_finished | history.is_paused))


def local_points(n: int) -> int | None:
    """Return how many of n trials a Gaussian process learns from; None for all."""
    return None if n <= _LOCAL_FROM else _LOCAL_POINTS


def proposal_s(n: int, d: int, n_outcomes: int = 1) -> float:
    """Return what a proposal takes with n trials of d columns to learn from, in seconds.

    On average, by a fixed model: fits come at few sizes and take longer than what is in between.
    Each objective and each outcome constraint has a process of its own.
    """
    square = max(n**2, _THOROUGH * min(n, _THOROUGH_TO) ** 2)
    one = _OVERHEAD_S + _COLUMN_S * d + square * (_SQUARE_S + _SQUARE_COLUMN_S * d)
    return n_outcomes * one


def _parzen(prior: Mapping[str, Any] | None, prior_trials: float) -> Sampler:
    from bayesopt.samplers.base import resolve
    from bayesopt.samplers.tpe import TPESampler

    if prior is None:
        return resolve("tpe")
    return TPESampler(prior=prior, prior_trials=prior_trials)
