"""Regret on one scale for all problems: 0 is the best that is known, 1 what random search does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from benchmarks.measures.table import RANDOM, F, Table

Anchor = Literal["draw", "search"]

CAP = 2.0
"""Where a normalised regret ends, so that one problem that went wrong does not decide a mean."""


@dataclass(frozen=True, eq=False)
class Anchors:
    """The ends of the scale of each problem.

    Attributes
    ----------
    low : f64[p]
        The best loss that is known: the problem's own, or a better one among the runs.
    high : f64[p]
        What counts as 1. NaN where there is no random search to tell, or it is not above `low`.
    """

    low: F
    high: F


def anchors(table: Table, anchor: Anchor = "search") -> Anchors:
    """Return the ends of the scale.

    "search": the median over the runs of random search of their best after the number of
    evaluations that all runs had. "draw": the median of single random draws.
    """
    reached = np.nanmin(np.where(np.isnan(table.best), np.inf, table.best), axis=(1, 2, 3))
    low = np.fmin(reached, table.known)
    high = random_draw(table) if anchor == "draw" else random_best(table, table.budget)
    usable = np.isfinite(high) & (high > low)
    return Anchors(low, np.where(usable, high, np.nan))


def random_best(table: Table, n: int) -> F:
    """Return the median over the runs of random search of their best after `n`, f64[p]."""
    if RANDOM not in table.contestants or not n:
        return np.full(len(table.problems), np.nan)
    return np.array([_median(runs) for runs in table.at(n)[:, table.of(RANDOM)]])


def random_draw(table: Table) -> F:
    """Return the median of single random draws, f64[p]."""
    return np.array([_median(draws) for draws in table.draws])


def _median(values: F) -> float:
    """Return the median of what is not NaN; of two middle values the lower: inf is no number."""
    there = values[~np.isnan(values)]
    return float(np.quantile(there, 0.5, method="lower")) if there.size else np.nan


def regret(table: Table, ends: Anchors, cap: float = CAP) -> F:
    """Return ``(best - low) / (high - low)``, from 0 to `cap`, f64[p, c, s, t]."""
    shape = (-1, 1, 1, 1)
    low, high = ends.low.reshape(shape), ends.high.reshape(shape)
    return np.clip((table.best - low) / (high - low), 0.0, cap)


def area(regrets: F) -> F:
    """Return the mean over the evaluations, f64[p, c, s]: small for who is good early and late."""
    return regrets.mean(axis=-1)
