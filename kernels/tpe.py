"""Candidates of the tree-structured Parzen estimator and how they score."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from bayesopt._kernels.compiled import inner, kernel
from bayesopt._kernels.cube import mark_rows, snap_rows
from bayesopt._kernels.parzen import draw_rows, fill_mixture, log_density

F = npt.NDArray[np.float64]
B = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.int64]


@kernel
def suggest(
    X: F,
    active: B,
    numbers: Numbers,
    n_good: int,
    weight: F,
    more: F,
    more_active: B,
    uniforms: F,
    form: Any,
    domain: Any,
    smoothing: Any,
    most: int,
) -> F:
    """Return up to `most` of the candidates [c, d], snapped, of largest density ratio first.

    The first `n_good` trials of `numbers` make the good density, the others and the `more` rows
    the bad one; `uniforms` are [c, 1 + d].
    """
    c, d = uniforms.shape[0], X.shape[1]
    good = fill_mixture(
        X, active, numbers[:n_good], more[:0], more_active[:0], weight, form, smoothing
    )
    equal = np.empty(numbers.size - n_good + more.shape[0])
    for i in range(equal.size):
        equal[i] = 1.0
    bad = fill_mixture(X, active, numbers[n_good:], more, more_active, equal, form, smoothing)
    rows, exists = np.empty((c, d)), np.empty((c, d), dtype=np.bool_)
    draw_rows(good, uniforms, form, rows)
    mark_rows(rows, domain, exists)
    score, against = np.empty(c), np.empty(c)
    log_density(good, rows, exists, form, score)
    log_density(bad, rows, exists, form, against)
    for i in range(c):
        score[i] -= against[i]
    best, best_exists = np.empty((min(most, c), d)), np.empty((min(most, c), d), dtype=np.bool_)
    _take_best(rows, score, best)
    snap_rows(best, domain, best, best_exists)
    return best


@inner
def _take_best(rows: F, score: F, best: F) -> None:
    """Fill in the rows of largest score, the first of equals first; the scores are used up."""
    for r in range(best.shape[0]):
        top = 0
        for i in range(1, score.size):
            if score[i] > score[top]:
                top = i
        for j in range(best.shape[1]):
            best[r, j] = rows[top, j]
        score[top] = -np.inf
