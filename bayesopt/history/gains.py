"""What trials have brought so far, and what that says of the next one, without a model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bayesopt.history.columns import Columns
from bayesopt.history.volumes import dominated_volumes

F = npt.NDArray[np.float64]

_N_FIRST = 10  # trials whose median stands for what is to be had without a search
_N_SIZES = 3  # improvements, the last ones, whose mean is the size of the next
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
    expected : float
        What the next trial gains going by the last ones (``expected_record``).
    cost, spent : float
        Of the next trial, and of all so far; 1 each where a trial told none.
    """

    n: int
    progress: float
    expected: float
    cost: float
    spent: float


def gains(history: Columns) -> Gains:
    """Return what the trials brought; O(n), with several objectives as `dominated_volumes`."""
    numbers = history.comparable()
    cost, spent = _costs(history)
    if history.n_objectives == 1:
        values = history.values[numbers, 0]
        best = np.minimum.accumulate(values)
        progress = float(np.median(values[:_N_FIRST]) - best[-1]) if len(best) else 0.0
    else:
        best = -dominated_volumes(history)[numbers]
        progress = float(best[: _N_FIRST][-1] - best[-1]) if len(best) else 0.0
    return Gains(len(numbers), progress, expected_record(best), cost, spent)


def expected_record(best: F) -> float:
    """Return by how much the next trial should lower a running best [n], going by its past.

    The chance of an improvement, (k + 1) / (w + 2) after k in the last w trials (Laplace's rule of
    succession; w is half of all, at least 20), times the mean size of the last three.
    """
    steps = -np.diff(best)
    improved = np.flatnonzero(steps > 0.0)
    if not improved.size:
        return 0.0
    window = min(max(_LEAST_WINDOW, len(steps) // 2), len(steps))
    k = int(np.count_nonzero(improved >= len(steps) - window))
    return float(steps[improved[-_N_SIZES:]].mean()) * (k + 1) / (window + 2)


def _costs(history: Columns) -> tuple[float, float]:
    """Return the cost of the next trial and of all that ended."""
    ended = np.flatnonzero(history.is_finished | history.is_cut_short)
    costs = history.cost[ended]
    if not len(costs) or not np.isfinite(costs).all() or not costs.sum() > 0.0:
        return 1.0, float(len(costs))
    return float(np.median(costs[-_N_COSTS:])), float(costs.sum())
