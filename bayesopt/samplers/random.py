"""Independent random configurations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from bayesopt.history import History
from bayesopt.samplers.base import Suggestion
from bayesopt.samplers.fresh import fresh_rows
from bayesopt.space import Space


@dataclass(frozen=True)
class RandomSampler:
    """Draw configurations at random: uniform on each parameter's own scale.

    The cost of a proposal does not depend on the number of trials.
    """

    name: ClassVar[str] = "random"
    learns: ClassVar[bool] = False

    def propose(
        self, space: Space, history: History, n: int, rng: np.random.Generator
    ) -> Suggestion:
        """Return `n` random configurations (see ``Sampler.propose``)."""
        rows, note, n_fresh = fresh_rows(space, history, n, rng)
        return Suggestion(rows, self.name, note, n_fresh)
