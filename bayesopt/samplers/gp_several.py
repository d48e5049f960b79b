"""From beliefs about several outcomes to the next configurations.

One objective is improved on as always, several by the volume that they dominate (more than four by
random weights); constraints weigh that with the probability that they are met, and are all that
counts until something is feasible.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bayesopt._kernels.pareto import non_dominated, spread_subset
from bayesopt.acquisition.engine import COMPILED_SEARCH
from bayesopt.acquisition.functions import LogPI
from bayesopt.acquisition.ground import Ground, Region, columns_of, reach_of_neighbours, whole_cube
from bayesopt.acquisition.mixtures import Mixture
from bayesopt.acquisition.pending import with_pending
from bayesopt.acquisition.trust_region import Life, early_region, replay, turbo_region
from bayesopt.acquisition.utility import Gain, Term, Utility
from bayesopt.acquisition.volume import VolumeGain, free_space, reference_point
from bayesopt.acquisition.weighted import WeightedGain, random_weighting
from bayesopt.history import History
from bayesopt.samplers.fresh import Batch
from bayesopt.samplers.gp_outcomes import Outcomes, best_first
from bayesopt.samplers.gp_search import (
    WIDE,
    Plan,
    find,
    known_rows,
    lengthscales,
    mood_for,
    narrowed,
    search_settings,
    utility_of,
)
from bayesopt.space import Space
from bayesopt.space.domain import Domain
from bayesopt.surrogates.model import Belief
from bayesopt.surrogates.several import Beliefs, incumbent_values, mean_of

F = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

_N_ANCHORS = 10
_FAR_SHARE = 0.33  # of the trials that look beyond the gaps of the front
_TRIFLE = 0.02  # standard deviations that are no progress
_FARTHEST = 1e6  # standard deviations: a reference beyond would drown what is gained before it
_LARGEST_FRONT = {2: 200, 3: 100, 4: 50}  # rows whose dominated volume is cut into boxes


@dataclass(frozen=True, eq=False)
class Standing:
    """What is to be improved on, in the beliefs' units.

    Attributes
    ----------
    rows : float64 [k, d]
        The feasible trials, and those under way that are believed to be.
    values : float64 [k, m]
    reference : float64 [m]
        Up to where volume counts.
    """

    rows: F
    values: F
    reference: F


def offer_several(
    plan: Plan,
    beliefs: Beliefs,
    batch: Batch,
    space: Space,
    history: History,
    data: Outcomes,
    rng: np.random.Generator,
) -> None:
    """Fill a batch with the rows that promise most, each as if the earlier ones were under way.

    It stays short where the search finds nothing that may be proposed.
    """
    standing = standing_of(plan, beliefs, data, history, is_far=rng.random() < _FAR_SHARE)
    life = replay(progress(standing, data), space.d, plan.n_design)
    beliefs, standing = taking_in(beliefs, standing, data.pending)
    settings = search_settings(plan, data.n)
    if "n_anchors" not in plan.search:
        settings = dataclasses.replace(settings, n_anchors=_N_ANCHORS)
    scale, ranked = joint_lengthscales(beliefs), data.X[best_first(data, _N_ANCHORS)]
    while batch.missing:
        mood = mood_for(plan, life, space.domain, rng)
        anchors = anchors_of(standing, ranked, rng)
        region = region_around(plan, space.domain, anchors[0], data.n, scale, life, mood)
        utility = worth(plan, beliefs, standing, mood, rng)
        narrow = narrowed(utility, mood, space.domain, [data.X, data.pending, batch.rows()])
        ground = Ground(space, known_rows(history, batch), region)
        found = find(utility, narrow, ground, anchors, scale, rng, settings, COMPILED_SEARCH.climb)
        if not len(found.rows):
            return
        batch.offer(found.rows[:1])
        if batch.missing:
            beliefs, standing = taking_in(beliefs, standing, found.rows[:1])


def standing_of(
    plan: Plan, beliefs: Beliefs, data: Outcomes, history: History, is_far: bool
) -> Standing:
    """Return what the finished trials have reached.

    Where nothing is feasible and no constraint can be learned, all that has values counts.
    """
    counts = data.feasible
    if not counts.any() and not beliefs.limits and beliefs.success is None:
        counts = data.has_values
    values = incumbent_values(beliefs.objectives, data.X[counts], data.Y[counts])
    reference = np.zeros(values.shape[1])
    if plan.reference is not None:
        signs = np.where(np.array(history.directions) == "maximize", -1.0, 1.0)
        given = np.asarray(plan.reference, dtype=np.float64) * signs
        far = incumbent_values(beliefs.objectives, data.X[:0], given[None])[0]
        reference = np.clip(far, -_FARTHEST, _FARTHEST)
    elif len(values):
        reference = reference_point(values[non_dominated(values)], values, is_far)
    return Standing(data.X[counts], values, reference)


def progress(standing: Standing, data: Outcomes) -> F:
    """Return what falls while the trials get on, [n]; infinite of one that is not feasible.

    The value of an only objective; of several, minus the number of trials that no earlier one
    would dominate even if they were worse by a trifle.
    """
    scores = np.full(data.n, np.inf)
    values = standing.values
    if len(values) != np.count_nonzero(data.feasible):
        return scores
    if values.shape[1] == 1:
        scores[data.feasible] = values[:, 0]
    else:
        beats = [not (values[:i] <= v + _TRIFLE).all(axis=1).any() for i, v in enumerate(values)]
        scores[data.feasible] = -np.cumsum(beats)
    return scores


def taking_in(beliefs: Beliefs, standing: Standing, rows: F) -> tuple[Beliefs, Standing]:
    """Return both as if rows [k, d] under way had the outcomes believed of them."""
    if not len(rows):
        return beliefs, standing
    meets = np.ones(len(rows), dtype=np.bool_)
    for limit in beliefs.limits:
        meets &= mean_of(limit.belief, rows) <= limit.threshold
    values = np.stack([mean_of(each, rows) for each in beliefs.objectives], axis=1)
    reached = Standing(
        np.concatenate([standing.rows, rows[meets]]),
        np.concatenate([standing.values, values[meets]]),
        standing.reference,
    )
    return _given(beliefs, rows), reached


def _given(beliefs: Beliefs, rows: F) -> Beliefs:
    """Return beliefs whose variances shrink around rows."""

    def given(belief: Belief) -> Belief:
        return dataclasses.replace(belief, members=with_pending(belief.members, rows))

    return Beliefs(
        tuple(given(each) for each in beliefs.objectives),
        tuple(dataclasses.replace(limit, belief=given(limit.belief)) for limit in beliefs.limits),
        beliefs.success.condition(rows) if beliefs.success is not None else None,
    )


def worth(
    plan: Plan, beliefs: Beliefs, standing: Standing, mood: str, rng: np.random.Generator
) -> Utility:
    """Return what the next row is worth.

    What it may gain, once there is something to improve on, and the probabilities that it has
    outcomes at all and meets each constraint.
    """
    plan = dataclasses.replace(plan, searcher=COMPILED_SEARCH)  # it takes posteriors of any engine
    lowest = float(standing.values[:, 0].min(initial=np.inf))
    first = dataclasses.replace(beliefs.objectives[0], incumbent=lowest, success=beliefs.success)
    gain, *chances = utility_of(dataclasses.replace(plan, price=None), first, mood).terms
    if len(beliefs.objectives) > 1 and len(standing.values):
        gain = gain_of(beliefs.objectives, standing, rng)
    for limit in beliefs.limits:
        belief = limit.belief
        chances.append(Gain(belief.members, belief.weights, LogPI(limit.threshold)))
    price = () if plan.price is None else (plan.price,)
    return Utility((gain, *chances, *price) if len(standing.values) else (*chances, *price))


def gain_of(objectives: tuple[Belief, ...], standing: Standing, rng: np.random.Generator) -> Term:
    """Return what a row may gain in volume, or, of many objectives, under random weights."""
    front = standing.values[non_dominated(standing.values)]
    mixtures = tuple(Mixture(each.members, each.weights) for each in objectives)
    most = _LARGEST_FRONT.get(len(objectives))
    if most is None:
        weighting = random_weighting(front, rng)
        return WeightedGain(mixtures, weighting, float(weighting.of(front).min()))
    if len(front) > most:
        front = front[spread_subset(front, most)]
    return VolumeGain(mixtures, free_space(front, standing.reference))


def anchors_of(standing: Standing, ranked: F, rng: np.random.Generator) -> F:
    """Return good known rows: of a front in any order, else the best there are first, [k, d]."""
    if not len(standing.values) or standing.values.shape[1] == 1:
        return ranked
    front = np.flatnonzero(non_dominated(standing.values))
    chosen = rng.permutation(front)[:_N_ANCHORS]
    return np.concatenate([standing.rows[chosen], ranked[: _N_ANCHORS - chosen.size]])


def region_around(
    plan: Plan, domain: Domain, center: F, n: int, scale: F, life: Life, mood: str
) -> Region:
    """Return the part of the cube that the next search keeps to.

    As of one objective (``gp_search.region_for``), around a given row.
    """
    is_wide = domain.d > WIDE
    reach = reach_of_neighbours(domain, center)
    if plan.has_region and life.best >= 0 and (is_wide or mood == "local"):
        region = turbo_region(center, life.length, scale, reach)
    elif plan.has_region and not is_wide:
        region = early_region(center, n, reach)
    else:
        return whole_cube(domain.d)
    return region.opened(columns_of(domain, center))


def joint_lengthscales(beliefs: Beliefs) -> F:
    """Return how far apart rows differ by column, [d]: the geometric mean over outcomes."""
    each = [*beliefs.objectives, *(limit.belief for limit in beliefs.limits)]
    return np.asarray(np.exp(np.mean([np.log(lengthscales(belief)) for belief in each], axis=0)))
