"""Which trials are learned from, where there are more than a fit can bear."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

F = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]

_SHARE_OF_NEW = 16  # a choice serves until one in so many rows came after it


@dataclass(frozen=True, eq=False)
class Subset:
    """The rows to learn from: all while there are few, then the best and those nearest to them.

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
    """

    X: F
    Y: F
    most: int | None

    def at(self, n: int) -> Numbers:
        """Return which of the first n rows are learned from, ascending; O(n d + n log n)."""
        if self.most is None or n <= self.most:
            return np.arange(n)
        since = choice_size(n, self.most)
        chosen = best_and_nearest(self.X[:since], self.Y[:since], _n_chosen(self.most))
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
    values = np.where(np.isnan(Y), np.inf, Y)
    order = np.argsort(values, axis=0, kind="stable")
    place = np.empty_like(order)
    np.put_along_axis(place, order, np.arange(len(X))[:, None], axis=0)
    rank = np.argsort(place.min(axis=1), kind="stable")
    n_values = int(np.isfinite(values).any(axis=1).sum())
    best = rank[: min(most // 2, max(n_values, 1))]
    distance = np.min([((X - X[top]) ** 2).sum(axis=1) for top in order[0]], axis=0)
    distance[best] = np.inf
    near = np.argsort(distance, kind="stable")[: most - best.size]
    return np.asarray(np.sort(np.concatenate([best, near])))
