"""What changed when: a bounded log of trial numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.int64]

_KEPT = 8192  # changes: a sampler that asks less often than that may as well read everything


class ChangeLog:
    """Counts changes of trials, and remembers which trials the latest of them were about."""

    def __init__(self) -> None:
        self._first = 0  # the version before the oldest change that is remembered
        self._numbers: list[int] = []

    @property
    def version(self) -> int:
        """How many changes there have been."""
        return self._first + len(self._numbers)

    def note(self, numbers: Sequence[int]) -> None:
        """Write down that these trials changed."""
        self._numbers += numbers
        if len(self._numbers) > 2 * _KEPT:
            self._forget(len(self._numbers) - _KEPT)

    def note_all(self) -> None:
        """Write down that any trial may have changed."""
        self._forget(len(self._numbers))
        self._first += 1

    def since(self, version: int) -> Numbers | None:
        """Return the trials that changed after `version`, ascending; None if that is forgotten."""
        if not self._first <= version <= self.version:
            return None
        return np.array(sorted(set(self._numbers[version - self._first :])), dtype=np.int64)

    def copy(self) -> ChangeLog:
        """Return an independent copy."""
        other = ChangeLog()
        other._first, other._numbers = self._first, list(self._numbers)
        return other

    def _forget(self, n: int) -> None:
        self._first += n
        del self._numbers[:n]
