"""Who is better, and how sure that is: win rates, ranks, intervals.

Seeds of a problem have the problem in common, so intervals come from a bootstrap in two steps:
problems with replacement, then seeds of each one with replacement.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from benchmarks.measures.table import F

N_BOOTSTRAP = 2000
TOLERANCE = 1e-12
"""Relative: losses closer than this are a tie."""


MIN_PROBLEMS = 5
"""From fewer problems a bootstrap says nothing: with one, its interval is a point."""


@dataclass(frozen=True)
class Interval:
    """An estimate and its 95% interval; NaN where there is nothing to estimate from.

    Attributes
    ----------
    n, n_problems : int
        How many runs and problems it is from.
    """

    mean: float
    low: float
    high: float
    n: int = 0
    n_problems: int = 0

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high

    def above(self, value: float) -> bool:
        """Whether the estimate is higher for certain."""
        return self.n_problems >= MIN_PROBLEMS and self.low > value

    def below(self, value: float) -> bool:
        """Whether the estimate is lower for certain."""
        return self.n_problems >= MIN_PROBLEMS and self.high < value


def wins(a: F, b: F) -> F:
    """Return 1 where `a` is lower than `b`, 0.5 where they tie, 0 where it is higher, else NaN."""
    with np.errstate(invalid="ignore"):
        tie = (a == b) | (np.abs(a - b) <= TOLERANCE * np.minimum(np.abs(a), np.abs(b)))
    result = np.where(tie, 0.5, np.where(a < b, 1.0, 0.0))
    return np.where(np.isnan(a) | np.isnan(b), np.nan, result)


def win_rate(a: F, b: F, seed: int = 0) -> Interval:
    """Return how often `a` f64[p, s] beats `b` on the same problem and seed, ties counted half."""
    return bootstrap_mean(wins(a, b), seed)


def bootstrap_mean(values: F, seed: int = 0, n_bootstrap: int = N_BOOTSTRAP) -> Interval:
    """Return the mean over problems of the mean over seeds, with its interval.

    Parameters
    ----------
    values : f64[p, s]
        NaN where there is none; problems without any are left out.
    """
    packed, counts = _packed(values)
    if not len(counts):
        return Interval(np.nan, np.nan, np.nan)
    rng = np.random.default_rng(seed)
    n_problems, n_seeds = packed.shape
    problems = rng.integers(n_problems, size=(n_bootstrap, n_problems))
    drawn = rng.random((n_bootstrap, n_problems, n_seeds))
    seeds = (drawn * counts[problems][..., None]).astype(np.intp)
    inside = np.arange(n_seeds) < counts[problems][..., None]
    chosen = np.where(inside, packed[problems[..., None], seeds], 0.0)
    means = (chosen.sum(axis=-1) / counts[problems]).mean(axis=-1)
    low, high = np.quantile(means, [0.025, 0.975])
    n = int(counts.sum())
    return Interval(_mean(packed, counts), float(low), float(high), n, n_problems)


def _packed(values: F) -> tuple[F, npt.NDArray[np.intp]]:
    """Move what is not NaN to the front of each problem's row, and count it."""
    there = ~np.isnan(values)
    kept = there.any(axis=1)
    order = np.argsort(~there[kept], axis=1, kind="stable")
    packed = np.take_along_axis(np.nan_to_num(values[kept]), order, axis=1)
    return packed, there[kept].sum(axis=1)


def _mean(packed: F, counts: npt.NDArray[np.intp]) -> float:
    return float((packed.sum(axis=1) / counts).mean())


def ranks(best: F) -> F:
    """Return ranks f64[p, c, s] among the contestants that played, 1 the best, ties averaged."""
    against = wins(best[:, :, None], best[:, None])  # [p, c, other, s]
    n_others = (~np.isnan(against)).sum(axis=2)
    rank = n_others - np.nansum(against, axis=2) + 0.5  # a contestant ties with itself
    return np.where(np.isnan(best), np.nan, rank)


def mean_ranks(rank: F) -> F:
    """Return the mean over problems of the mean over seeds, f64[c]; NaN for who never played."""
    return np.array([mean_of_means(rank[:, c]) for c in range(rank.shape[1])])


def mean_of_means(values: F) -> float:
    """Return the mean over problems of the mean over seeds of f64[p, s]; NaN for no values."""
    packed, counts = _packed(values)
    return _mean(packed, counts) if len(counts) else np.nan


def critical_difference(n_contestants: int, n_problems: int, alpha: float = 0.05) -> float:
    """Return how far apart two mean ranks must be (Nemenyi).

    Reference: Demšar, Statistical comparisons of classifiers over multiple data sets, JMLR 2006.
    """
    from scipy.stats import studentized_range

    q = studentized_range.ppf(1 - alpha, n_contestants, np.inf) / np.sqrt(2.0)
    return float(q * np.sqrt(n_contestants * (n_contestants + 1) / (6.0 * n_problems)))


def friedman_p(rank: F) -> float:
    """Return how likely ranks f64[p, c] this different are if all contestants are the same."""
    from scipy.stats import friedmanchisquare

    if rank.shape[0] < 2 or rank.shape[1] < 3 or np.ptp(rank) == 0.0:
        return np.nan
    return float(friedmanchisquare(*rank.T).pvalue)
