"""The columns of a study's history and the questions they answer; row index = trial number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from bayesopt.checks import checked_count, checked_flag, checked_integer, is_whole
from bayesopt.errors import InvalidValueError, TrialNotFoundError, short_repr
from bayesopt.history import misuse
from bayesopt.history.encodings import Encodings
from bayesopt.history.index import KnownRows
from bayesopt.history.levels import Levels
from bayesopt.history.log import ChangeLog
from bayesopt.history.reports import ReportColumns, Reports
from bayesopt.history.table import Column, Table
from bayesopt.history.tally import UNHEARD, Tally
from bayesopt.results import coerce_variances
from bayesopt.space import Space
from bayesopt.trial import TrialState

F = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

_NAN = float("nan")
_INVALID, _WAITING = int(TrialState.INVALID), int(TrialState.WAITING)


class Columns:
    """What is known of the trials of one study, to read.

    Everything is minimised: values and reports of a "maximize" objective are stored negated. All
    arrays are read-only views of growing buffers, good until the next change.

    Parameters
    ----------
    space : Space
        What rows are encoded by.
    n_objectives : int
        m, the number of values per trial.
    directions : sequence of {"minimize", "maximize"}
        One per objective, or one for all.
    seed : int
        The seed of the study; fixed designs (Sobol scrambling, grid shuffling) are keyed by it.
    noisy : bool
        Whether evaluating a configuration again tells something new.
    define_by_run : bool
        Whether objectives decide which parameters there are: a trial that lacks one did not need
        it, where in a declared space it comes from an earlier version of the space.

    Raises InvalidValueError for an argument of another kind.
    """

    def __init__(
        self,
        space: Space,
        n_objectives: int = 1,
        *,
        directions: Sequence[str] = ("minimize",),
        seed: int = 0,
        noisy: bool = False,
        define_by_run: bool = False,
    ) -> None:
        space = misuse.checked_space(space)
        self.n_objectives = n_objectives = checked_count("n_objectives", n_objectives, 1)
        self.directions = misuse.checked_directions(directions, n_objectives)
        self.seed = checked_count("seed", seed, 0)
        self.noisy = checked_flag("noisy", noisy)
        self.define_by_run = checked_flag("define_by_run", define_by_run)
        self._signs = np.array([-1.0 if each == "maximize" else 1.0 for each in self.directions])
        self._space = space
        self._constraint_names: tuple[str, ...] = ()
        self._generation = 0
        self._log = ChangeLog()
        self._tally = Tally()
        self._encodings = Encodings()
        self._labels: dict[int, Mapping[str, Any]] = {}  # of define-by-run trials
        self._attempts: dict[int, int] = {}  # of trials that a host took up again
        self._table = Table(**trial_columns(space.d, n_objectives))
        self._reports = Reports(n_objectives)
        self._index: KnownRows | None = KnownRows()
        self._unindexed: list[int] = []  # known trials that the index lacks
        self._levels: Levels | None = None

    # -- columns ------------------------------------------------------------------------------
    @property
    def space(self) -> Space:
        """The space that the rows are encoded by."""
        return self._space

    @property
    def n(self) -> int:
        """Number of trials, and the number of the next one."""
        return self._table.n

    def __len__(self) -> int:
        return self._table.n

    @property
    def generation(self) -> int:
        """Counts events that took something away (a struck-out trial, another space).

        While it stays, what was known stays known and what was learned stays learned, so a cache
        that only ever adds is good exactly as long as its generation.
        """
        return self._generation

    @property
    def version(self) -> int:
        """Counts the changes of trials: it grows with every one, and only then.

        Versions of one history object can be compared, those of two cannot: a cache that holds one
        belongs to its object (keep it in a ``WeakKeyDictionary``).
        """
        return self._log.version

    def changed_since(self, version: int) -> Numbers:
        """Return the trials of which anything changed after a `version`, ascending, [k].

        Anything: state, configuration, values, constraints, cost or reports. Reading those rows
        again brings a cache up to date, whatever the `generation`. O(k log k) for the last 8,192
        changes or more; of what is further back, and when a constraint is told for the first time,
        the answer is all trials. Version 0 is that of a history without trials, one below that of
        a reader who knows nothing yet.
        """
        changed = self._log.since(checked_integer("version", version))
        return np.arange(self.n, dtype=np.int64) if changed is None else changed

    @property
    def X(self) -> F:  # noqa: N802  (the field's name for a design matrix)
        """Configurations as rows of the unit cube, [n, d]; inactive columns are INACTIVE."""
        return self._table.reading("X")

    @property
    def active(self) -> Mask:
        """Which parameters a trial has, [n, d]."""
        return self._table.reading("active")

    @property
    def inside(self) -> Mask:
        """Whether a trial belongs to the space as it is now, [n]; if not, its row is clipped."""
        return self._table.reading("inside")

    @property
    def state(self) -> npt.NDArray[np.int8]:
        """``TrialState`` by number, [n]; -1 for a number not heard of yet."""
        return self._table.reading("state")

    @property
    def values(self) -> F:
        """Told values, minimised, [n, m]; NaN where there is none."""
        return self._table.reading("values")

    @property
    def constraint_names(self) -> tuple[str, ...]:
        """Names of all outcome constraints told so far, sorted."""
        return self._constraint_names

    @property
    def constraints(self) -> F:
        """Outcome constraints by ``constraint_names``, [n, c], met at <= 0; NaN where not told."""
        return self._table.reading("constraints")

    @property
    def feasible(self) -> Mask:
        """Whether no told outcome constraint is violated, [n].

        A COMPLETE trial must have told every known constraint: one that lacks a constraint which
        another trial told counts as infeasible.
        """
        return self._table.reading("feasible")

    @property
    def cost(self) -> F:
        """Cost of the evaluation, all attempts together, [n]; NaN where not told."""
        return self._table.reading("cost")

    @property
    def variances(self) -> F:
        """How noisy the told values are, as variances, [n, m]; NaN where not told."""
        return self._table.reading("variances")

    @property
    def reports(self) -> ReportColumns:
        """Intermediate values; in no particular order."""
        return self._reports.columns

    @property
    def last_step(self) -> F:
        """The largest reported step, [n]; NaN without a report."""
        return self._reports.last_step

    @property
    def last_values(self) -> F:
        """What was reported at the last step, minimised, [n, m]."""
        return self._reports.last_values

    @property
    def last_attempt(self) -> Numbers:
        """The latest attempt at a trial that reported, [n]; 0 without a report."""
        return self._reports.attempt

    @property
    def parent(self) -> Numbers:
        """The trial from whose checkpoint a trial began, [n]; -1 where it began from nothing.

        Known under a scheduler that breeds, as far as ``origins.trace`` was told.
        """
        return self._table.reading("parent")

    @property
    def fork_step(self) -> F:
        """How far the parent had trained by then, [n]; NaN where there is none."""
        return self._table.reading("fork_step")

    @property
    def imported(self) -> Mask:
        """Whether a trial was evaluated elsewhere, [n]; known as ``parent`` is."""
        return self._table.reading("imported")

    @property
    def levels(self) -> Levels | None:
        """What trials were worth at several budgets, in a scheduler's view of a history.

        None elsewhere: a study's own history says what was reported, not which budgets compare.
        """
        return self._levels

    def curve(self, number: int) -> tuple[F, F]:
        """Return the steps [k], ascending, and values [k, m] that one trial reported."""
        return self._reports.curve(self._checked_number(number))

    # -- masks --------------------------------------------------------------------------------
    @property
    def is_complete(self) -> Mask:
        """COMPLETE trials, [n]."""
        return self._has_state(TrialState.COMPLETE)

    @property
    def is_pruned(self) -> Mask:
        """PRUNED trials, [n]."""
        return self._has_state(TrialState.PRUNED)

    @property
    def is_failed(self) -> Mask:
        """FAIL trials, [n]."""
        return self._has_state(TrialState.FAIL)

    @property
    def is_finished(self) -> Mask:
        """COMPLETE, PRUNED or FAIL, [n]; a struck-out trial is none of them."""
        return self.is_complete | self.is_pruned | self.is_failed

    @property
    def is_running(self) -> Mask:
        """RUNNING trials, [n]."""
        return self._has_state(TrialState.RUNNING)

    @property
    def is_queued(self) -> Mask:
        """WAITING and LOST trials, [n]: what the next ask hands out."""
        return self._has_state(TrialState.WAITING) | self._has_state(TrialState.LOST)

    @property
    def is_paused(self) -> Mask:
        """PAUSED trials, [n]: evaluated in part, and nobody goes on as long as it stays so."""
        return self._has_state(TrialState.PAUSED)

    @property
    def is_cut_short(self) -> Mask:
        """PRUNED and PAUSED trials, [n]: what they last reported is all there is to know."""
        return self.is_pruned | self.is_paused

    @property
    def is_pending(self) -> Mask:
        """Trials under way or due whose configuration is known, [n].

        A WAITING trial counts once all its parameters are given; a RUNNING or LOST one
        (define-by-run) as soon as any is.
        """
        begun = self.numbers_in(TrialState.RUNNING, TrialState.LOST)
        waiting = self.numbers_in(TrialState.WAITING)
        pending = np.zeros(self.n, dtype=np.bool_)
        pending[begun] = self._table["given"][begun]
        pending[waiting] = self._table["whole"][waiting]
        return pending

    @property
    def is_invalid(self) -> Mask:
        """Struck-out trials, [n]; they are in no other mask."""
        return self._has_state(TrialState.INVALID)

    def _has_state(self, state: TrialState) -> Mask:
        return np.asarray(self._table["state"] == int(state))

    def count(self, *states: TrialState) -> int:
        """Return how many trials are in one of `states`; O(1)."""
        try:
            return self._tally.count(states)
        except (KeyError, TypeError):
            raise misuse.no_states(states) from None

    def numbers_in(self, *states: TrialState) -> Numbers:
        """Return the trials in one of `states`, ascending.

        O(k log k) for the k that are WAITING, RUNNING, LOST or PAUSED, O(n) for the others.
        """
        if not self.count(*states):
            return np.empty(0, dtype=np.int64)
        members = self._tally.members(states)
        if members is None or 64 * len(members) > self.n:
            return np.flatnonzero(np.isin(self._table["state"], states))
        return np.array(sorted(members), dtype=np.int64)

    # -- questions ----------------------------------------------------------------------------
    def contains(self, rows: F) -> Mask:
        """Return, for each snapped row [k, d], whether some trial has that configuration, [k].

        Any trial counts that is not struck out: finished, failed, running or due. A define-by-run
        trial also counts for all rows that differ only in parameters that it did not ask for.
        O(k d); the first call after something was taken away costs O(n d). Raises
        InvalidValueError for what are no rows of the space.
        """
        rows = misuse.checked_rows(rows, self._space.d)
        if self._index is None:
            self._index = KnownRows()
            self._unindexed = np.flatnonzero(self._known_among(slice(None))).tolist()
        if self._unindexed:
            table, numbers = self._table, np.array(self._unindexed)
            self._index.add(table["X"], table["active"], table["whole"], numbers)
            self._unindexed = []
        return self._index.contains(self._table["X"], rows)

    def best(self) -> int | None:
        """Return the number of the best complete and feasible trial; of equals, the earliest.

        None if there is no such trial. Raises InvalidValueError with several objectives.
        """
        if self.n_objectives != 1:
            raise InvalidValueError(
                "best trial",
                expected="one objective",
                got=f"{self.n_objectives}",
                remedy="Use pareto().",
            )
        numbers = self.comparable()
        if not numbers.size:
            return None
        return int(numbers[np.argmin(self._table["values"][numbers, 0])])

    def pareto(self) -> Numbers:
        """Return the complete and feasible trials that no other dominates, ascending.

        Equal trials do not dominate each other. O(n log n) for two objectives, O(n front) beyond.
        """
        from bayesopt._kernels.pareto import non_dominated

        numbers = self.comparable()
        return numbers[non_dominated(np.ascontiguousarray(self._table["values"][numbers]))]

    def comparable(self) -> Numbers:
        """Return the trials that can be compared, ascending: complete, feasible, without a NaN."""
        feasible: Mask = self._table["feasible"]
        values: F = self._table["values"]
        numbers = np.flatnonzero(self.is_complete & feasible)
        return numbers[~np.isnan(values[numbers]).any(axis=1)]

    def _known_among(self, numbers: Numbers | slice) -> Mask:
        """Whether the configurations of trials are known, and they were not struck out."""
        table = self._table
        state, whole = table["state"][numbers], table["whole"][numbers]
        known = whole & (state != UNHEARD) & (state != _INVALID)
        if self.define_by_run:
            begun = (state != UNHEARD) & (state != _WAITING)
            partial = table["given"][numbers] & table["inside"][numbers]
            known |= partial & begun & (state != _INVALID)
        return np.asarray(known)

    def _is_known(self, number: int) -> bool:
        """Return what ``_known_among`` does of one trial, not at the price of arrays."""
        table, state = self._table, int(self._table.at("state", number))
        if state in (UNHEARD, _INVALID):
            return False
        whole = bool(table.at("whole", number))
        if whole or not self.define_by_run or state == _WAITING:
            return whole
        return bool(table.at("given", number) and table.at("inside", number))

    def _feasibility(self, numbers: Numbers | slice) -> Mask:
        constraints = self._table["constraints"][numbers]
        missing = np.isnan(constraints)
        violated = np.where(missing, 0.0, constraints) > 0.0
        complete = self._table["state"][numbers] == TrialState.COMPLETE
        return np.asarray(~(violated.any(axis=1) | (complete & missing.any(axis=1))))

    def _minimised(self, values: Sequence[Sequence[float] | None]) -> F:
        """Return told values as [k, m], minimised, NaN where there is none."""
        rows = self._as_rows(values)
        rows *= self._signs
        return rows

    def _variances(self, told: object) -> tuple[float, ...] | None:
        """Check how noisy values are. Raises InvalidValueError."""
        return coerce_variances(told, self.n_objectives)

    def _as_rows(self, values: Sequence[Sequence[float] | None]) -> F:
        """Return numbers per objective as [k, m], NaN where there are none."""
        blank = (_NAN,) * self.n_objectives
        try:
            rows = np.array(
                [blank if each is None or not len(each) else each for each in values],
                dtype=np.float64,
            )
            return rows.reshape(len(values), self.n_objectives)
        except ValueError:
            raise misuse.uneven_values(self.n_objectives) from None

    def _checked_number(self, number: int) -> int:
        if not is_whole(number) or not 0 <= number < self.n:
            what, expected = f"trial {short_repr(number)}", f"a number below {self.n}"
            raise TrialNotFoundError(what, expected=expected, got=short_repr(number))
        return int(number)


def trial_columns(d: int, m: int) -> dict[str, Column]:
    """Return the columns of a history of `d` parameters and `m` objectives."""
    flag = Column(np.bool_, False)
    return {
        "seq": Column(np.int64, -1),  # the moment of the facts, for chunks out of order
        "state": Column(np.int8, UNHEARD),
        "X": Column(np.float64, np.nan, d),
        "active": Column(np.bool_, False, d),
        "inside": flag,
        "whole": flag,  # every parameter that should be active is given, and inside
        "given": flag,  # any parameter is
        "values": Column(np.float64, np.nan, m),
        "constraints": Column(np.float64, np.nan, 0),
        "feasible": Column(np.bool_, True),
        "cost": Column(np.float64, np.nan),
        "begun_cost": Column(np.float64, 0.0),  # of attempts without a result: see `spending`
        "parent": Column(np.int64, -1),
        "fork_step": Column(np.float64, np.nan),
        "imported": flag,
        "variances": Column(np.float64, np.nan, m),
    }
