"""A set of rows of the unit cube that says fast whether a row is in it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bayesopt.space import INACTIVE

F = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

_SMALLEST = 64
_LAST = 2**64 - 1


class RowIndex:
    """An open-addressing table of row numbers; the rows themselves stay in the caller's matrix.

    Equal rows are entered once. Adding and finding k rows costs O(k d), vectorised. Nothing can be
    taken out: build a new index then.
    """

    def __init__(self) -> None:
        self._slots = np.full(_SMALLEST, -1, dtype=np.int32)
        self._used = 0

    def add(self, X: F, numbers: Numbers) -> None:
        """Enter the rows `X[numbers]`."""
        if 2 * (self._used + numbers.size) > self._slots.size:
            self._widen(X, self._used + numbers.size)
        if numbers.size == 1:
            self._enter_one(X, int(numbers[0]))
        else:
            self._enter(X, numbers)

    def contains(self, X: F, rows: F) -> Mask:
        """Return, for each of `rows`, whether an entered row of `X` equals it."""
        found = np.zeros(len(rows), dtype=np.bool_)
        if not self._used:
            return found
        if len(rows) == 1:
            found[0] = self._place_of(X, rows)[1]
            return found
        todo, slot = np.arange(len(rows)), self._first_slot(rows)
        while todo.size:
            held = self._slots[slot]
            taken = held >= 0
            hit = taken & (X[held] == rows[todo]).all(axis=1)
            found[todo[hit]] = True
            further = taken & ~hit
            todo, slot = todo[further], self._next(slot[further])
        return found

    def copy(self) -> RowIndex:
        """Return an independent index with the same entries."""
        other = RowIndex()
        other._slots, other._used = self._slots.copy(), self._used
        return other

    def _widen(self, X: F, n: int) -> None:
        held = self._slots[self._slots >= 0].astype(np.int64)
        self._slots = np.full(1 << (4 * n - 1).bit_length(), -1, dtype=np.int32)
        self._used = 0
        self._enter(X, held)

    def _enter(self, X: F, numbers: Numbers) -> None:
        slot = self._first_slot(X[numbers])
        while numbers.size:
            free = self._slots[slot] < 0
            self._slots[slot[free]] = numbers[free]  # rows that meet in a slot: the last one wins
            held = self._slots[slot]
            self._used += int(np.count_nonzero(free & (held == numbers)))
            further = ~(X[held] == X[numbers]).all(axis=1)
            numbers, slot = numbers[further], self._next(slot[further])

    def _enter_one(self, X: F, number: int) -> None:
        slot, is_held = self._place_of(X, X[number : number + 1])
        if not is_held:
            self._slots[slot] = number
            self._used += 1

    def _place_of(self, X: F, row: F) -> tuple[int, bool]:
        """Return the slot that holds a row [1, d], or the free one where it would be put."""
        slots, slot, wanted = self._slots, _hash(row)[0] >> self._shift, row[0].tolist()
        while (held := int(slots[slot])) >= 0:
            if X[held].tolist() == wanted:
                return slot, True
            slot = (slot + 1) & (slots.size - 1)
        return slot, False

    def _first_slot(self, rows: F) -> Numbers:
        shift = self._shift
        return np.array([each >> shift for each in _hash(rows)], dtype=np.int64)

    @property
    def _shift(self) -> int:
        return 64 - (self._slots.size - 1).bit_length()

    def _next(self, slot: Numbers) -> Numbers:
        return (slot + 1) & (self._slots.size - 1)


class KnownRows:
    """Knows configurations, whole ones and such that hold whatever the parameters they lack are.

    A partial configuration contains every row that agrees with it where it is active.
    """

    def __init__(self) -> None:
        self._whole = RowIndex()
        self._partial: dict[bytes, RowIndex] = {}  # by the bits of the active mask

    def add(self, X: F, active: Mask, whole: Mask, numbers: Numbers) -> None:
        """Enter the rows `X[numbers]`, partial ones with what is `active` in them."""
        if numbers.size == 1 and whole[numbers[0]]:
            self._whole.add(X, numbers)
            return
        is_whole = whole[numbers]
        self._whole.add(X, numbers[is_whole])
        if is_whole.all():
            return
        groups: dict[bytes, list[int]] = {}
        for number in numbers[~is_whole].tolist():
            groups.setdefault(active[number].tobytes(), []).append(number)
        for bits, group in groups.items():
            self._partial.setdefault(bits, RowIndex()).add(X, np.array(group))

    def contains(self, X: F, rows: F) -> Mask:
        """Return, for each of `rows`, whether some entered row of `X` contains it."""
        found = self._whole.contains(X, rows)
        for bits, index in self._partial.items():
            shared = np.where(np.frombuffer(bits, dtype=np.bool_), rows, INACTIVE)
            found |= index.contains(X, shared)
        return found

    def copy(self) -> KnownRows:
        """Return an independent copy."""
        other = KnownRows()
        other._whole = self._whole.copy()
        other._partial = {bits: index.copy() for bits, index in self._partial.items()}
        return other


def _hash(rows: F) -> list[int]:
    """Map each row to 64 bits, the upper ones as good as any; -0.0 and 0.0 are the same number."""
    return [hash(row.tobytes()) & _LAST for row in rows + 0.0]
