"""CMA-ES: a normal distribution that learns where, how far and in which directions to search."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt

from bayesopt.checks import require_count, require_flag, require_number
from bayesopt.history import History
from bayesopt.rng import named_rng
from bayesopt.samplers.base import Suggestion
from bayesopt.samplers.by_history import ByHistory
from bayesopt.samplers.fresh import Batch, fill_up, may_repeat
from bayesopt.samplers.survival import fittest
from bayesopt.space import Space
from bayesopt.space.domain import CONTINUOUS, NOMINAL
from bayesopt.trial import TrialState

if TYPE_CHECKING:
    from cmaes import CatCMAwM

F = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]

_MOST_CELLS = 64  # of an ordered column; finer ones are searched as if they were continuous
_MOST_DRAWS = 32  # per trial, until one is feasible and new
_SIGMA = 1.0 / 6.0
_NEARLY_ONE = 1e-6  # of each range: closer than any objective worth tuning can tell apart
_LARGEST = 1e150  # values whose squares are numbers
_OVER = [int(state) for state in TrialState if state.is_finished]
_BREAKDOWNS = (AssertionError, ArithmeticError, ValueError, np.linalg.LinAlgError)


@dataclass(frozen=True)
class CMAESSampler:
    """Search by CMA-ES (Hansen, arXiv 1604.00772), as the package ``cmaes`` has it.

    The best choice for thousands of trials of a numeric objective, above all an ill-conditioned
    one; below some hundred trials a Gaussian process finds more. Integers and ordinals keep a
    margin, choices have a distribution of their own (CatCMA with margin; Hamano et al., arXiv
    2504.07884). Parameters that do not exist in a configuration are searched along, blindly.

    Trials are generations by their numbers, whoever made them, and a generation is learned from
    once all of it is finished; until then workers draw from the distribution as it is. Failed,
    pruned and infeasible trials rank behind the others, several objectives are ranked by fronts.
    A search that has converged starts anew at a random place with twice the population (Auger and
    Hansen, CEC 2005).

    Parameters
    ----------
    population_size : int, optional
        Trials of a generation; default 4 + 3 ln d.
    sigma : float
        Width of the distribution at the start, as a share of each range.
    restarts : bool
        Whether to start anew when it has converged; otherwise it goes on.

    Raises
    ------
    SettingsError
        If a setting is out of its range.
    """

    population_size: int | None = None
    sigma: float = _SIGMA
    restarts: bool = True
    _cache: ByHistory[Search] = field(
        default_factory=ByHistory, init=False, repr=False, compare=False
    )

    name: ClassVar[str] = "cmaes"

    def __post_init__(self) -> None:
        if self.population_size is not None:
            require_count("cmaes: population_size", self.population_size, 3)
        require_number("cmaes: sigma", self.sigma, 0.0, 1.0, above=True)
        require_flag("cmaes: restarts", self.restarts)

    def propose(
        self, space: Space, history: History, n: int, rng: np.random.Generator
    ) -> Suggestion:
        """Return `n` configurations (see ``Sampler.propose``).

        O(d²), and O(d³) once a generation; after a restart of the program all generations are
        gone through again.
        """
        batch = Batch(n, space.d, copies=may_repeat(history))
        if space.domain.varies.any():
            with self._cache.lock:
                self._draw(batch, space, history, n)
        missing = batch.missing
        rows, note, n_fresh = fill_up(batch, space, history, rng)
        if missing and space.domain.varies.any() and not note:
            note, n_fresh = _drawn_at_random(missing), n - missing
        return Suggestion(rows, self.name, note, n_fresh)

    def _draw(self, batch: Batch, space: Space, history: History, n: int) -> None:
        search = self._search(space, history)
        search.catch_up(history)
        for number in range(history.n, history.n + n):
            missing = batch.missing
            for _, row in search.draws(number):
                if _may_be_asked(row, space, history):
                    batch.offer(row)
                if batch.missing < missing:
                    break

    def _search(self, space: Space, history: History) -> Search:
        return self._cache.get(space, history, lambda: Search(Codes(space), self, history.seed))


def _may_be_asked(row: F, space: Space, history: History) -> bool:
    is_new = may_repeat(history) or not history.contains(row)[0]
    return bool(is_new and space.feasible(row)[0])


def _is_within(solution: Any) -> bool:
    """Return whether a strategy drew the numbers of a solution within their ranges."""
    return solution.x is None or bool(((solution.x > 0.0) & (solution.x < 1.0)).all())


def _drawn_at_random(n: int) -> str:
    return f"{n} drawn at random: {_MOST_DRAWS} draws gave none that is new and feasible"


class Codes:
    """How the columns of a space are told to the strategy, and rows made of what it draws."""

    def __init__(self, space: Space) -> None:
        kind, n_cells = space.domain.kind, space.domain.n_cells
        chosen = (kind == NOMINAL) | (n_cells == 2)
        fine = (kind == CONTINUOUS) | (n_cells > _MOST_CELLS)
        self.space = space
        self.chosen = np.flatnonzero(chosen & space.domain.varies)
        self.numbers = np.flatnonzero(~chosen & fine)
        self.steps = np.flatnonzero(~chosen & ~fine & space.domain.varies)
        self.units = {j: space.domain.cell_units(j) for j in (*self.chosen, *self.steps)}

    @property
    def n_columns(self) -> int:
        """How many columns are searched."""
        return int(self.numbers.size + self.steps.size + self.chosen.size)

    def strategy(self, population_size: int, sigma: float, mean: F | None) -> CatCMAwM:
        """Return a new strategy; `mean` is a row of the unit cube, the middle by default."""
        from cmaes import CatCMAwM

        moved = np.concatenate([self.numbers, self.steps])
        center = np.full(self.space.d, 0.5) if mean is None else mean
        with np.errstate(divide="ignore"):  # of three there is one parent, and no rank-mu update
            return CatCMAwM(
                x_space=[[0.0, 1.0]] * self.numbers.size or None,
                z_space=[self.units[j].tolist() for j in self.steps] or None,
                c_space=[len(self.units[j]) for j in self.chosen] or None,
                population_size=population_size,
                mean=center[moved] if moved.size else None,
                cov=np.eye(moved.size) if moved.size else None,
                sigma=sigma,
            )

    def row_of(self, solution: Any) -> F:
        """Return the snapped row [1, d] of what a strategy drew."""
        row = np.full((1, self.space.d), 0.5)
        if self.numbers.size:
            row[0, self.numbers] = solution.x
        if self.steps.size:
            row[0, self.steps] = solution.z
        for j, one_hot in zip(self.chosen, () if solution.c is None else solution.c, strict=True):
            row[0, j] = self.units[j][int(np.argmax(one_hot))]
        return self.space.snap(row)

    def solution_of(self, row: F) -> Any:
        """Return a row [d] as the strategy would have drawn it."""
        from cmaes import CatCMAwM

        widest = max((len(self.units[j]) for j in self.chosen), default=0)
        one_hot = np.zeros((self.chosen.size, widest), dtype=np.bool_)
        for i, j in enumerate(self.chosen):
            one_hot[i, int(np.argmin(np.abs(self.units[j] - row[j])))] = True
        moved = np.concatenate([self.numbers, self.steps])
        return CatCMAwM.Solution(
            x=row[self.numbers] if self.numbers.size else None,
            z=row[self.steps] if self.steps.size else None,
            c=one_hot if self.chosen.size else None,
            _v_raw=row[moved] if moved.size else None,
        )


class Search:
    """A strategy after the generations of a history that are over."""

    def __init__(self, codes: Codes, settings: CMAESSampler, seed: int) -> None:
        self._codes, self._settings, self._seed = codes, settings, seed
        self._size = settings.population_size or 4 + math.floor(3 * math.log(codes.n_columns))
        self._first, self._n_restarts = 0, 0
        self._strategy = codes.strategy(self._size, settings.sigma, None)

    def catch_up(self, history: History) -> None:
        """Learn from every generation that is over, O(trials that are new)."""
        while self._first + self._size <= history.n:
            generation = np.arange(self._first, self._first + self._size)
            if not np.isin(history.state[generation], _OVER).all():
                return
            self._learn(history, generation)
            self._first += self._size
            if self._settings.restarts and self._has_converged(history.X[generation]):
                self._start_anew()

    def draws(self, number: int) -> Iterator[tuple[Any, F]]:
        """Yield what the strategy draws for a trial: solutions and their rows [1, d].

        They depend on the state and the trial's number alone, so that what was drawn is found
        again when the trial is finished. Those come last that had to be clipped into the ranges.
        """
        seed = named_rng(self._seed, number, "cmaes").integers(2**32)
        self._strategy.reseed_rng(int(seed))
        clipped = []
        for _ in range(_MOST_DRAWS):
            solution = self._strategy.ask()
            if _is_within(solution):
                yield solution, self._codes.row_of(solution)
            else:
                clipped.append(solution)
        for solution in clipped:
            yield solution, self._codes.row_of(solution)

    def _learn(self, history: History, generation: Numbers) -> None:
        """Tell the strategy how a generation ended; start anew should that break it."""
        losses = _losses(history, generation)
        told = [
            (self._origin(history, number), loss)
            for number, loss in zip(generation.tolist(), losses.tolist(), strict=True)
        ]
        try:
            with np.errstate(all="ignore"):
                self._strategy.tell(told)
        except _BREAKDOWNS:
            self._start_anew()

    def _origin(self, history: History, number: int) -> Any:
        """Return what the strategy drew when it made a trial; the trial's row if it did not."""
        row = history.X[number]
        for solution, drawn in self.draws(number):
            if np.array_equal(drawn[0], row):
                return solution
            if _may_be_asked(drawn, self._codes.space, history):
                break  # it would have been asked: the trial was made by somebody else
        return self._codes.solution_of(row)

    def _has_converged(self, rows: F) -> bool:
        """Whether the rows of a generation [k, d] are nearly one, or the strategy says stop."""
        if np.ptp(rows, axis=0).max() < _NEARLY_ONE:
            return True
        has_numbers = self._codes.numbers.size + self._codes.steps.size > 0
        return bool(has_numbers and self._strategy.should_stop())

    def _start_anew(self) -> None:
        self._n_restarts += 1
        self._size *= 2
        mean = named_rng(self._seed, self._n_restarts, "cmaes.restart").random(self._codes.space.d)
        self._strategy = self._codes.strategy(self._size, self._settings.sigma, mean)


def _losses(history: History, generation: Numbers) -> F:
    """Return the values of a generation [k], or their ranks.

    Ranks, if some have no value that can be compared, or if the middle half of them is equal: the
    strategy weighs the way back into the box by the spread of the values.
    """
    complete = history.state[generation] == TrialState.COMPLETE
    values: F = history.values[generation, 0]
    fair = (complete & history.feasible[generation]).all() and history.n_objectives == 1
    if fair and np.abs(values).max() < _LARGEST and _spread(values) > 0.0:
        return values
    order = fittest(history, generation.size, by_reference=False, among=generation)
    ranks = generation.size + np.arange(generation.size, dtype=np.float64)
    ranks[order - generation[0]] = np.arange(order.size)
    return ranks


def _spread(values: F) -> float:
    ordered = np.sort(values)
    return float(ordered[3 * values.size // 4] - ordered[values.size // 4])
