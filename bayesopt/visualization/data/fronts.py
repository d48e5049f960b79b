"""Several objectives: the Pareto front, and the volume that it dominates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bayesopt.errors import InvalidValueError, short_repr
from bayesopt.history.volumes import dominated_volumes
from bayesopt.visualization.data.thinning import MOST_POINTS, evenly, thinned
from bayesopt.visualization.snapshot import Snapshot, StudyLike, no_trials, take

F = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class ParetoFront:
    """The trials of a study with several objectives, in the user's directions.

    Attributes
    ----------
    front, dominated, infeasible : int64 [k]
        Trial numbers; those of the front by the first objective shown.
    values : float64 [n, 2 or 3]
        Of all trials, the objectives shown.
    objectives : tuple of str
    directions : tuple of str
    n : int
        Complete trials, of which those here are drawn.
    """

    front: Numbers
    dominated: Numbers
    infeasible: Numbers
    values: F
    objectives: tuple[str, ...]
    directions: tuple[str, ...]
    n: int


def pareto_front(
    study: StudyLike | Snapshot, objectives: Sequence[int] | None = None
) -> ParetoFront:
    """Return the front and what it dominates; the front counts all objectives, two or three show.

    Raises
    ------
    InvalidValueError
        If the study has one objective, or not two or three different ones are asked for.
    NoTrialsError
        If no trial is complete.
    """
    shot = take(study)
    shown = _shown(shot, objectives)
    complete = np.flatnonzero(np.isfinite(shot.values).all(axis=1))
    if not complete.size:
        raise no_trials("Pareto front", "a complete trial", f"{shot.n} trials, none of them")
    front = np.intersect1d(shot.front, complete)
    dominated = np.setdiff1d(shot.comparable, front)
    infeasible = np.setdiff1d(complete, shot.comparable)
    by_first = np.argsort(shot.values[front, shown[0]], kind="stable")
    return ParetoFront(
        front[by_first],
        thinned(dominated, MOST_POINTS),
        thinned(infeasible, MOST_POINTS // 4),
        shot.values[:, shown],
        tuple(shot.objective_name(j) for j in shown),
        tuple(shot.directions[j] for j in shown),
        complete.size,
    )


def _shown(shot: Snapshot, objectives: Sequence[int] | None) -> list[int]:
    if shot.n_objectives == 1:
        raise InvalidValueError(
            "Pareto front",
            expected="a study with two objectives or more",
            got="one objective",
            remedy="plot_optimization_history shows a single one.",
        )
    shown = list(range(min(shot.n_objectives, 3))) if objectives is None else list(objectives)
    if len(set(shown)) != len(shown) or len(shown) not in (2, 3):
        raise InvalidValueError(
            "objectives of a Pareto front",
            expected=f"two or three different ones of {shot.n_objectives}",
            got=short_repr(shown),
        )
    return [shot.objective(j) for j in shown]


@dataclass(frozen=True, eq=False)
class VolumeHistory:
    """The volume that the trials so far dominate.

    Attributes
    ----------
    numbers : int64 [k]
    volumes : float64 [k]
        Ascending; in the product of the objectives' units, up to the reference.
    """

    numbers: Numbers
    volumes: F


def volume_history(
    study: StudyLike | Snapshot, reference: Sequence[float] | None = None
) -> VolumeHistory:
    """Return the dominated volume by trial.

    `reference` is one number per objective, up to where volume counts; by default a little beyond
    the front, see :func:`bayesopt.history.volumes.dominated_volumes`, also for the cost.

    Raises NoTrialsError without a complete trial, InvalidValueError for a wrong reference.
    """
    shot = take(study)
    if not shot.comparable.size:
        raise no_trials("hypervolume", "a complete, feasible trial", f"{shot.n} trials")
    volumes = dominated_volumes(shot.history, reference)[: shot.n]
    few = evenly(len(volumes), MOST_POINTS)
    return VolumeHistory(few, volumes[few])
