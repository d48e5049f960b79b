"""What a study has cost so far."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import numpy as np

from bayesopt.history.history import History
from bayesopt.trial import OPEN, TrialState


def trace(history: History, number: int, cost: float) -> None:
    """Note what attempts at a trial cost that ended without a result; O(1).

    Raises TrialNotFoundError.
    """
    number = history._checked_number(number)
    history._table["begun_cost"][number] = cost
    history._log.note((number,))


def spent(history: History) -> float:
    """Return the sum of all told costs, and of what open trials have cost so far; O(n).

    Failed, pruned and struck-out trials cost what they cost. One that told no cost counts nothing.
    Infinite where that is beyond float64.
    """
    begun = history._table["begun_cost"][history.numbers_in(*OPEN)]
    with np.errstate(over="ignore"):
        return float(np.nansum(history.cost) + begun.sum())


def typical_cost(history: History) -> float:
    """Return the median of the told costs, 0 while there are none; O(n)."""
    told = history.cost[np.isfinite(history.cost)]
    with np.errstate(over="ignore"):  # the mean of two
        return min(float(np.median(told)), sys.float_info.max) if told.size else 0.0


def committed(history: History, running: Sequence[int] | None = None) -> float:
    """Return what is spent, and a typical cost for each trial that is being evaluated; O(n).

    Parameters
    ----------
    history : History
    running : sequence of int, optional
        Which trials those are; all RUNNING ones by default.
    """
    n = history.count(TrialState.RUNNING) if running is None else len(running)
    return spent(history) + n * typical_cost(history)
