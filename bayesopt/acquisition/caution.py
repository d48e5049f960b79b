"""How much a failure is feared: more, the more trials failed that could be foreseen to fail."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

F = npt.NDArray[np.float64]

_TOLERATED = 0.1  # foreseen failures per trial
_MOST_DOUBLINGS = 10.0


def caution(risks: F) -> float:
    """Return the weight of log P(success) beside the log of a gain, from 1 to 1,024.

    A product of chance and gain is right for the next trial alone. But what is left to gain where
    trials succeed falls without end, as exp(-n), and the chance where all of them fail falls as
    1 / n: sooner or later every trial goes to what always fails. So the share of such trials is
    held: each failure that was foreseen doubles the weight, and each trial takes back a tenth of a
    doubling. Whenever a weight of 512 makes trials succeed, at most a tenth of the trials, and ten
    more, are foreseen failures (the argument of Gibbs and Candès, 2021, for coverage).

    Parameters
    ----------
    risks : float64 [n]
        How surely each trial that failed was to fail, from 0 to 1, by number; 0 of the others.
    """
    doublings = 0.0
    for risk in risks.tolist():
        doublings = min(max(doublings + risk - _TOLERATED, 0.0), _MOST_DOUBLINGS)
    return float(2.0**doublings)
