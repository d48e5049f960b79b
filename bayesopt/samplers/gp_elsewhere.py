"""Where else: the search as it would be without the basins that it has exhausted.

A basin that is known to its last digit has most of the trials, so they are what the model fits: a
search by that model proposes the basin once more, or corners, where it knows least. A model of the
other trials alone sees what is promising among them.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from bayesopt.acquisition.basins import (
    Kin,
    Rest,
    gets_on,
    in_basin,
    in_basins,
    is_plateau,
    rest_of,
)
from bayesopt.acquisition.ground import Ground, whole_cube
from bayesopt.acquisition.maximize import candidates
from bayesopt.acquisition.settings import SearchSettings
from bayesopt.acquisition.trust_region import Life
from bayesopt.acquisition.utility import Success, Utility, Within
from bayesopt.samplers.fresh import Batch
from bayesopt.samplers.gp_data import Observed
from bayesopt.samplers.gp_search import (
    WIDE,
    View,
    known_rows,
    patience,
    region_for,
    taking_in,
    utility_of,
)
from bayesopt.surrogates.model import Belief

F = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Believe = Callable[[Observed], Belief]

_TRIFLE = math.log(1e-3)  # log expected improvement, in standard deviations, that is not worth it
_LOCAL_SHARE = 0.5  # of the local searches that go elsewhere; bold ones all do
_GLANCE = SearchSettings(n_candidates=256)


def may_leave(view: View, life: Life, mood: str, rng: np.random.Generator) -> bool:
    """Return whether the next row may be looked for elsewhere: the search is stuck, and not wide.

    Nor where values are noisy or move in steps: what is left to gain is not known so well there.
    """
    plan, d = view.plan, view.space.d
    is_plain = plan.acquisition in ("ei", "logei") and plan.n_regions == 1 and plan.has_region
    if plan.believe is None or not is_plain or d > WIDE or life.n_idle < patience(d):
        return False
    is_noisy = view.data.is_noisy or view.data.noise is not None
    if is_noisy or view.belief.half_step > 0.0 or view.belief.incumbent_row is None:
        return False
    return mood == "bold" or (mood == "local" and rng.random() < _LOCAL_SHARE)


def offer_elsewhere(view: View, life: Life, batch: Batch, rng: np.random.Generator) -> bool:
    """Offer a batch what a search without the exhausted basins would; return whether it does."""
    believe, kin = view.plan.believe, _kin(view)
    rest = rest_of(kin, view.data.X, view.values, patience(view.space.d))
    known = known_rows(view.history, batch)
    if believe is None or rest is None or not _is_time(view, life, rest, kin, known, rng):
        return False
    outside = Within(lambda rows: ~in_basins(kin, rows, rest.centers))
    young = _without(view, believe, rest, outside, batch)
    region = region_for(view.space.domain, young.belief, young.data, young.scale, life, "calm")
    utility = utility_of(view.plan, young.belief, "calm").plus(outside)
    found = young.find(Ground(view.space, known, region), utility, rng)
    batch.offer(found.rows[:1])
    return len(found.rows) > 0


def _kin(view: View) -> Kin:
    """Return how rows go together by the likeliest of the model's hyperparameters."""
    members, weights = view.belief.members, view.belief.weights
    likeliest = members[int(np.argmax(weights))]
    return lambda rows, center: likeliest.correlation(rows, center[None])[:, 0]


def _is_time(
    view: View,
    life: Life,
    rest: Rest,
    kin: Kin,
    known: Callable[[F], Mask],
    rng: np.random.Generator,
) -> bool:
    """Return whether nothing is left to gain here: anywhere, or in the basin of the best row.

    The latter is enough where the search elsewhere gets on: the model of all begins to hope for
    what that has found, but knows less of it. On a plateau nothing is, whatever the model hopes.
    """
    spell = patience(view.space.d)
    if is_plateau(view.values, spell):
        return True
    gain = _expected_gain(view)
    if _is_exhausted(view, gain, known, rng):
        return True
    if not gets_on(rest, view.values, life.n_idle, spell):
        return False
    own = Within(lambda rows: in_basin(kin, rows, rest.centers[0]))
    return _is_exhausted(view, gain.plus(own), known, rng)


def _expected_gain(view: View) -> Utility:
    """Return what rows are expected to gain, whatever they cost and however cautious a search is.

    Where they fail they gain nothing.
    """
    plan = dataclasses.replace(view.plan, price=None, guess=None)
    gain = utility_of(plan, dataclasses.replace(view.belief, success=None), "calm")
    success = view.belief.success
    return gain if success is None else gain.plus(Success(success))


def _is_exhausted(
    view: View, gain: Utility, known: Callable[[F], Mask], rng: np.random.Generator
) -> bool:
    """Return whether no row that is not known promises more than a trifle; a glance comes first."""
    ground = Ground(view.space, known, whole_cube(view.space.d))
    seen = candidates(ground, view.anchors, rng, _GLANCE)
    seen = seen[~known(seen)]
    if len(seen) and np.max(gain.value(seen), initial=-math.inf) > _TRIFLE:
        return False
    found = view.find(ground, gain, rng)
    return not len(found.values) or bool(found.values[0] <= _TRIFLE)


def _without(view: View, believe: Believe, rest: Rest, outside: Within, batch: Batch) -> View:
    """Return the view after the rest of the trials; where they succeed is learned from all."""
    data = view.data.part(rest.kept)
    begun = np.concatenate([data.pending, batch.rows()])
    begun = begun[outside.holds(begun)]
    belief = dataclasses.replace(believe(data), success=None)
    belief = dataclasses.replace(taking_in(belief, begun), success=view.belief.success)
    return View.of(view.plan, view.space, view.history, data, belief)
