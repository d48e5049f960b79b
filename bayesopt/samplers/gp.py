"""The Gaussian-process sampler: believe, value, search."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt

from bayesopt.acquisition.settings import SearchSettings
from bayesopt.checks import require_choice, require_count, require_number
from bayesopt.history import History
from bayesopt.samplers.base import Suggestion
from bayesopt.samplers.cost import check_cost, cost_exponent, is_design_paid
from bayesopt.samplers.design import design_size, offer_design
from bayesopt.samplers.earlier import (
    N_PORTFOLIO,
    Earlier,
    SourceData,
    check_objectives,
    plain_sources,
    rows_of,
)
from bayesopt.samplers.engine import check_device, machinery, require
from bayesopt.samplers.fresh import Batch, fill_up, may_repeat
from bayesopt.samplers.gp_data import Observed, observe
from bayesopt.samplers.gp_outcomes import Outcomes, is_manifold, observe_outcomes
from bayesopt.samplers.gp_settings import check_reference, check_values, plain_reference
from bayesopt.samplers.guess import guess_of, prior_of
from bayesopt.samplers.tpe import TPESampler
from bayesopt.space import Space
from bayesopt.space.guess import plain_prior
from bayesopt.surrogates.faults import BROKEN
from bayesopt.surrogates.schedule import FitCache
from bayesopt.surrogates.settings import GPSettings
from bayesopt.surrogates.subset import Choose, best_and_nearest

if TYPE_CHECKING:
    from bayesopt.acquisition.price import Price
    from bayesopt.samplers.gp_search import Plan
    from bayesopt.surrogates.model import Belief

F = npt.NDArray[np.float64]
Data = Observed | Outcomes

ACQUISITIONS = ("ei", "logei", "pi", "ucb", "kg")

_LEAST_VALUES = 2  # to learn from
_NOISY_PRIOR = (1.1, 3.0)  # shape and rate of a noise variance that the user says matters
_LEAST_TRUST = 0.5  # of earlier studies, that make up for a design
_NOTHING_FOUND = "the search found no configuration that may be proposed, so a random one is"


class Fits(FitCache):
    """What was fitted, by content; no part of a sampler's value: copies begin with none."""

    def __reduce__(self) -> tuple[type[Fits], tuple[()]]:
        return Fits, ()


