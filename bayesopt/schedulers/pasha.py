"""How far trials may go as long as more training tells nothing new (PASHA).

Rungs above a cap stay closed. It is the second rung to begin with, and rises by one each time the
trials of the highest open rung rank otherwise there than they did a rung below. Places that two
trials exchange within the noise of their curves do not count (Bohdal et al., ICLR 2023, arXiv
2207.06940).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bayesopt.history import History
from bayesopt.schedulers.rungs import Rungs, table_of_curves

F = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]

_PERCENTILE = 90.0  # of the gaps between curves that cross and cross back
_MOST = 64  # trials of a rung whose curves are compared, its best


def growing_cap(rungs: Rungs, history: History, levels: F, tolerance: float | None = None) -> int:
    """Return the rung beyond which nothing may go yet; what has been trained is not taken back.

    Parameters
    ----------
    rungs : Rungs
        Of all trials.
    history : History
    levels : float64 array [l]
    tolerance : float or None
        Values that differ by no more than this do not count as ranked otherwise; None for
        :func:`estimated_tolerance`. Several objectives rank by fronts, without any.
    """
    highest = int(rungs.values.shape[1]) - 1
    cap = max(1, int(rungs.height.max(initial=0)) - 1)
    while cap < highest and _ranks_otherwise(rungs, cap, history, levels, tolerance):
        cap += 1
    return min(cap, highest)


def _ranks_otherwise(
    rungs: Rungs, level: int, history: History, levels: F, tolerance: float | None
) -> bool:
    """Whether two trials that differ by more than the tolerance at both rungs changed places."""
    everyone = rungs.first + np.arange(len(rungs.values))
    there = rungs.best(everyone, level, everyone.size) - rungs.first
    if rungs.values.shape[2] > 1:
        below = rungs.best(there + rungs.first, level - 1, there.size) - rungs.first
        return not np.array_equal(there, below)
    above, below = rungs.values[there, level, 0], rungs.values[there, level - 1, 0]
    least = _largest_exchange(above, below)
    if not least > 0.0 or tolerance is not None:
        return least > (tolerance or 0.0)
    best = there[:_MOST] + rungs.first
    return least > estimated_tolerance(*table_of_curves(history, best, float(levels[level])))


def _largest_exchange(above: F, below: F) -> float:
    """Return the largest tolerance under which two trials still changed places; 0 if none did."""
    with np.errstate(over="ignore"):
        rises = above[None, :] - above[:, None]
        falls = below[:, None] - below[None, :]
    gaps = np.minimum(rises, falls)
    return float(np.max(gaps, initial=0.0, where=np.isfinite(gaps)))


def estimated_tolerance(steps: F, curves: F) -> float:
    """Return how far apart two values must be to mean something, from the curves themselves.

    Two curves that cross and cross back differ by noise: the tolerance is the 90th percentile of
    the gaps between such pairs where both were last reported. 0 without such a pair.
    O(k² s) for k curves [k, s] at s ascending steps, NaN where one did not report.
    """
    gaps = [
        gap
        for i in range(len(curves) - 1)
        for gap in _gaps_of_crossing(curves[i], curves[i + 1 :]).tolist()
    ]
    return float(np.percentile(gaps, _PERCENTILE)) if gaps else 0.0


def _gaps_of_crossing(curve: F, others: F) -> F:
    """Return the last gaps between a curve [s] and those of the others [k, s] that cross twice."""
    with np.errstate(invalid="ignore", over="ignore"):
        apart = others - curve
    apart = np.where(np.isfinite(apart), apart, 0.0)
    sign = np.sign(apart)
    found = []
    for row, gap in zip(sign, apart, strict=True):
        told = np.flatnonzero(row)
        if np.count_nonzero(np.diff(row[told])) >= 2:
            found.append(abs(gap[told[-1]]))
    return np.array(found)
