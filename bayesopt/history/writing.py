"""Writing into the columns of a history, and keeping what follows from them in step."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from bayesopt.history import misuse
from bayesopt.history.changes import Labels
from bayesopt.history.columns import Columns, F, Mask, Numbers
from bayesopt.history.encodings import Encoding
from bayesopt.history.table import Column
from bayesopt.trial import TrialState

States = npt.NDArray[np.int8]

_NAN = float("nan")
_FEW = 64  # trials in one piece of news; more are not those that this process is about to tell
_FINISHED = frozenset(int(state) for state in TrialState if state.is_finished)


class Writing(Columns):
    """Columns that can be written: the index, the tally and the log follow."""

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
        values: Sequence[float] | F,
        cost: float,
        constraints: Mapping[str, float],
        labels: Labels | None = None,
        variances: Sequence[float] | None = None,
    ) -> None:
        """Write the facts of one trial, as ``_write`` does; without `labels` its row stays."""
        table = self._table
        self._log.note((number,))
        before = self._is_known(number)
        changed = lost = False
        if labels is not None:
            self._keep((number,), (labels,))
            encoding = self._encoded(number, state, labels)
            changed, lost = self._write_row(number, encoding, compare=before)
        self._tally.move(number, int(table.at("state", number)), state)
        noise = _NAN if variances is None else variances
        table.put(number, state=state, values=values, cost=cost, variances=noise)
        if constraints or self._constraint_names:
            self._write_constraints(np.array([number]), [constraints])
        known = self._is_known(number)
        if known and (changed or not before):
            self._unindexed.append(number)
        if before and (lost or not known):
            self._take_away()

    def _minimised_one(self, values: Sequence[float] | None) -> list[float]:
        """Return what `_minimised` does of one trial, not at the price of arrays."""
        if values is None or not len(values):
            return [_NAN] * self.n_objectives
        try:
            told = zip(self._signs.tolist(), values, strict=True)
            return [sign * float(value) for sign, value in told]
        except (TypeError, ValueError):
            raise misuse.uneven_values(self.n_objectives) from None

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
            X, active = table.at("X", number), table.at("active", number)
            moved = (encoding.row != X) | (encoding.active != active)
            changed = bool(moved.any())
            lost = changed and bool((encoding.active & moved).any())
        if changed:
            table.put(number, X=encoding.row, active=encoding.active)
        given = self._space.d == 0 or bool(encoding.active.any())
        table.put(number, inside=encoding.inside, whole=encoding.whole, given=given)
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
