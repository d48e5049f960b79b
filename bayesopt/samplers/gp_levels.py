"""What a Gaussian process learns from trials that were trained to different budgets.

One process over configurations and budgets, through the same engine as any other: each value of a
trial at a level is a row with one more column, the logarithm of the budget. The search is then over
configurations at the highest budget that any trial has reached. (As in MOBSTER, Klein et al., arXiv
2003.10865.) Values are aligned before, see ``Levels.aligned``: the process has a constant mean.

With every report rows come in between and all values are aligned anew, so what is known never
begins with what was known. Fits from nothing are made of a part that stays as it is for a while: at
each level the first trials of which everyone has got there or is over, in growing numbers
(``anchor_size``). Each ask starts from what that gave.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from bayesopt.history import History, Levels
from bayesopt.space import Float, Space
from bayesopt.space.domain import Domain, side_by_side
from bayesopt.surrogates.base import Engine
from bayesopt.surrogates.model import Belief, FitCache, build_belief
from bayesopt.surrogates.schedule import anchor_size
from bayesopt.surrogates.settings import GPSettings
from bayesopt.surrogates.sliced import Sliced
from bayesopt.surrogates.success import SuccessModel

F = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Trained:
    """Trials at the levels that they reached, by number and level.

    Attributes
    ----------
    X : float64 [n, d + 1]
        The last column is the budget: 0 at the lowest level, 1 at the highest.
    y : float64 [n]
        Minimised and aligned; NaN of a failed trial, which is at the lowest level.
    failed : bool [n]
    goal : float
        The highest budget with a value, in terms of that column.
    start : tuple of float64 [k, d + 1] and [k], or None
        Of these rows and values those that are the same in the next asks, aligned among themselves.
    """

    X: F
    y: F
    failed: Mask
    goal: float
    start: tuple[F, F] | None = None

    @property
    def tried(self) -> F:
        """The configurations with a value, [k, d], each once."""
        rows = self.X[~self.failed, :-1]
        new = np.ones(len(rows), dtype=np.bool_)
        new[1:] = (rows[1:] != rows[:-1]).any(axis=1)
        return np.ascontiguousarray(rows[new])


def observe_levels(history: History, levels: Levels) -> Trained:
    """Return what is known at the levels of a view with one objective; O(n l).

    Rows that had to be clipped into the space are left out.
    """
    data = _observe(history, levels)
    if levels.n_settled is None:
        return data
    of_first = np.array([anchor_size(n) for n in levels.n_settled.tolist()], dtype=np.int64)
    settled = levels.of_first(of_first)
    if not settled.known.any():
        return data
    first = _observe(history, settled)
    told = ~first.failed
    if not told.any():
        return data
    return replace(data, start=(np.ascontiguousarray(first.X[told]), first.y[told]))


def _observe(history: History, levels: Levels) -> Trained:
    known, usable = levels.known, history.inside
    failed = history.is_failed & usable
    highest = int(np.flatnonzero(known.any(axis=0))[-1])
    there = known & (history.is_complete & usable)[:, None]
    there[failed, 0] = True
    trial, level = np.nonzero(there)
    y = levels.aligned(highest)[trial, level, 0]
    place = _places(levels.budgets)
    X = np.column_stack([history.X[trial], place[level]])
    return Trained(X, np.where(failed[trial], np.nan, y), failed[trial], float(place[highest]))


def believe_levels(
    domain: Domain,
    data: Trained,
    settings: GPSettings,
    cache: FitCache,
    most: int | None,
    engine: Engine,
) -> Belief:
    """Return what is believed of configurations at the goal (see ``build_belief``).

    What the search is to improve on is the best mean there, over all configurations tried.
    """
    wide = side_by_side(domain, _BUDGET.domain)
    belief = build_belief(
        wide, data.X, data.y, data.failed, settings, cache, most, engine, start=data.start
    )
    members = tuple(Sliced(member, data.goal) for member in belief.members)
    rows = data.tried
    means = belief.weights @ np.array([member.posterior(rows)[0] for member in members])
    best = int(means.argmin())
    return replace(
        belief,
        members=members,
        X=rows,
        y=means,
        incumbent=float(means[best]),
        incumbent_row=rows[best],
        is_noisy=True,
        success=_sliced_success(belief.success),
    )


_BUDGET = Space({"budget": Float(0.0, 1.0)})


def _places(budgets: F) -> F:
    """Return budgets on a logarithmic scale from 0 to 1."""
    logs = np.log(budgets)
    return np.asarray((logs - logs[0]) / (logs[-1] - logs[0]))


def _sliced_success(success: SuccessModel | None) -> SuccessModel | None:
    """Return where trials succeed at the lowest budget: that is where failures are entered."""
    if success is None:
        return None
    return replace(success, surrogate=Sliced(success.surrogate, 0.0))
