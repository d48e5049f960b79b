"""How many evaluations and how much time a contestant takes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from benchmarks.measures.compare import TOLERANCE
from benchmarks.measures.regret import random_best
from benchmarks.measures.table import F, Table
from benchmarks.run_rows import Row

TARGET_AT = 100
"""After so many evaluations: what random search has then is the target."""


@dataclass(frozen=True)
class Speedup:
    """How many times fewer evaluations than random search.

    Attributes
    ----------
    factor : float
        Geometric mean over problems of `TARGET_AT` / (median over seeds of the evaluations
        needed). A median that was not reached counts as reached at the end of the run.
    censored : bool
        Whether that happened, so that the truth is lower.
    reached : float
        Share of runs that reached the target.
    n : int
        Problems.
    """

    factor: float
    censored: bool
    reached: float
    n: int


def evaluations_needed(best: F, target: F) -> F:
    """Return after how many evaluations the target f64[p] is met, f64[p, s]: inf if never.

    NaN where there is no run or no target.
    """
    close = target + TOLERANCE * np.abs(target)
    met = best <= close[:, None, None]
    first = np.where(met.any(axis=-1), met.argmax(axis=-1) + 1.0, np.inf)
    unknown = np.isnan(best[..., 0]) | ~np.isfinite(target)[:, None]
    return np.where(unknown, np.nan, first)


def speedup(table: Table, contestant: str) -> Speedup:
    """Return the speed-up over what random search has after 100, or all it did if that is less.

    All contestants are looked at for as long as the shortest run, so that none has more time to
    reach the target.
    """
    at = min(TARGET_AT, table.budget)
    best = table.best[:, table.of(contestant), :, : table.budget]
    needed = evaluations_needed(best, random_best(table, at))
    played = ~np.isnan(needed).all(axis=1)
    if not played.any():
        return Speedup(np.nan, False, np.nan, 0)
    medians = np.array([_upper_median(row) for row in needed[played]])
    factors = at / np.minimum(medians, table.budget)
    there = needed[~np.isnan(needed)]
    return Speedup(
        factor=float(np.exp(np.log(factors).mean())),
        censored=bool(np.isinf(medians).any()),
        reached=float(np.isfinite(there).mean()),
        n=int(played.sum()),
    )


def _upper_median(values: F) -> float:
    """Return the median; of two middle values the higher, which is never too kind."""
    return float(np.quantile(values[~np.isnan(values)], 0.5, method="higher"))


def step_times(row: Row) -> list[float]:
    """Return the seconds of every ask and tell of a run: some tools think in one, some in both."""
    return [a + t for a, t in zip(row.get("ask_s", ()), row.get("tell_s", ()), strict=True)]


def all_step_times(rows: Iterable[Row], n: int | None = None) -> dict[str, F]:
    """Return the seconds of every ask and tell by contestant, the first of a run included.

    Only of the first `n` evaluations, if that is given: later ones often take longer.
    """
    found: dict[str, list[float]] = {}
    for row in rows:
        found.setdefault(row["contestant"], []).extend(step_times(row)[:n])
    return {name: np.array(times) for name, times in found.items()}
