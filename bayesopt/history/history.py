"""The history of a study, kept up to date by what changed."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from bayesopt.errors import InvalidConfigError, InvalidValueError, TellConflictError, short_repr
from bayesopt.history.changes import ChangesLike, Labels
from bayesopt.history.columns import Columns, F, Mask, Numbers, trial_columns
from bayesopt.history.encodings import Encoding
from bayesopt.history.table import Column
from bayesopt.history.tally import UNHEARD
from bayesopt.results import coerce_constraints, coerce_cost, coerce_step, coerce_values
from bayesopt.space import Space
from bayesopt.trial import TrialState

States = npt.NDArray[np.int8]

_NAN = float("nan")
_FEW = 64  # trials in one piece of news; more are not those that this process is about to tell
_FINISHED = frozenset(int(state) for state in TrialState if state.is_finished)
_LATEST = int(np.iinfo(np.int64).max)  # the moment of what a host tells directly


class History(Columns):
    """The columns of one study, and the ways in which they grow.

    A study calls :meth:`apply` with what its storage says has changed. A program that keeps its own
    records calls :meth:`append`, :meth:`report` and :meth:`tell` instead.
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
        reported = self._minimised(changes.report_values)
        values = self._minimised(changes.values)
        named = _numbers([*changes.numbers, *changes.report_numbers]).tolist()
        self._grow(max(named, default=-1) + 1)
        if len(changes.numbers) and self._table["seq"][named[0]] <= changes.seq:
            cost = changes.costs[0]
            self._write_one(
                named[0],
                int(changes.states[0]),
                values,
                _NAN if cost is None else cost,
                changes.constraints[0],
                changes.params[0],
                next(iter(changes.variances), None),
            )
            self._table["seq"][named[0]] = changes.seq
        if len(changes.report_numbers):
            step, attempt = float(changes.report_steps[0]), int(changes.report_attempts[0])
            self._log.note(named[-1:])
            if self._reports.add_one(named[-1], step, reported, attempt, changes.seq):
                self._generation += 1

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
    def append(self, config: Mapping[str, Any], state: TrialState = TrialState.RUNNING) -> int:
        """Add a trial with a configuration in the user's terms; return its number.

        A WAITING trial may leave parameters open.

        Raises
        ------
        InvalidConfigError
            If the configuration does not belong to the space.
        """
        whole = state is not TrialState.WAITING
        labels = self._space.to_labels(config) if whole else self._partial_labels(config)
        number = self.n
        self._grow(number + 1)
        blank = np.full((1, self.n_objectives), _NAN)
        self._write_one(number, int(state), blank, _NAN, {}, labels)
        self._table["seq"][number] = _LATEST
        return number

    def tell(
        self,
        number: int,
        values: object = None,
        state: TrialState = TrialState.COMPLETE,
        constraints: object = None,
        cost: object = None,
        variance: object = None,
    ) -> None:
        """Record how a trial ended, in the user's direction; the same again is fine.

        Raises
        ------
        TrialNotFoundError, TellConflictError
            If there is no such trial, or it has another result.
        InvalidValueError
            If the result is not usable: a COMPLETE trial needs one number per objective, no NaN.
        """
        number = self._checked_number(number)
        row = self._checked_values(values, state)
        told = coerce_constraints(constraints)
        seconds = coerce_cost(cost)
        if TrialState(int(self._table["state"][number])).is_finished:
            self._check_same(number, state, row, told)
            return
        cost_s, noise = _NAN if seconds is None else seconds, self._variances(variance)
        self._write_one(number, int(state), row, cost_s, told, variances=noise)

    def report(self, number: int, step: object, values: object) -> None:
        """Record intermediate values, in the user's direction; the same step again replaces them.

        Raises TrialNotFoundError, InvalidValueError.
        """
        number = self._checked_number(number)
        row = self._minimised([coerce_values(values, self.n_objectives, what="reported value")])
        attempt = int(self._reports.attempt[number])
        self._reports.add_one(number, coerce_step(step), row, attempt, _LATEST)
        self._log.note((number,))

    def with_pending(self, rows: F) -> History:
        """Return a copy that also has these snapped rows [k, d] as RUNNING trials; O(n d)."""
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
        """Return a copy whose rows are encoded by another space; O(n d), define-by-run only."""
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
        return other

    def _partial_labels(self, config: Mapping[str, Any]) -> Labels:
        parameters = self._space.parameters
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

    # -- writing ------------------------------------------------------------------------------
    def remember(self, number: int, labels: Labels, row: F, active: Mask) -> None:
        """Note how a configuration that will be heard of under `number` is encoded.

        It saves encoding it: `row` [d] and `active` [d] must be what the space encodes `labels` to.
        Neither they nor the labels may be changed afterwards.
        """
        self._encodings.remember(number, Encoding(labels, row, active))

    def _grow(self, n: int) -> None:
        if n > self.n:
            self._tally.grow(n - self.n)
            self._table.grow(n)
            self._reports.grow(n)

    def _write(
        self,
        numbers: Numbers,
        states: States,
        values: F,
        costs: F,
        constraints: Sequence[Mapping[str, float]],
        labels: Sequence[Labels],
    ) -> None:
        """Write facts of trials."""
        if not numbers.size:
            return
        self._log.note(numbers.tolist())
        before = self._known_among(numbers)
        self._keep(numbers.tolist(), labels)
        changed, lost = self._write_params(numbers, states, labels)
        self._tally.move_all(numbers, self._table["state"][numbers], states)
        self._table["state"][numbers] = states
        self._table["values"][numbers] = values
        self._table["cost"][numbers] = costs
        self._write_constraints(numbers, constraints)
        known = self._known_among(numbers)
        self._unindexed += numbers[known & (changed | ~before)].tolist()
        if (before & (lost | ~known)).any():
            self._take_away()

    def _write_one(
        self,
        number: int,
        state: int,
        values: F,
        cost: float,
        constraints: Mapping[str, float],
        labels: Labels | None = None,
        variances: Sequence[float] | None = None,
    ) -> None:
        """Write the facts of one trial, as ``_write`` does; without `labels` its row stays."""
        table = self._table
        self._log.note((number,))
        before = bool(self._known(number))
        changed = lost = False
        if labels is not None:
            self._keep((number,), (labels,))
            encoding = self._encoded(number, state, labels)
            changed, lost = self._write_row(number, encoding, compare=before)
        self._tally.move(number, int(table["state"][number]), state)
        table["state"][number] = state
        table["values"][number] = values[0]
        table["cost"][number] = cost
        table["variances"][number] = _NAN if variances is None else variances
        if constraints or self._constraint_names:
            self._write_constraints(np.array([number]), [constraints])
        known = bool(self._known(number))
        if known and (changed or not before):
            self._unindexed.append(number)
        if before and (lost or not known):
            self._take_away()

    def _keep(self, numbers: Sequence[int], labels: Sequence[Labels]) -> None:
        """Keep what to encode anew when a define-by-run space grows."""
        if self.define_by_run:
            self._labels.update(zip(numbers, labels, strict=True))

    def _encoded(self, number: int, state: int, labels: Labels) -> Encoding:
        """Encode the configuration of one trial, unless that was done before."""
        encoding = self._encodings.find(number, labels)
        if encoding is None:
            X, active, inside = self._space.encode_labels([labels], strict=False)
            whole = bool(inside[0]) and bool((self._space.active(X) == active).all())
            encoding = Encoding(labels, X[0], active[0], bool(inside[0]), whole)
        if state in _FINISHED:
            self._encodings.forget(number)
        else:
            self._encodings.remember(number, encoding)
        if state == TrialState.WAITING and not self._is_given(encoding):
            return dataclasses.replace(encoding, whole=False)
        return encoding

    def _is_given(self, encoding: Encoding) -> bool:
        """Whether every active parameter has a label: a default may have filled a hole."""
        named = zip(self._space.names, encoding.active, strict=True)
        return all(name in encoding.labels for name, is_on in named if is_on)

    def _write_row(self, number: int, encoding: Encoding, compare: bool) -> tuple[bool, bool]:
        """Write one configuration; if asked to `compare`, return what ``_write_rows`` does."""
        table, changed, lost = self._table, True, False
        if compare:
            X, active = table["X"][number], table["active"][number]
            moved = (encoding.row != X) | (encoding.active != active)
            changed = bool(moved.any())
            lost = changed and bool((encoding.active & moved).any())
        if changed:
            table["X"][number] = encoding.row
            table["active"][number] = encoding.active
        table["inside"][number] = encoding.inside
        table["whole"][number] = encoding.whole
        table["given"][number] = self._space.d == 0 or bool(encoding.active.any())
        return changed, lost

    def _write_params(
        self, numbers: Numbers, states: States, labels: Sequence[Labels]
    ) -> tuple[Mask, Mask]:
        """Encode configurations; return which changed, and which lost what they stood for."""
        X, active, inside = self._space.encode_labels(labels, strict=False)
        whole = (self._space.active(X) == active).all(axis=1) & inside
        if len(numbers) <= _FEW:
            columns = (numbers.tolist(), states.tolist(), labels, X, active, inside, whole)
            for number, state, *encoding in zip(*columns, strict=True):
                if state not in _FINISHED:
                    self._encodings.remember(number, Encoding(*encoding))
        for i in np.flatnonzero(whole & (states == TrialState.WAITING)).tolist():
            # The ask will fill holes at random, whatever the defaults.
            whole[i] = self._is_given(Encoding(labels[i], X[i], active[i]))
        return self._write_rows(numbers, X, active, inside, whole)

    def _write_rows(
        self, numbers: Numbers, X: F, active: Mask, inside: Mask, whole: Mask
    ) -> tuple[Mask, Mask]:
        table = self._table
        moved, switched = table["X"][numbers] != X, table["active"][numbers] != active
        changed = (moved | switched).any(axis=1)
        lost = (active & (moved | switched)).any(axis=1)  # else: the same, or parameters dropped
        table["X"][numbers] = X
        table["active"][numbers] = active
        table["inside"][numbers] = inside
        table["whole"][numbers] = whole
        table["given"][numbers] = active.any(axis=1) | (self._space.d == 0)
        return changed, lost

    def _write_constraints(
        self, numbers: Numbers, constraints: Sequence[Mapping[str, float]]
    ) -> None:
        self._learn_constraints({name for told in constraints if told for name in told})
        place = {name: j for j, name in enumerate(self._constraint_names)}
        told = np.full((numbers.size, len(place)), _NAN)
        for i, one in enumerate(constraints):
            for name, value in one.items():
                told[i, place[name]] = value
        self._table["constraints"][numbers] = told
        self._table["feasible"][numbers] = self._feasibility(numbers)

    def _learn_constraints(self, names: set[str]) -> None:
        """Add columns for new names; sorted, so that they do not depend on the order of news."""
        if names <= set(self._constraint_names):
            return
        merged = tuple(sorted(names | set(self._constraint_names)))
        old = [merged.index(name) for name in self._constraint_names]
        before = self._table["constraints"].copy()
        self._table.replace("constraints", Column(np.float64, _NAN, len(merged)))
        self._table["constraints"][:, old] = before
        self._constraint_names = merged
        feasible = self._feasibility(slice(None))
        if (self._table["feasible"] & ~feasible).any():
            self._take_away()
        self._table["feasible"][...] = feasible
        self._log.note_all()

    def _take_away(self) -> None:
        """Note that something known is known no more: indices and caches start over."""
        self._generation += 1
        self._index = None
        self._unindexed = []


def _numbers(numbers: Sequence[int]) -> Numbers:
    array = np.asarray(numbers, dtype=np.int64)
    if array.size and array.min() < 0:
        raise InvalidValueError("trial number", expected="at least 0", got=f"{array.min()}")
    return array
