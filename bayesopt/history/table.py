"""Columns that grow together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

_GROWTH = 1.5  # spare room of at most a half: 2 would be faster by little and larger by a third


@dataclass(frozen=True, slots=True)
class Column:
    """The kind of a column: its dtype, what an unwritten row holds, its width (None: a vector)."""

    dtype: type
    fill: float
    width: int | None = None


class Table:
    """Named NumPy columns of one length; growing by a row is O(1) amortised.

    Attributes
    ----------
    n : int
        Number of rows.
    """

    def __init__(self, **columns: Column) -> None:
        self._columns = columns
        self.n = 0
        self._capacity = 0
        self._arrays = {name: _blank(column, 0) for name, column in columns.items()}

    def __getitem__(self, name: str) -> npt.NDArray[Any]:
        """Return the column as a writable view, good until the next growth."""
        return self._arrays[name][: self.n]

    def at(self, name: str, row: int) -> Any:
        """Return what a column holds in one of the `n` rows; no view is made for it."""
        return self._arrays[name][row]

    def put(self, row: int, **facts: Any) -> None:
        """Write facts of one of the `n` rows, by column."""
        for name, fact in facts.items():
            self._arrays[name][row] = fact

    def reading(self, name: str) -> npt.NDArray[Any]:
        """Return the column as a view that cannot be written through."""
        view = self._arrays[name][: self.n]
        view.flags.writeable = False
        return view

    def grow(self, n: int) -> None:
        """Make at least `n` rows; the new ones hold the fill value."""
        if n > self._capacity:
            self._capacity = max(n, int(self._capacity * _GROWTH) + 16)
            for name in self._columns:
                self._reallocate(name, self._columns[name])
        self.n = max(self.n, n)

    def keep(self, chosen: npt.NDArray[np.bool_]) -> None:
        """Drop the rows [n] that are not chosen; O(n)."""
        n = int(np.count_nonzero(chosen))
        for name, column in self._columns.items():
            kept = _blank(column, self._capacity)
            kept[:n] = self._arrays[name][: self.n][chosen]
            self._arrays[name] = kept
        self.n = n

    def replace(self, name: str, column: Column) -> None:
        """Give the column a new kind, blank in every row."""
        self._columns[name] = column
        self._arrays[name] = _blank(column, self._capacity)

    def copy(self) -> Table:
        """Return an independent table with the same rows."""
        other = Table(**self._columns)
        other.grow(self.n)
        for name in self._columns:
            other[name][...] = self[name]
        return other

    def _reallocate(self, name: str, column: Column) -> None:
        fresh = _blank(column, self._capacity)
        fresh[: self.n] = self._arrays[name][: self.n]
        self._arrays[name] = fresh


def _blank(column: Column, n: int) -> npt.NDArray[Any]:
    shape = (n,) if column.width is None else (n, column.width)
    return np.full(shape, column.fill, dtype=column.dtype)
