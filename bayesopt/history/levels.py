"""What trials were worth at each of several budgets."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

F = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Levels:
    """Values of trials at the levels of a ladder of budgets; row index = trial number.

    Attributes
    ----------
    budgets : float64 array [l]
        Ascending, in the unit of the steps that trials report.
    values : float64 array [n, l, m]
        Minimised; NaN where a trial has no value at a level.
    """

    budgets: F
    values: F

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

    def aligned(self, goal: int) -> F:
        """Return all values as they would be at the level `goal`, after median gains, [n, l, m]."""
        to_level = np.zeros((self.budgets.size, self.values.shape[2]))
        np.cumsum(self.gains, axis=0, out=to_level[1:])
        with np.errstate(over="ignore"):
            return np.asarray(self.values + (to_level[goal] - to_level))

    def carried(self, goal: int) -> F:
        """Return what trials are worth at the level `goal`, [n, m]; NaN of one without any value.

        A trial that has a value there keeps it. Of another one the value at the nearest level below
        counts, or above if there is none, after the median gains in between.
        """
        aligned = self.aligned(goal)
        worth = aligned[:, goal]
        for level in (*range(goal - 1, -1, -1), *range(goal + 1, self.budgets.size)):
            worth = np.where(np.isnan(worth), aligned[:, level], worth)
        return worth
