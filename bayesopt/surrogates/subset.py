"""Which trials are learned from, where there are more than a fit can bear."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

F = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]

Choose = Callable[[F, F, int], Numbers]
"""From rows [n, d], what they are chosen by [n, k] and how many: which, ascending."""

_SHARE_OF_NEW = 16  # a choice serves until one in so many rows came after it
_SHARE_OF_BEST = 200  # of those that stand for all: the luck of more would shift what is learned
_CANDIDATES = 8  # for each row that fills a gap: more would take longer and change little


def best_and_nearest(X: F, Y: F, most: int) -> Numbers:
    """Return at most `most` rows, ascending: half of them the best, then those nearest to the best.

    Parameters
    ----------
    X : float64 array [n, d]
    Y : float64 array [n, k]
        A row is as good as its rank in the column that it does best in; NaN comes last.
    most : int

    Notes
    -----
    O(n d k + k n log n). Failed rows are taken only as neighbours.
    """
    if len(X) <= most:
        return np.arange(len(X))
    best = _best(Y, most // 2)
    tops = np.argmin(np.where(np.isnan(Y), np.inf, Y), axis=0)
    distance = np.min([((X - X[top]) ** 2).sum(axis=1) for top in tops], axis=0)
    distance[best] = np.inf
    near = np.argsort(distance, kind="stable")[: most - best.size]
    return np.asarray(np.sort(np.concatenate([best, near])))


def spread_out(X: F, Y: F, most: int) -> Numbers:
    """Return at most `most` rows that stand for all, ascending; takes what `best_and_nearest` does.

    The very best; half in all evenly by number, as dense as the rows are; then, one by one, the
    row that is farthest from those chosen, so that no part of the space is forgotten (the traversal
    of Gonzalez, 1985). All but the best are chosen whatever their outcomes: a choice by these would
    shift what is learned.

    Notes
    -----
    O(most² d + k n log n).
    """
    if len(X) <= most:
        return np.arange(len(X))
    best = _best(Y, max(1, most // _SHARE_OF_BEST))
    kept = np.union1d(best, _evenly(len(X), most // 2 - best.size))
    rest = np.setdiff1d(np.arange(len(X)), kept)
    rest = rest[_evenly(rest.size, _CANDIDATES * most)]
    return np.sort(np.concatenate([kept, rest[_farthest(X[rest], X[kept], most - kept.size)]]))


def _best(Y: F, most: int) -> Numbers:
    """Return at most so many of the best rows, the best first; of failed ones at most one."""
    values = np.where(np.isnan(Y), np.inf, Y)
    order = np.argsort(values, axis=0, kind="stable")
    place = np.empty_like(order)
    np.put_along_axis(place, order, np.arange(len(Y))[:, None], axis=0)
    rank = np.argsort(place.min(axis=1), kind="stable")
    n_values = int(np.isfinite(values).any(axis=1).sum())
    return np.asarray(rank[: min(most, max(n_values, 1))])


def _evenly(n: int, most: int) -> Numbers:
    """Return at most `most` of the indices below n, evenly spaced."""
    if n <= most:
        return np.arange(n)
    return ((np.arange(max(most, 0)) + 0.5) * n / max(most, 1)).astype(np.int64)


def _farthest(X: F, kept: F, k: int) -> Numbers:
    """Return k of the rows X [n, d], each the farthest from those `kept` and chosen before."""
    columns = np.ascontiguousarray(X.T)  # sums over the first axis are several times as fast
    distance = np.full(len(X), np.inf)
    for row in kept:
        np.minimum(distance, ((columns - row[:, None]) ** 2).sum(axis=0), out=distance)
    chosen = np.empty(k, dtype=np.int64)
    for i in range(k):
        chosen[i] = top = int(distance.argmax())
        away = ((columns - columns[:, top, None]) ** 2).sum(axis=0)
        np.minimum(distance, away, out=distance)
        distance[chosen[: i + 1]] = -1.0  # a copy of one that is chosen may still come
    return chosen


@dataclass(frozen=True, eq=False)
class Subset:
    """The rows to learn from: all while there are few, then those that `choose` picks.

    They are chosen anew at few sizes only. In between rows are added as they come, so that what
    was fitted to the others need not be fitted again.

    Attributes
    ----------
    X : float64 array [n, d]
        All rows, by trial number.
    Y : float64 array [n, k]
        What they are chosen by, minimised, in one column or several; NaN of a failed trial.
    most : int or None
        How many are learned from at most; None for all.
    choose : callable
        Which: for a search `best_and_nearest`, for a look at all of them `spread_out`.
    """

    X: F
    Y: F
    most: int | None
    choose: Choose = best_and_nearest
    _made: dict[int, Numbers] = field(default_factory=dict, init=False, repr=False)

    def at(self, n: int) -> Numbers:
        """Return which of the first n rows are learned from, ascending; O(n d + n log n)."""
        if self.most is None or n <= self.most:
            return np.arange(n)
        since = choice_size(n, self.most)
        if since not in self._made:
            args = self.X[:since], self.Y[:since], _n_chosen(self.most)
            self._made[since] = self.choose(*args)
        chosen = self._made[since]
        return np.concatenate([chosen, np.arange(since, n)])

    def n_at_once(self, n: int, otherwise: int) -> int:
        """Return how many of them were chosen together; `otherwise` while all are in use."""
        return otherwise if self.most is None or n <= self.most else _n_chosen(self.most)


def all_rows(X: F) -> Subset:
    """Return the subset that leaves out nothing."""
    return Subset(X, np.empty((len(X), 0)), None)


def _step(most: int) -> int:
    return max(1, most // _SHARE_OF_NEW)


def _n_chosen(most: int) -> int:
    return max(1, most - _step(most))


def choice_size(n: int, most: int) -> int:
    """Return the largest size <= n, of more than `most`, at which rows are chosen anew."""
    return most + (n - most) // _step(most) * _step(most)
