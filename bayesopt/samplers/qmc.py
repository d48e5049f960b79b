"""Scrambled Sobol points: random-looking, but evenly spread."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import numpy.typing as npt

from bayesopt.checks import require_flag
from bayesopt.history import History
from bayesopt.rng import named_rng
from bayesopt.samplers.base import Suggestion
from bayesopt.samplers.fresh import Batch, fill_up, may_repeat
from bayesopt.samplers.walk import WalkCache
from bayesopt.space import Space

if TYPE_CHECKING:
    from scipy.stats.qmc import Sobol

F = npt.NDArray[np.float64]

_BLOCK = 256  # points; a power of two, so that each block is balanced
_BLOCKS = 32  # looked through for a new point, and one more per _BLOCK / _POINTS_PER_TRIAL trials
_POINTS_PER_TRIAL = 32


@dataclass(frozen=True)
class QMCSampler:
    """Follow one Sobol sequence per study, keyed by its seed.

    A proposal is the first point of the sequence that no trial has, snapped to the space's values
    and feasible; so points that other samplers or a person asked for are not asked again, and none
    is left out. On a noisy study the trial of number k gets feasible point k (define-by-run: point
    k or the next that is not known). Where the sequence finds nothing new within its first
    8,192 + 32 n points (few feasible or few distinct configurations), random ones are proposed,
    and the fall-back note says so.

    The first proposal of a process imports ``scipy.stats``, which takes longer than all that
    follow: SciPy has no smaller public module with the sequence.

    Parameters
    ----------
    scramble : bool
        Randomise the sequence (Owen scrambling by linear matrix scramble and digital shift,
        Matousek 1998); without, it begins at the lower bounds and is the same for every seed.

    Raises
    ------
    SettingsError
        If `scramble` is no truth value.
    """

    scramble: bool = True
    _cache: WalkCache = field(default_factory=WalkCache, init=False, repr=False, compare=False)

    name: ClassVar[str] = "qmc"
    learns: ClassVar[bool] = False

    def __post_init__(self) -> None:
        require_flag("scramble", self.scramble)

    def propose(
        self, space: Space, history: History, n: int, rng: np.random.Generator
    ) -> Suggestion:
        """Return the next `n` points of the sequence (see ``Sampler.propose``).

        O(1) amortised; after a restart, or when a trial was struck out, once O(trials).
        """
        n_blocks = _BLOCKS + _POINTS_PER_TRIAL * (history.n + n) // _BLOCK
        batch = Batch(n, space.d, copies=may_repeat(history))
        with self._cache.walk(space, history, self._blocks) as walk:
            for rows in walk.search(partial(_is_used, history), n_blocks):
                batch.offer(rows)
                if not batch.missing:
                    return Suggestion(batch.rows(), self.name)
        missing = batch.missing
        rows, note, n_fresh = fill_up(batch, space, history, rng)
        n_regular = n_fresh if note else n - missing
        note = note or _drawn_at_random(missing, space)
        return Suggestion(rows, self.name, note, n_regular)

    def _blocks(self, space: Space, history: History) -> Iterator[F]:
        """Begin the sequence: snapped, feasible points, in blocks of up to _BLOCK."""
        if space.d == 0:
            point = np.empty((_BLOCK, 0))
            return itertools.repeat(point[space.feasible(point)])
        from scipy.stats import qmc  # takes a second to import

        if space.d > qmc.Sobol.MAXDIM:
            return iter([])
        rng = named_rng(history.seed, 0, "qmc.scramble")
        return _points(space, qmc.Sobol(space.d, scramble=self.scramble, rng=rng))


def _points(space: Space, engine: Sobol) -> Iterator[F]:
    while True:
        rows = space.snap(engine.random(_BLOCK))
        yield rows[space.feasible(rows)]


def _is_used(history: History, first: int, rows: F) -> npt.NDArray[np.bool_]:
    """Whether points, the first of them number `first`, are known, or due to earlier trials."""
    used = np.zeros(len(rows), dtype=np.bool_)
    if not may_repeat(history):
        used |= history.contains(rows)
    if history.noisy or history.define_by_run:
        # What a trial was given and what it used may differ, so knowing is not enough to go on.
        used |= np.arange(first, first + len(rows)) < history.n
    return used


def _drawn_at_random(n: int, space: Space) -> str:
    return f"{n} drawn at random: no new point of the Sobol sequence in {space.d} dimensions found"
