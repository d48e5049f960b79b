"""Predictions of each outcome from all the others, in closed form."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bayesopt.surrogates.base import Process
from bayesopt.surrogates.exact_gp import HALF_LOG_2PI

F = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class LeaveOneOut:
    """What is predicted of each outcome from all the others, noise included.

    Attributes
    ----------
    mean, var : float64 arrays [n]
    log_density : float64 array [n]
        Of the outcomes, under these predictions.
    """

    mean: F
    var: F
    log_density: F


def leave_one_out(gp: Process) -> LeaveOneOut:
    """Return leave-one-out predictions with the hyperparameters as they are; O(n³).

    ``μ_i = y_i - α_i / K⁻¹_ii``, ``σ²_i = 1 / K⁻¹_ii`` (Rasmussen and Williams, 2006, eq. 5.12).
    """
    var = 1.0 / gp.inverse_diagonal()
    error = gp.alpha * var
    log_density = -0.5 * error * error / var - 0.5 * np.log(var) - HALF_LOG_2PI
    return LeaveOneOut(gp.y - error, var, log_density)
