"""How the front of a study grew: the volume that its trials dominate."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from bayesopt.errors import InvalidValueError, short_repr
from bayesopt.history.columns import Columns

F = npt.NDArray[np.float64]

_REACH = 0.1  # of the front's extent: how far beyond its worst values the default reference lies


def dominated_volumes(history: Columns, reference: Sequence[float] | None = None) -> F:
    """Return the volume that the trials up to each one dominate, [n]; it never falls.

    Complete, feasible trials count; a volume beyond float64 is its largest number. O(n) beside the
    volume of each front on the way (``kernels/hypervolume.py``).

    Parameters
    ----------
    history : Columns
    reference : sequence of float, optional
        One number per objective, in the user's direction: up to where volume counts. By default a
        tenth of the extent of the present front beyond its worst values. In an objective in which
        the front has no extent: up to the median of all values, at least a tenth of their extent.

    Raises
    ------
    InvalidValueError
        If the reference is not one finite number per objective.
    """
    from bayesopt._kernels.hypervolume import running_volumes

    numbers, front = history.comparable(), history.values[history.pareto()]
    if reference is None:
        limit = _default(history.values[numbers], front)
    else:
        limit = _minimised(history, reference)
    volumes = np.zeros(history.n)
    running = running_volumes(history.values[numbers], limit)
    volumes[numbers] = np.minimum(running, sys.float_info.max)  # differences exist
    return np.asarray(np.maximum.accumulate(volumes))


def _default(values: F, front: F) -> F:
    """Return the default reference for values [n, m] with a front [k, m], minimised."""
    if not len(values):
        return np.zeros(values.shape[1])
    with np.errstate(over="ignore"):
        worst, extent, spread = front.max(axis=0), np.ptp(front, axis=0), np.ptp(values, axis=0)
        near = worst + _REACH * np.where(extent > 0.0, extent, np.where(spread > 0.0, spread, 1.0))
        far = np.maximum(near, np.median(values, axis=0))
        return np.asarray(np.where(extent > 0.0, near, far))


def _minimised(history: Columns, reference: Sequence[float]) -> F:
    try:
        given = np.asarray(reference, dtype=np.float64)
    except (TypeError, ValueError):
        given = np.empty(0)
    if given.shape != (history.n_objectives,) or not np.isfinite(given).all():
        raise InvalidValueError(
            "reference",
            expected=f"one finite number for each of {history.n_objectives} objectives",
            got=short_repr(reference),
        )
    signs = [-1.0 if each == "maximize" else 1.0 for each in history.directions]
    return np.asarray(given * signs)
