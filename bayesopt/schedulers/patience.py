"""Stopping what has not become better for some time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from bayesopt.checks import require_number
from bayesopt.history import History
from bayesopt.schedulers.base import Decision


@dataclass(frozen=True)
class PatienceScheduler:
    """Stop a trial that has not improved on its own best value for so many steps.

    Other trials play no part. With several objectives an improvement in any of them counts. NaN is
    no improvement.

    Parameters
    ----------
    patience : float
        Steps without an improvement after which a trial is stopped, in the unit of its reports.
    min_delta : float
        What counts as an improvement: more than this.
    min_steps : float
        Stop nothing before this step.

    Raises
    ------
    SettingsError
        If a setting is out of its range.
    """

    patience: float = 10.0
    min_delta: float = 0.0
    min_steps: float = 0.0

    name: ClassVar[str] = "patience"

    def __post_init__(self) -> None:
        require_number("patience", self.patience, 0.0)
        require_number("min_delta", self.min_delta, 0.0)
        require_number("min_steps", self.min_steps, 0.0)

    def decide(self, history: History, number: int, rng: np.random.Generator) -> Decision:
        """Return STOP if the running trial has not improved for long; O(its reports).

        Raises TrialNotFoundError.
        """
        steps, values = history.curve(number)
        if not steps.size or steps[-1] < self.min_steps:
            return Decision.CONTINUE
        best, since = np.full(values.shape[1], np.inf), steps[0]
        for step, row in zip(steps, values, strict=True):
            better = row < best - self.min_delta
            if better.any():
                best, since = np.where(better, row, best), step
        waited = steps[-1] - since
        return Decision.STOP if waited > 0 and waited >= self.patience else Decision.CONTINUE
