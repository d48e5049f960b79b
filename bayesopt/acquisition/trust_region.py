"""Where a search keeps to: near what is good while little is known, and when it no longer gets on.

A region is a function of the trials so far: its successes and failures are found by replaying
them, so any process comes to the same one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bayesopt.acquisition.ground import Region, whole_cube

F = npt.NDArray[np.float64]

_EARLY_RADIUS = 0.2
_EARLY_GROWTH = 0.3  # of the radius, while five rows per dimension (and five more) come in

_FIRST_LENGTH = 0.8
_LONGEST, _SHORTEST = 1.6, 2.0**-7
_SUCCESSES = 3  # in a row double the region
_LEAST_FAILURES = 4  # or as many as dimensions halve it
_LEAST_RADIUS = 1e-3
_IMPROVEMENT = 0.02  # of the values' standard deviation: what counts as a success


@dataclass(frozen=True)
class Life:
    """The present state of a trust region that began with a trial.

    Attributes
    ----------
    first : int
        Index of the trial that it began with, after the last restart.
    best : int
        Index of its best trial; -1 before there is any.
    length : float
        Side of the region, as part of the cube's.
    n_restarts : int
    n_idle : int
        Trials since the last one that improved on the best by more than a trifle.
    """

    first: int
    best: int
    length: float
    n_restarts: int
    n_idle: int


def early_region(center: F, n: int, least: F) -> Region:
    """Return the box around the incumbent that a search keeps to after `n` trials.

    Its radius grows from .2 by .3 for each 5 (d + 1) trials, and is `least` [d] at least; the whole
    cube from then on that it spans it.
    """
    d = center.size
    radius = _EARLY_RADIUS + _EARLY_GROWTH * n / (5.0 * (d + 1))
    return box(center, np.maximum(radius, least)) if radius < 1.0 else whole_cube(d)


def box(center: F, radius: F, share: float = 1.0) -> Region:
    """Return the part of the box ``center ± radius`` [d] that lies in the cube."""
    lower = np.maximum(center - radius, 0.0)
    return Region(lower, np.minimum(center + radius, 1.0), center, share)


def replay(y: F, d: int, n_startup: int) -> Life:
    """Return the state of TuRBO-1 (Eriksson et al., 2019) after trials with values y [n].

    Values are in transformed units, of variance 1, so that scale and shift do not matter; those of
    failed trials are infinite or NaN. The first `n_startup` trials of each life are its design.
    Three improvements in a row double the region, max(4, d) trials without one halve it, and one
    that has become shorter than 2⁻⁷ begins a new life. O(n).
    """
    values = np.where(np.isfinite(y), y, math.inf).tolist()
    patience = max(_LEAST_FAILURES, d)
    first, best, length, n_restarts = 0, -1, _FIRST_LENGTH, 0
    n_good = n_bad = n_idle = 0
    for i, value in enumerate(values):
        lowest = values[best] if best >= 0 else math.inf
        improved = _improves(value, lowest)
        if value < lowest:
            best = i
        n_idle = 0 if improved else n_idle + 1
        if i - first < n_startup:
            continue
        n_good, n_bad = (n_good + 1, 0) if improved else (0, n_bad + 1)
        if n_good == _SUCCESSES:
            length, n_good = min(2.0 * length, _LONGEST), 0
        elif n_bad == patience:
            length, n_bad = 0.5 * length, 0
        if length < _SHORTEST:
            first, best, length, n_restarts = i + 1, -1, _FIRST_LENGTH, n_restarts + 1
            n_good = n_bad = n_idle = 0
    return Life(first, best, length, n_restarts, n_idle)


def n_idle(y: F) -> int:
    """Return how many values [n] follow the last that improved by more than a trifle."""
    lowest, idle = math.inf, 0
    for value in np.where(np.isfinite(y), y, math.inf).tolist():
        idle = 0 if _improves(value, lowest) else idle + 1
        lowest = min(lowest, value)
    return idle


def _improves(value: float, lowest: float) -> bool:
    if math.isinf(lowest):
        return value < lowest
    return value < lowest - _IMPROVEMENT


def turbo_region(center: F, length: float, scale: F, least: F) -> Region:
    """Return the region of a life around its best row: longer where the lengthscales [d] are.

    Sides keep their geometric mean, and reach `least` [d] at least on either side; of the nominal
    columns a part as large as the length may differ from the center's (Wan et al., 2021).
    """
    relative = scale / np.exp(np.mean(np.log(scale)))
    radius = np.maximum(0.5 * length * relative, least)
    return box(center, np.clip(radius, _LEAST_RADIUS, 1.0), min(1.0, length))
