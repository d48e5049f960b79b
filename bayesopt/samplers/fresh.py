"""Finding configurations that nobody has tried."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from bayesopt.history import History
from bayesopt.space import Space
from bayesopt.space.single import Reading

F = npt.NDArray[np.float64]

EXHAUSTED = "space exhausted: every configuration is known, so known ones are repeated"
NOTHING_NEW = "hundreds of draws found no new configuration, so known ones are repeated"

_MORE_DRAWS = (64, 256, 256)  # rows beyond what is missing, per round after the first
_ENUMERABLE = 2**17  # configurations; up to here the last unknown ones are looked for one by one


class Batch:
    """Collects up to `n` rows of `d` columns, different ones unless `copies` are fine."""

    def __init__(self, n: int, d: int, copies: bool = False) -> None:
        self._n, self._d, self._copies = n, d, copies
        self._rows: list[F] = []
        self._readings: list[Reading] = []
        self._seen: set[bytes] = set()

    @property
    def missing(self) -> int:
        """How many rows are still wanted."""
        return self._n - len(self._rows)

    def offer(self, rows: F) -> None:
        """Take snapped rows [k, d] in order, leaving out copies, until the batch is full."""
        for row in rows:
            if not self.missing:
                return
            key = (row + 0.0).tobytes()  # -0.0 becomes 0.0
            if self._copies or key not in self._seen:
                self._seen.add(key)
                self._rows.append(row)

    def offer_read(self, reading: Reading) -> None:
        """Take the row of a reading, and keep what it stands for, unless it is a copy."""
        missing = self.missing
        self.offer(reading.row[np.newaxis])
        if self.missing < missing:
            self._readings.append(reading)

    @property
    def readings(self) -> Sequence[Reading]:
        """What the rows stand for; nothing unless that is known of all of them."""
        return self._readings if len(self._readings) == len(self._rows) else ()

    def rows(self) -> F:
        """Return what was collected, [k, d]."""
        return np.array(self._rows, dtype=np.float64).reshape(len(self._rows), self._d)


def may_repeat(history: History) -> bool:
    """Whether a known configuration is as good as any other.

    It is on a noisy study, and define-by-run before the first parameter was seen.
    """
    return history.noisy or (history.define_by_run and not history.space.d)


def fresh_rows(
    space: Space, history: History, n: int, rng: np.random.Generator
) -> tuple[F, str, int]:
    """Return `n` random feasible rows, and how many of them are fresh.

    In between comes, if some had to be repeated, a note that says why.

    Known ones and copies are drawn again, unless they may repeat.

    Raises
    ------
    InfeasibleSpaceError
        If no feasible configuration was found.
    """
    return fill_up(Batch(n, space.d, copies=may_repeat(history)), space, history, rng)


def fill_up(
    batch: Batch, space: Space, history: History, rng: np.random.Generator
) -> tuple[F, str, int]:
    """Complete a batch with random rows; return what `fresh_rows` does.

    The last unknown configurations of a finite space (of up to 131,072) are found by enumeration.
    """
    if may_repeat(history):
        batch.offer(space.sample(batch.missing, rng))
        return batch.rows(), "", len(batch.rows())
    for n_more in (0, *_MORE_DRAWS):
        if batch.missing:
            rows = space.sample(batch.missing + n_more, rng)
            batch.offer(rows[~history.contains(rows)])
    if batch.missing and space.size <= _ENUMERABLE:
        batch.offer(rng.permutation(_unknown(space, history)))
    rows = batch.rows()
    if not batch.missing:
        return rows, "", len(rows)
    note = EXHAUSTED if space.size <= _ENUMERABLE else NOTHING_NEW
    return np.concatenate([rows, space.sample(batch.missing, rng)]), note, len(rows)


def _unknown(space: Space, history: History) -> F:
    """Return the feasible configurations of a finite space that nobody has tried, [k, d]."""
    unknown = [rows[~history.contains(rows)] for rows in space.grid().blocks()]
    rows = np.concatenate(unknown)
    return rows[space.feasible(rows)]
