"""What trials were worth at each of several budgets."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

F = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.int64]

_MOST_PAIRED = 200  # trials, the latest ones, that a line is drawn through
_PRIOR_SLOPES = 28  # of 1: as many as there are between eight trials


@dataclass(frozen=True, eq=False)
class Levels:
    """Values of trials at the levels of a ladder of budgets; row index = trial number.

    Attributes
    ----------
    budgets : float64 array [l]
        Ascending, in the unit of the steps that trials report.
    values : float64 array [n, l, m]
        Minimised; NaN where a trial has no value at a level.
    n_settled : int64 array [l], optional
        How many trials, from number 0 on, have the value at a level that they will have, if any.
    """

    budgets: F
    values: F
    n_settled: Numbers | None = None

    @property
    def known(self) -> Mask:
        """Whether a trial has a value at a level, in each objective, [n, l]."""
        return np.asarray(np.isfinite(self.values).all(axis=2))

    @cached_property
    def gains(self) -> F:
        """What the middle trial gains from each level to the next, [l - 1, m]; 0 if none does.

        The median over the trials with values at both: the same for all, so that it leaves the
        order at a level as it is.
        """
        with np.errstate(over="ignore", invalid="ignore"):
            steps = np.diff(self.values, axis=1)
        gains = np.zeros(steps.shape[1:])
        for k in range(len(gains)):
            both = steps[np.isfinite(steps[:, k]).all(axis=1), k]
            if len(both):
                gains[k] = np.median(both, axis=0)
        return gains

    def of_first(self, n: Numbers) -> Levels:
        """Return what is known of the first `n` [l] trials at each level, and of no other."""
        is_one = np.arange(len(self.values))[:, None] < n
        return Levels(self.budgets, np.where(is_one[:, :, None], self.values, np.nan))

    def aligned(self, goal: int) -> F:
        """Return all values as they would be at the level `goal`, after median gains, [n, l, m]."""
        to_level = np.zeros((self.budgets.size, self.values.shape[2]))
        np.cumsum(self.gains, axis=0, out=to_level[1:])
        with np.errstate(over="ignore"):
            return np.asarray(self.values + (to_level[goal] - to_level))

    def carried(self, goal: int) -> F:
        """Return what trials are worth at the level `goal`, [n, m]; NaN of one without any value.

        A trial that has a value there keeps it. Else its value at the highest level below is
        carried up from level to level, along the line through the trials with values at both; where
        that is flat, a level says nothing of the next one. A trial that has values above the goal
        alone comes down by the median gains.
        """
        worth = self.values[:, 0]
        with np.errstate(over="ignore", invalid="ignore"):
            for k in range(goal):
                above = self.values[:, k + 1]
                start, slope = _line(self.values[:, k], above)
                worth = np.where(np.isnan(above), start + slope * worth, above)
        aligned = self.aligned(goal)
        for level in range(goal + 1, self.budgets.size):
            worth = np.where(np.isnan(worth), aligned[:, level], worth)
        return worth


def _line(below: F, above: F) -> tuple[F, F]:
    """Return start and slope [m] of the line from values [n, m] to those a level above.

    The slope is the median of those between two trials (Theil and Sen), from 0 to 1, and as if
    eight more trials had shown 1: until there are some, values at both levels are the same but for
    the gain of the middle trial.
    """
    both = np.flatnonzero(np.isfinite(below).all(axis=1) & np.isfinite(above).all(axis=1))
    both = both[-_MOST_PAIRED:]
    x, y = below[both], above[both]
    if not both.size:
        return np.zeros(x.shape[1]), np.ones(x.shape[1])
    slope = np.array([_slope(x[:, j], y[:, j]) for j in range(x.shape[1])])
    return np.median(y - slope * x, axis=0), slope


def _slope(x: F, y: F) -> float:
    i, j = np.triu_indices(x.size, 1)
    apart = x[i] != x[j]
    i, j = i[apart], j[apart]
    slopes = (y[i] - y[j]) / (x[i] - x[j])
    slopes = np.concatenate([slopes[np.isfinite(slopes)], np.ones(_PRIOR_SLOPES)])
    return float(np.clip(np.median(slopes), 0.0, 1.0))
