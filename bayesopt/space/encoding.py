"""Configurations to rows of the unit cube and back, a column at a time."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np

from bayesopt.errors import InvalidConfigError, short_repr
from bayesopt.space import stacks
from bayesopt.space.activity import Activity, build_activity, condition_order
from bayesopt.space.axes import Axis, Bools, Floats
from bayesopt.space.labels import Label, LabelKey, label_key
from bayesopt.space.numeric import Float, Int
from bayesopt.space.parameters import Column, Parameter
from bayesopt.space.single import SingleRow

INACTIVE = 0.5
"""The coordinate of a parameter that does not exist in a row."""

Encoded: TypeAlias = tuple[Floats, Bools, Bools]
"""Rows f64[n,d], activity bool[n,d], and whether each row lies in the space, bool[n]."""

_MISSING: Any = object()


@dataclass(frozen=True, eq=False)
class Layout:
    """The columns of a space: one per parameter that has something to choose."""

    parameters: Mapping[str, Parameter]

    @cached_property
    def columns(self) -> dict[str, int]:
        """Column index by name, in order of definition."""
        names = [name for name, p in self.parameters.items() if p.axis is not None]
        return {name: j for j, name in enumerate(names)}

    @cached_property
    def axes(self) -> tuple[Axis, ...]:
        """The axis of each column."""
        axes = (self.parameters[name].axis for name in self.columns)
        return tuple(axis for axis in axes if axis is not None)

    @cached_property
    def own_labels(self) -> dict[str, type]:
        """The types of labels that stand for themselves, by numeric parameter."""
        kinds = {Float: float, Int: int}
        return {name: kinds[type(p)] for name, p in self.parameters.items() if type(p) in kinds}

    @cached_property
    def stacks(self) -> list[stacks.Stack]:
        """The axes grouped by kind."""
        return stacks.stacks_of(self.axes)

    @cached_property
    def single(self) -> SingleRow:
        """Does for one row what the methods here do for many, faster."""
        return SingleRow(self.parameters, self.columns, self.stacks, self.activity, INACTIVE)

    @cached_property
    def activity(self) -> Activity:
        """The rules that say which parameters exist in a row."""
        return build_activity(self.parameters, self.columns)

    def active(self, u: Floats) -> Bools:
        """Return which columns exist in each row, bool[n,d]."""
        if not self.activity.rules:
            return np.ones((len(u), len(self.columns)), dtype=bool)
        if len(u) == 1:
            return self.single.active(u[0])[np.newaxis]
        return self._matrix(self.activity.masks(u), len(u))

    def snap(self, u: Floats) -> Floats:
        """Return representable rows f64[n,d], inactive columns at `INACTIVE`. Idempotent."""
        if len(u) == 1:
            return self.single.snap(u[0])[np.newaxis]
        snapped = stacks.snap(self.stacks, u)
        if self.activity.rules:
            snapped[~self.active(snapped)] = INACTIVE
        return snapped

    def decode(self, u: Floats, *, labels: bool = False) -> list[dict[str, Any]]:
        """Return the configurations of rows: active parameters and constants.

        With `labels`, choices are given by their labels.
        """
        if len(u) == 1:
            return [self.single.read(u[0]).labels if labels else self.single.decode(u[0])]
        masks = self.activity.masks(u)
        positions = stacks.positions(self.stacks, u)
        configs: list[dict[str, Any]] = [{} for _ in range(len(u))]
        for name, p in self.parameters.items():
            column = self._column_of(name, positions)
            values = p.labels_at(column) if labels else p.values_at(column)
            if name not in masks:
                for config, value in zip(configs, values, strict=True):
                    config[name] = value
            else:
                for i in np.flatnonzero(masks[name]).tolist():
                    configs[i][name] = values[i]
        return configs

    def _column_of(self, name: str, positions: Floats) -> Floats:
        """Return a parameter's column; of a constant, which has none, nothing of that length."""
        j = self.columns.get(name)
        return np.full(len(positions), math.nan) if j is None else positions[:, j]

    def units_of(self, name: str, u: Floats) -> Floats:
        """Return a parameter's coordinates f64[n] in rows f64[n,d]."""
        j = self.columns.get(name)
        return np.full(len(u), INACTIVE) if j is None else u[:, j]

    def encode(self, trials: Sequence[Mapping[str, Label]], *, strict: bool) -> Encoded:
        """Return rows, activity and inside for label dicts (see `Space.encode_labels`)."""
        n = len(trials)
        one = self.single.encode(trials[0]) if n == 1 else None
        if one is not None:
            return one[0][np.newaxis], one[1][np.newaxis], np.ones(1, dtype=bool)
        positions = np.full((n, len(self.columns)), math.nan)
        inside: dict[str, Bools] = {}
        there: dict[str, Bools] = {}
        for name, p in self.parameters.items():
            column, inside[name], there[name] = _locate(name, p, trials, strict)
            if name in self.columns:
                positions[:, self.columns[name]] = column
        u = stacks.to_units(self.stacks, positions)
        if strict:
            self._check_rows(trials, u, there, inside)
        missing = {name: t for name, t in there.items() if name in self.columns and not t.all()}
        masks = self.activity.masks(u, missing)
        belongs = np.ones(n, dtype=bool)
        for name, ok in inside.items():
            belongs &= ok | ~masks[name] if name in masks else ok
        active = self._matrix(masks, n)
        u[~active] = INACTIVE
        return u, active, belongs

    def with_defaults(self, labels: Mapping[str, Label]) -> dict[str, Label]:
        """Return labels with the defaults of what is missing and whose condition holds."""
        filled = dict(labels)
        for name in condition_order(self.parameters):
            p = self.parameters[name]
            if name not in filled and p.default is not None and self._exists(name, filled):
                filled[name] = p.to_label(p.default)
        return filled

    def check_compatible(self, labels: Mapping[str, Label]) -> None:
        """Raise InvalidConfigError if a name is unknown or one value rules another name out."""
        for name in labels:
            if name not in self.parameters:
                raise _unknown_name(name, self.parameters)
            for parent, allowed in self._ancestor_terms(name):
                if parent in labels and label_key(labels[parent]) not in allowed:
                    raise InvalidConfigError(
                        f"parameter {name!r}",
                        expected=f"no value while {parent!r} is {labels[parent]!r}",
                        got=repr(labels[name]),
                    )

    def _exists(self, name: str, labels: Mapping[str, Label]) -> bool:
        """Tell whether the conditions on the way to the roots hold."""
        return all(
            parent not in self.columns or label_key(labels.get(parent, _MISSING)) in allowed
            for parent, allowed in self._ancestor_terms(name)
        )

    def _ancestor_terms(self, name: str) -> Iterator[tuple[str, set[LabelKey]]]:
        """Yield the terms of the conditions of a parameter, its parents, their parents, ..."""
        waiting, seen = [name], {name}
        while waiting:
            condition = self.parameters[waiting.pop()].condition
            for parent, allowed in condition.items() if condition else ():
                yield parent, {label_key(label) for label in allowed}  # type: ignore[arg-type]
                if parent not in seen:
                    seen.add(parent)
                    waiting.append(parent)

    def _matrix(self, masks: Mapping[str, Bools], n: int) -> Bools:
        active = np.ones((n, len(self.columns)), dtype=bool)
        for name, j in self.columns.items():
            if name in masks:
                active[:, j] = masks[name]
        return active

    def _check_rows(
        self,
        trials: Sequence[Mapping[str, Label]],
        u: Floats,
        there: Mapping[str, Bools],
        inside: Mapping[str, Bools],
    ) -> None:
        """Raise InvalidConfigError for the first configuration that is not exactly one of ours."""
        _check_names(trials, there, self.parameters)
        masks = self.activity.masks(u)
        for name, p in self.parameters.items():
            expected = masks.get(name, np.ones(len(trials), dtype=bool))
            if (bad := there[name] & ~inside[name]).any():
                _raise_outside(name, p, trials[int(np.argmax(bad))][name])
            if name in self.columns and (bad := expected & ~there[name]).any():
                raise InvalidConfigError(
                    f"parameter {name!r}",
                    expected="a value",
                    got=f"none in configuration {int(np.argmax(bad))}",
                    remedy="Give it a value; it is active there",
                )
            if (bad := there[name] & ~expected).any():
                raise InvalidConfigError(
                    f"parameter {name!r}",
                    expected=f"no value unless {p.condition!r}",
                    got=f"one in configuration {int(np.argmax(bad))}",
                    remedy="Leave it out; it is not active there",
                )


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows of a space as constraints look at them; what is computed is kept."""

    layout: Layout
    u: Floats

    def __len__(self) -> int:
        return len(self.u)

    @cached_property
    def masks(self) -> dict[str, Bools]:
        """Activity bool[n] of the conditional parameters."""
        return self.layout.activity.masks(self.u)

    @cached_property
    def configs(self) -> list[dict[str, Any]]:
        """The rows as configurations."""
        return self.layout.decode(self.u)

    @cached_property
    def _columns(self) -> dict[str, Column]:
        return {}

    def column(self, name: str) -> Column:
        """Return the values of a parameter as an expression sees them, [n]."""
        if name not in self._columns:
            units = self.layout.units_of(name, self.u)
            self._columns[name] = self.layout.parameters[name].column(units)
        return self._columns[name]

    def all_active(self, names: Sequence[str]) -> Bools:
        """Return in which rows all of `names` exist, bool[n]."""
        active = np.ones(len(self.u), dtype=bool)
        for name in names:
            if name in self.masks:
                active &= self.masks[name]
        return active


def _locate(
    name: str, p: Parameter, trials: Sequence[Mapping[str, Label]], strict: bool
) -> tuple[Floats, Bools, Bools]:
    """Return positions, inside and presence of one parameter in all trials."""
    labels = [trial.get(name, _MISSING) for trial in trials]
    there = np.array([label is not _MISSING for label in labels], dtype=bool)
    if there.all():
        return (*p.positions(labels), there)
    fill = _MISSING if strict or p.default is None else p.to_label(p.default)
    if fill is not _MISSING:
        labels = [fill if label is _MISSING else label for label in labels]
        return (*p.positions(labels), np.ones(len(labels), dtype=bool))
    positions, inside = np.full(len(labels), math.nan), np.ones(len(labels), dtype=bool)
    known = [label for label in labels if label is not _MISSING]
    positions[there], inside[there] = p.positions(known)
    return positions, inside, there


def _check_names(
    trials: Sequence[Mapping[str, Label]],
    there: Mapping[str, Bools],
    parameters: Mapping[str, Parameter],
) -> None:
    if sum(map(len, trials)) == sum(int(t.sum()) for t in there.values()):
        return
    raise _unknown_name(next(n for t in trials for n in t if n not in parameters), parameters)


def _unknown_name(name: object, parameters: Mapping[str, Parameter]) -> InvalidConfigError:
    known = ", ".join(map(repr, list(parameters)[:12]))
    return InvalidConfigError("configuration", expected=f"names of {known}", got=short_repr(name))


def _raise_outside(name: str, p: Parameter, label: Label) -> None:
    try:
        p.from_label(label)
    except InvalidConfigError as error:
        raise InvalidConfigError(
            f"parameter {name!r}", expected=error.expected, got=error.got, remedy=error.remedy
        ) from None
