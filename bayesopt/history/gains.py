"""What trials have brought so far, and what that says of the next one, without a model."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bayesopt.history.columns import Columns
from bayesopt.history.volumes import dominated_volumes

F = npt.NDArray[np.float64]

WINDOW = 30  # trials, the last ones, that must have brought nothing either
_N_FIRST = 10  # trials whose median stands for what is to be had without a search
_N_SIZES = 3  # improvements, the last ones, whose mean is the size of the next
_FAIR_IDLE = 2 * WINDOW  # trials without an improvement that say nothing of the size of the next
_LEAST_WINDOW = 20  # trials in which improvements are counted; half of all if that is more
_N_COSTS = 10  # trials, the last ones, whose median is the cost of the next


@dataclass(frozen=True)
class Gains:
    """What the trials of a history brought.

    Attributes
    ----------
    n : int
        Comparable trials: complete and feasible.
    progress : float
        How much better the best value is than the median of the first ten, in the user's units;
        with several objectives the volume gained since the tenth of them.
    recent : float
        How much of that the last trials of a window brought; infinite while there are not as many.
    expected : float
        What the next trial gains going by the last ones (``expected_record``).
    cost : float
        Of the next trial; 1 where a trial told none.
    """

    n: int
    progress: float
    recent: float
    expected: float
    cost: float


def gains(history: Columns, window: int = WINDOW) -> Gains:
    """Return what the trials brought; O(n), with several objectives as `dominated_volumes`."""
    numbers = history.comparable()
    if history.n_objectives == 1:
        values = history.values[numbers, 0]
        best, first = np.minimum.accumulate(values), values[:_N_FIRST]
    else:
        best = -dominated_volumes(history)[numbers]
        first = best[:_N_FIRST][-1:]
    if not len(best):
        return Gains(0, 0.0, math.inf, 0.0, 1.0)
    with np.errstate(over="ignore"):
        recent = _finite(best[-1 - window] - best[-1]) if len(best) > window else math.inf
        progress = _finite(np.median(first) - best[-1])
        expected = _finite(expected_record(best))
    return Gains(len(best), progress, recent, expected, _next_cost(history))


def _finite(gain: np.float64 | float) -> float:
    """Return a gain, the largest number for what is beyond float64: gains are compared."""
    return min(float(gain), sys.float_info.max)


def expected_record(best: F) -> float:
    """Return by how much the next trial should lower a running best [n], going by its past.

    The chance of an improvement, (k + 1) / (w + 2) after k in the last w trials (Laplace's rule of
    succession; w is half of all, at least 20), times the size of the next: the mean of the last
    three, or 60/i of it where the last i > 60 trials improved nothing. Improvements become smaller
    as they become rarer; without this, one large step at the start would count for ever.
    """
    steps = -np.diff(best)
    improved = np.flatnonzero(steps > 0.0)
    if not improved.size:
        return 0.0
    window = min(max(_LEAST_WINDOW, len(steps) // 2), len(steps))
    k = int(np.count_nonzero(improved >= len(steps) - window))
    idle = len(steps) - 1 - int(improved[-1])
    size = float(steps[improved[-_N_SIZES:]].mean()) * min(1.0, _FAIR_IDLE / max(idle, 1))
    return size * (k + 1) / (window + 2)


def _next_cost(history: Columns) -> float:
    """Return the median cost of the last trials that ended."""
    ended = np.flatnonzero(history.is_finished | history.is_cut_short)
    costs = history.cost[ended][-_N_COSTS:]
    if not len(costs) or not np.isfinite(costs).all():
        return 1.0
    return float(np.median(costs))