@dataclass(frozen=True)
class GPSampler:
    """Propose what a Gaussian process expects to gain the most from.

    The first trials follow a design that begins in the middle of the ranges. After that a
    Gaussian process is fitted to what is known (see ``bayesopt.surrogates``), and the
    acquisition is climbed from many starts, over continuous parameters by L-BFGS and over the
    others by single changes, within the constraints. While the search gets no further for long,
    every third trial or so is what TPE proposes: a second model, for where the first is wrong.

    Parameters
    ----------
    acquisition : {"ei", "logei", "pi", "ucb", "kg"}
        Expected improvement ("ei" and "logei" are the same, computed in log space), probability of
        improvement (by .1 standard deviations), the optimistic bound, or the knowledge gradient,
        which takes into account that the next outcome is noisy too (as "ei" while none is).
    n_startup : int, optional
        Trials of the design; by default 4, and up to 10 where more than seven parameters always
        exist.
    explore : float
        Share of the trials, in a space with choices, that want more than a tiny improvement; in
        more than 20 columns up to five times as many, by how many of them have cells.
    beta : float
        How optimistic the bound of "ucb" is, in standard deviations.
    max_points : int, optional
        Finished trials that the process learns from at most: the best, and the nearest to the best.
    model : mapping, optional
        Settings of the Gaussian process (``bayesopt.surrogates.settings.GPSettings``).
    search : mapping, optional
        Settings of the search (``bayesopt.acquisition.maximize.SearchSettings``).
    trust_region : {"auto", "off"}
        Whether the search may keep to a part of the space, and leave one that it has exhausted
        (see ``docs/algorithms/search.md``).
    device : {None, "cpu", "cuda", "cuda:N"}
        None for the compiled engine, which needs nothing but the CPU; else where GPyTorch computes
        the same model (``pip install 'bayesopt[gpu]'``).
    cost : {"auto", "off"} or float
        How far the cost of an evaluation counts, as told or measured: the exponent of the predicted
        cost that a gain is divided by, between 0 and 1. "auto" is 0 without a budget of cost; with
        one it falls from 1 at the end of the design to 0 when the budget is used up, and the
        design ends once it has cost an eighth of it. "ucb" takes no account of it. See
        ``docs/algorithms/cost.md``.
    cost_budget : float, optional
        What all trials together may cost, in the unit that costs are told in.
        ``study.optimize(objective, max_cost=...)`` says it to a sampler that was given none.
    reference : sequence of float, optional
        Of two to four objectives: up to where volume counts, in the user's units and directions.
        By default somewhat beyond the worst values of the front.
    prior : mapping, optional
        Where the best values are thought to lie, by parameter: a value, ``Near(value, within)``, or
        a mapping of choices to weights (1 of those left out). It counts less and less (see
        ``docs/algorithms/transfer.md``).
    prior_trials : float
        How many trials such a guess is worth.
    sources : sequence, optional
        Trials of earlier studies, as ``create_study(learn_from=...)`` freezes them; for studies
        with one objective.
    n_regions : int
        Trust regions that trials take turns in, where the search keeps to one (above 20 columns,
        or when it is stuck); for batches in many columns. With several objectives there is one.

    Raises
    ------
    SettingsError
        If a setting is of the wrong kind; of `propose`, if `reference` is not of the objectives'
        number.
    MissingDependencyError
        When it proposes, if the device needs what is not there.

    Notes
    -----
    Each objective and each outcome constraint has a process of its own. Of two to four objectives
    the expected growth of the dominated volume is climbed, whatever the acquisition; of more the
    expected improvement under weights drawn for each trial. Constraints weigh that with the
    probability that they are met; until something is feasible that is all that counts. Failed
    trials lower the learned probability of success. See ``docs/algorithms/several.md``.
    """

    acquisition: Literal["ei", "logei", "pi", "ucb", "kg"] = "ei"
    n_startup: int | None = None
    explore: float = 0.1
    beta: float = 1.8
    max_points: int | None = None
    model: dict[str, Any] | None = None
    search: dict[str, Any] | None = None
    trust_region: Literal["auto", "off"] = "auto"
    device: str | None = None
    reference: Sequence[float] | None = None
    cost: Literal["auto", "off"] | float = "auto"
    cost_budget: float | None = None
    prior: Mapping[str, Any] | None = None
    prior_trials: float = 10.0
    sources: Sequence[SourceData] | None = field(default=None, repr=False)
    n_regions: int = 1
    _cache: Fits = field(default_factory=Fits, init=False, repr=False, compare=False)
    _second: TPESampler = field(init=False, repr=False, compare=False)

    name: ClassVar[str] = "gp"

    def __post_init__(self) -> None:
        require_choice("acquisition", self.acquisition, ACQUISITIONS)
        require_choice("trust_region", self.trust_region, ("auto", "off"))
        for name in ("n_startup", "max_points"):
            if getattr(self, name) is not None:
                require_count(name, getattr(self, name))
        require_number("explore", self.explore, 0.0, 1.0)
        require_number("beta", self.beta, 0.0)
        require_number("prior_trials", self.prior_trials, 0.0)
        require_count("n_regions", self.n_regions)
        object.__setattr__(self, "prior", plain_prior(self.prior))
        object.__setattr__(self, "sources", plain_sources(self.sources))
        second = TPESampler(
            prior=self.prior,
            prior_trials=self.prior_trials,
            idle_random_fraction=0.0,
            difference_fraction=0.0,
        )
        object.__setattr__(self, "_second", second)
        object.__setattr__(self, "reference", plain_reference(self.reference))
        check_device(self.device)
        check_cost(self.cost, self.cost_budget)
        for kind, given in ((GPSettings, self.model), (SearchSettings, self.search)):
            check_values(kind, given)

    def propose(
        self, space: Space, history: History, n: int, rng: np.random.Generator
    ) -> Suggestion:
        """Return the `n` configurations that promise most (see ``Sampler.propose``).

        O(k³) for k finished trials where the process is fitted anew, O(k²) else.
        """
        require(self.device)
        check_reference(self.reference, history.n_objectives)
        check_objectives(self.sources, history.n_objectives)
        batch = Batch(n, space.d, copies=may_repeat(history))
        data = observe_outcomes(history) if is_manifold(history) else observe(history)
        note, name = "", self.name
        is_paid = is_design_paid(self.cost, self.cost_budget, history)
        if self.is_starting(space, data) and not (is_paid and data.n_values >= _LEAST_VALUES):
            name = self._offer_start(batch, space, history, data)
        elif space.domain.varies.any():
            note, ways = self._offer_best(batch, space, history, data, rng)
            name = self._called(ways) if len(ways) == n else name
        n_regular = n - batch.missing
        rows, shortage, n_fresh = fill_up(batch, space, history, rng)
        n_regular = n_regular if note else n_fresh
        return Suggestion(rows, name, shortage or note, n_regular)

    def _called(self, ways: Sequence[str]) -> str:
        """Return the name that says how all rows of a batch were found, if all were alike."""
        from bayesopt.samplers.gp_offer import ELSEWHERE, SECOND

        names = {SECOND: f"{self.name}:{self._second.name}", ELSEWHERE: f"{self.name}:{ELSEWHERE}"}
        return names.get(ways[0], self.name) if len(set(ways)) == 1 else self.name

    def n_design(self, space: Space) -> int:
        """Return how many trials follow the design."""
        return design_size(space) if self.n_startup is None else self.n_startup

    def is_starting(self, space: Space, data: Data) -> bool:
        """Whether the next trial still belongs to the design.

        Earlier studies show a few of their best configurations first; the design follows where
        these are not trusted then.
        """
        if data.n_values < _LEAST_VALUES:
            return True
        n_begun, n_design = data.n + len(data.pending), self.n_design(space)
        earlier = self._earlier(space) if n_begun < N_PORTFOLIO + n_design else None
        if earlier is None:
            return n_begun < n_design
        if n_begun < N_PORTFOLIO or isinstance(data, Outcomes):
            return True
        return earlier.trust(data) < _LEAST_TRUST

    def _offer_start(self, batch: Batch, space: Space, history: History, data: Data) -> str:
        """Fill a batch with first trials; return what they are called."""
        earlier = self._earlier(space)
        if earlier is not None and data.n + len(data.pending) < N_PORTFOLIO:
            earlier.offer(batch, history)
            if not batch.missing:
                return f"{self.name}:earlier"
        offer_design(batch, space, history, self.n_design(space), prior_of(space, self.prior))
        return f"{self.name}:design"

    def _earlier(self, space: Space) -> Earlier | None:
        """Return earlier studies that say something of the space, None if there are none."""
        known = self.sources
        if not known:
            return None
        rows = self._cache.get_or_make(("earlier", space), lambda: rows_of(space, known))
        settings, engine = GPSettings(**(self.model or {})), machinery(self.device).model
        return Earlier(space, rows, settings, self._cache, engine) if rows else None

    def _offer_best(
        self, batch: Batch, space: Space, history: History, data: Data, rng: np.random.Generator
    ) -> tuple[str, list[str]]:
        """Fill a batch with what promises most; return why it could not be, or "".

        Also how each row was found (``gp_offer``); of several objectives nothing.
        """
        from bayesopt.acquisition.engine import COMPILED_SEARCH
        from bayesopt.samplers.gp_offer import offer_best
        from bayesopt.samplers.gp_search import Plan

        engine = machinery(self.device)
        searcher = engine.search if history.levels is None else COMPILED_SEARCH
        plan = Plan(
            self._acquisition_for(history, data),
            self.explore,
            self.beta,
            self.trust_region == "auto",
            self.n_design(space),
            self.search or {},
            COMPILED_SEARCH if self._earlier(space) else searcher,
            self.reference,
            self._second if isinstance(data, Observed) else None,
            guess=guess_of(space, self.prior, data.n, self.prior_trials),
            n_regions=self.n_regions,
            believe=self._believer(space, history, data),
        )
        ways: list[str] = []
        try:
            with np.errstate(all="ignore"), engine.model.session():
                price = self._price(space, history, data)
                if price is not None:  # the second model knows nothing of it
                    plan = dataclasses.replace(plan, price=price, second=None)
                if isinstance(data, Outcomes):
                    self._offer_several(plan, batch, space, history, data, rng)
                else:
                    belief = self._believe(space, history, data)
                    ways = offer_best(plan, belief, batch, space, history, data, rng)
        except BROKEN as error:
            note = f"the Gaussian process failed ({error}), so a random configuration is proposed"
            return note, ways
        return _NOTHING_FOUND if batch.missing else "", ways

    def _acquisition_for(self, history: History, data: Data) -> str:
        """Return the acquisition; the knowledge gradient only where values are noisy.

        And only where each outcome is that of a row, to its end, which is all that it has to be.
        """
        is_noisy = data.is_noisy or data.noise is not None
        is_plain = isinstance(data, Observed) and history.levels is None
        return (
            "ei" if self.acquisition == "kg" and not (is_noisy and is_plain) else self.acquisition
        )

    def _offer_several(
        self,
        plan: Plan,
        batch: Batch,
        space: Space,
        history: History,
        data: Outcomes,
        rng: np.random.Generator,
    ) -> None:
        """Fill a batch with what promises most where there are several outcomes."""
        from bayesopt.samplers.gp_several import offer_several
        from bayesopt.surrogates.several import Choice, build_beliefs

        beliefs = build_beliefs(
            space.domain,
            data.X,
            data.Y,
            data.C,
            data.broken,
            self._settings(data),
            self._cache,
            Choice(np.where(data.feasible[:, None], data.Y, np.nan), self.max_points),
            machinery(self.device).model,
            data.noise,
        )
        offer_several(plan, beliefs, batch, space, history, data, rng)

    def _believe(self, space: Space, history: History, data: Observed) -> Belief:
        """Return what is believed of the objective, at the highest budget if there are several.

        What earlier studies tell is of one budget: with them, values in the view are learned.
        """
        if history.levels is None or self._earlier(space) is not None:
            is_exact = not history.noisy and history.levels is None
            return self.believe(space, data, deterministic=is_exact)
        from bayesopt.samplers.gp_levels import believe_levels, observe_levels

        return believe_levels(
            space.domain,
            observe_levels(history, history.levels),
            GPSettings(**(self.model or {})),
            self._cache,
            self.max_points,
            machinery(self.device).model,
        )

    def _believer(
        self, space: Space, history: History, data: Data
    ) -> Callable[[Observed], Belief] | None:
        """Return what believes after a part of the trials; None where others tell of them, too.

        Where they succeed is learned from all of them.
        """
        if isinstance(data, Outcomes) or history.levels is not None or self._earlier(space):
            return None
        has_worst = self._settings(data).failures != "probability"

        def believe(part: Observed) -> Belief:
            told = part if has_worst else part.part(~part.failed)
            return self.believe(space, told, deterministic=not history.noisy)

        return believe

    def _price(self, space: Space, history: History, data: Data) -> Price | None:
        """Return what rows cost; None where that does not count, or is the same for all."""
        exponent = cost_exponent(self.cost, self.cost_budget, history, self.n_design(space))
        if not exponent or self.acquisition == "ucb":
            return None
        from bayesopt.acquisition.price import Price
        from bayesopt.surrogates.cost import learn_cost

        settings, engine = GPSettings(**(self.model or {})), machinery(self.device).model
        args = space.domain, data.X, data.cost, settings, self._cache, self.max_points, engine
        model = learn_cost(*args)
        return None if model is None else Price(model, exponent)

    def _settings(self, data: Data) -> GPSettings:
        """Return the model's settings: those of noisy studies, where the user sets nothing else."""
        noisy = {"noise": _NOISY_PRIOR} if data.is_noisy else {}
        return GPSettings(**{**noisy, **(self.model or {})})

    def with_cost_budget(self, cost: float) -> GPSampler:
        """Return the sampler that knows what all trials may cost; itself if it was told."""
        is_told = self.cost != "auto" or self.cost_budget is not None
        return self if is_told else dataclasses.replace(self, cost_budget=cost)

    def believe(
        self,
        space: Space,
        data: Observed,
        deterministic: bool = False,
        choose: Choose = best_and_nearest,
    ) -> Belief:
        """Return what is believed of the objective after the finished trials.

        What a search goes by takes into account whether the objective is deterministic, and is
        chosen for being near the best where there are more than `max_points` trials.
        """
        from bayesopt.surrogates.model import build_belief

        earlier = self._earlier(space)
        return build_belief(
            space.domain,
            data.X,
            data.y,
            data.failed,
            self._settings(data),
            self._cache,
            self.max_points,
            machinery(self.device).model,
            deterministic=deterministic and data.noise is None,
            noise=data.noise,
            mean=None if earlier is None else earlier.mean(data),
            choose=choose,
        )
