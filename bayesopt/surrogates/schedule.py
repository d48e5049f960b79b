"""When hyperparameters are fitted afresh: a pure function of how much is known.

So the belief after n outcomes is the same bits whether it grew with them or was made at once: at
an *anchor* size the fit starts from nothing; at a *refit* size it starts from the anchor's optimum;
between refits rows are appended to the factor, one by one.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from functools import lru_cache
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

T = TypeVar("T")

_EVERY_ANCHOR = 10  # sizes up to this are all anchors
_EVERY_REFIT = 100  # and up to this all refits
_ANCHOR_GROWTH = 1.2
_REFIT_GROWTH = 1.07
_LEAST_LARGE = 4  # large results kept whatever they take: an ask needs a few at once


def anchor_size(n: int) -> int:
    """Return the largest size <= n at which a fit starts from nothing."""
    return _largest(n, 0, _EVERY_ANCHOR, _ANCHOR_GROWTH)


def refit_size(n: int) -> int:
    """Return the largest size <= n at which hyperparameters are fitted at all."""
    return _largest(n, anchor_size(n), _EVERY_REFIT, _REFIT_GROWTH)


@lru_cache(maxsize=4096)
def _largest(n: int, start: int, every: int, growth: float) -> int:
    if n <= every:
        return n
    size = max(start, every)
    while (following := max(size + 1, int(size * growth))) <= n:
        size = following
    return size


def digest(*arrays: npt.NDArray[Any]) -> bytes:
    """Return a name for the content of arrays."""
    found = hashlib.blake2b(digest_size=16)
    for array in arrays:
        found.update(repr((array.shape, array.dtype.str)).encode())
        found.update(np.ascontiguousarray(array).data.cast("B") if array.size else b"")
    return found.digest()


class FitCache:
    """What was computed for known content, the least recently used forgotten first.

    It holds nothing that could not be computed again, bit for bit. Safe to share between threads.

    Parameters
    ----------
    capacity : int
        How many results are kept at most.
    most_bytes : int
        How much those may take that say their size, except for the last few of them.
    """

    def __init__(self, capacity: int = 48, most_bytes: int = 2**27) -> None:
        self._capacity, self._most_bytes = capacity, most_bytes
        self._kept: OrderedDict[Hashable, Any] = OrderedDict()
        self._sizes: OrderedDict[Hashable, int] = OrderedDict()  # of the large, as they were used
        self._lock = threading.Lock()

    def hold(self, capacity: int) -> None:
        """Keep so many values from now on, or as many as before if that is more."""
        with self._lock:
            self._capacity = max(self._capacity, capacity)

    def get(self, key: Hashable) -> Any:
        """Return what is kept under a key, None if nothing is."""
        with self._lock:
            for order in (self._kept, self._sizes):
                if key in order:
                    order.move_to_end(key)
            return self._kept.get(key)

    def put(self, key: Hashable, value: Any, n_bytes: int = 0) -> None:
        """Keep a value; of a large one say its size."""
        with self._lock:
            self._forget(key)
            self._kept[key] = value
            if n_bytes:
                self._sizes[key] = n_bytes
            while len(self._kept) > self._capacity:
                self._forget(next(iter(self._kept)))
            while len(self._sizes) > _LEAST_LARGE and sum(self._sizes.values()) > self._most_bytes:
                self._forget(next(iter(self._sizes)))

    def get_or_make(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return what is kept under a key, made and kept now if nothing is."""
        found: T | None = self.get(key)
        if found is None:
            found = make()
            self.put(key, found)
        return found

    def _forget(self, key: Hashable) -> None:
        self._kept.pop(key, None)
        self._sizes.pop(key, None)
