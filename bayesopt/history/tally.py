"""How many trials are in which state, and which ones are not finished yet."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from bayesopt.trial import OPEN, TrialState

Numbers = npt.NDArray[np.int64]
States = npt.NDArray[np.int8]

UNHEARD = -1
"""The state of a number whose trial has not been heard of yet."""

_OPEN = tuple(map(int, OPEN))


class Tally:
    """Counts trials by state as they move, so that nobody has to look through all of them."""

    def __init__(self) -> None:
        self._counts = dict.fromkeys((UNHEARD, *map(int, TrialState)), 0)
        self._open: dict[int, set[int]] = {state: set() for state in _OPEN}

    def grow(self, n: int) -> None:
        """Note `n` more numbers that have not been heard of."""
        self._counts[UNHEARD] += n

    def move(self, number: int, before: int, after: int) -> None:
        """Note that a trial went from one state to another."""
        if before == after:
            return
        self._counts[before] -= 1
        self._counts[after] += 1
        if before in self._open:
            self._open[before].discard(number)
        if after in self._open:
            self._open[after].add(number)

    def move_all(self, numbers: Numbers, before: States, after: States) -> None:
        """Note moves of several trials, each of them once."""
        moved = np.flatnonzero(before != after)
        columns = (numbers[moved].tolist(), before[moved].tolist(), after[moved].tolist())
        for number, old, new in zip(*columns, strict=True):
            self.move(number, old, new)

    def count(self, states: Iterable[int]) -> int:
        """Return how many trials are in one of `states`."""
        return sum(map(self._counts.__getitem__, states))

    def members(self, states: Iterable[int]) -> set[int] | None:
        """Return the trials in one of `states`; None if it names one of finished trials."""
        sets = [self._open.get(state) for state in states]
        return None if None in sets else set[int]().union(*filter(None, sets))

    def copy(self) -> Tally:
        """Return an independent copy."""
        other = Tally()
        other._counts = dict(self._counts)
        other._open = {state: set(numbers) for state, numbers in self._open.items()}
        return other
