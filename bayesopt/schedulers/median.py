"""Stopping what is worse than half of the others were by then."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from bayesopt.checks import require_number
from bayesopt.history import History
from bayesopt.schedulers.base import Decision

F = npt.NDArray[np.float64]


@dataclass(frozen=True)
class MedianScheduler:
    """Stop a trial whose best report is worse than the median of the others' at that step.

    The trial's best value so far is compared with the best values that finished trials (complete
    and pruned) had reported up to the same step; all in the study's direction. A trial that has
    reported nothing but NaN is stopped. With several objectives a trial is stopped only if it is
    behind in each objective that it reports. (Golovin et al., "Google Vizier", KDD 2017, 3.2.2,
    with bests in place of running averages.)

    Parameters
    ----------
    n_startup_trials : int
        Stop nothing by comparison before so many trials are finished that had reported by then.
    n_warmup_steps : float
        Stop nothing before this step.
    interval : float
        Decide only at the first report in each stretch of so many steps after the warm-up, so that
        a trial gets time to recover. 0: at every report.
    percentile : float
        What to compare with, in [0, 100]; 50 is the median, 25 keeps the best quarter only.

    Raises
    ------
    SettingsError
        If a setting is out of its range.
    """

    n_startup_trials: int = 5
    n_warmup_steps: float = 0.0
    interval: float = 0.0
    percentile: float = 50.0

    name: ClassVar[str] = "median"

    def __post_init__(self) -> None:
        require_number("n_startup_trials", self.n_startup_trials, 0)
        require_number("n_warmup_steps", self.n_warmup_steps, 0)
        require_number("interval", self.interval, 0)
        require_number("percentile", self.percentile, 0, 100)

    def decide(self, history: History, number: int, rng: np.random.Generator) -> Decision:
        """Return STOP if the running trial is behind, else CONTINUE; O(reports), vectorised.

        Raises TrialNotFoundError.
        """
        steps, values = history.curve(number)
        if not steps.size or not self._is_due(steps):
            return Decision.CONTINUE
        reported = ~np.isnan(values).all(axis=0)
        if not reported.any():
            return Decision.STOP
        best = _nan_to_worst(values).min(axis=0)
        rivals = _bests_until(history, steps[-1])
        if len(rivals) < max(1, self.n_startup_trials):
            return Decision.CONTINUE
        behind = [
            best[j] > _percentile(rivals[:, j], self.percentile) for j in np.flatnonzero(reported)
        ]
        return Decision.STOP if all(behind) else Decision.CONTINUE

    def _is_due(self, steps: F) -> bool:
        beyond = float(steps[-1] - self.n_warmup_steps)
        if beyond < 0:
            return False
        if not self.interval or steps.size == 1:
            return True
        start = self.n_warmup_steps + beyond // self.interval * self.interval
        return bool(steps[-2] < start)


def _bests_until(history: History, step: float) -> F:
    """Return the best value per objective [k, m] of each finished trial that reported by `step`."""
    reports = history.reports
    finished = history.is_complete | history.is_pruned
    usable = finished[reports.trial] & (reports.step <= step)
    trial, values = reports.trial[usable], _nan_to_worst(reports.values[usable])
    bests = np.full((history.n, history.n_objectives), np.inf)
    for j in range(history.n_objectives):
        np.minimum.at(bests[:, j], trial, values[:, j])
    return bests[np.bincount(trial, minlength=history.n) > 0]


def _nan_to_worst(values: F) -> F:
    return np.where(np.isnan(values), np.inf, values)


def _percentile(values: F, percent: float) -> float:
    """Return a percentile by linear interpolation; infinities are values like others."""
    ordered = np.sort(values)
    place = (ordered.size - 1) * percent / 100.0
    below, above = float(ordered[math.floor(place)]), float(ordered[math.ceil(place)])
    weight = place - math.floor(place)
    if below == above or not weight or math.isinf(below):
        return below
    return below * (1.0 - weight) + above * weight
