"""How the posteriors of an engine are searched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from bayesopt.acquisition import climb as compiled
from bayesopt.acquisition.functions import Acquisition
from bayesopt.acquisition.ground import Ground
from bayesopt.acquisition.utility import Gain, Term, Utility

F = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


class Searcher(Protocol):
    """What makes terms of an engine's posteriors, and climbs utilities that hold them."""

    def gain(
        self, members: Sequence[Any], weights: F, acquisition: Acquisition, is_log: bool
    ) -> Term:
        """Return an acquisition averaged over members; see ``utility.Gain``."""

    def climb(
        self,
        utility: Utility,
        ground: Ground,
        starts: F,
        active: Mask,
        scale: F,
        n_iterations: int,
        tolerance: float,
    ) -> tuple[F, F]:
        """Return the tops of climbs from starts, and what they are worth; see ``climb.climb``."""


@dataclass(frozen=True)
class CompiledSearch:
    """NumPy and compiled kernels, for posteriors of any engine."""

    def gain(
        self, members: Sequence[Any], weights: F, acquisition: Acquisition, is_log: bool
    ) -> Gain:
        """Return an acquisition averaged over members."""
        return Gain(members, weights, acquisition, is_log)

    climb = staticmethod(compiled.climb)


COMPILED_SEARCH = CompiledSearch()
