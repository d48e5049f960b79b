"""Where the values of a parameter lie on an axis, and what is written there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bayesopt.errors import InvalidConfigError
from bayesopt.markup import value_text
from bayesopt.space import Categorical, Float, Int
from bayesopt.space.parameters import Parameter

F = npt.NDArray[np.float64]

_MOST_TICKS = 24  # of choices; more would lie upon one another


@dataclass(frozen=True, eq=False)
class Scale:
    """The axis of a parameter.

    A number lies at its value, a choice at its index.

    Attributes
    ----------
    name : str
    low, high : float
        The ends.
    log : bool
        Whether distances are those of logarithms.
    n_values : int or inf
    choices : tuple of str
        What is written at 0, 1, ...; empty of a number.
    parameter : Parameter
    """

    name: str
    low: float
    high: float
    log: bool
    n_values: float
    choices: tuple[str, ...]
    parameter: Parameter

    @property
    def is_ordered(self) -> bool:
        """Whether neighbours on the scale are alike."""
        return self.parameter.is_ordered

    def positions(self, values: Sequence[object], has: Sequence[bool]) -> F:
        """Return positions [n] of values; NaN where one is not there or not on the scale."""
        pairs = zip(values, has, strict=True)
        return np.array([self._position(v) if there else np.nan for v, there in pairs], dtype=float)

    def _position(self, value: object) -> float:
        if not self.choices:
            return float(value) if isinstance(value, int | float) else np.nan
        try:
            label = self.parameter.to_label(value)
        except InvalidConfigError:  # a choice that is no more
            return np.nan
        return float(self.parameter.positions([label])[0][0])

    def fractions(self, positions: F) -> F:
        """Return how far from low to high positions lie, from 0 to 1 inside."""
        low, high = float(self.low), float(self.high)
        if not high > low:
            return np.where(np.isnan(positions), np.nan, 0.5)
        if self.log:
            with np.errstate(invalid="ignore", divide="ignore"):
                return np.asarray(np.log(positions / low) / np.log(high / low))
        return np.asarray((0.5 * positions - 0.5 * low) / (0.5 * high - 0.5 * low))

    def at_fractions(self, fractions: F) -> F:
        """Return the positions of fractions."""
        if self.log:
            logs = np.log(self.low) + fractions * (np.log(self.high) - np.log(self.low))
            return np.asarray(np.exp(logs))
        return np.asarray(self.low * (1.0 - fractions) + self.high * fractions)

    def ticks(self) -> tuple[list[float], list[str]]:
        """Return where choices are named, and how; of a great many some."""
        count = len(self.choices)
        shown = np.unique(np.linspace(0, count - 1, min(count, _MOST_TICKS)).round().astype(int))
        return [float(i) for i in shown], [self.choices[i] for i in shown]


def scale_of(name: str, parameter: Parameter) -> Scale:
    """Return the scale of a parameter that has something to choose."""
    if isinstance(parameter, Float | Int):
        ends = float(parameter.low), float(parameter.high)
        return Scale(name, *ends, parameter.log, parameter.n_values, (), parameter)
    entries = parameter.entries if isinstance(parameter, Categorical) else ()
    choices = tuple(value_text(entry.label, 60) for entry in entries)
    return Scale(name, 0.0, float(len(choices) - 1), False, len(choices), choices, parameter)


def robust_range(values: F) -> tuple[float, float] | None:
    """Return what to show of values at first where a few would hide all others, else None.

    That is if the inner nine tenths span less than a fifth of the whole.
    """
    finite = values[np.isfinite(values)]
    if finite.size < 8:
        return None
    low, high = np.quantile(finite, [0.05, 0.95])
    if not np.ptp(0.1 * finite) > 0.5 * high - 0.5 * low > 0.0:
        return None
    return float(low), float(high)
