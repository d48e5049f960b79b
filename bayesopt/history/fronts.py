"""The order of rows with several objectives."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

F = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]


def pareto_order(Y: F, most: int) -> Numbers:
    """Return the best rows of Y [n, m], best first, about `most` of them.

    Front after front of what no other dominates; of the front that does not fit as a whole those
    come first that dominate most together (greedy hypervolume subset selection, in ranks, so that
    scales do not matter). O(n log n) per front for two objectives, O(n front) beyond.
    """
    from bayesopt._kernels.pareto import non_dominated, spread_subset

    left, order = np.arange(len(Y)), np.empty(0, dtype=np.int64)
    while left.size and order.size < most:
        on_front = non_dominated(np.ascontiguousarray(Y[left]))
        front = left[on_front]
        left = left[~on_front]
        order = np.concatenate([order, front[spread_subset(Y[front], most - order.size)]])
    return order
