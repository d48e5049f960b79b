"""Minimising a smooth function in a box."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

F = npt.NDArray[np.float64]


def minimise(
    fun: Callable[[F], tuple[float, F]], start: F, low: F, high: F, n_iterations: int, gain: float
) -> tuple[F, float]:
    """Return where L-BFGS-B from `start` ends, and the value there (inf if there is none)."""
    found = minimize(
        fun,
        np.clip(start, low, high),
        jac=True,
        method="L-BFGS-B",
        bounds=np.stack([low, high], axis=1),
        options={"maxiter": n_iterations, "ftol": gain, "gtol": 1e-4},
    )
    return found.x, float(found.fun)
