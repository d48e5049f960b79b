"""Tree-structured Parzen estimator: what good trials have that the others lack."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt
from numpy.random import Generator

from bayesopt.checks import require_choice, require_count, require_number
from bayesopt.history import History
from bayesopt.rng import named_rng
from bayesopt.samplers.base import Suggestion
from bayesopt.samplers.breeding import shift
from bayesopt.samplers.by_history import ByHistory
from bayesopt.samplers.design import guessed
from bayesopt.samplers.fresh import Batch, fill_up, may_repeat
from bayesopt.samplers.guess import guess_of, prior_of
from bayesopt.samplers.order import EVALUATED, Key, Ledger, Split, n_evaluated_inside, split
from bayesopt.space import Space
from bayesopt.space.guess import plain_prior
from bayesopt.trial import AWAITED

if TYPE_CHECKING:
    from bayesopt.acquisition.guess import Guess
    from bayesopt.surrogates.parzen import Parzen

F = npt.NDArray[np.float64]
B = npt.NDArray[np.bool_]

_ROUNDS = 8  # of candidates per row, where constraints or known trials leave none
_ACQUISITIONS = ("ei", "pi")
_RANDOM, _DIFFERENCE = "tpe:random", "tpe:difference"  # how a row was found, unless by a draw
_ENOUGH_GOOD, _N_DIFFERENCES = 12, 3  # trials from which on there are differences; of them a row
_PATIENCE, _PATIENCE_PER_COLUMN = 15, 3  # trials without a better one, of which more is being idle
_LARGEST = 1e6  # setting that is a number


class _Default(NamedTuple):
    """Settings that depend on whether values are noisy."""

    acquisition: str
    n_candidates: int


_PLAIN, _NOISY = _Default("ei", 64), _Default("pi", 24)


class _Ledgers(NamedTuple):
    """The best trials of a history; each is brought up to date when it is asked."""

    all: Ledger
    few_alike: Ledger  # of equal trials the first few


@dataclass(frozen=True)
class TPESampler:
    """Propose what is likely among good trials and unlikely among the others.

    The best trials make one Parzen density, the others a second one; of candidates drawn from the
    first, the one with the largest ratio of the two is proposed, which maximises the expected
    improvement, or the probability of one (Bergstra et al., "Algorithms for hyper-parameter
    optimization", NIPS 2011; Watanabe, arXiv 2304.11127). Parameters are modelled together, those
    that exist only under a condition by the trials in which they did.

    Complete trials rank by value, then pruned and paused ones by last step and value there, then
    those that violate outcome constraints, by how much; several objectives by fronts and
    hypervolume. Failed trials and running ones belong to the others. How the defaults were chosen
    is told in docs/algorithms/tpe.md.

    In spaces of continuous parameters, once a dozen trials are good, half of the proposals are good
    trials moved by differences of others, the best of three by the same ratio: kernels are as wide
    as the rule says, differences as long as good trials are far apart.

    The cost of a proposal does not depend on the number of trials, except with several objectives,
    and once after a restart or when a trial was struck out.

    Parameters
    ----------
    n_startup : int
        Until so many trials are finished, an evenly spread random design is proposed.
    n_candidates : int, optional
        Drawn from the good density for each proposal; by default 64, in a noisy study 24.
    good_fraction : float
        Which part of the finished trials is good, in (0, 1]; of those inside the space.
    most_good : int
        How many at most.
    most_alike : int
        How many of the good trials may have exactly the same value while the search is idle: the
        last ``max(15, 3 d)`` trials, of d parameters, were no better than the best one before. The
        others of that value then count as bad: where the objective moves in steps, as accuracies
        do, most good trials would soon be those of one step, and propose its value once more.
    most_others : int
        How many of the other trials, half of them the latest, make their density.
    acquisition : {"ei", "pi"}, optional
        Whether good trials count by how much they improve on the best of the others, or alike; by
        default "ei", in a noisy study "pi": what improves most there is often luck.
    width : float
        Of kernels, in units of the rule of thumb for a normal density (Scott, 1992).
    least_width : float
        The narrowest kernel, as a part of a parameter's range.
    least_cell_width : float
        The same of parameters with few values, in units of the distance between two.
    prior_weight : float
        Weight of the uniform distribution in each density, in trials.
    spread_weight : float
        Weight of the uniform distribution in the spread of trials that widths follow, in trials.
    choice_weight : float
        Weight of the choices that a trial did not take, in trials.
    random_fraction : float
        Which part of the proposals is drawn at random from the whole space, in [0, 1]. BOHB draws a
        third (Falkner et al., ICML 2018): what is good after a few steps may lead astray.
    idle_random_fraction : float
        The same, if it is more, while the search is idle: good trials that lie close together
        propose what lies among them, so it would stay there. In spaces of continuous parameters,
        with one objective and no outcome constraint, and not in a noisy study, whose best trial may
        have been lucky.
    difference_fraction : float
        Which part of the proposals is made of differences between good trials, in [0, 1], where
        an idle search would be drawn at random, too.
    prior : mapping, optional
        Where the best values are thought to lie; see :class:`GPSampler`. Some candidates are drawn
        from it, and it weighs the ratio of the densities, less and less.
    prior_trials : float
        How many trials such a guess is worth.
    """

    n_startup: int = 10
    n_candidates: int | None = None
    good_fraction: float = 0.15
    most_good: int = 25
    most_alike: int = 3
    most_others: int = 250
    acquisition: str | None = None
    width: float = 1.0
    least_width: float = 0.03
    least_cell_width: float = 1.0
    prior_weight: float = 1.0
    spread_weight: float = 1.0
    choice_weight: float = 1.0
    random_fraction: float = 0.0
    idle_random_fraction: float = 1.0 / 3.0
    difference_fraction: float = 0.5
    prior: Mapping[str, Any] | None = None
    prior_trials: float = 10.0
    _cache: ByHistory[_Ledgers] = field(
        default_factory=ByHistory, init=False, repr=False, compare=False
    )

    name: ClassVar[str] = "tpe"

    def __post_init__(self) -> None:
        """Refuse settings without a meaning (SettingsError)."""
        for name in ("n_startup", "n_candidates", "most_good", "most_alike", "most_others"):
            if name != "n_candidates" or self.n_candidates is not None:
                require_count(f"tpe: {name}", getattr(self, name))
        for name in ("width", "least_width"):
            require_number(f"tpe: {name}", getattr(self, name), 0.0, _LARGEST, above=True)
        for name in ("least_cell_width", "prior_weight", "spread_weight", "choice_weight"):
            require_number(f"tpe: {name}", getattr(self, name), 0.0, _LARGEST)
        require_number("tpe: good_fraction", self.good_fraction, 0.0, 1.0, above=True)
        for name in ("random_fraction", "idle_random_fraction", "difference_fraction"):
            require_number(f"tpe: {name}", getattr(self, name), 0.0, 1.0)
        if self.acquisition is not None:
            require_choice("tpe: acquisition", self.acquisition, _ACQUISITIONS)
        require_number("tpe: prior_trials", self.prior_trials, 0.0, _LARGEST)
        object.__setattr__(self, "prior", plain_prior(self.prior))

    def propose(
        self, space: Space, history: History, n: int, rng: np.random.Generator
    ) -> Suggestion:
        """Return `n` configurations (see ``Sampler.propose``).

        O(candidates × kernels × d) each, whatever the number of trials.
        """
        batch = Batch(n, space.d, copies=may_repeat(history))
        n_finished = history.count(*EVALUATED)
        modelled = n_finished >= self.n_startup and not space.domain.is_constant
        name = self.name
        if modelled:
            name = self._fill(batch, space, history, rng)
        elif n_finished < self.n_startup:
            _take(batch, space, history, self._design(space, history), n)
        missing = batch.missing
        if not missing:
            return Suggestion(batch.rows(), name, readings=batch.readings)
        rows, note, n_fresh = fill_up(batch, space, history, rng)
        if modelled and not note:
            note, n_fresh = _drawn_at_random(missing), n - missing
        return Suggestion(rows, self.name, note, n_fresh)

    def _design(self, space: Space, history: History) -> F:
        """Return what is left of a Latin hypercube of ``n_startup`` points, keyed by the seed."""
        rng = named_rng(history.seed, 0, "tpe.start")
        strata = rng.permuted(np.tile(np.arange(self.n_startup), (space.d, 1)), axis=1).T
        design = (strata + rng.random(strata.shape)) / self.n_startup
        prior = prior_of(space, self.prior)
        design = design if prior is None else guessed(space, design, prior, history.seed)
        return np.asarray(design[history.n :])

    def _fill(self, batch: Batch, space: Space, history: History, rng: Generator) -> str:
        """Find rows one after the other, each in view of those before it; return how.

        A row whose first candidates may not be proposed is found by the densities.
        """
        parts, is_idle = self._split(space, history)
        ways: set[str] = set()
        while batch.missing:
            way, missing = self._way(space, history, parts, is_idle, rng), batch.missing
            for _ in range(_ROUNDS):
                rows = self._candidates(space, history, parts, batch.rows(), way, rng)
                _take(batch, space, history, rows, 1)
                if batch.missing < missing:
                    break
                way = self.name if way == _DIFFERENCE else way
            else:
                break
            ways.add(way)
        return ways.pop() if len(ways) == 1 else self.name

    def _way(
        self, space: Space, history: History, parts: Split, is_idle: bool, rng: Generator
    ) -> str:
        """Return how the next row is found: by lot."""
        is_plain = _is_plain(space, history)
        is_caught = is_idle and is_plain
        random = max(self.random_fraction, self.idle_random_fraction if is_caught else 0.0)
        if random > 0.0 and rng.random() < random:
            return _RANDOM
        differs = parts.n_good >= _ENOUGH_GOOD and is_plain
        if differs and rng.random() < self.difference_fraction:
            return _DIFFERENCE
        return self.name

    def _split(self, space: Space, history: History) -> tuple[Split, bool]:
        """Return what the densities are made from, and whether nothing got better for long."""
        n_good = math.ceil(self.good_fraction * n_evaluated_inside(history))
        n_good = min(self.most_good, n_good)
        with self._cache.lock:
            ledgers = self._cache.get(space, history, self._ledgers)
            is_idle = _is_idle(space, history, ledgers.all.best(history))
            default = _NOISY if history.noisy else _PLAIN
            acquisition = self.acquisition or default.acquisition
            gains = acquisition == "ei" and history.n_objectives == 1
            ledger = ledgers.few_alike if is_idle else ledgers.all
            return split(history, ledger, n_good, self.most_others, gains), is_idle

    def _ledgers(self) -> _Ledgers:
        n = self.most_good + 1
        return _Ledgers(Ledger(n), Ledger(n, self.most_alike))

    def _candidates(
        self,
        space: Space,
        history: History,
        parts: Split,
        picked: F,
        way: str,
        rng: Generator,
    ) -> F:
        """Return candidates, not snapped, the most promising first, or in random order."""
        if way == _RANDOM:
            return space.sample(_ROUNDS, rng)
        good, bad = self._densities(space, history, parts, picked)
        if way == _DIFFERENCE:
            rows = shift(good.X, parts.weight, _N_DIFFERENCES, rng)
        else:
            default = _NOISY if history.noisy else _PLAIN
            rows = good.draw(self.n_candidates or default.n_candidates, rng)
        guess = guess_of(space, self.prior, history.n, self.prior_trials)
        if guess is not None:
            rows = with_guesses(rows, guess, rng)
        with np.errstate(invalid="ignore"):  # of what neither density knows: the last to be taken
            ratio = good.log_density(rows) - bad.log_density(rows)
        if guess is not None:
            ratio += guess.value(rows)
        return rows[(-ratio).argsort(kind="stable")]

    def _densities(
        self, space: Space, history: History, parts: Split, picked: F
    ) -> tuple[Parzen, Parzen]:
        """Return the density of good trials, and that of the others and of what was picked."""
        X, active = history.X.take(parts.numbers, 0), history.active.take(parts.numbers, 0)
        n = parts.n_good
        good = self._density(space, X[:n], active[:n], parts.weight)
        X, active = X[n:], active[n:]
        if len(picked):
            X = np.concatenate([X, picked])
            active = np.concatenate([active, space.active(picked)])
        return good, self._density(space, X, active, np.ones(len(X)))

    @cached_property
    def _density(self) -> Callable[[Space, F, B, F], Parzen]:
        """What makes a density of a space, rows, which columns they have, and their weights."""
        from bayesopt.surrogates.parzen import Parzen, Smoothing

        smoothing = Smoothing(
            float(self.width),
            float(self.least_width),
            float(self.least_cell_width),
            float(self.prior_weight),
            float(self.spread_weight),
            float(self.choice_weight),
        )
        return partial(Parzen, smoothing=smoothing)


def _is_plain(space: Space, history: History) -> bool:
    """Whether columns are continuous, and trials have one outcome that says how good they are."""
    if history.noisy or history.n_objectives > 1 or history.constraint_names:
        return False
    return space.domain.is_smooth


def _is_idle(space: Space, history: History, best: list[Key]) -> bool:
    """Whether so many trials after the first of the best ones ended that the search may be caught.

    What is queued or still runs says nothing yet: many workers are not a search that is caught.
    """
    if not best:
        return False
    first, patience = best[0].number, max(_PATIENCE, _PATIENCE_PER_COLUMN * space.d)
    n_since = history.n - 1 - first
    if n_since < patience:
        return False
    n_awaited = int(np.count_nonzero(history.numbers_in(*AWAITED) > first))
    return n_since - n_awaited >= patience


def _take(batch: Batch, space: Space, history: History, rows: F, most: int) -> None:
    """Snap rows, and take up to `most` of them that are new and feasible, in order."""
    if space.constraints:
        rows = space.snap(rows)
        rows = rows[space.feasible(rows)]
    goal = max(batch.missing - most, 0)
    for i in range(len(rows)):
        reading = space.read(rows[i])  # one by one: the first is nearly always new
        if may_repeat(history) or not history.contains(reading.row[np.newaxis])[0]:
            batch.offer_read(reading)
            if batch.missing <= goal:
                return


def with_guesses(rows: F, guess: Guess, rng: Generator) -> F:
    """Return candidates [n, d] of which some are drawn from the prior: fewer, the less it counts.

    A half at most.
    """
    n = int(0.5 * len(rows) * min(guess.exponent, 1.0))
    rows[:n] = guess.prior.moved(rng.random((n, rows.shape[1])))
    return rows


def _drawn_at_random(n: int) -> str:
    return f"{n} drawn at random: no candidate was new and feasible"
