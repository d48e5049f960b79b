"""What a Gaussian process believes: along each parameter, and over two of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bayesopt.samplers.inspect import Slice
from bayesopt.visualization.data.thinning import MOST_PANEL_POINTS, thinned
from bayesopt.visualization.scales import Scale
from bayesopt.visualization.snapshot import Learned, Snapshot, StudyLike, no_trials, take

F = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]

MOST_POSTERIORS = 6  # parameters, unless they are named


@dataclass(frozen=True, eq=False)
class Posterior:
    """The belief along one parameter, the others held at the best configuration.

    Attributes
    ----------
    scale : Scale
    positions, median, low, high : float64 [k]
        Ascending, with a 95% band of the objective behind the noise.
    numbers : int64 [t]
    told_positions, told_values : float64 [t]
        Trials; their other parameters lie elsewhere.
    learned : Learned
        Whether there is anything to it.
    """

    scale: Scale
    positions: F
    median: F
    low: F
    high: F
    numbers: Numbers
    told_positions: F
    told_values: F
    learned: Learned


def posteriors(
    study: StudyLike | Snapshot, params: Sequence[str] | None = None, objective: int = 0
) -> list[Posterior]:
    """Return the belief along parameters that exist in the best configuration.

    By default the six most important ones, the most important first. Of several objectives the
    configuration is the best by the one that is shown.

    Raises
    ------
    NoTrialsError
        If fewer than two trials have a value, or no parameter varies.
    InvalidValueError
        If there is no such objective, or a name does not exist there.
    """
    shot = take(study)
    insight = shot.insight(objective)
    names = insight.varying()[:MOST_POSTERIORS] if params is None else shot.chosen(params)
    if not names:
        raise no_trials("posterior", "a parameter that varies", "none")
    return [_posterior(shot, insight.slice(name), objective) for name in names]


def _posterior(shot: Snapshot, along: Slice, j: int) -> Posterior:
    scale, band = shot.scale(along.name), along.band
    positions = scale.positions(along.values, [True] * len(along.values))
    told = shot.positions(along.name)
    numbers = shot.comparable[np.isfinite(told[shot.comparable])]
    numbers = thinned(numbers, MOST_PANEL_POINTS)
    return Posterior(
        scale,
        positions,
        band.median,
        band.low,
        band.high,
        numbers,
        told[numbers],
        shot.values[numbers, j],
        shot.learned(j),
    )


@dataclass(frozen=True, eq=False)
class Contour:
    """The belief over two parameters, the others held at the best configuration.

    Attributes
    ----------
    x, y : Scale
    x_positions, y_positions : float64 [k], [l]
    median : float64 [l, k]
        NaN where not both parameters exist.
    numbers : int64 [t]
    told_x, told_y, told_values : float64 [t]
    objective : str
    direction : str
    learned : Learned
        Whether there is anything to it.
    """

    x: Scale
    y: Scale
    x_positions: F
    y_positions: F
    median: F
    numbers: Numbers
    told_x: F
    told_y: F
    told_values: F
    objective: str
    direction: str
    learned: Learned


def contour(
    study: StudyLike | Snapshot, params: Sequence[str] | None = None, objective: int = 0
) -> Contour:
    """Return the model's median over two parameters, by default the two most important ones.

    Raises
    ------
    NoTrialsError
        If fewer than two trials have a value, or fewer than two parameters vary.
    InvalidValueError
        If there is no such objective, or a name does not exist in the best configuration.
    """
    shot = take(study)
    insight = shot.insight(objective)
    names = insight.varying()[:2] if params is None else shot.chosen(params)
    if len(names) != 2:
        raise no_trials("contour", "two parameters", f"{len(names)}")
    surface = insight.surface(names[0], names[1])
    x, y = shot.scale(names[0]), shot.scale(names[1])
    told_x, told_y = shot.positions(names[0]), shot.positions(names[1])
    both = np.isfinite(told_x) & np.isfinite(told_y)
    numbers = thinned(shot.comparable[both[shot.comparable]], MOST_PANEL_POINTS)
    return Contour(
        x,
        y,
        x.positions(surface.x.values, [True] * len(surface.x.values)),
        y.positions(surface.y.values, [True] * len(surface.y.values)),
        surface.median,
        numbers,
        told_x[numbers],
        told_y[numbers],
        shot.values[numbers, objective],
        shot.objective_name(objective),
        shot.directions[objective],
        shot.learned(objective),
    )
