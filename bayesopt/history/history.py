"""The history of a study, kept up to date by what changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from bayesopt.errors import (
    InvalidConfigError,
    InvalidValueError,
    StudyError,
    TellConflictError,
    short_repr,
)
from bayesopt.history import misuse
from bayesopt.history.changes import ChangesLike, Labels
from bayesopt.history.columns import F, Numbers, trial_columns
from bayesopt.history.tally import UNHEARD
from bayesopt.history.writing import Writing
from bayesopt.results import coerce_constraints, coerce_cost, coerce_step, coerce_values
from bayesopt.space import Space
from bayesopt.trial import TrialState, as_state

_NAN = float("nan")
_LATEST = int(np.iinfo(np.int64).max)  # the moment of what a host tells directly


class History(Writing):
    """The columns of one study, and the ways in which they grow.

    A study calls :meth:`apply` with what its storage says has changed. A program that keeps its own
    records calls :meth:`append`, :meth:`report`, :meth:`pause`, :meth:`resume` and :meth:`tell`
    instead.
    """

    # -- following a storage ------------------------------------------------------------------
    def apply(self, changes: ChangesLike) -> None:
        """Take in what happened, O(changes).

        Chunks may arrive twice or out of order: of each trial and each report the facts with the
        highest ``seq`` count. A report supersedes those of earlier attempts at its step and beyond.

        Raises
        ------
        InvalidValueError
            If a column does not fit this history; nothing is taken in then.
        """
        misuse.require_changes(changes)
        if len(changes.numbers) <= 1 and len(changes.report_numbers) <= 1:  # the usual news
            self._apply_one(changes)
            return
        numbers = _numbers(changes.numbers)
        trials = _numbers(changes.report_numbers)
        steps = np.asarray(changes.report_steps, dtype=np.float64)
        attempts = np.asarray(changes.report_attempts, dtype=np.int64)
        reported = self._minimised(changes.report_values)
        values = self._minimised(changes.values)
        self._grow(int(max(numbers.max(initial=-1), trials.max(initial=-1))) + 1)
        if numbers.size:
            self._write_newer(changes, numbers, values)
        if trials.size:
            self._log.note(trials.tolist())
            if self._reports.add(trials, steps, reported, attempts, changes.seq):
                self._generation += 1

    def _apply_one(self, changes: ChangesLike) -> None:
        """Take in a trial and a report at most; what ``apply`` does, not at the price of arrays."""
        if not len(changes.numbers) and not len(changes.report_numbers):
            return
        values = [self._minimised_one(each) for each in changes.values]
        reported = [self._minimised_one(each) for each in changes.report_values]
        named = [_number(each) for each in (*changes.numbers, *changes.report_numbers)]
        self._grow(max(named) + 1)
        if values and self._table.at("seq", named[0]) <= changes.seq:
            self._write_newest(changes, named[0], values[0])
        if reported:
            step, attempt = float(changes.report_steps[0]), int(changes.report_attempts[0])
            self._log.note(named[-1:])
            if self._reports.add_one(named[-1], step, reported[0], attempt, changes.seq):
                self._generation += 1

    def _write_newest(self, changes: ChangesLike, number: int, values: Sequence[float]) -> None:
        """Write the one trial of the changes."""
        cost = changes.costs[0]
        self._write_one(
            number,
            int(changes.states[0]),
            values,
            _NAN if cost is None else cost,
            changes.constraints[0],
            changes.params[0],
            next(iter(changes.variances), None),
        )
        self._table.put(number, seq=changes.seq)

    def _write_newer(self, changes: ChangesLike, numbers: Numbers, values: F) -> None:
        """Write the trials of which nothing newer is known."""
        newer = np.flatnonzero(self._table["seq"][numbers] <= changes.seq)
        places = newer.tolist()
        costs = [_NAN if cost is None else cost for cost in changes.costs]
        self._write(
            numbers[newer],
            np.asarray(changes.states, dtype=np.int8)[newer],
            values[newer],
            np.asarray(costs, dtype=np.float64)[newer],
            [changes.constraints[i] for i in places],
            [changes.params[i] for i in places],
        )
        if len(changes.variances):
            self._table["variances"][numbers[newer]] = self._as_rows(changes.variances)[newer]
        self._table["seq"][numbers[newer]] = changes.seq

    # -- told directly by a host program ------------------------------------------------------
    def append(
        self, config: Mapping[str, Any], state: TrialState | str = TrialState.RUNNING
    ) -> int:
        """Add a trial with a configuration in the user's terms; return its number.

        A WAITING trial may leave parameters open.

        Raises
        ------
        InvalidConfigError
            If the configuration does not belong to the space.
        InvalidValueError
            If there is no such state.
        """
        state = as_state(state)
        whole = state is not TrialState.WAITING
        labels = self._space.to_labels(config) if whole else self._partial_labels(config)
        number = self.n
        self._grow(number + 1)
        self._write_one(number, int(state), [_NAN] * self.n_objectives, _NAN, {}, labels)
        self._table["seq"][number] = _LATEST
        return number

    def tell(
        self,
        number: int,
        values: object = None,
        state: TrialState | str = TrialState.COMPLETE,
        constraints: object = None,
        cost: object = None,
        variance: object = None,
    ) -> None:
        """Record how a trial ended, in the user's direction; the same again is fine.

        A PRUNED trial that is told no values has those of its last report. The cost is that of the
        last attempt: what pauses told is added.

        Raises
        ------
        TrialNotFoundError, TellConflictError
            If there is no such trial, or it has another result.
        InvalidValueError
            If the result is not usable: a COMPLETE trial needs one number per objective, no NaN.
        """
        number, state = self._checked_number(number), as_state(state)
        row = self._checked_values(values, state)
        if values is None and state is TrialState.PRUNED:
            row = self._reports.last_values[number : number + 1].copy()
        told = coerce_constraints(constraints)
        seconds = coerce_cost(cost)
        if TrialState(int(self._table["state"][number])).is_finished:
            self._check_same(number, state, row, told)
            return
        noise = self._variances(variance)
        total = self._total_cost(number, seconds)
        self._write_one(number, int(state), row[0], total, told, variances=noise)

    def _total_cost(self, number: int, cost: float | None) -> float:
        """Return what all attempts at a trial cost, NaN where nothing was told."""
        begun = float(self._table["begun_cost"][number])
        if cost is None:
            return begun or _NAN
        return begun + cost

    def report(self, number: int, step: object, values: object) -> None:
        """Record intermediate values, in the user's direction; the same step again replaces them.

        The first report after a trial was resumed supersedes those of its step and beyond.

        Raises TrialNotFoundError, InvalidValueError.
        """
        number = self._checked_number(number)
        row = self._minimised_one(coerce_values(values, self.n_objectives, what="reported value"))
        attempt = self._attempts.get(number, 0)
        attempt = max(attempt, int(self._reports.attempt[number]))
        if self._reports.add_one(number, coerce_step(step), row, attempt, _LATEST):
            self._generation += 1
        self._log.note((number,))

    def pause(self, number: int, cost: object = None) -> None:
        """Lay a running trial aside; again is fine. It keeps its reports.

        What this attempt has cost is added to the trial's cost.

        Raises
        ------
        TrialNotFoundError, InvalidValueError
        StudyError
            If the trial is neither running nor paused.
        """
        seconds = coerce_cost(cost)
        if self._move(number, TrialState.RUNNING, TrialState.PAUSED) and seconds is not None:
            self._table["begun_cost"][number] += seconds

    def resume(self, number: int) -> None:
        """Go on with a paused trial; of one that runs this is fine.

        It goes on where it stopped, or starts over: what it reports next says which.

        Raises
        ------
        TrialNotFoundError
        StudyError
            If the trial is neither paused nor running.
        """
        if self._move(number, TrialState.PAUSED, TrialState.RUNNING):
            last = max(self._attempts.get(number, 0), int(self._reports.attempt[number]))
            self._attempts[number] = last + 1

    def _move(self, number: int, before: TrialState, after: TrialState) -> bool:
        """Take a trial from one state to another; False if it was there already."""
        number = self._checked_number(number)
        state = int(self._table["state"][number])
        if state == after:
            return False
        if state != before:
            raise StudyError(
                f"trial {number}",
                expected=f"one that is {before.name}",
                got=TrialState(state).name if state >= 0 else "one not heard of yet",
            )
        self._write_one(number, int(after), [_NAN] * self.n_objectives, _NAN, {})
        return True

    def with_pending(self, rows: F) -> History:
        """Return a copy that also has these snapped rows [k, d] as RUNNING trials; O(n d).

        Raises InvalidValueError for what are no rows of the space.
        """
        rows = misuse.checked_rows(rows, self._space.d)
        other = self.copy()
        other._grow(self.n + len(rows))
        numbers = np.arange(self.n, other.n)
        other._table["state"][numbers] = TrialState.RUNNING
        inside = np.ones(len(rows), dtype=np.bool_)
        other._write_rows(numbers, rows, self._space.active(rows), inside, inside)
        other._unindexed += numbers.tolist()
        for number in numbers.tolist():
            other._tally.move(number, UNHEARD, int(TrialState.RUNNING))
        other._log.note(numbers.tolist())
        return other

    def copy(self) -> History:
        """Return an independent copy; O(n d)."""
        other = self._copy(self._space)
        other._log = self._log.copy()
        other._index = None if self._index is None else self._index.copy()
        other._unindexed = list(self._unindexed)
        return other

    def in_space(self, space: Space) -> History:
        """Return a copy whose rows are encoded by another space; O(n d), define-by-run only.

        Raises InvalidValueError for what is no space.
        """
        other = self._copy(space)
        for name in ("X", "active"):
            other._table.replace(name, trial_columns(space.d, self.n_objectives)[name])
        other._index = None
        numbers = np.array(list(self._labels), dtype=np.int64)
        if numbers.size:
            states = self._table["state"][numbers]
            other._write_params(numbers, states, list(self._labels.values()))
        other._log.note_all()
        return other

    def _copy(self, space: Space) -> History:
        other = History(
            space,
            self.n_objectives,
            directions=self.directions,
            seed=self.seed,
            noisy=self.noisy,
            define_by_run=self.define_by_run,
        )
        other._constraint_names, other._generation = self._constraint_names, self._generation
        other._table, other._reports = self._table.copy(), self._reports.copy()
        other._tally, other._labels = self._tally.copy(), dict(self._labels)
        other._attempts = dict(self._attempts)
        other._levels = self._levels
        return other

    def _partial_labels(self, config: Mapping[str, Any]) -> Labels:
        parameters = self._space.parameters
        if not isinstance(config, Mapping):
            raise InvalidConfigError("configuration", expected="a mapping", got=short_repr(config))
        for name in config:
            if name not in parameters:
                raise InvalidConfigError(
                    "configuration",
                    expected=f"parameters among {list(parameters)}",
                    got=short_repr(name),
                )
        return {name: parameters[name].to_label(value) for name, value in config.items()}

    def _checked_values(self, values: object, state: TrialState) -> F:
        told = None if values is None else coerce_values(values, self.n_objectives)
        complete = state is TrialState.COMPLETE
        if not state.is_finished or (complete and told is None):
            raise InvalidValueError(
                "result of a trial",
                expected="one number per objective, or the state FAIL or PRUNED",
                got=f"values {told} with state {state.name}",
            )
        row = self._minimised([told])
        if complete and np.isnan(row).any():
            raise InvalidValueError(
                "result of a trial",
                expected="values that are not NaN",
                got=f"{told}",
                remedy="Tell it as TrialState.FAIL.",
            )
        return row

    def _check_same(
        self, number: int, state: TrialState, row: F, told: Mapping[str, float]
    ) -> None:
        had = self._table["constraints"][number]
        now = [told.get(name, _NAN) for name in self._constraint_names]
        same = (
            self._table["state"][number] == state
            and np.array_equal(self._table["values"][number], row[0], equal_nan=True)
            and np.array_equal(had, now, equal_nan=True)
            and set(told) <= set(self._constraint_names)
        )
        if not same:
            raise TellConflictError(
                f"trial {number}",
                expected="the result that it has",
                got=f"values {row[0].tolist()} (minimised) with state {state.name}",
                remedy="A result is told once; invalidate the trial to strike it out.",
            )


def _number(number: int) -> int:
    """Return what `_numbers` does of one number."""
    found = int(number)
    if found < 0:
        raise InvalidValueError("trial number", expected="at least 0", got=f"{found}")
    return found


def _numbers(numbers: Sequence[int]) -> Numbers:
    array = np.asarray(numbers, dtype=np.int64)
    if array.size and array.min() < 0:
        raise InvalidValueError("trial number", expected="at least 0", got=f"{array.min()}")
    return array
