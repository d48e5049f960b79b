"""The hyperparameters that a lineage went through, step by step: what population training finds."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from bayesopt.errors import InvalidValueError, NoTrialsError, TrialNotFoundError, short_repr
from bayesopt.results import coerce_step
from bayesopt.trial import TrialRecord


@dataclass(frozen=True)
class Stretch:
    """One configuration, and how long a training kept it.

    Attributes
    ----------
    start, end : float
        From after one step up to another, in the unit of the reported steps.
    params : mapping of str to object
    trial : int
        Which trial of the study trained so.
    """

    start: float
    end: float
    params: Mapping[str, Any]
    trial: int


@dataclass(frozen=True)
class HyperparameterSchedule:
    """Configurations that follow one another in a single training.

    A training from scratch with the same changes at the same steps is what the winner's weights
    went through. ``schedule.at(step)`` says what to train step `step` with; at the beginning of a
    stretch (``schedule.changes_at(step)``) set up anew what depends on it.

    Attributes
    ----------
    stretches : tuple of Stretch
        In the order of their steps, without gaps.

    Examples
    --------
    >>> schedule = study.schedule()
    >>> for epoch in range(1, 21):
    ...     if schedule.changes_at(epoch):
    ...         optimizer = make_optimizer(model, **schedule.at(epoch))
    ...     train_an_epoch(model, optimizer)
    """

    stretches: tuple[Stretch, ...]

    def at(self, step: float) -> dict[str, Any]:
        """Return the configuration that a step is trained with; the last one's beyond the end.

        Raises InvalidValueError for what is no step.
        """
        step = coerce_step(step)
        for stretch in self.stretches:
            if step <= stretch.end:
                return dict(stretch.params)
        return dict(self.stretches[-1].params)

    def changes_at(self, step: float) -> bool:
        """Whether training from the step before with another configuration begins at a step.

        Steps are counted by ones; true of the first one. Raises InvalidValueError for what is no
        step.
        """
        step = coerce_step(step)
        if step <= self.stretches[0].start + 1.0:
            return True
        return any(step - 1.0 <= each.start < step for each in self.stretches[1:])

    @property
    def trials(self) -> tuple[int, ...]:
        """The trials of the lineage, ancestors first."""
        return tuple(stretch.trial for stretch in self.stretches)

    def to_data(self) -> list[dict[str, Any]]:
        """Return the stretches as plain data, which JSON can hold if the parameters are."""
        return [
            {"start": s.start, "end": s.end, "trial": s.trial, "params": dict(s.params)}
            for s in self.stretches
        ]

    def to_json(self) -> str:
        """Return the schedule as JSON. Raises InvalidValueError for parameters it cannot hold."""
        try:
            return json.dumps(self.to_data(), allow_nan=False)
        except (TypeError, ValueError) as error:
            raise InvalidValueError(
                "schedule",
                expected="parameters that JSON can hold",
                got=str(error),
                remedy="Use to_data(), and give the labels of choices instead of objects.",
            ) from None

    @classmethod
    def from_data(cls, data: object) -> HyperparameterSchedule:
        """Return the schedule that ``to_data`` wrote. Raises InvalidValueError."""
        try:
            stretches = tuple(_stretch(each) for each in data)  # type: ignore[attr-defined]
        except (TypeError, ValueError, KeyError, AttributeError) as error:
            raise _no_schedule(data) from error
        is_one_training = all(a.end == b.start for a, b in pairwise(stretches))
        if not (stretches and is_one_training):
            raise _no_schedule(data)
        return cls(stretches)

    @classmethod
    def from_json(cls, text: str) -> HyperparameterSchedule:
        """Return the schedule that ``to_json`` wrote. Raises InvalidValueError."""
        try:
            data = json.loads(text)
        except (TypeError, ValueError) as error:
            raise _no_schedule(text) from error
        return cls.from_data(data)


def schedule_of(trials: Sequence[TrialRecord], number: int) -> HyperparameterSchedule:
    """Return what the lineage that ends with a trial went through.

    Parameters
    ----------
    trials : sequence of TrialRecord
        All trials of the study.
    number : int
        The last of the lineage.

    Raises
    ------
    TrialNotFoundError
        If it, or an ancestor, is not among them.
    NoTrialsError
        If it has reported nothing.
    """
    by_number = {trial.number: trial for trial in trials}
    stretches: list[Stretch] = []
    end: float | None = None
    while True:
        trial = by_number.get(number)
        if trial is None:
            raise TrialNotFoundError(f"trial {number}", expected="a trial of the study")
        end = _last_step(trial) if end is None else end
        origin = trial.origin
        start = 0.0 if origin is None else origin.step
        if end > start:
            stretches.append(Stretch(start, end, dict(trial.params), number))
        if origin is None or origin.parent >= number:
            break
        number, end = origin.parent, start
    return HyperparameterSchedule(tuple(reversed(stretches)))


def _last_step(trial: TrialRecord) -> float:
    if not trial.reports:
        raise NoTrialsError(
            f"schedule of trial {trial.number}",
            expected="a trial that reported",
            remedy="Call trial.report(value, step) in the objective.",
        )
    return max(trial.reports)


def _stretch(data: Mapping[str, Any]) -> Stretch:
    start, end = float(data["start"]), float(data["end"])
    if not 0.0 <= start < end:
        raise ValueError(f"a stretch from {start} to {end}")
    return Stretch(start, end, dict(data["params"]), int(data["trial"]))


def _no_schedule(got: object) -> InvalidValueError:
    return InvalidValueError(
        "schedule",
        expected="what to_data() or to_json() of a schedule gave",
        got=short_repr(got),
    )
