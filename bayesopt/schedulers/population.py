"""What schedulers have in common that train a population: see :class:`PBTScheduler`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bayesopt.checks import is_number, require_count, require_number
from bayesopt.errors import SettingsError, short_repr
from bayesopt.history import History
from bayesopt.rng import named_rng
from bayesopt.schedulers.base import Brood, Decision, Settled
from bayesopt.schedulers.budgets import require_max_steps
from bayesopt.schedulers.explore import Perturbation
from bayesopt.schedulers.generations import (
    Generation,
    Selection,
    born_at,
    is_over,
    levels_of,
    read_generations,
    standing,
    stands_at,
)
from bayesopt.schedulers.rungs import Rungs
from bayesopt.space import Space
from bayesopt.trial import TrialState

F = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]

_INTERVALS = 10  # comparisons and the end, in a training of unknown kind
_MOST_LEVELS = 10_000


class Birth(NamedTuple):
    """The place of one clone.

    Attributes
    ----------
    generation : Generation
        The one whose worst members are replaced.
    parent : int
    siblings : float64 [k, d]
        Configurations of the clones that were born before it at the same level.
    sibling_parents : int64 [k]
        Whom those were cloned from.
    """

    generation: Generation
    parent: int
    siblings: F
    sibling_parents: Numbers


@dataclass(frozen=True)
class PopulationBase(ABC):
    """Settings and decisions; what a clone tries is the subclass's."""

    max_steps: float | None = None
    population: int = 8
    interval: float | None = None
    quantile: float = 0.25
    smoothing: int = 1
    factors: Sequence[float] = (0.8, 1.25)
    resample: float = 0.25

    def __post_init__(self) -> None:
        require_max_steps(self.max_steps, 0.0)
        require_count("population", self.population, least=2)
        _require_interval(self.interval, self.max_steps or 0.0)
        require_number("quantile", self.quantile, 0.0, 0.5, above=True)
        require_count("smoothing", self.smoothing)
        require_number("resample", self.resample, 0.0, 1.0)
        object.__setattr__(self, "factors", _checked_factors(self.factors))

    @property
    def levels(self) -> tuple[float, ...]:
        """Steps at which the population is compared, and the end."""
        return tuple(self._selection.levels.tolist())

    def decide(self, history: History, number: int, rng: np.random.Generator) -> Decision:
        """Return what becomes of a running trial: it waits at each level until that is decided.

        One that is over, or reports no number there, stops. O(reports). Raises TrialNotFoundError.
        """
        history.curve(number)  # raises for an unknown number
        selection = self._selection
        level = standing(history, selection, number)
        is_last = level == selection.levels.size - 1
        if level <= int(born_at(history, selection)[number]) or is_last:
            return Decision.CONTINUE
        rungs, generations = read_generations(history, selection)
        verdict = _verdict(generations, level, number)
        if verdict is not Decision.PAUSE:
            return verdict
        if not stands_at(history, rungs, np.array([number]), level)[0]:
            return Decision.CONTINUE
        is_known = np.isfinite(rungs.values[number, level]).all()
        return Decision.PAUSE if is_known else Decision.STOP

    def settle(self, history: History, *, no_more: bool = False) -> Settled:
        """Return who goes on: the survivors of a level, once all of its clones are begun."""
        selection = self._selection
        _, generations = read_generations(history, selection, no_more=no_more)
        births, last = born_at(history, selection), selection.levels.size - 1
        resume: list[tuple[int, int]] = []  # (level, number)
        stop: list[int] = []
        for number in history.numbers_in(TrialState.PAUSED).tolist():
            level = standing(history, selection, number)
            is_between = level <= births[number] or level == last
            verdict = _verdict(generations, level, number)
            if is_between or (
                verdict is Decision.CONTINUE and _may_go(generations, level, no_more)
            ):
                resume.append((level, number))
            elif verdict is Decision.STOP:
                stop.append(number)
        order = [number for _, number in sorted(resume)]
        return Settled(np.array(order, dtype=np.int64), np.array(stop, dtype=np.int64))

    def breed(self, space: Space, history: History, n: int) -> Brood:
        """Return up to `n` clones that are to be begun now, or how many founders are.

        What each clone is depends on the level and on how many were born there before, not on the
        number that it will have.
        """
        _, generations = read_generations(history, self._selection)
        last = generations[-1]
        if not last.level and last.members.size < self.population and last.survivors is None:
            n_founders = self.population - last.members.size
            return Brood.without_clones(space.d, n_founders=n_founders)
        n_clones = min(n, last.n_missing)
        if not n_clones:
            is_done = last.is_extinct or bool(is_over(history, last.members).all())
            epitaph = self._epitaph(last) if is_done else ""
            return Brood.without_clones(space.d, is_over=is_done, epitaph=epitaph)
        return self._clones(space, history, last, n_clones)

    @property
    def _selection(self) -> Selection:
        whole = float(self.max_steps or 0.0)  # None is refused
        interval = whole / _INTERVALS if self.interval is None else float(self.interval)
        levels = levels_of(interval, whole)
        return Selection(self.population, levels, self.quantile, self.smoothing)

    @property
    def _perturbation(self) -> Perturbation:
        return Perturbation(tuple(self.factors), self.resample)

    def _clones(self, space: Space, history: History, them: Generation, n: int) -> Brood:
        siblings, parents = history.X[them.born], history.parent[them.born]
        notes: list[str] = []
        for i in range(them.born.size, them.born.size + n):
            rng = named_rng(history.seed, them.level, f"clone {i}")
            parent = int(rng.choice(them.parents))
            birth = Birth(them, parent, siblings, parents)
            row, note = self._clone(space, history, birth, rng)
            siblings = np.concatenate([siblings, row[None, :]])
            parents, notes = np.append(parents, parent), [*notes, note]
        step = float(self._selection.levels[them.level])
        return Brood(siblings[-n:], parents[-n:], np.full(n, step), tuple(notes))

    @abstractmethod
    def _clone(
        self, space: Space, history: History, birth: Birth, rng: np.random.Generator
    ) -> tuple[F, str]:
        """Return the configuration of a clone [d], and why it is not what it should be, or ""."""

    def _epitaph(self, last: Generation) -> str:
        if not last.is_extinct:
            return f"the population has trained to its end, {self.max_steps:g} steps"
        step = self._selection.levels[last.level]
        return f"no member of the population had a usable value at step {step:g}"


