"""Evolution: the better half of what was tried has children."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from bayesopt.checks import require_choice, require_count, require_number
from bayesopt.history import History
from bayesopt.samplers.base import Suggestion
from bayesopt.samplers.breeding import Parents, cross, mutate
from bayesopt.samplers.design import offer_design
from bayesopt.samplers.fresh import Batch, fill_up, may_repeat
from bayesopt.samplers.survival import fittest, youngest
from bayesopt.space import Space

F = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]
Rng = np.random.Generator

_SURVIVALS = ("best", "age")
_DIVERSITIES = ("crowding", "reference")
_N_CHILDREN = 32  # bred at a time; the first that is feasible and new is taken
_ROUNDS = 16


@dataclass(frozen=True)
class EvolutionSampler:
    """Breed configurations from the best ones, or from the latest.

    It suits what a model does not: tens of thousands of cheap trials, rough objectives, spaces of
    choices such as architectures, many objectives. The population is read from the history, in a
    steady state: each finished trial may join it at once, so no worker waits for a generation.

    With one objective this is a genetic algorithm with tournament selection; with several, NSGA-II
    or, from four on, NSGA-III. With ``survival="age"`` it is regularised evolution (Real et al.,
    "Regularized evolution for image classifier architecture search", AAAI 2019).

    Parameters
    ----------
    population_size : int
        How many trials may breed; so many begin as a Latin hypercube keyed by the study's seed.
    survival : "best" or "age"
        Whether the best of all trials breed or the best of the latest.
    tournament_size : int
        A parent is the best of so many of the population, drawn at random.
    crossover_rate : float, optional
        How often a child has two parents; default .9, and 0 for "age".
    mutation_rate : float, optional
        How probable a change is per parameter. A child differs from its first parent in any case,
        so with 0, the default for "age", in one decision; the default for "best" is once per
        child on average.
    diversity : "crowding" or "reference", optional
        What decides between trials of one front (NSGA-II, NSGA-III); default by the number of
        objectives.

    Raises
    ------
    SettingsError
        If a setting is out of its range.
    """

    population_size: int = 20
    survival: str = "best"
    tournament_size: int = 3
    crossover_rate: float | None = None
    mutation_rate: float | None = None
    diversity: str | None = None

    name: ClassVar[str] = "evolution"

    def __post_init__(self) -> None:
        require_count("evolution: population_size", self.population_size, 2)
        require_count("evolution: tournament_size", self.tournament_size)
        require_choice("evolution: survival", self.survival, _SURVIVALS)
        require_choice("evolution: diversity", self.diversity, (None, *_DIVERSITIES))
        for name in ("crossover_rate", "mutation_rate"):
            if getattr(self, name) is not None:
                require_number(f"evolution: {name}", getattr(self, name), 0.0, 1.0)

    def propose(self, space: Space, history: History, n: int, rng: Rng) -> Suggestion:
        """Return `n` configurations (see ``Sampler.propose``); O(trials log trials)."""
        batch = Batch(n, space.d, copies=may_repeat(history))
        if history.n < self.population_size:
            offer_design(batch, space, history, self.population_size)
            rows, note, n_fresh = fill_up(batch, space, history, rng)
            return Suggestion(rows, self.name, note, n_fresh)
        population = self._population(history)
        if population.size >= 2 and space.domain.varies.any():
            self._breed(batch, space, history, population, rng)
        missing = batch.missing
        rows, note, n_fresh = fill_up(batch, space, history, rng)
        if missing and not note:
            note, n_fresh = _drawn_at_random(missing), n - missing
        return Suggestion(rows, self.name, note, n_fresh)

    def _population(self, history: History) -> Numbers:
        if self.survival == "age":
            return youngest(history, self.population_size)
        by_reference = (self.diversity or _diversity(history.n_objectives)) == "reference"
        return fittest(history, self.population_size, by_reference)

    def _breed(
        self, batch: Batch, space: Space, history: History, population: Numbers, rng: Rng
    ) -> None:
        for _ in range(_ROUNDS):
            if not batch.missing:
                return
            children = space.snap(self._children(space, history, population, rng))
            children = children[space.feasible(children)]
            if not may_repeat(history):
                children = children[~history.contains(children)]
            batch.offer(children)

    def _children(self, space: Space, history: History, population: Numbers, rng: Rng) -> F:
        """Return unsnapped rows [k, d] of children."""
        first, second = self._winner(population, rng), self._winner(population, rng)
        parents = Parents(
            history.X[first], history.X[second], history.active[first], history.active[second]
        )
        rate = self.crossover_rate
        if rate is None:
            rate = 0.0 if self.survival == "age" else 0.9
        has_two = rng.random(_N_CHILDREN) < rate
        both = np.where(has_two[:, None], cross(space, parents, rng), parents.a)
        exists = parents.a_has | (parents.b_has & has_two[:, None])
        fresh = np.where(exists, both, rng.random(both.shape))
        return mutate(space, fresh, exists, self._mutation_rate, rng)

    @property
    def _mutation_rate(self) -> float | None:
        is_one_decision = self.mutation_rate is None and self.survival == "age"
        return 0.0 if is_one_decision else self.mutation_rate

    def _winner(self, population: Numbers, rng: Rng) -> Numbers:
        """Return the winners of tournaments [k]; the population is in order, the best first."""
        places = rng.integers(population.size, size=(_N_CHILDREN, self.tournament_size))
        return np.asarray(population[places.min(axis=1)])


def _diversity(n_objectives: int) -> str:
    return "reference" if n_objectives >= 4 else "crowding"


def _drawn_at_random(n: int) -> str:
    return f"{n} drawn at random: too few trials to breed from, or no child was new and feasible"
