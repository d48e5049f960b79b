"""Values against parameters: slice, parallel coordinates, rank."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bayesopt.visualization.data.thinning import (
    MOST_LINES,
    MOST_PANEL_POINTS,
    MOST_POINTS,
    evenly,
    thinned,
)
from bayesopt.visualization.scales import Scale
from bayesopt.visualization.snapshot import Snapshot, StudyLike, no_trials, take

F = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]

MOST_PANELS = 24  # parameters beyond are left out unless asked for by name


@dataclass(frozen=True, eq=False)
class Panel:
    """One parameter against the values of the trials that have it.

    Attributes
    ----------
    scale : Scale
    numbers : int64 [k]
    positions : float64 [k]
        On the scale.
    values : float64 [k]
    best : int or None
        Place of the best trial among them.
    """

    scale: Scale
    numbers: Numbers
    positions: F
    values: F
    best: int | None


@dataclass(frozen=True, eq=False)
class Slices:
    """Panels beside each other.

    Attributes
    ----------
    panels : list of Panel
    objective : str
    n_left_out : int
        Parameters that there was no room for.
    """

    panels: list[Panel]
    objective: str
    n_left_out: int


def slices(
    study: StudyLike | Snapshot, params: Sequence[str] | None = None, objective: int = 0
) -> Slices:
    """Return the value of complete, feasible trials against each parameter; O(n d).

    Raises NoTrialsError without such a trial, InvalidValueError for a name that is not searched.
    """
    shot = take(study)
    j, names = shot.objective(objective), _names(shot, params)
    shown = names if params is not None else names[:MOST_PANELS]
    most = MOST_POINTS if len(shown) <= 4 else MOST_PANEL_POINTS
    panels = [_panel(shot, name, j, most) for name in shown]
    return Slices(panels, shot.objective_name(j), len(names) - len(shown))


def _names(shot: Snapshot, params: Sequence[str] | None) -> list[str]:
    names = shot.chosen(params)
    if not shot.comparable.size or not names:
        raise no_trials(
            "values by parameter",
            "a complete, feasible trial and a parameter that varies",
            f"{shot.comparable.size} such trials, {len(names)} such parameters",
        )
    return names


def _panel(shot: Snapshot, name: str, j: int, most: int) -> Panel:
    positions = shot.positions(name)
    with_it = shot.comparable[np.isfinite(positions[shot.comparable])]
    best = best_of(shot, with_it, j)
    numbers = thinned(with_it, most, with_it[best : best + 1] if best is not None else None)
    place = best_of(shot, numbers, j)
    return Panel(shot.scale(name), numbers, positions[numbers], shot.values[numbers, j], place)


def best_of(shot: Snapshot, numbers: Numbers, j: int) -> int | None:
    """Return the place of the best among trials."""
    signed = shot.signs[j] * shot.values[numbers, j]
    return int(np.argmin(signed)) if numbers.size else None


@dataclass(frozen=True, eq=False)
class ParallelCoordinates:
    """Trials as lines across parallel axes.

    Attributes
    ----------
    scales : list of d Scale
    numbers : int64 [k]
        The worst first, so that good ones are drawn above.
    fractions : float64 [k, d]
        Along each axis; NaN where the parameter does not exist.
    values : float64 [k]
    goodness : float64 [k]
        Rank from 0 (worst) to 1 (best); equal values share one.
    objective : str
    n_left_out, n_trials : int
        Parameters that there was no room for; trials that the lines stand for.
    """

    scales: list[Scale]
    numbers: Numbers
    fractions: F
    values: F
    goodness: F
    objective: str
    n_left_out: int
    n_trials: int


def parallel_coordinates(
    study: StudyLike | Snapshot, params: Sequence[str] | None = None, objective: int = 0
) -> ParallelCoordinates:
    """Return complete, feasible trials as lines; of very many the best half and others evenly.

    Raises NoTrialsError without such a trial, InvalidValueError for a name that is not searched.
    """
    shot = take(study)
    j, names = shot.objective(objective), _names(shot, params)
    shown = names if params is not None else names[:MOST_PANELS]
    goodness = ranks(-shot.signs[j] * shot.values[shot.comparable, j])
    order = np.argsort(goodness, kind="stable")
    few = _best_and_others(len(order), MOST_LINES)
    chosen = shot.comparable[order[few]]
    columns = [shot.scale(name).fractions(shot.positions(name)[chosen]) for name in shown]
    return ParallelCoordinates(
        [shot.scale(name) for name in shown],
        chosen,
        np.stack(columns, axis=1),
        shot.values[chosen, j],
        goodness[order[few]],
        shot.objective_name(j),
        len(names) - len(shown),
        len(shot.comparable),
    )


def _best_and_others(n: int, most: int) -> Numbers:
    """Return the last half of `most` indices, and of the rest as many evenly."""
    if n <= most:
        return np.arange(n)
    n_best = most // 2
    return np.concatenate([evenly(n - n_best, most - n_best), np.arange(n - n_best, n)])


def ranks(values: F) -> F:
    """Return ranks from 0 (smallest) to 1 (largest); equal values share the mean of theirs.

    So a single value is neither good nor bad.
    """
    if len(values) == 1:
        return np.full(1, 0.5)
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    mean = np.cumsum(counts) - 0.5 * (counts + 1)
    return np.asarray(mean[inverse] / max(len(values) - 1, 1))


@dataclass(frozen=True, eq=False)
class RankPanel:
    """Two parameters and the rank of the trials that have both.

    Attributes
    ----------
    x, y : Scale
    numbers : int64 [k]
    x_positions, y_positions, values, goodness : float64 [k]
        `goodness` is the rank among all trials, from 0 (worst) to 1 (best).
    """

    x: Scale
    y: Scale
    numbers: Numbers
    x_positions: F
    y_positions: F
    values: F
    goodness: F


def rank_panels(
    study: StudyLike | Snapshot, params: Sequence[str] | None = None, objective: int = 0
) -> list[list[RankPanel | None]]:
    """Return each pair of parameters with the trials coloured by rank, a row per parameter.

    None on the diagonal. At most the first four parameters unless they are named.

    Raises NoTrialsError without a complete, feasible trial or with fewer than two parameters,
    InvalidValueError for a name that is not searched.
    """
    shot = take(study)
    j, names = shot.objective(objective), _names(shot, params)
    names = names if params is not None else names[:4]
    if len(names) < 2:
        raise no_trials("ranks by pairs of parameters", "two parameters that vary", len(names))
    goodness = np.full(shot.n, np.nan)
    goodness[shot.comparable] = ranks(-shot.signs[j] * shot.values[shot.comparable, j])
    return [
        [None if x == y else _rank_panel(shot, x, y, j, goodness) for x in names] for y in names
    ]


def _rank_panel(shot: Snapshot, x: str, y: str, j: int, goodness: F) -> RankPanel:
    both = np.isfinite(shot.positions(x) + 0.0 * shot.positions(y))
    numbers = thinned(shot.comparable[both[shot.comparable]], MOST_PANEL_POINTS)
    return RankPanel(
        shot.scale(x),
        shot.scale(y),
        numbers,
        shot.positions(x)[numbers],
        shot.positions(y)[numbers],
        shot.values[numbers, j],
        goodness[numbers],
    )
