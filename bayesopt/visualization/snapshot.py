"""What a plot is made from: one study at one moment, read once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from bayesopt.errors import InvalidValueError, NoTrialsError, short_repr
from bayesopt.history import History
from bayesopt.samplers.base import Sampler
from bayesopt.samplers.inspect import Insight, look_inside
from bayesopt.space import Space
from bayesopt.trial import TrialRecord, TrialState
from bayesopt.visualization.scales import Scale, scale_of

F = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.int64]


class StudyLike(Protocol):
    """What is read of a study; a program of its own may offer the same."""

    @property
    def name(self) -> str:
        """A title."""

    @property
    def directions(self) -> tuple[str, ...]:
        """One per objective."""

    @property
    def space(self) -> Space:
        """The space as it is now."""

    @property
    def history(self) -> History:
        """The columns."""

    @property
    def trials(self) -> list[TrialRecord]:
        """The records by number."""

    @property
    def sampler(self) -> Sampler:
        """Whose model is looked at."""


_LEAST_R2 = 0.1  # below which a model has learned nothing worth looking at


@dataclass(frozen=True)
class Learned:
    """Whether a model has learned anything, and from how many trials.

    Attributes
    ----------
    r2 : float
        Cross-validated, see :meth:`bayesopt.samplers.inspect.Insight.cross_validated`.
    n : int
        Trials that it was learned from.
    n_values : int
        Trials that have a value.
    """

    r2: float
    n: int
    n_values: int

    @property
    def is_something(self) -> bool:
        """Whether predictions are better than none: with few trials, than chance makes them."""
        return self.r2 >= max(_LEAST_R2, 1.0 / math.sqrt(self.n))


@dataclass(frozen=True, eq=False)
class Snapshot:
    """A study at one moment.

    Attributes
    ----------
    name : str
    directions : tuple of str
    space : Space
    records : tuple of n TrialRecord
    values : float64 [n, m]
        In the user's direction; NaN unless complete and finite.
    feasible : bool [n]
        Whether no outcome constraint is violated or untold.
    front : int64 [k]
        The complete and feasible trials that no other dominates: of one objective the best.
    history : History
    sampler : Sampler
    """

    name: str
    directions: tuple[str, ...]
    space: Space
    records: tuple[TrialRecord, ...]
    values: F
    feasible: Mask
    front: Numbers
    history: History
    sampler: Sampler

    @property
    def n(self) -> int:
        """Number of trials."""
        return len(self.records)

    @property
    def n_objectives(self) -> int:
        """Number of objectives, m."""
        return len(self.directions)

    @property
    def signs(self) -> F:
        """1.0 or -1.0 per objective: times it, values are minimised."""
        return np.array([-1.0 if each == "maximize" else 1.0 for each in self.directions])

    @cached_property
    def states(self) -> npt.NDArray[np.int8]:
        """``TrialState`` by number, [n]."""
        return np.array([record.state for record in self.records], dtype=np.int8)

    @cached_property
    def comparable(self) -> Numbers:
        """The complete, feasible trials with finite values."""
        return np.flatnonzero(np.isfinite(self.values).all(axis=1) & self.feasible)

    @cached_property
    def scales(self) -> dict[str, Scale]:
        """The scales of the parameters that have something to choose, by name."""
        return {name: scale_of(name, self.space.parameters[name]) for name in self.space.names}

    @cached_property
    def _positions(self) -> dict[str, F]:
        return {}

    def positions(self, name: str) -> F:
        """Return where the trials lie on a parameter's scale, [n]; NaN where it does not exist."""
        if name not in self._positions:
            given = [record.params.get(name) for record in self.records]
            has = [name in record.params for record in self.records]
            self._positions[name] = self.scale(name).positions(given, has)
        return self._positions[name]

    def scale(self, name: str) -> Scale:
        """Return one scale. Raises InvalidValueError if nothing of that name is searched."""
        if name not in self.scales:
            raise InvalidValueError(
                "parameter to plot",
                expected=f"one of {list(self.scales)}",
                got=short_repr(name),
            )
        return self.scales[name]

    def chosen(self, names: Sequence[str] | None) -> list[str]:
        """Return the names asked for, checked, or all. Raises InvalidValueError."""
        if isinstance(names, str):
            names = [names]
        return list(self.scales) if names is None else [self.scale(name).name for name in names]

    def objective(self, index: int) -> int:
        """Check the index of an objective. Raises InvalidValueError."""
        if isinstance(index, bool) or index not in range(self.n_objectives):
            raise InvalidValueError(
                "objective",
                expected=f"an index below {self.n_objectives}",
                got=short_repr(index),
            )
        return index

    def objective_name(self, index: int) -> str:
        """Return what an objective is called in a figure."""
        return "value" if self.n_objectives == 1 else f"value {index}"

    @cached_property
    def _insights(self) -> dict[int, Insight]:
        return {}

    def insight(self, objective: int = 0) -> Insight:
        """Return what a Gaussian process makes of one objective.

        Raises NoTrialsError, InvalidValueError.
        """
        j = self.objective(objective)
        if j not in self._insights:
            self._insights[j] = look_inside(self.sampler, self.space, self.history, j)
        return self._insights[j]

    @cached_property
    def _learned(self) -> dict[int, Learned]:
        return {}

    def learned(self, objective: int = 0) -> Learned:
        """Return whether that process has learned anything. Raises what `insight` does."""
        if objective not in self._learned:
            inside = self.insight(objective)
            r2 = inside.cross_validated().r2
            self._learned[objective] = Learned(r2, inside.n_learned, inside.n_values)
        return self._learned[objective]


def take(study: StudyLike | Snapshot) -> Snapshot:
    """Return a study as it is now; a snapshot as it is."""
    if isinstance(study, Snapshot):
        return study
    records, history = tuple(study.trials), study.history
    records = records[: history.n]
    front = history.pareto()
    return Snapshot(
        study.name,
        study.directions,
        study.space,
        records,
        _values(records, len(study.directions)),
        history.feasible[: len(records)].copy(),
        front[front < len(records)],
        history,
        study.sampler,
    )


def _values(records: Sequence[TrialRecord], m: int) -> F:
    values = np.full((len(records), m), np.nan)
    for i, record in enumerate(records):
        if record.state is TrialState.COMPLETE and record.values:
            values[i] = record.values
    values[~np.isfinite(values)] = np.nan
    return values


def no_trials(what: str, expected: str, got: Any) -> NoTrialsError:
    """Return the error of a plot that there is nothing for."""
    return NoTrialsError(what, expected=expected, got=f"{got}")
