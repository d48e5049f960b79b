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

    def joined(self, other: LeaveOneOut) -> LeaveOneOut:
        """Return both, one after the other."""
        pairs = (
            (self.mean, other.mean),
            (self.var, other.var),
            (self.log_density, other.log_density),
        )
        return LeaveOneOut(*map(np.concatenate, pairs))


def of_errors(y: F, error: F, var: F) -> LeaveOneOut:
    """Return normal predictions of outcomes y [n], given how far off they are, and variances."""
    log_density = -0.5 * error * error / var - 0.5 * np.log(var) - HALF_LOG_2PI
    return LeaveOneOut(y - error, var, log_density)


def leave_one_out(gp: Process) -> LeaveOneOut:
    """Return leave-one-out predictions with the hyperparameters as they are; O(n³).

    ``μ_i = y_i - α_i / K⁻¹_ii``, ``σ²_i = 1 / K⁻¹_ii`` (Rasmussen and Williams, 2006, eq. 5.12).
    """
    var = 1.0 / gp.inverse_diagonal()
    return of_errors(gp.y, gp.alpha * var, var)
