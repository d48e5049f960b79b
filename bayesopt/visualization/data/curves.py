"""What trials reported on their way: learning curves, and where they were stopped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bayesopt.trial import TrialRecord, TrialState
from bayesopt.visualization.data.history import last_report
from bayesopt.visualization.data.thinning import MOST_CURVES, MOST_STEPS, evenly
from bayesopt.visualization.snapshot import Snapshot, StudyLike, no_trials, take

F = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Curve:
    """The reports of one trial.

    Attributes
    ----------
    number : int
    state : TrialState
    steps, values : float64 [k]
        By step; a value that is not finite is NaN, a gap.
    is_best : bool
    """

    number: int
    state: TrialState
    steps: F
    values: F
    is_best: bool


@dataclass(frozen=True, eq=False)
class LearningCurves:
    """The curves of a study, good ones last.

    Attributes
    ----------
    curves : list of Curve
    objective : str
    n : int
        Trials that reported, of which so many are drawn.
    n_stopped, n_paused : int
        Pruned ones among all of them, and those that wait.
    """

    curves: list[Curve]
    objective: str
    n: int
    n_stopped: int
    n_paused: int


def learning_curves(study: StudyLike | Snapshot, objective: int = 0) -> LearningCurves:
    """Return the curves of all trials that reported; of very many the best half, others evenly.

    Raises NoTrialsError if no trial reported a value, InvalidValueError for an unknown objective.
    """
    shot = take(study)
    j = shot.objective(objective)
    reported = np.array([bool(record.reports) for record in shot.records], dtype=bool)
    numbers = np.flatnonzero(reported & (shot.states != TrialState.INVALID))
    if not numbers.size:
        raise no_trials("learning curves", "trials that reported", f"{shot.n} that did not")
    order = _worst_first(shot, numbers, j)
    n_best = min(MOST_CURVES // 2, len(order))
    others = order[: len(order) - n_best]
    drawn = np.append(others[evenly(len(others), MOST_CURVES - n_best)], order[len(others) :])
    best = _best(shot, j)
    return LearningCurves(
        [_curve(shot, number, j, number == best) for number in drawn.tolist()],
        shot.objective_name(j),
        len(numbers),
        int(np.count_nonzero(shot.states[numbers] == TrialState.PRUNED)),
        int(np.count_nonzero(shot.states[numbers] == TrialState.PAUSED)),
    )


def _worst_first(shot: Snapshot, numbers: Numbers, j: int) -> Numbers:
    """Return trials in the order of drawing: unfinished and pruned, then complete by value."""
    last = np.array([shot.signs[j] * last_report(shot, i, j) for i in numbers.tolist()])
    complete = shot.states[numbers] == TrialState.COMPLETE
    badness = np.where(np.isnan(last), np.inf, last)
    return numbers[np.lexsort((-badness, complete))]


def _best(shot: Snapshot, j: int) -> int:
    if not shot.comparable.size:
        return -1
    signed = shot.signs[j] * shot.values[shot.comparable, j]
    return int(shot.comparable[np.argmin(signed)])


def _curve(shot: Snapshot, number: int, j: int, is_best: bool) -> Curve:
    record = shot.records[number]
    reports = _with_fork(shot, record)
    steps = np.array(sorted(reports), dtype=np.float64)
    steps = steps[evenly(len(steps), MOST_STEPS)]
    values = np.array([reports[step][j] for step in steps.tolist()], dtype=np.float64)
    values[~np.isfinite(values)] = np.nan
    return Curve(record.number, record.state, steps, values, is_best)


def _with_fork(shot: Snapshot, record: TrialRecord) -> Mapping[float, tuple[float, ...]]:
    """Return a trial's reports, and its parent's where a clone left it: curves then branch."""
    origin = record.origin
    if origin is None or not origin.parent < record.number:
        return record.reports
    parent = shot.records[origin.parent].reports
    if min(record.reports) <= origin.step or origin.step not in parent:
        return record.reports
    return {origin.step: parent[origin.step], **record.reports}
