"""Trials under way: they leave the mean as it is and shrink the variance."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from bayesopt.surrogates.base import Fitted, Process

F = npt.NDArray[np.float64]


def with_pending(members: Sequence[Process], rows: F) -> tuple[Process, ...]:
    """Return the surrogates as if rows [k, d] were being evaluated.

    Their outcomes are believed to be the means (the kriging believer, Ginsbourger et al., 2010),
    which leaves the mean and shrinks the variance around them; so the next row of a batch goes
    elsewhere. O(k n²) each.
    """
    if not len(rows):
        return tuple(members)
    return tuple(member.condition(rows) for member in members)


def believed_best(members: Sequence[Fitted], weights: F, rows: F, incumbent: float) -> float:
    """Return the value to improve on once rows [k, d] under way have the outcomes believed of them.

    Without it a row that promises more than the incumbent would go on promising it.
    """
    if not len(rows):
        return incumbent
    means = np.array([member.posterior(rows)[0] for member in members])
    return min(incumbent, float((np.asarray(weights) @ means).min()))
