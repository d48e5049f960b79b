"""Intermediate values: one row per (trial, step), chained per trial."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bayesopt.history.table import Column, Table

F = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]


class ReportColumns(NamedTuple):
    """All reports in columns, in the order they were heard of: not a thing to depend on."""

    trial: Numbers  # [r] trial number
    step: F  # [r]
    values: F  # [r, m], minimised; NaN is what was reported


class Reports:
    """The reports of a history, with the last one of each trial at hand.

    A report is appended in O(1) when its step is the trial's largest, the common case; any other
    walks the trial's own chain to see whether it replaces one.
    """

    def __init__(self, m: int) -> None:
        wide = Column(np.float64, np.nan, m)
        self._rows = Table(
            trial=Column(np.int64, -1),
            step=Column(np.float64, np.nan),
            values=wide,
            seq=Column(np.int64, -1),
            previous=Column(np.int64, -1),
        )
        self._trials = Table(
            head=Column(np.int64, -1), step=Column(np.float64, np.nan), values=wide
        )

    @property
    def columns(self) -> ReportColumns:
        """All reports."""
        read = self._rows.reading
        return ReportColumns(read("trial"), read("step"), read("values"))

    @property
    def last_step(self) -> F:
        """The largest reported step of each trial, NaN without a report."""
        return self._trials.reading("step")

    @property
    def last_values(self) -> F:
        """What was reported there, [n, m]."""
        return self._trials.reading("values")

    def curve(self, number: int) -> tuple[F, F]:
        """Return steps [k], ascending, and values [k, m] of one trial; O(k log k)."""
        rows = np.array(self._chain(number), dtype=np.int64)
        rows = rows[np.argsort(self._rows["step"][rows])]
        return self._rows["step"][rows], self._rows["values"][rows]

    def grow(self, n: int) -> None:
        """Make room for `n` trials."""
        self._trials.grow(n)

    def add(self, trial: Numbers, step: F, values: F, seq: int) -> None:
        """Take in reports of one moment `seq`; of equal (trial, step) the last one counts."""
        order = np.lexsort((step, trial))  # stable
        trial, step, values = trial[order], step[order], values[order]
        final = np.ones(trial.size, dtype=np.bool_)
        final[:-1] = (trial[1:] != trial[:-1]) | (step[1:] != step[:-1])
        trial, step, values = trial[final], step[final], values[final]
        earlier = step <= self._trials["step"][trial]
        for i in np.flatnonzero(earlier):
            self._insert(trial[i], step[i], values[i], seq)
        self._append(trial[~earlier], step[~earlier], values[~earlier], seq)

    def copy(self) -> Reports:
        """Return an independent copy."""
        other = Reports(self.last_values.shape[1])
        other._rows, other._trials = self._rows.copy(), self._trials.copy()
        return other

    def _append(self, trial: Numbers, step: F, values: F, seq: int) -> None:
        """Add reports, sorted by (trial, step), that are later than what their trials have."""
        if not trial.size:
            return
        rows = self._extend(trial, step, values, seq)
        first = np.ones(trial.size, dtype=np.bool_)
        first[1:] = trial[1:] != trial[:-1]
        previous = rows - 1
        previous[first] = self._trials["head"][trial[first]]
        self._rows["previous"][rows] = previous
        last = np.append(first[1:], True)
        self._trials["head"][trial[last]] = rows[last]
        self._trials["step"][trial[last]] = step[last]
        self._trials["values"][trial[last]] = values[last]

    def _insert(self, trial: int, step: float, values: F, seq: int) -> None:
        """Replace the report of that step, or slip in one that is not the trial's last."""
        for row in self._chain(trial):
            if self._rows["step"][row] == step:
                if seq >= self._rows["seq"][row]:
                    self._replace(row, values, seq)
                return
        row = self._extend(np.full(1, trial), np.full(1, step), values[None, :], seq)[0]
        self._rows["previous"][row] = self._trials["head"][trial]
        self._trials["head"][trial] = row

    def _replace(self, row: int, values: F, seq: int) -> None:
        self._rows["values"][row] = values
        self._rows["seq"][row] = seq
        trial = self._rows["trial"][row]
        if self._rows["step"][row] == self._trials["step"][trial]:
            self._trials["values"][trial] = values

    def _extend(self, trial: Numbers, step: F, values: F, seq: int) -> Numbers:
        start = self._rows.n
        self._rows.grow(start + trial.size)
        rows = np.arange(start, start + trial.size)
        self._rows["trial"][rows] = trial
        self._rows["step"][rows] = step
        self._rows["values"][rows] = values
        self._rows["seq"][rows] = seq
        return rows

    def _chain(self, trial: int) -> list[int]:
        chain, previous = [], self._rows["previous"]
        row = int(self._trials["head"][trial])
        while row >= 0:
            chain.append(row)
            row = int(previous[row])
        return chain
