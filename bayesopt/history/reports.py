"""Intermediate values: one row per (trial, step), chained per trial."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bayesopt.history.table import Column, Table

F = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


class ReportColumns(NamedTuple):
    """All reports in columns, in the order they were heard of: not a thing to depend on."""

    trial: Numbers  # [r] trial number
    step: F  # [r]
    values: F  # [r, m], minimised; NaN is what was reported


class Reports:
    """The reports of a history, with the last one of each trial at hand.

    A report is appended in O(1) when its step is the trial's largest, the common case; any other
    walks the trial's own chain to see whether it replaces one.

    Of a trial that was attempted several times those reports count that no later attempt
    superseded, by reporting the same step or an earlier one. Whatever the order they are heard of
    in, the same ones are left.
    """

    def __init__(self, m: int) -> None:
        wide = Column(np.float64, np.nan, m)
        self._rows = Table(
            trial=Column(np.int64, -1),
            step=Column(np.float64, np.nan),
            values=wide,
            seq=Column(np.int64, -1),
            attempt=Column(np.int64, 0),
            previous=Column(np.int64, -1),
        )
        self._trials = Table(
            head=Column(np.int64, -1),
            step=Column(np.float64, np.nan),
            values=wide,
            attempt=Column(np.int64, 0),
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

    @property
    def attempt(self) -> Numbers:
        """The latest attempt of each trial that reported, 0 without a report."""
        return self._trials.reading("attempt")

    def curve(self, number: int) -> tuple[F, F]:
        """Return steps [k], ascending, and values [k, m] of one trial; O(k log k)."""
        rows = np.array(self._chain(number), dtype=np.int64)
        rows = rows[np.argsort(self._rows["step"][rows])]
        return self._rows["step"][rows], self._rows["values"][rows]

    def grow(self, n: int) -> None:
        """Make room for `n` trials."""
        self._trials.grow(n)

    def add(self, trial: Numbers, step: F, values: F, attempt: Numbers, seq: int) -> bool:
        """Take in reports of one moment `seq`; True if that superseded known ones.

        Of equal (trial, step, attempt) the last one counts.
        """
        order = np.lexsort((attempt, step, trial))  # stable
        trial, step, values, attempt = trial[order], step[order], values[order], attempt[order]
        again, removed = self._is_attempted_again(trial, attempt), False
        if again.any():
            removed = self._merge(trial[again], step[again], values[again], attempt[again], seq)
        trial, step, values, attempt = trial[~again], step[~again], values[~again], attempt[~again]
        final = np.ones(trial.size, dtype=np.bool_)
        final[:-1] = (trial[1:] != trial[:-1]) | (step[1:] != step[:-1])
        trial, step, values, attempt = trial[final], step[final], values[final], attempt[final]
        earlier = step <= self._trials["step"][trial]
        for i in np.flatnonzero(earlier):
            self._insert(trial[i], step[i], values[i], attempt[i], seq)
        late = ~earlier
        self._append(trial[late], step[late], values[late], attempt[late], seq)
        return removed

    def add_one(
        self, trial: int, step: float, values: Sequence[float], attempt: int, seq: int
    ) -> bool:
        """Take in one report, `values` [m]; what ``add`` does, faster in the usual case."""
        trials, rows = self._trials, self._rows
        head = int(trials.at("head", trial))
        is_later = trials.at("attempt", trial) == attempt and trials.at("step", trial) < step
        if head >= 0 and not is_later:
            one = np.full(1, trial), np.full(1, step), np.array([values]), np.full(1, attempt)
            return self.add(*one, seq)
        row = rows.n
        rows.grow(row + 1)
        facts = {"step": step, "values": values, "attempt": attempt}
        rows.put(row, trial=trial, seq=seq, previous=head, **facts)
        trials.put(trial, head=row, **facts)
        return False

    def _is_attempted_again(self, trial: Numbers, attempt: Numbers) -> Mask:
        """Whether a report's trial has reports, known or among these, of several attempts."""
        known = self._trials["head"][trial] >= 0
        other = known & (self._trials["attempt"][trial] != attempt)
        differs = (trial[1:] == trial[:-1]) & (attempt[1:] != attempt[:-1])
        other[1:] |= differs
        return np.isin(trial, trial[other]) if other.any() else other

    def _merge(self, trial: Numbers, step: F, values: F, attempt: Numbers, seq: int) -> bool:
        """Take in reports of trials that were attempted several times; O(all reports)."""
        old = np.isin(self._rows["trial"], trial)
        rows = {name: self._rows[name][old] for name in ("trial", "step", "values", "attempt")}
        trial = np.concatenate([rows["trial"], trial])
        step = np.concatenate([rows["step"], step])
        values = np.concatenate([rows["values"], values])
        attempt = np.concatenate([rows["attempt"], attempt])
        n_old = int(np.count_nonzero(old))
        moment = np.concatenate([self._rows["seq"][old], np.full(trial.size - n_old, seq)])
        self._forget(old)
        heard = np.arange(trial.size)
        order = np.lexsort((-heard, -moment, -attempt, step, trial))
        heard, trial, step, attempt = heard[order], trial[order], step[order], attempt[order]
        superseded = attempt < _highest_so_far(trial, attempt)
        kept = ~superseded
        kept[1:] &= (trial[1:] != trial[:-1]) | (step[1:] != step[:-1])
        order = order[kept]
        self._append(trial[kept], step[kept], values[order], attempt[kept], moment[order])
        return bool((superseded & (heard < n_old)).any())

    def _forget(self, rows: Mask) -> None:
        """Remove rows, all of a trial or none."""
        if not rows.any():
            return
        trials = self._trials
        gone = np.unique(self._rows["trial"][rows])
        place = np.append(np.cumsum(~rows) - 1, -1)  # -1, no row, stays -1
        self._rows["previous"][...] = place[self._rows["previous"]]
        trials["head"][...] = place[trials["head"]]
        trials["head"][gone], trials["attempt"][gone] = -1, 0
        trials["step"][gone] = trials["values"][gone] = np.nan
        self._rows.keep(~rows)

    def copy(self) -> Reports:
        """Return an independent copy."""
        other = Reports(self.last_values.shape[1])
        other._rows, other._trials = self._rows.copy(), self._trials.copy()
        return other

    def _append(
        self, trial: Numbers, step: F, values: F, attempt: Numbers, seq: int | Numbers
    ) -> None:
        """Add reports, sorted by (trial, step), that are later than what their trials have."""
        if not trial.size:
            return
        rows = self._extend(trial, step, values, attempt, seq)
        first = np.ones(trial.size, dtype=np.bool_)
        first[1:] = trial[1:] != trial[:-1]
        previous = rows - 1
        previous[first] = self._trials["head"][trial[first]]
        self._rows["previous"][rows] = previous
        last = np.append(first[1:], True)
        self._trials["head"][trial[last]] = rows[last]
        self._trials["step"][trial[last]] = step[last]
        self._trials["values"][trial[last]] = values[last]
        self._trials["attempt"][trial[last]] = attempt[last]

    def _insert(self, trial: int, step: float, values: F, attempt: int, seq: int) -> None:
        """Replace the report of that step, or slip in one that is not the trial's last."""
        for row in self._chain(trial):
            if self._rows["step"][row] == step:
                if seq >= self._rows["seq"][row]:
                    self._replace(row, values, seq)
                return
        one = np.full(1, trial), np.full(1, step), values[None, :], np.full(1, attempt)
        row = self._extend(*one, seq)[0]
        self._rows["previous"][row] = self._trials["head"][trial]
        self._trials["head"][trial] = row

    def _replace(self, row: int, values: F, seq: int) -> None:
        self._rows["values"][row] = values
        self._rows["seq"][row] = seq
        trial = self._rows["trial"][row]
        if self._rows["step"][row] == self._trials["step"][trial]:
            self._trials["values"][trial] = values

    def _extend(
        self, trial: Numbers, step: F, values: F, attempt: Numbers, seq: int | Numbers
    ) -> Numbers:
        start = self._rows.n
        self._rows.grow(start + trial.size)
        rows = np.arange(start, start + trial.size)
        self._rows["trial"][rows] = trial
        self._rows["step"][rows] = step
        self._rows["values"][rows] = values
        self._rows["attempt"][rows] = attempt
        self._rows["seq"][rows] = seq
        return rows

    def _chain(self, trial: int) -> list[int]:
        chain, previous = [], self._rows["previous"]
        row = int(self._trials["head"][trial])
        while row >= 0:
            chain.append(row)
            row = int(previous[row])
        return chain


def _highest_so_far(trial: Numbers, attempt: Numbers) -> Numbers:
    """Return the running maximum of `attempt` within each run of equal `trial`."""
    spread = 1 + int(attempt.max(initial=0))
    group = np.cumsum(np.append(0, trial[1:] != trial[:-1])) if trial.size else trial
    return np.asarray(np.maximum.accumulate(group * spread + attempt) - group * spread)
