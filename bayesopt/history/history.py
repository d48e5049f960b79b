"""The history of a study, kept up to date by what changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from bayesopt.errors import InvalidConfigError, InvalidValueError, TellConflictError, short_repr
from bayesopt.history.columns import Columns, F, Mask, Numbers
from bayesopt.history.table import Column
from bayesopt.results import coerce_constraints, coerce_cost, coerce_step, coerce_values
from bayesopt.trial import TrialState

Labels = Mapping[str, Any]
States = npt.NDArray[np.int8]

_NAN = float("nan")
_LATEST = int(np.iinfo(np.int64).max)  # the moment of what a host tells directly


class ChangesLike(Protocol):
    """What happened to a study, in columns (see ``bayesopt.storage.base.Changes``)."""

    @property
    def seq(self) -> int:
        """Moment of the newest of these changes."""

    @property
    def numbers(self) -> Sequence[int]:
        """Trials that changed; the next five columns hold their present facts."""

    @property
    def states(self) -> Sequence[int]:
        """``TrialState`` of each."""

    @property
    def params(self) -> Sequence[Labels]:
        """Labels of each."""

    @property
    def values(self) -> Sequence[Sequence[float] | None]:
        """Told values of each, in the user's direction."""

    @property
    def constraints(self) -> Sequence[Mapping[str, float]]:
        """Told outcome constraints of each."""

    @property
    def costs(self) -> Sequence[float | None]:
        """Told cost of each."""

    @property
    def report_numbers(self) -> Sequence[int]:
        """Trials that reported; the next three columns hold the reports."""

    @property
    def report_steps(self) -> Sequence[float]:
        """Step of each report."""

    @property
    def report_values(self) -> Sequence[Sequence[float]]:
        """Values of each report, in the user's direction."""

    @property
    def report_attempts(self) -> Sequence[int]:
        """Attempt of each; supersedes earlier attempts' reports at its step and beyond."""


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
        states = np.array([state], dtype=np.int8)
        self._write(np.array([number]), states, blank, np.array([_NAN]), [{}], [labels])
        self._table["seq"][number] = _LATEST
        return number

    def tell(
        self,
        number: int,
        values: object = None,
        state: TrialState = TrialState.COMPLETE,
        constraints: object = None,
        cost: object = None,
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
        costs = np.array([_NAN if seconds is None else seconds])
        self._write(np.array([number]), np.array([state], dtype=np.int8), row, costs, [told])

    def report(self, number: int, step: object, values: object) -> None:
        """Record intermediate values, in the user's direction; the same step again replaces them.

        Raises TrialNotFoundError, InvalidValueError.
        """
        trial = np.array([self._checked_number(number)])
        row = self._minimised([coerce_values(values, self.n_objectives, what="reported value")])
        attempt = self._reports.attempt[trial]
        self._reports.add(trial, np.array([coerce_step(step)]), row, attempt, _LATEST)
        self._log.note(trial.tolist())

    def with_pending(self, rows: F) -> History:
        """Return a copy that also has these snapped rows [k, d] as RUNNING trials; O(n d)."""
        other = History(
            self._space,
            self.n_objectives,
            directions=self.directions,
            seed=self.seed,
            noisy=self.noisy,
            define_by_run=self.define_by_run,
        )
        other._constraint_names, other._generation = self._constraint_names, self._generation
        other._table, other._reports = self._table.copy(), self._reports.copy()
        other._log = self._log.copy()
        other._index = None if self._index is None else self._index.copy()
        other._unindexed = list(self._unindexed)
        other._grow(self.n + len(rows))
        numbers = np.arange(self.n, other.n)
        other._table["state"][numbers] = TrialState.RUNNING
        inside = np.ones(len(rows), dtype=np.bool_)
        other._write_rows(numbers, rows, self._space.active(rows), inside, inside)
        other._unindexed += numbers.tolist()
        other._log.note(numbers.tolist())
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
    def _grow(self, n: int) -> None:
        if n > self.n:
            self._table.grow(n)
            self._reports.grow(n)

    def _write(
        self,
        numbers: Numbers,
        states: States,
        values: F,
        costs: F,
        constraints: Sequence[Mapping[str, float]],
        labels: Sequence[Labels] | None = None,
    ) -> None:
        """Write facts of trials; without `labels` their configurations stay."""
        if not numbers.size:
            return
        self._log.note(numbers.tolist())
        before = self._known_among(numbers)
        changed = lost = np.zeros(numbers.size, dtype=np.bool_)
        if labels is not None:
            changed, lost = self._write_params(numbers, states, labels)
        self._table["state"][numbers] = states
        self._table["values"][numbers] = values
        self._table["cost"][numbers] = costs
        self._write_constraints(numbers, constraints)
        known = self._known_among(numbers)
        self._unindexed += numbers[known & (changed | ~before)].tolist()
        if (before & (lost | ~known)).any():
            self._take_away()

    def _write_params(
        self, numbers: Numbers, states: States, labels: Sequence[Labels]
    ) -> tuple[Mask, Mask]:
        """Encode configurations; return which changed, and which lost what they stood for."""
        X, active, inside = self._space.encode_labels(labels, strict=False)
        whole = (self._space.active(X) == active).all(axis=1) & inside
        for i in np.flatnonzero(whole & (states == TrialState.WAITING)).tolist():
            # A default may have filled a hole here, but the ask will fill it at random.
            named = zip(self._space.names, active[i], strict=True)
            whole[i] = all(name in labels[i] for name, is_on in named if is_on)
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

    def _feasibility(self, numbers: Numbers | slice) -> Mask:
        constraints = self._table["constraints"][numbers]
        missing = np.isnan(constraints)
        violated = np.where(missing, 0.0, constraints) > 0.0
        complete = self._table["state"][numbers] == TrialState.COMPLETE
        return np.asarray(~(violated.any(axis=1) | (complete & missing.any(axis=1))))

    def _take_away(self) -> None:
        """Note that something known is known no more: indices and caches start over."""
        self._generation += 1
        self._index = None
        self._unindexed = []

    def _minimised(self, values: Sequence[Sequence[float] | None]) -> F:
        """Return told values as [k, m], NaN where there is none."""
        blank = (_NAN,) * self.n_objectives
        try:
            rows = np.array(
                [blank if each is None or not len(each) else each for each in values],
                dtype=np.float64,
            )
            rows = rows.reshape(len(values), self.n_objectives)
        except ValueError:
            raise InvalidValueError(
                "values of trials", expected=f"{self.n_objectives} numbers each"
            ) from None
        rows[:, self._negated] = -rows[:, self._negated]
        return rows


def _numbers(numbers: Sequence[int]) -> Numbers:
    array = np.asarray(numbers, dtype=np.int64)
    if array.size and array.min() < 0:
        raise InvalidValueError("trial number", expected="at least 0", got=f"{array.min()}")
    return array
