"""PED-ANOVA: which parameters decide whether a trial is among the best.

Watanabe, Bansal and Hutter, "PED-ANOVA: Efficiently Quantifying Hyperparameter Importance in
Arbitrary Subspaces", IJCAI 2023 (arXiv 2304.10255); the part of conditional parameters after
"Conditional PED-ANOVA" (arXiv 2601.20800).

A density of the best trials is compared with one of all trials, parameter by parameter. The
variance that fANOVA (Hutter, Hoos and Leyton-Brown, 2014) would give a parameter, of the function
"is among the best", is then a one-dimensional integral, the Pearson divergence of the two:

    v = (γ'/γ)² ∫ (p_best(x) / p_all(x) - 1)² p_all(x) dx

with γ' and γ the shares of best and of compared trials. A parameter that exists in a part of the
trials only counts with α²/β times its divergence within that part, α being the part's share of
the best trials and β of all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

F = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.int64]

_NARROWEST = 0.5 / 1.64  # cells: nine tenths of a kernel at least lie within its own
_FLOOR = 1e-12  # of a density, so that a quotient exists
_FEWEST = 2  # trials that have a parameter, for a density of it


@dataclass(frozen=True, eq=False)
class Cells:
    """One parameter of n trials, on a grid.

    Attributes
    ----------
    index : int64 [n]
        Cell of each trial; -1 where the parameter does not exist.
    count : int
        Number of cells.
    ordered : bool
        Whether neighbouring cells are alike.
    """

    index: Numbers
    count: int
    ordered: bool


def ped_anova(columns: Sequence[Cells], best: Mask) -> F:
    """Return the variance [d] that each parameter explains of being among the `best` [n].

    Zero of a parameter that no trial, or all trials with one value, have. O(n d + d cells²).

    Parameters
    ----------
    columns : sequence of d Cells
        Of the trials that are compared.
    best : bool [n]
        Which of them are the best.
    """
    share = best.mean() if best.size else 0.0
    return np.array([share**2 * _conditional(column, best) for column in columns])


def _conditional(column: Cells, best: Mask) -> float:
    """Return the divergence of one parameter, weighed by where it exists."""
    there = column.index >= 0
    n_best = np.count_nonzero(there & best)
    if np.count_nonzero(there) < _FEWEST or not n_best or column.count < 2:
        return 0.0
    density = ordered_density if column.ordered else unordered_density
    of_best = density(column.index[there & best], column.count)
    of_all = density(column.index[there], column.count)
    alpha, beta = n_best / np.count_nonzero(best), there.mean()
    return float(alpha**2 / beta * pearson_divergence(of_best, of_all))


def pearson_divergence(p: F, q: F) -> float:
    """Return ∫ (p/q - 1)² q of two densities on cells."""
    p, q = p + _FLOOR, q + _FLOOR
    return float(q @ (p / q - 1.0) ** 2)


def ordered_density(index: Numbers, count: int) -> F:
    """Return the share [count] of each cell in a Parzen estimate from n >= 1 indices.

    Normal kernels, cut off at the ends, with Scott's bandwidth; and one as wide as the grid in its
    middle that counts as one trial more.
    """
    x = np.sort(index).astype(np.float64)
    n = len(x)
    spread = x.std(ddof=1) if n > 1 else 0.0
    quartiles = x[min(3 * n // 4, n - 1)] - x[max(n // 4 - 1, 0)]
    width = max(1.059 * min(quartiles / 1.34, spread) * n**-0.2, _NARROWEST)
    at, times = np.unique(x, return_counts=True)
    wide = _kernels(np.array([0.5 * (count - 1)]), float(count), count)[0]
    return np.asarray((times @ _kernels(at, width, count) + wide) / (n + 1))


def _kernels(centres: F, width: float, count: int) -> F:
    """Return the share [k, count] of each cell in normal densities that are cut off at the ends."""
    from scipy.special import ndtr

    edges = np.arange(count + 1) - 0.5
    mass = np.diff(ndtr((edges - centres[:, None]) / width), axis=1)
    return np.asarray(mass / mass.sum(axis=1, keepdims=True))


def unordered_density(index: Numbers, count: int) -> F:
    """Return the share [count] of each choice, with one trial more that is spread evenly.

    A trial counts for its own choice, and a little for the others: less the more choices were seen.
    """
    times = np.bincount(index, minlength=count).astype(np.float64)
    n, leak = len(index), 1.0 / (np.count_nonzero(times) + 1)
    own = (times + n * leak) / (1.0 + count * leak)
    return np.asarray((own + 1.0 / count) / (n + 1))
