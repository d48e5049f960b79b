"""What a Gaussian process learns from a history."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from bayesopt.history import History

F = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Observed:
    """Finished trials, in order, and those under way.

    Attributes
    ----------
    X : float64 [n, d]
    y : float64 [n]
        Minimised; NaN of a failed trial.
    failed : bool [n]
        Whether there is no value to learn from, or an outcome constraint was violated.
    pending : float64 [k, d]
    noise : float64 [n] or None
        Variances of values that were told with one; NaN of the others, None if none was.
    cost : float64 [n]
        What an evaluation to the end cost; NaN of one that was cut short, failed or told none.
    is_noisy : bool
        Whether a configuration may give another value next time.
    numbers : int64 [n]
        Of the finished trials; their places where it is empty.
    """

    X: F
    y: F
    failed: Mask
    pending: F
    noise: F | None = None
    cost: F = field(default_factory=lambda: np.empty(0))
    is_noisy: bool = False
    numbers: npt.NDArray[np.int64] = field(default_factory=lambda: np.empty(0, dtype=np.int64))

    @property
    def n(self) -> int:
        """Number of finished trials."""
        return len(self.y)

    @property
    def n_values(self) -> int:
        """How many of them have a value."""
        return int(np.count_nonzero(~self.failed))

    def part(self, kept: Mask) -> Observed:
        """Return a part [n] of the finished trials, with all that are under way."""
        return replace(
            self,
            X=np.ascontiguousarray(self.X[kept]),
            y=self.y[kept],
            failed=self.failed[kept],
            noise=None if self.noise is None else self.noise[kept],
            cost=self.cost[kept] if self.cost.size else self.cost,
            numbers=self.numbers[kept] if self.numbers.size else self.numbers,
        )


def observe(history: History, objective: int = 0) -> Observed:
    """Return what is known of one objective of a history; O(n).

    A pruned or paused trial counts with the last value it reported, as a failed one without. Rows
    that had to be clipped into the space are left out.
    """
    cut_short = history.is_cut_short
    known = (history.is_finished | cut_short) & history.inside
    finished = np.flatnonzero(known)
    values = np.where(
        cut_short[finished, None], history.last_values[finished], history.values[finished]
    )
    usable = np.isfinite(values).all(axis=1) & ~history.is_failed[finished]
    usable &= history.feasible[finished]
    y = np.full(finished.size, np.nan)
    y[usable] = values[usable, objective]
    noise = told_noise(history, finished)
    noise = None if noise is None else noise[:, objective]
    pending, cost = history.X[history.is_pending], whole_cost(history, finished)
    return Observed(history.X[finished], y, ~usable, pending, noise, cost, history.noisy, finished)


def whole_cost(history: History, finished: Numbers) -> F:
    """Return what trials cost that were evaluated to the end, [n]; NaN of the others."""
    return np.where(history.is_complete, history.cost, np.nan)[finished]


def told_noise(history: History, finished: Numbers) -> F | None:
    """Return the variances [n, m] that trials told with their values; None if none did.

    What a trial reported before it was cut short has none.
    """
    told = np.where(history.is_cut_short[:, None], np.nan, history.variances)[finished]
    return None if np.isnan(told).all() else told
