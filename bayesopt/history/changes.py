"""What a history is brought up to date with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

Labels = Mapping[str, Any]


class ChangesLike(Protocol):
    """What happened to a study, in columns (see ``bayesopt.storage.base.Changes``)."""

    @property
    def seq(self) -> int:
        """Moment of the newest of these changes."""

    @property
    def numbers(self) -> Sequence[int]:
        """Trials that changed; the next six columns hold their present facts."""

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
    def variances(self) -> Sequence[Sequence[float] | None]:
        """How noisy the told values of each are; empty where nobody said so of any."""

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
