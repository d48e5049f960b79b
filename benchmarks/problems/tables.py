"""What the measured tables share: choices as parameters, look-up in a grid, the nearest row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

import bayesopt as bo

Floats = NDArray[np.float64]
Config = Mapping[str, Any]


def parameter_of(choices: Sequence[Any]) -> bo.Categorical | bo.Int:
    """Return the parameter that takes the measured values of a column.

    Text and pairs have no order; consecutive integers are an `Int`; other numbers an `Ordinal`.
    """
    if len(choices) <= 2 or isinstance(choices[0], str):
        return bo.Categorical(list(choices))
    if list(choices) == list(range(int(choices[0]), int(choices[0]) + len(choices))):
        return bo.Int(int(choices[0]), int(choices[-1]))
    return bo.Ordinal(list(choices))


@dataclass(frozen=True)
class Axes:
    """The measured values of every column of a complete grid, in the order of the table's axes."""

    choices: Mapping[str, Sequence[Any]]

    @property
    def parameters(self) -> dict[str, bo.Categorical | bo.Int]:
        """The columns as parameters of a space."""
        return {name: parameter_of(values) for name, values in self.choices.items()}

    def cell(self, config: Config) -> tuple[int, ...]:
        """Return the indices of a configuration's cell."""
        return tuple(index[config[name]] for name, index in self._index.items())

    @cached_property
    def _index(self) -> dict[str, dict[Any, int]]:
        return {
            name: {value: i for i, value in enumerate(values)}
            for name, values in self.choices.items()
        }


@dataclass(frozen=True, eq=False)
class Pool:
    """Measured points in a box, each with the mean of its measurements.

    Attributes
    ----------
    low, high : f64[d]
        What distances are scaled by.
    points : f64[n,d]
        All different.
    values : f64[n,m]
    """

    low: Floats
    high: Floats
    points: Floats
    values: Floats

    @classmethod
    def of(cls, points: Floats, values: Floats, low: Floats, high: Floats) -> Pool:
        """Return the pool of rows of which some may be repetitions."""
        distinct, which = np.unique(points, axis=0, return_inverse=True)
        sums = np.zeros((len(distinct), values.shape[1]))
        np.add.at(sums, which.ravel(), values)
        return cls(low, high, distinct, sums / np.bincount(which.ravel())[:, None])

    def nearest(self, x: Floats) -> Floats:
        """Return the values f64[m] of the nearest point, by the sum of scaled differences."""
        distance = np.abs((self.points - x) / (self.high - self.low)).sum(axis=1)
        nearest: Floats = self.values[int(distance.argmin())]
        return nearest


def best_of(values: Floats, direction: str) -> float:
    """Return the best of measured values, NaN left out."""
    return float(np.nanmax(values) if direction == "maximize" else np.nanmin(values))
