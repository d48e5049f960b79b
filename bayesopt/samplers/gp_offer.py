"""How a batch is filled with the rows that promise most."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bayesopt.acquisition.ground import Ground, Region, whole_cube
from bayesopt.acquisition.trust_region import Life
from bayesopt.history import History
from bayesopt.rng import aside
from bayesopt.samplers.fresh import Batch
from bayesopt.samplers.gp_data import Observed
from bayesopt.samplers.gp_elsewhere import may_leave, offer_elsewhere
from bayesopt.samplers.gp_search import (
    Plan,
    View,
    best_rows,
    known_rows,
    lives_of,
    mood_for,
    narrowed,
    region_for,
    taking_in,
    utility_of,
)
from bayesopt.space import Space
from bayesopt.surrogates.faults import BROKEN
from bayesopt.surrogates.model import Belief

F = npt.NDArray[np.float64]

SECOND, ELSEWHERE, HERE = "second", "elsewhere", "here"
"""How a row was found: by the second model, without the exhausted basins, or in view of all."""


def offer_best(
    plan: Plan,
    belief: Belief,
    batch: Batch,
    space: Space,
    history: History,
    data: Observed,
    rng: np.random.Generator,
) -> list[str]:
    """Fill a batch with the rows that promise most, each as if the earlier ones were under way.

    It stays short where the search finds nothing that may be proposed. Returns how each row was
    found.
    """
    view = View.of(plan, space, history, data, taking_in(belief, data.pending))
    lives = lives_of(view.values, data.numbers, plan.n_regions, space.d, plan.n_design)
    ways: list[str] = []
    while batch.missing:
        before = len(batch.rows())
        life = lives[(history.n + before) % plan.n_regions]
        way = _offer_one(view, life, batch, rng)
        if way is None:
            break
        ways.append(way)
        if batch.missing and way != SECOND:
            view = view.taking_in(batch.rows()[before:])
    return ways


def _offer_one(view: View, life: Life, batch: Batch, rng: np.random.Generator) -> str | None:
    """Offer a batch one row; return how it was found, None if there is none."""
    # Where it is not found elsewhere it is the same as if nobody had looked there: other numbers.
    plan, is_level = view.plan, view.belief.half_step > 0.0
    mood = mood_for(plan, life, view.space.domain, rng, is_level)
    if mood == "second" and offer_second(plan, batch, view.space, view.history, rng):
        return SECOND
    own = aside(rng)
    if may_leave(view, life, mood, own) and _offer_elsewhere(view, life, batch, own):
        return ELSEWHERE
    return HERE if _offer_here(view, life, mood, batch, rng) else None


def _offer_elsewhere(view: View, life: Life, batch: Batch, rng: np.random.Generator) -> bool:
    """Return whether a row was offered; where the second belief fails the first one will do."""
    try:
        return offer_elsewhere(view, life, batch, rng)
    except BROKEN:
        return False


def _offer_here(view: View, life: Life, mood: str, batch: Batch, rng: np.random.Generator) -> bool:
    """Offer a batch the row that promises most in a mood; return whether there is one."""
    plan, domain, data = view.plan, view.space.domain, view.data
    utility = utility_of(plan, view.belief, mood)
    narrow = narrowed(utility, mood, domain, [data.X, data.pending, batch.rows()])
    known = known_rows(view.history, batch)
    ground = Ground(view.space, known, _region(view, life, mood))
    anchors = view.anchors
    if plan.n_regions > 1 and life.best >= 0:
        anchors = np.concatenate([data.X[life.best][None], best_rows(view.belief)])
    found = view.find(ground, utility, rng, narrow, anchors)
    batch.offer(found.rows[:1])
    return len(found.rows) > 0


def _region(view: View, life: Life, mood: str) -> Region:
    if not view.plan.has_region:
        return whole_cube(view.space.d)
    is_only = view.plan.n_regions == 1
    args = view.space.domain, view.belief, view.data, view.scale, life, mood, is_only
    return region_for(*args)


def offer_second(
    plan: Plan, batch: Batch, space: Space, history: History, rng: np.random.Generator
) -> bool:
    """Offer a batch what the second model would evaluate next; return whether it was taken.

    It is not where it is in the batch already, or is a fallback, such as a repetition where nothing
    new is left.
    """
    before = batch.missing
    if plan.second is not None:
        made = plan.second.propose(space, history, 1, rng)
        if not made.fallback:
            batch.offer(made.rows)
    return batch.missing < before