def _verdict(generations: Sequence[Generation], level: int, number: int) -> Decision:
    """Return what becomes of a trial that reached a level; PAUSE: that is not decided yet.

    One that is no member trains on its own.
    """
    if not any(number in them.members or number in them.born for them in generations):
        return Decision.CONTINUE
    survivors = generations[level].survivors if level < len(generations) else None
    if survivors is None:
        return Decision.PAUSE
    return Decision.CONTINUE if number in survivors else Decision.STOP


def _may_go(generations: Sequence[Generation], level: int, no_more: bool) -> bool:
    """Whether all clones of a level are begun that will be."""
    return no_more or level >= len(generations) or not generations[level].n_missing


def starts_of(history: History, rungs: Rungs, births: Numbers, level: int) -> F:
    """Return the values with which trials began the stretch up to a level, [n, m].

    A clone begins with its parent's; founders have none on their way to the first level.
    """
    starts = np.full((history.n, history.n_objectives), np.nan)
    if not level:
        return starts
    starts[:] = rungs.values[:, level - 1]
    born = np.flatnonzero(births == level - 1)
    starts[born] = rungs.values[history.parent[born], level - 1]
    return starts


def _require_interval(interval: object, max_steps: float) -> None:
    if interval is None:
        return
    least = max_steps / _MOST_LEVELS
    if not (is_number(interval) and least <= interval < max_steps):  # type: ignore[operator]
        raise SettingsError(
            "interval",
            expected=f"a number in [{least:g}, {max_steps:g}), or None for a tenth of max_steps",
            got=short_repr(interval),
            remedy="The population is compared whenever it has trained so many steps more.",
        )


def _checked_factors(factors: object) -> tuple[float, ...]:
    is_list = isinstance(factors, list | tuple) and len(factors) > 0
    if not (is_list and all(is_number(each, 1e-9, 1e9) for each in factors)):  # type: ignore
        raise SettingsError(
            "factors",
            expected="numbers above 0",
            got=short_repr(factors),
            remedy="A number of a clone is its parent's times one of them; (0.8, 1.25) is usual.",
        )
    return tuple(float(each) for each in factors)  # type: ignore
