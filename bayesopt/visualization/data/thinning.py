"""Which of very many points are drawn.

A figure of 5,000 trials must open as fast as one of 50. Evenly spaced trials stand for all; those
that a reader looks for (the best, the improvements, the front) are always among them. What is
*computed* (the running best, a distribution, importance) is computed from all trials.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

F = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]

MOST_POINTS = 2_000  # of one figure, or of one panel of a few
MOST_PANEL_POINTS = 600  # of one panel of many
MOST_LINES = 400  # across a parallel-coordinate plot
MOST_CURVES = 200
MOST_STEPS = 200  # of one learning curve
MOST_BARS = 2_000  # of a timeline


def evenly(n: int, most: int) -> Numbers:
    """Return at most `most` of the indices below n, evenly spaced, both ends among them."""
    if n <= most:
        return np.arange(n)
    return np.unique(np.linspace(0, n - 1, most).round().astype(np.int64))


def thinned(numbers: Numbers, most: int, keep: Numbers | None = None) -> Numbers:
    """Return at most `most` of `numbers`, ascending, but all of `keep` that are among them."""
    if len(numbers) <= most:
        return numbers
    kept = np.intersect1d(numbers, np.empty(0, np.int64) if keep is None else keep)
    others = np.setdiff1d(numbers, kept)
    return np.union1d(kept, others[evenly(len(others), max(most - len(kept), 0))])
