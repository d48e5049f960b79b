"""How the values came along: optimization history and distribution."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bayesopt.trial import TrialState
from bayesopt.visualization.data.thinning import MOST_POINTS, evenly, thinned
from bayesopt.visualization.snapshot import Snapshot, StudyLike, no_trials, take

F = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]

_FEW = MOST_POINTS // 4  # of a kind beside the complete, feasible ones


@dataclass(frozen=True, eq=False)
class Points:
    """Trials of one kind.

    Attributes
    ----------
    numbers : int64 [k]
    values : float64 [k]
    """

    numbers: Numbers
    values: F


@dataclass(frozen=True, eq=False)
class OptimizationHistory:
    """The values by trial, in the user's direction.

    Attributes
    ----------
    complete, infeasible, pruned : Points
        A pruned trial has the last value that it reported.
    failed : int64 [k]
        Trials without a value.
    best : Points
        Where the best so far changed, and the last trial.
    direction, objective : str
    n : int
        Number of these trials, of which `n_shown` are points here.
    """

    complete: Points
    infeasible: Points
    pruned: Points
    failed: Numbers
    best: Points
    direction: str
    objective: str
    n: int
    n_shown: int


def optimization_history(study: StudyLike | Snapshot, objective: int = 0) -> OptimizationHistory:
    """Return values by trial and the best so far; O(n).

    Raises NoTrialsError without a finished trial, InvalidValueError for an unknown objective.
    """
    shot = take(study)
    j = shot.objective(objective)
    complete = np.flatnonzero(np.isfinite(shot.values[:, j]))
    pruned = _pruned(shot, j)
    failed = np.flatnonzero(shot.states == TrialState.FAIL)
    n_finished = complete.size + pruned.numbers.size + failed.size
    if not n_finished:
        raise no_trials("optimization history", "a finished trial", f"{shot.n} unfinished ones")
    best = running_best(shot, j)
    allowed = thinned(complete[shot.feasible[complete]], MOST_POINTS, best.numbers)
    infeasible = thinned(complete[~shot.feasible[complete]], _FEW)
    few = evenly(len(pruned.numbers), _FEW)
    failed = thinned(failed, _FEW)
    return OptimizationHistory(
        Points(allowed, shot.values[allowed, j]),
        Points(infeasible, shot.values[infeasible, j]),
        Points(pruned.numbers[few], pruned.values[few]),
        failed,
        best,
        shot.directions[j],
        shot.objective_name(j),
        n_finished,
        len(allowed) + len(infeasible) + len(few) + len(failed),
    )


def running_best(shot: Snapshot, j: int) -> Points:
    """Return the trials that were better than all before, and the last one with the best value."""
    numbers = shot.comparable
    if not numbers.size:
        return Points(numbers, np.empty(0))
    signed = shot.signs[j] * shot.values[numbers, j]
    so_far = np.minimum.accumulate(signed)
    better = np.append(True, so_far[1:] < so_far[:-1])
    numbers, values = numbers[better], shot.signs[j] * so_far[better]
    if numbers[-1] < shot.n - 1:
        numbers, values = np.append(numbers, shot.n - 1), np.append(values, values[-1])
    return Points(numbers, values)


def _pruned(shot: Snapshot, j: int) -> Points:
    numbers, values = [], []
    for number in np.flatnonzero(shot.states == TrialState.PRUNED).tolist():
        value = last_report(shot, number, j)
        if np.isfinite(value):
            numbers.append(number)
            values.append(value)
    return Points(np.array(numbers, dtype=np.int64), np.array(values, dtype=np.float64))


def last_report(shot: Snapshot, number: int, j: int) -> float:
    """Return what a trial was told, or reported last; NaN if it has neither."""
    record = shot.records[number]
    if record.values:
        return float(record.values[j])
    return float(record.reports[max(record.reports)][j]) if record.reports else np.nan


@dataclass(frozen=True, eq=False)
class Distribution:
    """Which share of the trials of a study had at least a value as good as this.

    Attributes
    ----------
    name : str
    values : float64 [k]
        Ascending.
    share : float64 [k]
        Of complete, feasible trials with at most this value ("maximize": at least).
    """

    name: str
    values: F
    share: F


def distributions(
    studies: StudyLike | Snapshot | Sequence[StudyLike | Snapshot], objective: int = 0
) -> list[Distribution]:
    """Return the empirical distribution of each study's values, for comparing studies.

    Raises NoTrialsError if none has a complete, feasible trial.
    """
    shots = [take(each) for each in (studies if isinstance(studies, Sequence) else [studies])]
    found = [_distribution(shot, shot.objective(objective)) for shot in shots]
    if not any(len(one.values) for one in found):
        raise no_trials("distribution of values", "a complete, feasible trial", "none")
    return [one for one in found if len(one.values)]


def _distribution(shot: Snapshot, j: int) -> Distribution:
    values = np.sort(shot.values[shot.comparable, j])
    n = len(values)
    share = np.arange(1, n + 1) / max(n, 1)
    if shot.directions[j] == "maximize":
        share = 1.0 - np.arange(n) / max(n, 1)
    few = evenly(n, MOST_POINTS)
    return Distribution(shot.name, values[few], share[few])
