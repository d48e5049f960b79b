"""Many climbs at once along the gradient of a utility."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from bayesopt._kernels.lbfgs import TRIAL, VALUE, X, advance, new_climbs
from bayesopt.acquisition.ground import Ground

F = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


class Climbable(Protocol):
    """What is climbed; see :class:`bayesopt.acquisition.utility.Utility`."""

    def value(self, X: F) -> F:
        """Return what rows X [m, d] are worth, [m]; bigger is better."""

    def value_grad(self, X: F) -> tuple[F, F]:
        """Return the same and its gradient, [m, d]."""


Climber = Callable[[Any, Ground, F, Mask, F, int, float], tuple[F, F]]
"""What climbs a utility; see :func:`climb`."""


def climb(
    utility: Climbable,
    ground: Ground,
    starts: F,
    active: Mask,
    scale: F,
    n_iterations: int,
    tolerance: float,
) -> tuple[F, F]:
    """Return the tops [m, d] of climbs from snapped `starts` [m, d], unsnapped, and values [m].

    Columns without a gradient, and those that do not exist in a start, stay. Constraints are not
    looked at. One batched evaluation per round, of all runs that still go on.
    """
    free = active & ground.is_climbed
    lower = np.where(free, ground.region.lower, starts)
    upper = np.where(free, ground.region.upper, starts)
    state = new_climbs(starts, lower, upper, scale)
    points, n = np.ascontiguousarray(state.vectors[:, TRIAL]), len(starts)
    while n:
        value, grad = utility.value_grad(points[:n])
        n = advance(state, n, -value, -grad, points, n_iterations, tolerance)
    return np.ascontiguousarray(state.vectors[:, X]), -state.numbers[:, VALUE]
