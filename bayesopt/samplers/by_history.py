"""What a sampler remembers of each history, for speed alone."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from typing import Generic, TypeVar

from bayesopt.history import History
from bayesopt.space import Space

T = TypeVar("T")


class ByHistory(Generic[T]):
    """Remembers one thing per history, while its space is the same and nothing is taken away.

    It is no part of a sampler's value: copies and pickles begin with an empty one. Hold `lock`
    while what it gives is in use.
    """

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self._known: weakref.WeakKeyDictionary[History, tuple[Space, int, T]]
        self._known = weakref.WeakKeyDictionary()

    def get(self, space: Space, history: History, make: Callable[[], T]) -> T:
        """Return what is remembered of a history; what `make` returns if that is nothing."""
        known = self._known.get(history)
        if known is None or known[0] is not space or known[1] != history.generation:
            known = (space, history.generation, make())
            self._known[history] = known
        return known[2]

    def forget(self, history: History) -> None:
        """Remember nothing of a history any more."""
        self._known.pop(history, None)

    def __reduce__(self) -> tuple[type[ByHistory[T]], tuple[()]]:
        return type(self), ()
