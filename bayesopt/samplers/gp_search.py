"""From a belief to the next configurations: utility, region, search."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from bayesopt.acquisition.functions import UCB, Acquisition, LogEI, LogPI
from bayesopt.acquisition.ground import Ground, Region, whole_cube
from bayesopt.acquisition.maximize import maximize
from bayesopt.acquisition.pending import believed_best, with_pending
from bayesopt.acquisition.settings import SearchSettings
from bayesopt.acquisition.trust_region import early_region, replay, turbo_region
from bayesopt.acquisition.utility import Gain, Success, Term, Utility
from bayesopt.history import History
from bayesopt.samplers.fresh import Batch, may_repeat
from bayesopt.samplers.gp_data import Observed
from bayesopt.space import Space

if TYPE_CHECKING:
    from bayesopt.samplers.gp import GPSampler
    from bayesopt.surrogates.model import Belief

F = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

_WIDE = 20  # columns; from more on the search keeps to a trust region all the time
_EXPLORING_BETA = 1.8
_SCALE_BOUNDS = (0.02, 1.0)
_LARGE = 300  # finished trials; from more on a posterior is dear, so the search is thriftier


def offer_best(
    sampler: GPSampler,
    belief: Belief,
    batch: Batch,
    space: Space,
    history: History,
    data: Observed,
    rng: np.random.Generator,
) -> None:
    """Fill a batch with the rows that promise most, each as if the earlier ones were under way."""
    belief = taking_in(belief, data.pending)
    settings = search_settings(sampler, data.n)
    scale = lengthscales(belief)
    anchors = best_rows(belief)
    while batch.missing:
        region = whole_cube(space.d)
        if sampler.trust_region == "auto":
            region = region_for(belief, data, scale, sampler.n_design(space))
        ground = Ground(space, _known(history, batch), region)
        utility = utility_of(sampler, belief, rng)
        found = maximize(utility, ground, anchors, scale, rng, settings)
        if not len(found.rows):
            return
        batch.offer(found.rows[:1])
        if batch.missing:
            belief = taking_in(belief, found.rows[:1])


def taking_in(belief: Belief, rows: F) -> Belief:
    """Return the belief as if rows [k, d] under way had the outcomes believed of them."""
    members = with_pending(belief.members, rows)
    incumbent = believed_best(members, belief.weights, rows, belief.incumbent)
    return dataclasses.replace(belief, members=members, incumbent=incumbent)


def utility_of(sampler: GPSampler, belief: Belief, rng: np.random.Generator) -> Utility:
    """Return what the next row is worth: the sampler's acquisition, now and then a bolder one."""
    acquisition: Acquisition
    if sampler.acquisition == "ucb":
        acquisition = UCB(sampler.beta)
    elif rng.random() < sampler.explore:
        acquisition = UCB(_EXPLORING_BETA)
    else:
        acquisition = (
            LogPI(belief.incumbent) if sampler.acquisition == "pi" else LogEI(belief.incumbent)
        )
    is_log = not isinstance(acquisition, UCB)
    terms: tuple[Term, ...] = (Gain(belief.members, belief.weights, acquisition, is_log),)
    if belief.success is not None:
        terms += (Success(belief.success),)
    return Utility(terms)


def region_for(belief: Belief, data: Observed, scale: F, n_design: int) -> Region:
    """Return the part of the cube that the next search keeps to."""
    d = data.X.shape[1]
    center = belief.incumbent_row
    if d > _WIDE:
        life = replay(np.where(data.failed, np.inf, data.y), d, n_design)
        if life.best < 0:
            return whole_cube(d)
        return turbo_region(data.X[life.best], life.length, scale)
    return early_region(center, data.n)


def best_rows(belief: Belief, k: int = 5) -> F:
    """Return the k rows of the best values, the best first."""
    order = np.argsort(belief.y, kind="stable")[:k]
    rows: F = np.concatenate([belief.incumbent_row[None, :], belief.X[order]])
    return rows


def lengthscales(belief: Belief) -> F:
    """Return how far apart rows differ by column, [d], within sensible bounds."""
    hyper: Any = getattr(belief.members[0], "hyper", None)
    if hyper is None:
        return np.full(belief.X.shape[1], 0.5)
    return np.clip(np.nan_to_num(hyper.lengthscale, posinf=1.0), *_SCALE_BOUNDS)


def search_settings(sampler: GPSampler, n: int) -> SearchSettings:
    """Return how hard to look: less where each look costs more, unless the user decides."""
    thrifty = {"n_candidates": 512, "n_starts": 5} if n > _LARGE else {}
    return SearchSettings(**{**thrifty, **(sampler.search or {})})


def _known(history: History, batch: Batch) -> Any:
    """Return the test for rows that must not be proposed: known ones, and those of the batch."""
    if may_repeat(history):
        return lambda rows: np.zeros(len(rows), dtype=np.bool_)
    taken = batch.rows()

    def known(rows: F) -> Mask:
        found = history.contains(rows)
        for row in taken:
            found |= (rows == row).all(axis=1)
        return found

    return known
