"""Acquisitions as scalar formulas of mean and variance, written once for every surrogate.

A climb over inputs needs nothing else: by the chain rule the gradient of ``a(mean(x), var(x))`` is
``d_mean · ∇mean + d_var · ∇var``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from bayesopt._kernels import acquisition as kernels

F = npt.NDArray[np.float64]


class Acquisition(Protocol):
    """What a point is worth, given the posterior there."""

    def partials(self, mean: F, var: F) -> tuple[F, F, F]:
        """Return value [m] (bigger is better), and its derivatives [m] by mean and variance.

        `mean` and `var` are in transformed units, minimised; `var` is above zero.
        """


@dataclass(frozen=True)
class LogEI:
    """Log expected improvement over `best`, exact however small the improvement (2310.20708)."""

    best: float

    def partials(self, mean: F, var: F) -> tuple[F, F, F]:
        """Return log E[max(best - f, 0)] and its partials; see :class:`Acquisition`."""
        return _apply(kernels.log_ei, mean, var, self.best)


@dataclass(frozen=True)
class LogPI:
    """Log probability of improvement over `best` (Kushner, 1964)."""

    best: float

    def partials(self, mean: F, var: F) -> tuple[F, F, F]:
        """Return log P(f < best) and its partials; see :class:`Acquisition`."""
        return _apply(kernels.log_pi, mean, var, self.best)


@dataclass(frozen=True)
class UCB:
    """The optimistic bound ``β σ - mean`` (Srinivas et al., 2010)."""

    beta: float = 1.8

    def partials(self, mean: F, var: F) -> tuple[F, F, F]:
        """Return the bound and its partials; see :class:`Acquisition`."""
        return _apply(kernels.ucb, mean, var, self.beta)


def _apply(kernel: Any, mean: F, var: F, parameter: float) -> tuple[F, F, F]:
    out = np.empty((3, mean.size))
    kernel(mean, var, float(parameter), out[0], out[1], out[2])
    return out[0], out[1], out[2]
