"""Rungs: what trials had reached when they had trained so long, and who was best there.

A *level* is a budget in the unit of the steps that trials report: epochs, seconds, rows seen. A
trial reaches a level with its first report at that step or beyond, in the order of the steps,
whatever the order in which the reports were heard of. Its value there is what it reported then, or
the mean of its last few reports up to then. What a level says is so a function of the history.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bayesopt.history import History
from bayesopt.history.fronts import pareto_order
from bayesopt.trial import TrialState

F = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

_ROUNDING = 1e-9  # of a level: 3 * 3 * 3 of a step of 0.1 is not quite 2.7


class Rungs(NamedTuple):
    """The trials from number `first` on, [k], at the levels [l] of a ladder.

    Attributes
    ----------
    first : int
    values : float64 [k, l, m]
        Minimised; NaN where a level was not reached, or NaN was reported there.
    reached : bool [k, l]
        No struck-out trial reached anything.
    """

    first: int
    values: F
    reached: Mask

    @property
    def height(self) -> Numbers:
        """How many levels each trial reached, [k]; they are the lowest ones."""
        return np.asarray(self.reached.sum(axis=1), dtype=np.int64)

    def best(self, numbers: Numbers, level: int, most: int) -> Numbers:
        """Return the best of some trials at a level, best first; never one without a value.

        Of equals, the earlier trial comes first. Several objectives rank by fronts, those of a
        front by the volume that they dominate.
        """
        places = numbers - self.first
        known = self.reached[places, level] & np.isfinite(self.values[places, level]).all(axis=1)
        usable = np.sort(numbers[known])
        Y = self.values[usable - self.first, level]
        order = pareto_order(Y, most) if Y.shape[1] > 1 else np.argsort(Y[:, 0], kind="stable")
        return usable[order[:most]]


def ladder(min_steps: float, max_steps: float, eta: float) -> F:
    """Return the levels min_steps · eta^k below max_steps, and max_steps."""
    levels = [float(min_steps)]
    while levels[-1] * eta < max_steps * (1.0 - _ROUNDING):
        levels.append(levels[-1] * eta)
    return np.array([*levels, float(max_steps)])


def read_rungs(
    history: History, levels: F, smoothing: int = 1, first: int = 0, last: int | None = None
) -> Rungs:
    """Return where the trials from `first` up to (without) `last` stand; O(reports log reports)."""
    last = history.n if last is None else min(last, history.n)
    n = max(last - first, 0)
    reports = history.reports
    chosen = np.flatnonzero((reports.trial >= first) & (reports.trial < last))
    chosen = chosen[np.lexsort((reports.step[chosen], reports.trial[chosen]))]
    trial, step = reports.trial[chosen] - first, reports.step[chosen]
    begin = np.searchsorted(trial, np.arange(n))
    end = np.searchsorted(trial, np.arange(n), side="right")
    values = np.full((n, levels.size, history.n_objectives), np.nan)
    reached = np.zeros((n, levels.size), dtype=np.bool_)
    valid = history.state[first : first + n] != TrialState.INVALID
    for j, level in enumerate(levels * (1.0 - _ROUNDING)):
        row = begin + np.bincount(trial[step < level], minlength=n)
        there = np.flatnonzero((row < end) & valid)
        reached[there, j] = True
        rows = reports.values[chosen]
        values[there, j] = _mean_of_last(rows, begin[there], row[there], smoothing)
    return Rungs(first, values, reached)


def _mean_of_last(values: F, first: Numbers, last: Numbers, most: int) -> F:
    """Return the mean of the rows [first, last] of each trial, of the last `most` of them."""
    total, n = values[last].copy(), np.ones(last.size)
    with np.errstate(invalid="ignore", over="ignore"):
        for back in range(1, most):
            inside = last - back >= first
            total[inside] += values[last[inside] - back]
            n += inside
        return np.asarray(total / n[:, None])


def arrival(steps: F, levels: F) -> int | None:
    """Return the highest level that the last of a trial's steps reached, None if no new one."""
    if not steps.size:
        return None
    with_slack = levels * (1.0 - _ROUNDING)
    height = int(np.searchsorted(with_slack, steps[-1], side="right"))
    if not height or (steps.size > 1 and steps[-2] >= with_slack[height - 1]):
        return None
    return height - 1
