"""Basins: what lies about a good row, as far as a model takes it for one thing with that row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bayesopt.acquisition.trust_region import n_idle

F = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Kin = Callable[[F, F], F]
"""The prior correlation [m] of the objective at rows [m, d] with that at a row [d]."""

_KINSHIP = 0.3  # the correlation with the best row of a basin from which on a row belongs to it
_SAME = 1e-3  # standard deviations of the values that are no difference
_LEAST_LEFT = 5  # trials with a value, of which a model of the rest can be made


@dataclass(frozen=True, eq=False)
class Rest:
    """What is left without the basins that have had enough trials.

    Attributes
    ----------
    kept : bool [n]
        Which trials.
    centers : float64 [k, d]
        The best rows of those basins.
    """

    kept: Mask
    centers: F


def in_basin(kin: Kin, rows: F, center: F) -> Mask:
    """Return which rows [m, d] belong to the basin of a row [d]; O(m d)."""
    return np.asarray(kin(rows, center) >= _KINSHIP)


def in_basins(kin: Kin, rows: F, centers: F) -> Mask:
    """Return which rows [m, d] belong to the basin of any of some rows [k, d]; O(m k d)."""
    found = np.zeros(len(rows), dtype=np.bool_)
    for center in centers:
        found |= in_basin(kin, rows, center)
    return found


def rest_of(kin: Kin, X: F, y: F, patience: int) -> Rest | None:
    """Return what trials at rows X [n, d] with values y [n] leave without the best basins.

    Without that of the best row; and without that of the best one left, if the last `patience`
    trials there, whenever made and why, did not improve on it; and so on. Values are minimised, in
    units of their standard deviation, infinite of failed trials. None if too few are left; O(n d)
    for each basin.
    """
    kept = np.ones(len(y), dtype=np.bool_)
    centers: list[int] = []
    while np.count_nonzero(kept & np.isfinite(y)) >= _LEAST_LEFT:
        best = int(np.argmin(np.where(kept, y, np.inf)))
        own = kept & in_basin(kin, X, X[best])
        if centers and n_idle(y[own]) < patience:
            return Rest(kept, X[centers])
        kept[own] = False
        centers.append(best)
    return None


def gets_on(rest: Rest, y: F, n_stuck: int, patience: int) -> bool:
    """Return whether the rest got better of late.

    That is by one of the last `n_stuck` trials, and fewer than `patience` of the rest ago.
    """
    own = np.flatnonzero(rest.kept)
    idle = n_idle(y[own])
    return idle < patience and int(own[own.size - 1 - idle]) >= len(y) - n_stuck


def is_plateau(y: F, patience: int) -> bool:
    """Return whether `patience` trials since the last improvement all but equalled the best value.

    A model may go on hoping for more between such trials, and more keeps not coming.
    """
    late = y[len(y) - n_idle(y) :]
    return bool(np.count_nonzero(late <= y.min(initial=np.inf) + _SAME) >= patience)
