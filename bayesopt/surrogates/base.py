"""What a fitted surrogate is."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

F = npt.NDArray[np.float64]


class Fitted(Protocol):
    """A posterior over the latent objective, in transformed units (minimised)."""

    @property
    def d(self) -> int:
        """Number of columns."""

    def posterior(self, X: F) -> tuple[F, F]:
        """Return mean [m] and variance [m] (above zero, noise left out) at rows X [m, d]."""

    def posterior_grad(self, X: F) -> tuple[F, F, F, F]:
        """Return mean [m], variance [m] and their gradients [m, d] by the coordinates of X [m, d].

        The gradient is 0 for nominal columns and for those that do not exist in a row.
        """

    def condition(self, X: F, y: F | None = None) -> Fitted:
        """Return the surrogate with rows X [k, d] added, their outcomes y [k] in transformed units.

        Without outcomes the mean stays as it is and the variance shrinks: how running trials are
        taken in. O(n²) a row.
        """
