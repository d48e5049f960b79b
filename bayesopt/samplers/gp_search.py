"""From a belief to the next configuration: mood, utility, region, search."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from bayesopt.acquisition.branches import neglected_branch
from bayesopt.acquisition.caution import caution
from bayesopt.acquisition.climb import Climber
from bayesopt.acquisition.engine import COMPILED_SEARCH, Searcher
from bayesopt.acquisition.functions import UCB, Acquisition, LogEI, LogPI
from bayesopt.acquisition.ground import Ground, Region, columns_of, reach_of_neighbours, whole_cube
from bayesopt.acquisition.knowledge import KnowledgeGain
from bayesopt.acquisition.maximize import Ranking, maximize
from bayesopt.acquisition.pending import believed_best, with_pending
from bayesopt.acquisition.price import Price
from bayesopt.acquisition.settings import SearchSettings
from bayesopt.acquisition.trust_region import Life, early_region, replay, turbo_region
from bayesopt.acquisition.utility import Success, Term, Utility, Within
from bayesopt.history import History
from bayesopt.samplers.base import Sampler
from bayesopt.samplers.fresh import Batch, may_repeat
from bayesopt.samplers.gp_data import Observed
from bayesopt.space import Space
from bayesopt.space.domain import NOMINAL, Domain
from bayesopt.surrogates.model import Belief

F = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.int64]

WIDE = 20  # columns; from more on the search keeps to a trust region all the time
_LEAST_PATIENCE = 4  # trials without improvement, or as many as columns, are being stuck
_SECOND_SHARE = 1.0 / 3.0  # of the trials that then ask another model
_LOCAL_SHARE = 0.5  # of the others that then keep to the trust region
_WIDE_BOLDNESS = 5.0  # as many bold trials in many columns, if all of them have cells
_MARGIN = 0.1  # of the values' standard deviation: what a bold search wants at least
_SCALE_BOUNDS = (0.02, 1.0)
_LARGE = 300  # finished trials; from more on a posterior is dear, so the search is thriftier


@dataclass(frozen=True, eq=False)
class Plan:
    """How the next rows are looked for; see :class:`bayesopt.samplers.gp.GPSampler`.

    Attributes
    ----------
    acquisition : {"ei", "logei", "pi", "ucb", "kg"}
    explore, beta : float
    has_region : bool
        Whether the search may keep to a part of the cube.
    n_design : int
        Trials that a life of the trust region begins with.
    search : mapping
        Settings of the search that the user made.
    searcher : Searcher
        How the posteriors of the engine at work are searched.
    reference : sequence of float, optional
        Up to where the volume counts that several objectives dominate, in the user's terms.
    second : Sampler, optional
        Another model, which a search that is stuck asks now and then.
    price : Price, optional
        What a row costs, where that counts.
    guess : Term, optional
        Where the user thinks that the optimum lies.
    n_regions : int
        Trust regions that trials take turns in.
    believe : callable, optional
        Returns what is believed after a part of the trials; None where that is not told by the
        objective's own outcomes alone.
    """

    acquisition: str
    explore: float
    beta: float
    has_region: bool
    n_design: int
    search: Mapping[str, Any]
    searcher: Searcher = COMPILED_SEARCH
    reference: Sequence[float] | None = None
    second: Sampler | None = None
    price: Price | None = None
    guess: Term | None = None
    n_regions: int = 1
    believe: Callable[[Observed], Belief] | None = None


@dataclass(frozen=True, eq=False)
class View:
    """What a search for one more row goes by.

    Attributes
    ----------
    plan : Plan
    space : Space
    history : History
    data : Observed
    belief : Belief
        What is believed after `data`; rows under way are taken in.
    values : float64 [n]
        What the finished trials gave, in the belief's units; infinite of failed ones.
    scale : float64 [d]
        How far apart rows differ by column.
    anchors : float64 [k, d]
        The best rows, the best first.
    """

    plan: Plan
    space: Space
    history: History
    data: Observed
    belief: Belief
    values: F
    scale: F
    anchors: F

    @classmethod
    def of(cls, plan: Plan, space: Space, history: History, data: Observed, belief: Belief) -> View:
        """Return the view of a belief; with rows that are taken in later only that is another."""
        values, anchors = believed_values(belief, data), best_rows(belief, is_lucky=data.is_noisy)
        return cls(plan, space, history, data, belief, values, lengthscales(belief), anchors)

    @property
    def settings(self) -> SearchSettings:
        """How hard to look."""
        return search_settings(self.plan, len(self.belief.X))

    def taking_in(self, rows: F) -> View:
        """Return the view as if rows [k, d] were under way, too."""
        return dataclasses.replace(self, belief=taking_in(self.belief, rows))

    def find(
        self,
        ground: Ground,
        utility: Utility,
        rng: np.random.Generator,
        narrow: Utility | None = None,
        anchors: F | None = None,
    ) -> Ranking:
        """Return the best rows of a ground by a narrow utility; where all is known, of the cube."""
        narrow = utility if narrow is None else narrow
        anchors = self.anchors if anchors is None else anchors
        climber = self.plan.searcher.climb
        return find(utility, narrow, ground, anchors, self.scale, rng, self.settings, climber)


def believed_values(belief: Belief, data: Observed) -> F:
    """Return what the finished trials gave [n], in the belief's units; infinite of failed ones.

    Of noisy outcomes what is believed of them: a lucky one would make all that follows a failure.
    """
    values = np.full(data.n, np.inf)
    kept = ~data.failed
    if data.is_noisy and kept.any():
        values[kept] = belief.mean(np.ascontiguousarray(data.X[kept]))
    else:
        values[kept] = belief.from_outcome(data.y[kept])
    return values


def lives_of(
    y: F, numbers: npt.NDArray[np.int64], n_regions: int, d: int, n_startup: int
) -> tuple[Life, ...]:
    """Return the state of each trust region; trial k belongs to region ``k mod n_regions``.

    Several regions, each around the best of its own trials, search in several places at once
    (TuRBO-m, Eriksson et al., 2019). `numbers` [n] are those of the trials with values y [n].
    """
    if n_regions == 1:
        return (replay(y, d, n_startup),)
    owner = (numbers if numbers.size == y.size else np.arange(y.size)) % n_regions
    lives = []
    for k in range(n_regions):
        own = np.flatnonzero(owner == k)
        life = replay(y[own], d, -(-n_startup // n_regions))
        best = int(own[life.best]) if life.best >= 0 else -1
        lives.append(dataclasses.replace(life, best=best))
    return tuple(lives)


def find(
    utility: Utility,
    narrow: Utility,
    ground: Ground,
    anchors: F,
    scale: F,
    rng: np.random.Generator,
    settings: SearchSettings,
    climber: Climber,
) -> Ranking:
    """Return the best rows of a ground by a narrow utility; where all is known, of the cube."""
    found = maximize(narrow, ground, anchors, scale, rng, settings, climber)
    if not len(found.rows) and not (ground.is_whole and narrow is utility):
        whole = Ground(ground.space, ground.known, whole_cube(ground.space.d))
        found = maximize(utility, whole, anchors, scale, rng, settings, climber)
    return found


def narrowed(utility: Utility, mood: str, domain: Domain, begun: Sequence[F]) -> Utility:
    """Return the utility of rows in a branch that few of the trials `begun` are in, if bold.

    Else, or where there is no such branch, the utility as it is.
    """
    branch = neglected_branch(domain, np.concatenate(begun)) if mood == "bold" else None
    return utility if branch is None else utility.plus(Within(branch.holds))


def patience(d: int) -> int:
    """Return how many trials without improvement are a spell of being stuck."""
    return max(_LEAST_PATIENCE, min(d, WIDE))


def mood_for(
    plan: Plan, life: Life, domain: Domain, rng: np.random.Generator, is_level: bool = False
) -> str:
    """Return how the next row is looked for: "calm", "bold", "local" or "second".

    A search that is stuck tries the others in turn, by a coin: what it knows well yields nothing
    more, so a smaller region helps, or a place that is less certain; when it has been stuck for
    twice as long also a second model, since this one may be wrong. Where there are choices it is
    bold now and then anyway: it knows least of those that it has not taken. On a level, where
    several trials have the best outcome, it is bold instead of calm or local: what lies next to
    them is most likely the same once more.
    """
    coin = rng.random()
    n_spells = life.n_idle // patience(domain.d)
    if not n_spells and not is_level:
        return "bold" if coin < bold_share(plan, domain) else "calm"
    share = _SECOND_SHARE if n_spells > 1 and plan.second is not None else 0.0
    if coin >= 1.0 - share:
        return "second"
    if is_level:
        return "bold"
    is_local = coin < _LOCAL_SHARE * (1.0 - share)
    return ("local" if plan.has_region else "calm") if is_local else "bold"


def bold_share(plan: Plan, domain: Domain) -> float:
    """Return the share of the trials that are bold while the search gets on.

    In many columns up to five times as many, by the share of columns that have cells: what is left
    to gain there by the last digits of the others is next to nothing.
    """
    share = plan.explore if (domain.kind == NOMINAL).any() else 0.0
    if domain.d > WIDE:
        share = max(share, _WIDE_BOLDNESS * plan.explore * float((domain.n_cells > 0).mean()))
    return share


def taking_in(belief: Belief, rows: F) -> Belief:
    """Return the belief as if rows [k, d] under way had the outcomes believed of them."""
    members = with_pending(belief.members, rows)
    incumbent = believed_best(members, belief.weights, rows, belief.incumbent)
    success = belief.success.condition(rows) if belief.success and len(rows) else belief.success
    return dataclasses.replace(belief, members=members, incumbent=incumbent, success=success)


def utility_of(plan: Plan, belief: Belief, mood: str) -> Utility:
    """Return what the next row is worth; a bold search wants more than a tiny improvement.

    Where the objective moves in steps, half of one is the least that counts.
    """
    margin = _MARGIN if mood in ("bold", "second") else 0.0
    best = belief.incumbent - max(margin, belief.half_step)
    acquisition: Acquisition = LogEI(best)
    if plan.acquisition == "ucb":
        acquisition = UCB(plan.beta)
    elif plan.acquisition == "pi":
        acquisition = LogPI(belief.incumbent - _MARGIN)
    is_log = not isinstance(acquisition, UCB)
    gain: Term = plan.searcher.gain(belief.members, belief.weights, acquisition, is_log)
    if plan.acquisition == "kg" and len(belief.X):
        gain = KnowledgeGain(belief.members, belief.weights, first_of_each(belief.X))
    terms: tuple[Term, ...] = (gain,)
    if belief.success is not None:
        terms += (Success(belief.success, caution(belief.success.risks)),)
    if plan.price is not None:
        terms += (plan.price,)
    if plan.guess is not None:
        terms += (plan.guess,)
    return Utility(terms)


def first_of_each(X: F) -> Numbers:
    """Return where rows X [n, d] are for the first time, ascending."""
    return np.sort(np.unique(X, axis=0, return_index=True)[1])


def region_for(
    domain: Domain,
    belief: Belief,
    data: Observed,
    scale: F,
    life: Life,
    mood: str,
    is_only: bool = True,
) -> Region:
    """Return the part of the cube that the next search keeps to.

    While little is known, a box around the incumbent. In many dimensions, or for a local search,
    the trust region of the trials' replay.
    """
    is_wide, incumbent = domain.d > WIDE, belief.incumbent_row
    if life.best >= 0 and (is_wide or mood == "local"):
        center = data.X[life.best]
        if (
            belief.is_noisy and incumbent is not None and is_only
        ):  # the best outcome may be a lucky one
            center = incumbent
        region = turbo_region(center, life.length, scale, reach_of_neighbours(domain, center))
        return region.opened(columns_of(domain, center))
    if incumbent is None or is_wide:
        return whole_cube(domain.d)
    region = early_region(incumbent, data.n, reach_of_neighbours(domain, incumbent))
    return region.opened(columns_of(domain, incumbent))


def best_rows(belief: Belief, k: int = 5, is_lucky: bool = False) -> F:
    """Return the k rows of the best values, the best first; believed ones, if they may be luck."""
    if is_lucky and len(belief.X):
        rows = belief.X[first_of_each(belief.X)]
        return rows[np.argsort(belief.mean(rows), kind="stable")[:k]]
    best: F = belief.X[np.argsort(belief.y, kind="stable")[:k]]
    if belief.incumbent_row is None:
        return best
    return np.concatenate([belief.incumbent_row[None, :], best])


def lengthscales(belief: Belief) -> F:
    """Return how far apart rows differ by column, [d], within sensible bounds."""
    hyper: Any = getattr(belief.members[0], "hyper", None)
    if hyper is None:
        return np.full(belief.X.shape[1], 0.5)
    scale: F = np.clip(np.nan_to_num(hyper.lengthscale, posinf=1.0), *_SCALE_BOUNDS)
    return scale


def search_settings(plan: Plan, n: int) -> SearchSettings:
    """Return how hard to look: less where each look costs more, unless the user decides."""
    thrifty = {"n_candidates": 512, "n_starts": 5} if n > _LARGE else {}
    return SearchSettings(**{**thrifty, **plan.search})


def known_rows(history: History, batch: Batch) -> Callable[[F], Mask]:
    """Return the test for rows that must not be proposed: known ones, and those of the batch."""
    if may_repeat(history):
        return _nothing_known
    taken = batch.rows()

    def known(rows: F) -> Mask:
        found = history.contains(rows)
        for row in taken:
            found |= (rows == row).all(axis=1)
        return found

    return known


def _nothing_known(rows: F) -> Mask:
    return np.zeros(len(rows), dtype=np.bool_)
