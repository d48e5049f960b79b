"""Rungs: what trials had reached when they had trained so long, and who was best there.

A *level* is a budget in the unit of the steps that trials report: epochs, seconds, rows seen. A
trial reaches a level with its first report at that step or beyond, in the order of the steps,
whatever the order in which the reports were heard of. Its value there is what it reported then, or
the mean of its last few reports up to then. What a level says is so a function of the history.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bayesopt.history import History
from bayesopt.history.fronts import pareto_order
from bayesopt.trial import TrialState

F = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

_ROUNDING = 1e-9  # of a level: 3 * 3 * 3 of a step of 0.1 is not quite 2.7


class Rungs(NamedTuple):
    """The trials from number `first` on, [k], at the levels [l] of a ladder.

    Attributes
    ----------
    first : int
    values : float64 [k, l, m]
        Minimised; NaN where a level was not reached, or NaN was reported there.
    reached : bool [k, l]
        No struck-out trial reached anything.
    steps : float64 [k, l]
        With which report a level was reached; inf where it was not.
    """

    first: int
    values: F
    reached: Mask
    steps: F

    @property
    def height(self) -> Numbers:
        """How many levels each trial reached, [k]; they are the lowest ones."""
        return np.asarray(self.reached.sum(axis=1), dtype=np.int64)

    def best(self, numbers: Numbers, level: int, most: int) -> Numbers:
        """Return the best of some trials at a level, best first; never one without a value.

        Of equals, the earlier trial comes first. Several objectives rank by fronts, those of a
        front by the volume that they dominate.
        """
        places = numbers - self.first
        known = self.reached[places, level] & np.isfinite(self.values[places, level]).all(axis=1)
        usable = np.sort(numbers[known])
        Y = self.values[usable - self.first, level]
        order = pareto_order(Y, most) if Y.shape[1] > 1 else np.argsort(Y[:, 0], kind="stable")
        return usable[order[:most]]


def ladder(min_steps: float, max_steps: float, eta: float) -> F:
    """Return the levels min_steps · eta^k below max_steps, and max_steps."""
    levels = [float(min_steps)]
    while levels[-1] * eta < max_steps * (1.0 - _ROUNDING):
        levels.append(levels[-1] * eta)
    return np.array([*levels, float(max_steps)])


def read_rungs(
    history: History, levels: F, smoothing: int = 1, first: int = 0, last: int | None = None
) -> Rungs:
    """Return where the trials from `first` up to (without) `last` stand.

    O(reports · levels · smoothing), without a sort.
    """
    last = history.n if last is None else min(last, history.n)
    n = max(last - first, 0)
    reports = history.reports
    chosen = np.flatnonzero((reports.trial >= first) & (reports.trial < last))
    valid = history.state[reports.trial[chosen]] != TrialState.INVALID
    chosen = chosen[valid]
    heard = _Heard(reports.trial[chosen] - first, reports.step[chosen], reports.values[chosen])
    values = np.full((n, levels.size, history.n_objectives), np.nan)
    steps = np.full((n, levels.size), np.inf)
    for j, level in enumerate(levels * (1.0 - _ROUNDING)):
        steps[:, j] = _first_from(heard, np.full(n, level))
        values[:, j] = _mean_of_last(heard, steps[:, j], smoothing)
    return Rungs(first, values, np.isfinite(steps), steps)


class _Heard(NamedTuple):
    """Reports in columns, [r]; one per trial and step."""

    trial: Numbers
    step: F
    values: F


def _first_from(heard: _Heard, steps: F) -> F:
    """Return each trial's first reported step at `steps` [n] or beyond; inf without one."""
    later = heard.step >= steps[heard.trial]
    first = np.full(steps.size, np.inf)
    np.minimum.at(first, heard.trial[later], heard.step[later])
    return first


def _last_before(heard: _Heard, steps: F) -> F:
    """Return each trial's last reported step before `steps` [n]; -inf without one."""
    earlier = heard.step < steps[heard.trial]
    last = np.full(steps.size, -np.inf)
    np.maximum.at(last, heard.trial[earlier], heard.step[earlier])
    return last


def _mean_of_last(heard: _Heard, at: F, most: int) -> F:
    """Return the mean of each trial's last `most` reports up to the step `at` [n], NaN for none."""
    total = np.zeros((at.size, heard.values.shape[1]))
    n = np.zeros(at.size)
    at = np.where(np.isfinite(at), at, -np.inf)  # who did not get there has no reports before it
    with np.errstate(invalid="ignore", over="ignore"):
        for i in range(most):
            at = _last_before(heard, at) if i else at
            if not np.isfinite(at).any():
                break
            there = np.flatnonzero(heard.step == at[heard.trial])
            total[heard.trial[there]] += heard.values[there]
            n[heard.trial[there]] += 1.0
        return np.asarray(total / n[:, None])


def arrival(steps: F, levels: F) -> int | None:
    """Return the highest level that the last of a trial's steps reached, None if no new one."""
    if not steps.size:
        return None
    with_slack = levels * (1.0 - _ROUNDING)
    height = int(np.searchsorted(with_slack, steps[-1], side="right"))
    if not height or (steps.size > 1 and steps[-2] >= with_slack[height - 1]):
        return None
    return height - 1


def table_of_curves(history: History, numbers: Numbers, until: float) -> tuple[F, F]:
    """Return the first objective of some trials' curves, side by side, up to a step.

    Steps [s], ascending, that any of them reported, and values [k, s]; NaN where one did not.
    """
    curves = [history.curve(number) for number in numbers.tolist()]
    steps = np.unique(np.concatenate([np.empty(0), *(steps for steps, _ in curves)]))
    steps = steps[steps <= until * (1.0 + _ROUNDING)]
    table = np.full((numbers.size, steps.size), np.nan)
    for row, (own, values) in zip(table, curves, strict=True):
        early = own <= steps[-1] if steps.size else np.zeros(own.size, dtype=np.bool_)
        row[np.searchsorted(steps, own[early])] = values[early, 0]
    return steps, table
