"""Walking along a fixed sequence of configurations, past those that were asked before."""

from __future__ import annotations

import contextlib
import math
import threading
import weakref
from collections import deque
from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt

from bayesopt.history import History
from bayesopt.space import Space

F = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Unwanted = Callable[[int, F], Mask]
Start = Callable[[Space, History], Iterator[F]]


class Walk:
    """A place in a sequence of rows; the blocks before it hold nothing that is wanted.

    Parameters
    ----------
    blocks : iterator of float64 arrays [k, d]
        The sequence; the same each time it is begun.
    """

    def __init__(self, blocks: Iterator[F]) -> None:
        self._source = blocks
        self._ahead: deque[F] = deque()
        self._n_blocks = 0
        self.n_passed = 0

    def search(self, unwanted: Unwanted, n_blocks: float = math.inf) -> Iterator[F]:
        """Yield the wanted rows of each block from here up to block `n_blocks`.

        ``unwanted(first, rows)`` says which rows of the sequence, the first of them at index
        `first`, are not wanted, nor ever will be: the walk goes past blocks of such rows for good.
        """
        first, k = self.n_passed, 0
        while self._n_blocks + k < n_blocks:
            block = self._block(k)
            if block is None:
                return
            wanted = ~unwanted(first, block)
            first += len(block)
            if k == 0 and not wanted.any():
                self._pass_by()
            else:
                k += 1
            yield block[wanted]

    def _block(self, k: int) -> F | None:
        if k == len(self._ahead):
            block = next(self._source, None)
            if block is None:
                return None
            self._ahead.append(block)
        return self._ahead[k]

    def _pass_by(self) -> None:
        self.n_passed += len(self._ahead.popleft())
        self._n_blocks += 1


class WalkCache:
    """Remembers the walks of a sampler, one per history, while nothing is taken away from it.

    It is no part of a sampler's value: copies and pickles begin with an empty one.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._walks: weakref.WeakKeyDictionary[History, tuple[Space, int, Walk]]
        self._walks = weakref.WeakKeyDictionary()

    @contextlib.contextmanager
    def walk(self, space: Space, history: History, start: Start) -> Iterator[Walk]:
        """Lend the walk along ``start(space, history)``, at the place where it was left."""
        with self._lock:
            known = self._walks.pop(history, None)
            if known is None or known[0] is not space or known[1] != history.generation:
                known = (space, history.generation, Walk(start(space, history)))
            yield known[2]
            # Not reached after an exception, which may have broken the sequence off.
            self._walks[history] = known

    def __reduce__(self) -> tuple[type[WalkCache], tuple[()]]:
        return WalkCache, ()
