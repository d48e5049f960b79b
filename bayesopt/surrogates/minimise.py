"""Minimising a smooth function of a few variables in a box."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from bayesopt._kernels.lbfgs import TRIAL, VALUE, X, advance, new_climbs

F = npt.NDArray[np.float64]


def minimise(
    fun: Callable[[F], tuple[float, F]],
    start: F,
    low: F,
    high: F,
    n_iterations: int,
    tolerance: float,
) -> tuple[F, float]:
    """Return where L-BFGS from `start` ends, and the value there (inf if there is none).

    Parameters
    ----------
    fun : callable
        Returns a value and its gradient [d]; what is not finite counts as a step too far.
    start, low, high : float64 arrays [d]
        The coordinates should be such that a move of 1 is a long one.
    n_iterations : int
        At most so many steps.
    tolerance : float
        A step that gains less is the last.
    """
    state = new_climbs(start[None], low[None], high[None], np.ones(start.size))
    point = state.vectors[:, TRIAL].copy()
    n = 1
    while n:
        value, gradient = fun(point[0])
        n = advance(state, 1, np.array([value]), gradient[None], point, n_iterations, tolerance)
    return state.vectors[0, X].copy(), float(state.numbers[0, VALUE])
