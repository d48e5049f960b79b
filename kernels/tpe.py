"""Candidates of the tree-structured Parzen estimator and how they score."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from bayesopt._kernels.compiled import kernel
from bayesopt._kernels.cube import snap_rows
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
) -> tuple[F, F]:
    """Return candidate rows [c, d] and their log density ratios [c].

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
    snap_rows(rows, domain, rows, exists)
    score, against = np.empty(c), np.empty(c)
    log_density(good, rows, exists, form, score)
    log_density(bad, rows, exists, form, against)
    for i in range(c):
        score[i] -= against[i]
    return rows, score
