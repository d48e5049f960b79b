"""The scheduler that lets every trial finish."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from bayesopt.history import History
from bayesopt.schedulers.base import Decision


@dataclass(frozen=True)
class NeverScheduler:
    """Never stop a trial."""

    name: ClassVar[str] = "never"

    def decide(self, history: History, number: int, rng: np.random.Generator) -> Decision:
        """Return CONTINUE."""
        return Decision.CONTINUE
