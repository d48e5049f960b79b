"""Every cell of a grid, once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from bayesopt.checks import require_flag
from bayesopt.errors import InfeasibleSpaceError, SettingsError, SpaceExhausted, short_repr
from bayesopt.history import History
from bayesopt.rng import named_rng
from bayesopt.samplers.base import Suggestion
from bayesopt.samplers.fresh import Batch
from bayesopt.samplers.walk import WalkCache
from bayesopt.space import Categorical, Space
from bayesopt.space.grid import Grid

F = npt.NDArray[np.float64]

_DEFAULT_RESOLUTION = 10
_MOST_SHUFFLED = 2**20  # cells
_BLOCK = 1024  # cells: enough to be fast, few enough that a huge grid costs little to begin


@dataclass(frozen=True)
class GridSampler:
    """Ask every cell of a grid exactly once, then raise SpaceExhausted.

    The grid is the exact product of the values of all parameters; a parameter that a condition
    switches off multiplies nothing, and cells that violate a constraint are left out. A cell is
    visited once any trial has that configuration, a failed one included, whoever asked for it;
    striking the trial out frees the cell again. The place is found from the history, so workers
    and restarts need no care. Grids are enumerated lazily.

    Parameters
    ----------
    resolution : int or mapping of str to int
        How many values a number takes at most (10 for those that a mapping leaves out): both
        bounds and values between them, equally spaced on the parameter's scale. An integer or a
        stepped float with no more values than that takes all of them. Choices are taken all.
    shuffle : bool
        Visit the cells in a random order, keyed by the study's seed; up to 2**20 cells.
    values : mapping of str to sequence, optional
        The values (or labels) that a parameter takes, in this order.

    Raises
    ------
    SettingsError
        If a setting is of the wrong kind.
    """

    resolution: int | Mapping[str, int] = _DEFAULT_RESOLUTION
    shuffle: bool = False
    values: Mapping[str, Sequence[Any]] | None = None
    _cache: WalkCache = field(default_factory=WalkCache, init=False, repr=False, compare=False)

    name: ClassVar[str] = "grid"
    learns: ClassVar[bool] = False

    def __post_init__(self) -> None:
        per_name = self.resolution if isinstance(self.resolution, Mapping) else None
        for count in (self.resolution,) if per_name is None else per_name.values():
            if not isinstance(count, int) or isinstance(count, bool) or count < 1:
                raise SettingsError("resolution", expected="integers >= 1", got=short_repr(count))
        require_flag("shuffle", self.shuffle)
        if per_name is not None:
            object.__setattr__(self, "resolution", dict(per_name))
        if self.values is not None:
            object.__setattr__(self, "values", _listed(self.values))

    def propose(
        self, space: Space, history: History, n: int, rng: np.random.Generator
    ) -> Suggestion:
        """Return the next `n` cells of the grid, fewer when fewer are left.

        O(1) amortised; after a restart, or when a trial was struck out, once O(cells visited).

        Raises
        ------
        SpaceExhausted
            If every cell was visited.
        SpaceError
            If a setting names no parameter, or a value lies outside its parameter's range.
        InfeasibleSpaceError
            If no cell satisfies the constraints.
        SettingsError
            If the grid is too large to shuffle.
        """
        batch = Batch(n, space.d)
        with self._cache.walk(space, history, self._blocks) as walk:
            for rows in walk.search(lambda _, rows: history.contains(rows)):
                batch.offer(rows)
                if not batch.missing:
                    break
            n_passed = walk.n_passed
        if batch.missing == n:
            raise _nothing_left(n_passed)
        return Suggestion(batch.rows(), self.name)

    def _blocks(self, space: Space, history: History) -> Iterator[F]:
        """Begin the sequence of cells."""
        grid = space.grid(self._wanted(space))
        blocks = grid.blocks(_BLOCK)
        if self.shuffle:
            blocks = _shuffled(grid, named_rng(history.seed, 0, "grid.shuffle"))
        return (rows[space.feasible(rows)] for rows in blocks)

    def _wanted(self, space: Space) -> dict[str, int | Sequence[Any]]:
        """Return how many values, or which, of each parameter that does not take all of its own."""
        per_name = self.resolution if isinstance(self.resolution, Mapping) else {}
        wanted: dict[str, int | Sequence[Any]] = {
            name: self.resolution if isinstance(self.resolution, int) else _DEFAULT_RESOLUTION
            for name in space.names
            if not isinstance(space.parameters[name], Categorical)
        }
        wanted.update(per_name)
        wanted.update(self.values or {})
        return wanted


def _shuffled(grid: Grid, rng: np.random.Generator) -> Iterator[F]:
    if grid.n_cells > _MOST_SHUFFLED:
        raise SettingsError(
            "a shuffled grid",
            expected=f"at most {_MOST_SHUFFLED} cells",
            got=f"{grid.n_cells}",
            remedy="Take shuffle=False, a lower resolution, or RandomSampler.",
        )
    order = rng.permutation(grid.n_cells)
    starts = range(0, grid.n_cells, _BLOCK)
    return (grid.rows(order[start : start + _BLOCK]) for start in starts)


def _listed(values: object) -> dict[str, list[Any]]:
    """Return the values as lists of plain things, so that they are equal after JSON."""
    listed = {}
    for name, each in values.items() if isinstance(values, Mapping) else [("", None)]:
        if isinstance(each, str) or not isinstance(each, Sequence | np.ndarray) or not len(each):
            raise SettingsError(
                "values",
                expected="a mapping from parameters to non-empty lists of values",
                got=short_repr(values),
            )
        listed[name] = each.tolist() if isinstance(each, np.ndarray) else list(each)
    return listed


def _nothing_left(n_cells: int) -> SpaceExhausted | InfeasibleSpaceError:
    if not n_cells:
        return InfeasibleSpaceError(
            "grid",
            expected="a cell that satisfies the constraints",
            got="none",
            remedy="Raise the resolution, or give values.",
        )
    return SpaceExhausted(
        "grid",
        expected="a cell that is not visited",
        got=f"{n_cells} cells, all visited",
        remedy="The search is complete; another sampler or a finer grid may go on.",
    )
