"""Histories that say what another one would if less, or something else, had been evaluated."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bayesopt.history.history import History
from bayesopt.trial import TrialState

F = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]

_SILENT = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.PAUSED)


def with_values(history: History, numbers: Numbers, values: F) -> History:
    """Return a copy in which these trials are complete, with `values` [k, m] (minimised).

    Other trials that were evaluated teach nothing, but their configurations remain known, so that
    none is proposed again; failed, running and queued ones stay as they are. Trials keep their
    numbers. O(n d).
    """
    history.contains(history.X[:0])  # brings the index of known configurations up to date
    view = history.copy()
    before = view.state.copy()
    after = np.where(np.isin(before, _SILENT), np.int8(TrialState.INVALID), before)
    after[numbers] = TrialState.COMPLETE
    everyone = np.arange(view.n, dtype=np.int64)
    view._tally.move_all(everyone, before, after)
    view._table["state"][...] = after
    view._table["values"][numbers] = values
    return view
