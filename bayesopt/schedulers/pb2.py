"""Population-based bandits: clones try what a model of the gains so far promises most of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import numpy.typing as npt

from bayesopt.checks import require_number
from bayesopt.errors import SettingsError
from bayesopt.history import History
from bayesopt.schedulers.base import Brood
from bayesopt.schedulers.explore import explored
from bayesopt.schedulers.generations import born_at, read_generations
from bayesopt.schedulers.population import Birth, PopulationBase
from bayesopt.space import Space

if TYPE_CHECKING:
    from bayesopt.surrogates.schedule import FitCache

F = npt.NDArray[np.float64]


class Fits:
    """What was fitted, for speed alone: no part of a scheduler's value, copies begin with none."""

    def __init__(self) -> None:
        self._cache: FitCache | None = None

    def __reduce__(self) -> tuple[type[Fits], tuple[()]]:
        return Fits, ()

    @property
    def cache(self) -> FitCache:
        """The cache, made when it is first needed."""
        from bayesopt.surrogates.schedule import FitCache

        self._cache = self._cache or FitCache()
        return self._cache


@dataclass(frozen=True)
class PB2Scheduler(PopulationBase):
    """Population-based training whose clones ask a Gaussian process what to try.

    All is as in :class:`PBTScheduler` but for the configurations of clones. What each stretch of
    training gained is learned as a function of the configuration, of how far the training was and
    of how well it stood; the clone gets the configuration with the highest optimistic bound for the
    stretch ahead. Members that train through that stretch already, and clones that were born before
    it, shrink the uncertainty around them, so clones differ. (Parker-Holder et al.,
    "Provably efficient online hyperparameter optimization with population-based bandits", NeurIPS
    2020, arXiv 2002.02518.) `factors` and `resample` serve as long as too little is known.

    Parameters
    ----------
    max_steps, population, interval, quantile, smoothing, factors, resample
        See :class:`PBTScheduler`.
    beta : float
        How optimistic the bound is, in standard deviations.

    Raises
    ------
    SettingsError
        If a setting is out of its range; of `breed`, if there are several objectives.
    """

    beta: float = 1.0
    _fits: Fits = field(default_factory=Fits, init=False, repr=False, compare=False)

    name: ClassVar[str] = "pb2"

    def __post_init__(self) -> None:
        super().__post_init__()
        require_number("beta", self.beta, 0.0)

    def breed(self, space: Space, history: History, n: int) -> Brood:
        """Return up to `n` clones that are to be begun now, or how many founders are.

        O(k³) for k stretches of training so far.
        """
        if history.n_objectives > 1:
            raise SettingsError(
                "pb2",
                expected="one objective",
                got=f"{history.n_objectives}",
                remedy="Take PBTScheduler, which ranks several by fronts.",
            )
        return super().breed(space, history, n)

    def _clone(
        self, space: Space, history: History, birth: Birth, rng: np.random.Generator
    ) -> tuple[F, str]:
        from bayesopt.schedulers.bandit import Bandit, gains_of

        rungs, _ = read_generations(history, self._selection)
        births = born_at(history, self._selection)
        level, levels = birth.generation.level, self._selection.levels
        gains = gains_of(history, rungs, births, levels, until=level)
        note = ""
        if gains.is_enough and space.domain.varies.any():
            bandit = Bandit(gains, self.beta, self._fits.cache)
            row, note = bandit.most_promising(space, history, rungs, birth, rng)
            if not note:
                return row, ""
        near, nothing_near = explored(space, history.X[birth.parent], self._perturbation, rng)
        return near, nothing_near or note
