"""What a sampler learns from trials that were trained to different budgets."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from bayesopt.history import History
from bayesopt.history.views import with_values
from bayesopt.schedulers.rungs import read_rungs
from bayesopt.trial import TrialState

F = npt.NDArray[np.float64]

LearnFrom = Literal["level", "last"]
LEARN_FROM = ("level", "last")

_ENOUGH = 10


def at_highest_level(history: History, levels: F, smoothing: int = 1) -> History:
    """Return the history at the highest of some levels that enough trials have reached.

    Every trial that got there counts as complete with its value there, however it went on: values
    of one budget can be compared. Those that did not get there teach nothing, as in BOHB (Falkner
    et al., ICML 2018, arXiv 1807.01774); failed ones have failed, running ones run. Complete trials
    are at the last level, with what they told. Enough are d + 3, and 10 at least: below that the
    history is returned as it is.

    O(n d + reports).
    """
    rungs = read_rungs(history, levels, smoothing)
    values = rungs.values
    told = history.is_complete
    values[told, -1] = history.values[told]
    known = np.isfinite(values).all(axis=2) & (rungs.reached | told[:, None])
    known &= (history.state != TrialState.FAIL)[:, None]
    enough = np.flatnonzero(known.sum(axis=0) >= max(_ENOUGH, history.space.d + 3))
    if not enough.size:
        return history
    level = int(enough[-1])
    numbers = np.flatnonzero(known[:, level])
    return with_values(history, numbers, values[numbers, level])
