"""Histories that say what another one would if less, or something else, had been evaluated."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bayesopt.history.history import History
from bayesopt.history.levels import Levels
from bayesopt.trial import TrialState

F = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]

_SILENT = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.PAUSED)


def with_values(
    history: History,
    numbers: Numbers,
    values: F,
    failed: Numbers | None = None,
    levels: Levels | None = None,
) -> History:
    """Return a copy in which these trials are complete, with `values` [k, m] (minimised).

    Other trials that were evaluated teach nothing, but their configurations remain known, so that
    none is proposed again; failed, running and queued ones stay as they are. Trials keep their
    numbers. O(n d).

    Parameters
    ----------
    history : History
    numbers : int64 array [k]
    values : float64 array [k, m]
    failed : int64 array [j], optional
        Trials that count as failed.
    levels : Levels, optional
        Where the values come from, for samplers that can tell budgets apart.
    """
    history.contains(history.X[:0])  # brings the index of known configurations up to date
    view = history.copy()
    before = view.state.copy()
    after = np.where(np.isin(before, _SILENT), np.int8(TrialState.INVALID), before)
    after[numbers] = TrialState.COMPLETE
    if failed is not None:
        after[failed] = TrialState.FAIL
    everyone = np.arange(view.n, dtype=np.int64)
    view._tally.move_all(everyone, before, after)
    view._table["state"][...] = after
    view._table["values"][numbers] = values
    view._levels = levels
    return view


def with_state(history: History, number: int, state: TrialState) -> History:
    """Return a copy in which one trial is in another state; O(n d)."""
    view = history.copy()
    view._tally.move(number, int(view._table["state"][number]), int(state))
    view._table["state"][number] = int(state)
    return view
