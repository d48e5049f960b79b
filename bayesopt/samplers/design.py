"""The first configurations of a study: spread over the space, keyed by its seed."""

from __future__ import annotations

import functools
import itertools

import numpy as np
import numpy.typing as npt

from bayesopt.history import History
from bayesopt.rng import named_rng
from bayesopt.samplers.fresh import Batch, may_repeat
from bayesopt.space import Space
from bayesopt.space.domain import NOMINAL
from bayesopt.space.guess import OptimumPrior

F = npt.NDArray[np.float64]

_FEWEST, _MOST = 4, 10  # rows of a design
_MIDDLE = 0.5  # of a range, in unit coordinates: after logarithms
_N_TRIED = 32  # Latin hypercubes, of which the one whose rows are furthest apart is taken
_N_COMPLETED = 256  # random rows that complete a guess, where all of the design's break it
_N_BLOCKS = 8  # looked through for rows that are feasible and new


def design_size(space: Space) -> int:
    """Return how many trials come before a model's, by the number of parameters that always exist.

    Up to seven of those make it 4, each further one adds 2, up to 10. A model of few trials is
    better than none, but in many columns it keeps to the neighbourhood of the first good row.
    """
    n_always = int((space.domain.varies & ~space.domain.conditional).sum())
    return min(max(2 * (n_always - 5), _FEWEST), _MOST)


def offer_design(
    batch: Batch, space: Space, history: History, n_rows: int, prior: OptimumPrior | None = None
) -> None:
    """Fill a batch with rows of the study's design that no trial has, as far as they go.

    The design is a Latin hypercube of `n_rows` rows, the best of 32 by its smallest distance
    (Morris and Mitchell, 1995), so every level of a choice comes equally often. Trials that begin
    before there is anything to learn from follow others, of 10 rows at least.

    The first row of all is the middle of the ranges where nothing is conditional, or the guess
    where the user has one; then every other row follows the guess.
    """
    begun = history.n if may_repeat(history) else 0  # trial k gets row k, or the next feasible one
    first = next(block for block in itertools.count() if _begin(block + 1, n_rows) > begun)
    for block in range(first, first + _N_BLOCKS):
        if not batch.missing:
            return
        rows = _hypercube(space, history.seed, block, _size(block, n_rows))
        if prior is not None:
            seed = history.seed if block == 0 else None
            rows = space.snap(guessed(space, rows.copy(), prior, seed))
        if may_repeat(history):
            rows = rows[max(begun - _begin(block, n_rows), 0) :]
        else:
            rows = rows[~history.contains(rows)]
        batch.offer(rows[space.feasible(rows)])


def _size(block: int, n_rows: int) -> int:
    """Return how many rows a block has: what comes after the design is spread more widely."""
    return max(n_rows, _MOST) if block else n_rows


def _begin(block: int, n_rows: int) -> int:
    """Return how many rows there are before a block."""
    return n_rows + (block - 1) * _size(block, n_rows) if block else 0


def guessed(space: Space, rows: F, prior: OptimumPrior, seed: int | None) -> F:
    """Return evenly spread rows [n, d], every other one moved to where the optimum may lie.

    With a `seed`, the first of all is where it most likely lies. The rows themselves are written
    to.
    """
    first = rows[:1] if seed is None else _peak(space, rows, prior, seed)
    rows[::2] = prior.moved(rows[::2])
    if seed is not None:
        rows[:1] = first
    return rows


def _peak(space: Space, rows: F, prior: OptimumPrior, seed: int) -> F:
    """Return the guess [1, d]; what it leaves open is as in the first row that makes it feasible.

    Or as in the first row of all, if the constraints seem to rule the guess out.
    """
    first = prior.at_peak(rows[:1])
    if not space.constraints:
        return first
    for others in (rows, named_rng(seed, 0, "guess").random((_N_COMPLETED, space.d))):
        peaks = space.snap(prior.at_peak(others))
        feasible = np.flatnonzero(space.feasible(peaks))
        if feasible.size:
            return peaks[feasible[:1]]
    return first


def _begin_in_the_middle(space: Space, rows: F) -> None:
    """Make the first row of a Latin hypercube [n, d] the middle of all ranges, in place.

    Who declares a range puts what is sensible inside, not at its ends: on nearly every problem the
    middle is better than most random rows. In each column another row takes over what the first one
    had, so it stays a Latin hypercube. Choices have no middle and stay as they are. (Of a space
    with conditions it would be the middle of one branch, and there it was measured to lose.)
    """
    numbers = np.flatnonzero(space.domain.kind != NOMINAL)
    n = len(rows)
    in_the_middle = np.abs(rows[:, numbers] - (n // 2 + 0.5) / n).argmin(axis=0)
    rows[in_the_middle, numbers] = rows[0, numbers]
    rows[0, numbers] = _MIDDLE


@functools.lru_cache(maxsize=32)
def _hypercube(space: Space, seed: int, block: int, n: int) -> F:
    """Return the rows [n, d] of one block of the design, snapped, not to be written to."""
    from bayesopt._kernels.candidates import latin, nearest_gap

    rng = named_rng(seed, block, "design")
    weights = np.where(space.domain.kind == NOMINAL, 0.0, 1.0)
    has_middle = block == 0 and not space.domain.conditional.any()
    best, widest, place = np.empty((n, space.d)), -np.inf, np.empty(n, dtype=np.int64)
    for _ in range(_N_TRIED):
        rows = np.empty((n, space.d))
        latin(rng.random((n, space.d)), rng.random((n, space.d)), place, rows)
        if has_middle:
            _begin_in_the_middle(space, rows)
        gap = nearest_gap(rows, weights)
        if gap > widest:
            best, widest = rows, gap
    best = space.snap(best)
    best.flags.writeable = False
    return best
