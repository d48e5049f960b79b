"""Walking along a fixed sequence of configurations, past those that were asked before."""

from __future__ import annotations

import contextlib
import math
from collections import deque
from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt

from bayesopt.history import History
from bayesopt.samplers.by_history import ByHistory
from bayesopt.space import Space

F = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Unwanted = Callable[[int, F], Mask]
Start = Callable[[Space, History], Iterator[F]]

_PIECE = 32  # rows: looking at so many costs hardly more than at one


class Walk:
    """A place in a sequence of rows; the pieces before it hold nothing that is wanted.

    Parameters
    ----------
    blocks : iterator of float64 arrays [k, d]
        The sequence; the same each time it is begun. Blocks are looked through in pieces, so that
        finding the next row does not cost a look at a whole block.
    """

    def __init__(self, blocks: Iterator[F]) -> None:
        self._source = blocks
        self._ahead: deque[tuple[int, F]] = deque()  # number of the block, a piece of it
        self._n_blocks = 0
        self.n_passed = 0

    def search(self, unwanted: Unwanted, n_blocks: float = math.inf) -> Iterator[F]:
        """Yield the wanted rows of each piece from here up to block `n_blocks`.

        ``unwanted(first, rows)`` says which rows of the sequence, the first of them at index
        `first`, are not wanted, nor ever will be: the walk goes past pieces of such rows for good.
        """
        first, k = self.n_passed, 0
        while self._reaches(k, n_blocks):
            rows = self._ahead[k][1]
            wanted = ~unwanted(first, rows)
            first += len(rows)
            if k == 0 and not wanted.any():
                self._pass_by()
            else:
                k += 1
            yield rows[wanted]

    def _reaches(self, k: int, n_blocks: float) -> bool:
        """Read on until piece `k` is there; False if there is none before block `n_blocks`."""
        while k >= len(self._ahead) and self._n_blocks < n_blocks:
            block = next(self._source, None)
            if block is None:
                return False
            pieces = [block[i : i + _PIECE] for i in range(0, len(block), _PIECE)]
            self._ahead.extend((self._n_blocks, piece) for piece in pieces)
            self._n_blocks += 1
        return k < len(self._ahead) and self._ahead[k][0] < n_blocks

    def _pass_by(self) -> None:
        self.n_passed += len(self._ahead.popleft()[1])


class WalkCache(ByHistory[Walk]):
    """Remembers the walks of a sampler, one per history."""

    @contextlib.contextmanager
    def walk(self, space: Space, history: History, start: Start) -> Iterator[Walk]:
        """Lend the walk along ``start(space, history)``, at the place where it was left."""
        with self.lock:
            walk = self.get(space, history, lambda: Walk(start(space, history)))
            try:
                yield walk
            except BaseException:
                self.forget(history)  # the sequence may have been broken off
                raise
