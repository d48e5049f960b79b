"""What a sampler learns from trials that were trained to different budgets."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from bayesopt.history import History, Levels
from bayesopt.history.views import with_values
from bayesopt.schedulers.rungs import read_rungs
from bayesopt.trial import AWAITED, TrialState

F = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.int64]

LearnFrom = Literal["all", "level", "last"]
LEARN_FROM = ("all", "level", "last")

_ENOUGH = 10
_CUT_OR_DONE = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.PAUSED)


def seen_through(
    history: History, levels: F, smoothing: int = 1, learn_from: LearnFrom = "all"
) -> History:
    """Return the history as a sampler should see it, as if all trials had one budget.

    That budget is the highest of `levels` (ascending) that enough trials have reached, d + 3 and 10
    at least; the lowest one with a value until then. With "all", a trial that did not get so far
    counts with what those that did let expect of it (``Levels.carried``), and samplers that tell
    budgets apart find the values at all levels in ``History.levels``. With "level", it teaches
    nothing, as in BOHB (Falkner et al., ICML 2018, arXiv 1807.01774). With "last", the history is
    returned as it is.

    Trials count as complete, however they went on; complete ones are at the last level with what
    they told. Who reported nothing but NaN at the levels has failed.

    O(n d + reports).
    """
    if learn_from == "last":
        return history
    values, reached = _values_at(history, levels, smoothing)
    known = np.asarray(np.isfinite(values).all(axis=2))
    if not known.any():
        return history
    goal = _goal(known, max(_ENOUGH, history.space.d + 3))
    failed = reached.any(axis=1) & ~known.any(axis=1)
    failed &= np.isin(history.state, _CUT_OR_DONE)
    if learn_from == "all":
        values[~known] = np.nan
        found = Levels(levels, values, _n_settled(history, known))
        worth = found.carried(goal)
    else:
        found, worth = None, np.where(known[:, goal, None], values[:, goal], np.nan)
    numbers = np.flatnonzero(np.isfinite(worth).all(axis=1))
    return with_values(history, numbers, worth[numbers], np.flatnonzero(failed), found)


def _values_at(history: History, levels: F, smoothing: int) -> tuple[F, Mask]:
    """Return values [n, l, m] at the levels, and who reached them [n, l]; no failed trial did."""
    rungs = read_rungs(history, levels, smoothing)
    values, reached = rungs.values.copy(), rungs.reached.copy()
    told = history.is_complete
    values[told, -1], reached[told, -1] = history.values[told], True
    failed = history.state == TrialState.FAIL
    values[failed], reached[failed] = np.nan, False
    return values, reached


def _n_settled(history: History, known: Mask) -> Numbers:
    """Return up to which trial everyone has a value at a level, or is not under way, [l]."""
    is_open = np.isin(history.state, AWAITED)[:, None] & ~known
    return np.where(is_open.any(axis=0), is_open.argmax(axis=0), history.n).astype(np.int64)


def _goal(known: Mask, enough: int) -> int:
    """Return the highest level that enough trials have a value at, or the lowest with any."""
    n_known = known.sum(axis=0)
    reached = np.flatnonzero(n_known >= enough)
    return int(reached[-1] if reached.size else np.flatnonzero(n_known)[0])
