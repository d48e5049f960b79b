"""What a row costs beside what it is worth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

F = npt.NDArray[np.float64]


class CostLike(Protocol):
    """A learned logarithm of the cost."""

    def log_cost(self, X: F) -> F:
        """Return the expected log cost [m] at X [m, d]."""

    def log_cost_grad(self, X: F) -> tuple[F, F]:
        """Return it with its gradient [m, d]."""


@dataclass(frozen=True)
class Price:
    """Minus the log cost, times an exponent: a gain per unit of cost, or per part of it.

    Attributes
    ----------
    model : CostLike
    exponent : float
        1 for the gain per unit of cost (Snoek, Larochelle and Adams, NIPS 2012), 0 for the gain
        alone, in between for what lies between (Lee, Perrone, Archambeau and Seeger, 2020).
    """

    model: CostLike
    exponent: float

    def value(self, X: F) -> F:
        """Return minus the weighted log cost [m] at X [m, d]."""
        return -self.exponent * self.model.log_cost(X)

    def value_grad(self, X: F) -> tuple[F, F]:
        """Return it with its gradient [m, d]."""
        value, grad = self.model.log_cost_grad(X)
        return -self.exponent * value, -self.exponent * grad


def cooled(spent: float, at_start: float, budget: float) -> float:
    """Return the exponent of the cost, from 1 when the search begins to 0 when all is spent.

    ``(budget - spent) / (budget - at_start)``: cheap configurations first, to learn from, dear
    ones in the end, when there is nothing left to save for (cost-cooling, Lee et al., 2020).

    Parameters
    ----------
    spent, at_start, budget : float
        Now, at the end of the design, in all; in any unit.
    """
    left = budget - at_start
    return float(np.clip((budget - spent) / left, 0.0, 1.0)) if left > 0.0 else 0.0
