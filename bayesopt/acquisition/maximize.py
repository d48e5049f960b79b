"""Where a utility is highest: look everywhere, climb from the best places, change single columns.

1. Candidates: a Latin hypercube of the region, changed copies of the best known rows, and all of a
   space that is small enough to list.
2. Starts: the best candidates that are not next to each other.
3. Rounds: climb the continuous columns, then take single changes of the others while they help.
4. The best row that may be proposed, with the runners-up in order.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bayesopt._kernels import candidates as kernels
from bayesopt.acquisition import moves
from bayesopt.acquisition.climb import Climbable, Climber, climb
from bayesopt.acquisition.ground import Ground
from bayesopt.acquisition.settings import SearchSettings

F = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.int64]

_TOUCHED = 20.0  # columns of a known row that a changed copy moves, on average and at most
_DRAWS_PER_CANDIDATE = 4  # where constraints turn most rows away
_RETREATS = np.array([1.0, 0.95, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.05])
_SLIDES = (0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001)
_N_SLIDING, _N_SLIDES = 4, 40  # rows that slide, and moves of each
_APART = 0.05  # how far starts are, root mean square over columns
_MOST_RANKED = 64  # rows of which the best that nobody knows is looked for, at once
_MOST_SWEEPS = 20  # changes of single columns in a row


@dataclass(frozen=True, eq=False)
class Ranking:
    """Rows that may be proposed, the best first.

    Attributes
    ----------
    rows : float64 [k, d]
    values : float64 [k]
        What they are worth.
    """

    rows: F
    values: F


def maximize(
    utility: Climbable,
    ground: Ground,
    anchors: F,
    scale: F,
    rng: np.random.Generator,
    settings: SearchSettings | None = None,
    climber: Climber = climb,
) -> Ranking:
    """Search for the rows of the highest utility.

    Parameters
    ----------
    utility : Climbable
    ground : Ground
        What may be proposed.
    anchors : float64 [k, d]
        Good known rows, the best first.
    scale : float64 [d]
        Lengthscales: how far apart rows differ.
    rng : numpy.random.Generator
    settings : SearchSettings, optional
    climber : callable
        What climbs, as ``climb.climb`` does.

    Returns
    -------
    Ranking
        Empty where nothing that may be proposed was found, or no value was a number.
    """
    settings = SearchSettings() if settings is None else settings
    pool = candidates(ground, anchors, rng, settings)
    if not len(pool):
        return Ranking(pool, np.empty(0))
    values = _numbers(utility.value(pool))
    order = np.argsort(-values, kind="stable")
    tops, heights = _ascend(
        utility, ground, pool, values, order, anchors, scale, rng, settings, climber
    )
    return _ranked(ground, np.concatenate([tops, pool]), np.concatenate([heights, values]))


def candidates(ground: Ground, anchors: F, rng: np.random.Generator, settings: SearchSettings) -> F:
    """Return snapped, allowed rows [k, d], different ones not guaranteed.

    All unknown rows of a space that can be listed; else about ``settings.n_candidates``.
    """
    if ground.space.size <= 2 * settings.n_candidates:
        return _listed(ground)
    n_around = min(len(anchors), settings.n_anchors) * 20 * len(settings.sigmas)
    n_spread = max(settings.n_candidates - n_around, settings.n_candidates // 2)
    parts = [_spread(ground, n_spread, rng, settings.most_moved)]
    if n_around:
        parts.append(_around(ground, anchors[: settings.n_anchors], rng, settings.sigmas))
        parts.append(anchors[~ground.known(anchors)])  # again, where values are noisy
    rows, _ = ground.snap(np.concatenate(parts))
    rows = rows[ground.allowed(rows)]
    if ground.space.constraints and len(rows) < settings.n_candidates // 4:
        rows = np.concatenate([rows, _searched(ground, anchors, rng, settings)])
    return rows


def _listed(ground: Ground) -> F:
    """Return all rows of the region that nobody has tried, of the space where there are none."""
    rows = np.concatenate(list(ground.space.grid().blocks()))
    rows = rows[~ground.known(rows)]
    inside = rows[ground.allowed(rows)]
    if len(inside) or not len(rows):
        return inside
    return rows[ground.space.feasible(rows)]


def _spread(ground: Ground, n: int, rng: np.random.Generator, most_moved: float | None = None) -> F:
    """Return n unsnapped rows of the region, evenly spread.

    Where `most_moved` columns are moved at most, the others are those of the region's center.
    """
    d, region = ground.space.d, ground.region
    rows = np.empty((n, d))
    place = np.empty(n, dtype=np.int64)
    kernels.latin(rng.random((n, d)), rng.random((n, d)), place, rows)
    if not ground.is_whole:
        share = np.full((n, d), 1.0)
        if region.share < 1.0:
            share = rng.random((n, d))
        arrays = ground.domain.arrays
        kernels.confine(
            rows, region.lower, region.upper, region.center, share, region.share, arrays
        )
        if most_moved is not None and most_moved < d:
            moves = rng.random((n, d)) < most_moved / d
            moves[np.arange(n), rng.integers(d, size=n)] = True
            rows = np.where(moves, rows, region.center)
    return rows


def _around(ground: Ground, anchors: F, rng: np.random.Generator, sigmas: Sequence[float]) -> F:
    """Return unsnapped copies of the anchors, 20 for each width, with some columns moved."""
    parts = []
    for sigma in sigmas:
        base = np.repeat(anchors, 20, axis=0)
        n, d = base.shape
        touch = rng.random((n, d)) < _share_touched(n, d, rng)
        touch[np.arange(n), rng.integers(d, size=n)] = True
        normal, fresh = rng.standard_normal((n, d)), rng.random((n, d))
        lower, upper, arrays = ground.region.lower, ground.region.upper, ground.domain.arrays
        parts.append(kernels.perturb(base, touch, normal, fresh, sigma, lower, upper, arrays))
    return np.concatenate(parts)


def _share_touched(n: int, d: int, rng: np.random.Generator) -> F:
    """Return how likely each column of a copy is moved, [n, 1]: all in half of them, else few."""
    most = min(1.0, _TOUCHED / d)
    return np.where(rng.random((n, 1)) < 0.5, most, min(most, 2.0 / d))


def _searched(ground: Ground, anchors: F, rng: np.random.Generator, settings: SearchSettings) -> F:
    """Return feasible rows where hardly any random one is: drawn by the space, and near anchors."""
    rows = ground.space.sample(settings.n_candidates // _DRAWS_PER_CANDIDATE, rng)
    if len(anchors):
        near = [_around(ground, anchors, rng, settings.sigmas) for _ in range(4)]
        near_rows, _ = ground.snap(np.concatenate(near))
        rows = np.concatenate([rows, near_rows[ground.allowed(near_rows)]])
    inside = rows[ground.within(rows)]
    return inside if len(inside) else rows


def _ascend(
    utility: Climbable,
    ground: Ground,
    pool: F,
    values: F,
    order: Numbers,
    anchors: F,
    scale: F,
    rng: np.random.Generator,
    settings: SearchSettings,
    climber: Climber,
) -> tuple[F, F]:
    """Improve the best candidates in rounds; return snapped, allowed rows [m, d] and values [m]."""
    n_good = int(np.count_nonzero(np.isfinite(values)))
    if ground.space.size <= 2 * settings.n_candidates or not n_good:
        return pool[:0], values[:0]
    order = order[:n_good]
    chosen = order[kernels.spread_out(pool[order], settings.n_starts, _APART)]
    rows, heights = pool[chosen], values[chosen]
    for _ in range(settings.n_rounds):
        rows, heights = _climbed(utility, ground, rows, heights, scale, settings, climber)
        rows, heights, moved = _swept(utility, ground, rows, heights, anchors, rng)
        if not moved.any() or not ground.is_climbed.any():
            break
    if ground.space.constraints and ground.is_climbed.any():
        first = np.argsort(-heights, kind="stable")[:_N_SLIDING]
        return _slid(utility, ground, rows[first], heights[first], rng)
    return rows, heights


def _climbed(
    utility: Climbable,
    ground: Ground,
    rows: F,
    heights: F,
    scale: F,
    settings: SearchSettings,
    climber: Climber,
) -> tuple[F, F]:
    """Climb, snap, and keep what is allowed and higher."""
    if not ground.is_climbed.any():
        return rows, heights
    _, active = ground.snap(rows)
    n_iterations, tolerance = settings.n_iterations, settings.tolerance
    tops, _ = climber(utility, ground, rows, active, scale, n_iterations, tolerance)
    if ground.space.constraints:
        return _retreated(utility, ground, rows, heights, tops)
    tops, _ = ground.snap(tops)
    reached = _numbers(utility.value(tops))
    better = (reached > heights) & ground.allowed(tops)
    return np.where(better[:, None], tops, rows), np.where(better, reached, heights)


def _retreated(utility: Climbable, ground: Ground, rows: F, heights: F, tops: F) -> tuple[F, F]:
    """Return the highest allowed place of each way [m, d] from `rows` to `tops`."""
    ways = rows[:, None] + _RETREATS[:, None] * (tops - rows)[:, None]
    places, _ = ground.snap(ways.reshape(-1, rows.shape[1]))
    return _best_of(
        utility, ground, rows, heights, places, np.repeat(np.arange(len(rows)), len(_RETREATS))
    )


def _slid(
    utility: Climbable, ground: Ground, rows: F, heights: F, rng: np.random.Generator
) -> tuple[F, F]:
    """Improve rows by random moves that shrink: along the edge of what constraints allow."""
    free = ground.is_climbed & ground.snap(rows)[1]
    source = np.repeat(np.arange(len(rows)), _N_SLIDES)
    for sigma in _SLIDES:
        moves = sigma * rng.standard_normal((source.size, rows.shape[1]))
        moves *= rng.random(moves.shape) < 0.5
        places = rows[source] + np.where(free[source], moves, 0.0)
        places = np.clip(places, ground.region.lower, ground.region.upper)
        places = np.where(free[source], places, rows[source])
        places, _ = ground.snap(places)
        rows, heights = _best_of(utility, ground, rows, heights, places, source)
    return rows, heights


def _best_of(
    utility: Climbable, ground: Ground, rows: F, heights: F, places: F, source: Numbers
) -> tuple[F, F]:
    """Replace each row by the highest allowed place [k, d] that comes from it, if higher."""
    ok = ground.allowed(places)
    places, source = places[ok], source[ok]
    best, winner = heights.copy(), np.full(len(rows), -1)
    if not len(places):
        return rows, best
    kernels.best_of_each(_numbers(utility.value(places)), source, best, winner)
    return np.where((winner >= 0)[:, None], places[winner], rows), best


def _swept(
    utility: Climbable, ground: Ground, rows: F, heights: F, anchors: F, rng: np.random.Generator
) -> tuple[F, F, Mask]:
    """Change single columns while that helps; return also which rows changed at all."""
    ever = np.zeros(len(rows), dtype=np.bool_)
    if not ground.is_stepped.any():
        return rows, heights, ever
    going = np.arange(len(rows))
    rows, heights = rows.copy(), heights.copy()
    for _ in range(_MOST_SWEEPS):
        new, high, moved = moves.step(utility, ground, rows[going], heights[going], anchors, rng)
        rows[going], heights[going] = new, high
        ever[going] |= moved
        going = going[moved]
        if not going.size:
            break
    return rows, heights, ever


def _ranked(ground: Ground, rows: F, values: F) -> Ranking:
    """Sort what may be proposed, without copies and known rows; the first few."""
    order = np.argsort(-values, kind="stable")
    order = order[np.isfinite(values[order])]
    chosen = order[:0]
    for start in range(0, len(order), _MOST_RANKED):
        chosen = _first_of_each(rows, order[start : start + _MOST_RANKED])
        chosen = chosen[~ground.known(rows[chosen])]
        if chosen.size:
            break
    return Ranking(rows[chosen], values[chosen])


def _first_of_each(rows: F, order: Numbers) -> Numbers:
    """Return the places `order` [m] of rows [n, d] without those of copies, in order."""
    places: dict[bytes, int] = {}
    for place, row in zip(order.tolist(), rows[order] + 0.0, strict=True):  # -0.0 becomes 0.0
        places.setdefault(row.tobytes(), place)
    return np.array(list(places.values()), dtype=np.int64)


def _numbers(values: F) -> F:
    """Return values with minus infinity for what is no number."""
    return np.where(np.isnan(values), -math.inf, values)
