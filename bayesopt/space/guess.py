"""Where the user thinks that the optimum lies: a guess for some parameters, and how sure it is."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np

from bayesopt.checks import is_number
from bayesopt.errors import InvalidConfigError, SettingsError, short_repr
from bayesopt.space.axes import Bools, CellAxis, ContinuousAxis, Floats
from bayesopt.space.numeric import Float, Int
from bayesopt.space.parameters import Parameter
from bayesopt.space.space import Space

NEAR, WEIGHTS = "near", "weights"

_FLOOR = 0.02  # of a density's peak, everywhere: no guess is beyond doubt
_SPREAD = 0.15  # of the range: the standard deviation of a number that is guessed without one
_MOST_WEIGHTS = 10_000
_CHOICE_WEIGHT = 4.0  # of a choice that is guessed, beside 1 of each other one


@dataclass(frozen=True)
class Near:
    """A guess of where the best value of a parameter lies.

    Parameters
    ----------
    value : object
        A value of the parameter.
    within : float, optional
        How far off the best value may well be (one standard deviation): as a difference of a number
        on a linear scale and in places of an ordinal, as a factor above 1 on a logarithmic scale;
        of choices, how many times as likely it is as each other one (4 by default). By default .15
        of the range.

    Raises
    ------
    SettingsError
        If `within` is no number above 0.

    Examples
    --------
    >>> import bayesopt as bo
    >>> prior = {"lr": bo.Near(3e-4, within=3), "layers": bo.Near(4, within=1)}
    """

    value: Any
    within: float | None = None

    def __post_init__(self) -> None:
        if self.within is not None and not (
            is_number(self.within) and 0.0 < self.within < math.inf
        ):
            raise SettingsError(
                "within", expected="a number above 0, or None", got=short_repr(self.within)
            )


def plain_prior(given: object) -> dict[str, list[Any]] | None:
    """Return a prior as JSON data: by name ``["near", value, within]`` or ``["weights", pairs]``.

    Parameters
    ----------
    given : mapping of str to `Near`, value, or mapping of choice to weight; or what this returns

    Raises
    ------
    SettingsError
        If it is no such mapping, or weights are no numbers of at least 0, one of them above.
    """
    if given is None:
        return None
    if not isinstance(given, Mapping) or not all(isinstance(name, str) for name in given):
        raise SettingsError(
            "prior", expected="a mapping of names to guesses", got=short_repr(given)
        )
    return {name: _plain(name, guess) for name, guess in given.items()} or None


def _plain(name: str, guess: object) -> list[Any]:
    if isinstance(guess, Mapping):
        return [WEIGHTS, _checked_weights(name, [[k, v] for k, v in guess.items()])]
    if isinstance(guess, Near):
        return [NEAR, guess.value, guess.within]
    if isinstance(guess, list | tuple) and len(guess) == 2 and guess[0] == WEIGHTS:
        return [WEIGHTS, _checked_weights(name, guess[1])]
    if isinstance(guess, list | tuple) and len(guess) == 3 and guess[0] == NEAR:
        return _plain(name, Near(guess[1], guess[2]))
    return [NEAR, guess, None]


def _checked_weights(name: str, pairs: object) -> list[list[Any]]:
    if isinstance(pairs, Sequence) and all(_is_pair(pair) for pair in pairs):
        made = [[label, float(weight)] for label, weight in pairs]
        if any(weight > 0.0 for _, weight in made):
            return made
    raise SettingsError(
        f"prior of {name!r}",
        expected="a weight of at least 0 for each choice, one of them above",
        got=short_repr(pairs),
    )


def _is_pair(pair: object) -> bool:
    if not isinstance(pair, Sequence) or isinstance(pair, str) or len(pair) != 2:
        return False
    return is_number(pair[1], 0.0) and float(pair[1]) < math.inf


@dataclass(frozen=True, eq=False)
class OptimumPrior:
    """Where the optimum is thought to lie, in coordinates of the unit cube.

    A product over columns, each relative to its peak: of a column with a center
    ``.98 exp(-½ ((u - center) / spread)²) + .02``, of one with weights a table of its cells.

    Attributes
    ----------
    center, spread : float64 [d]
        NaN of a column that nothing is thought of, or that has weights.
    weights : mapping of int to float64 [cells]
        By column, relative to the largest.
    """

    center: Floats
    spread: Floats
    weights: Mapping[int, Floats]

    def log_density(self, X: Floats, active: Bools) -> Floats:
        """Return its logarithm [m] at rows X [m, d] with columns `active` [m, d]; 0 at the peak."""
        return self.log_density_grad(X, active)[0]

    def log_density_grad(self, X: Floats, active: Bools) -> tuple[Floats, Floats]:
        """Return it with its gradient [m, d] by the coordinates; columns that a row lacks add 0."""
        near = active & ~np.isnan(self.center)
        z = np.where(near, (X - self.center) / self.spread, 0.0)
        bump = (1.0 - _FLOOR) * np.exp(-0.5 * z * z)
        value = np.where(near, np.log(bump + _FLOOR), 0.0).sum(axis=1)
        slope = np.where(near, -z / self.spread * bump / (bump + _FLOOR), 0.0)
        for j, weights in self.weights.items():
            cell = np.clip((X[:, j] * len(weights)).astype(np.int64), 0, len(weights) - 1)
            log_weight = np.log((1.0 - _FLOOR) * weights + _FLOOR)
            value = value + np.where(active[:, j], log_weight[cell], 0.0)
        return value, slope

    def moved(self, U: Floats) -> Floats:
        """Return uniform rows U [n, d] moved to where the optimum is thought to lie, unsnapped.

        Column by column through the quantile function, so that rows that are evenly spread over
        the cube are evenly spread over the prior.
        """
        from scipy.special import ndtr, ndtri

        rows = U.copy()
        for j in np.flatnonzero(~np.isnan(self.center)).tolist():
            low, high = ndtr((np.array([0.0, 1.0]) - self.center[j]) / self.spread[j])
            at = ndtri(low + U[:, j] * (high - low))
            rows[:, j] = np.clip(self.center[j] + self.spread[j] * at, 0.0, 1.0)
        for j, weights in self.weights.items():
            edges = np.cumsum(weights) / weights.sum()
            cell = np.minimum(np.searchsorted(edges, U[:, j], side="right"), len(weights) - 1)
            rows[:, j] = (cell + 0.5) / len(weights)
        return rows

    def at_peak(self, U: Floats) -> Floats:
        """Return rows U [n, d] moved to the peak in the columns of which something is thought."""
        rows = np.where(np.isnan(self.center), U, self.center)
        for j, weights in self.weights.items():
            rows[:, j] = (int(weights.argmax()) + 0.5) / len(weights)
        return rows


def read_prior(space: Space, prior: Mapping[str, Any], strict: bool = False) -> OptimumPrior:
    """Return a prior (as `plain_prior` gives it) on the columns of a space.

    Parameters
    ----------
    space : Space
    prior : mapping
    strict : bool
        Whether names and values that the space does not have are an error; else they are ignored,
        as those of a parameter that the study has no more.

    Raises
    ------
    SettingsError
        If `strict`, or if `within` means nothing on the parameter's scale.
    """
    center, spread = np.full(space.d, math.nan), np.full(space.d, math.nan)
    weights: dict[int, Floats] = {}
    for name, guess in prior.items():
        if name not in space.names:
            if strict:
                known = f"one of {list(space.names)}" if space.names else "a space that declares it"
                _refuse(name, known, "no parameter that varies")
            continue
        j, parameter = space.names.index(name), space.parameters[name]
        try:
            if guess[0] == WEIGHTS or not parameter.is_ordered:
                weights[j] = _weights(name, parameter, guess, strict)
            else:
                center[j] = parameter.to_unit(guess[1])
                spread[j] = _spread(name, parameter, guess[2])
        except InvalidConfigError as error:
            if strict:
                _refuse(name, error.expected or "a value of it", error.got or short_repr(guess))
    return OptimumPrior(center, spread, weights)


def labelled(space: Space, given: object) -> dict[str, list[Any]] | None:
    """Return a prior as JSON data with the labels of a space, once it is sure that it fits.

    Raises
    ------
    SettingsError
        If it is no prior, or has names or values that the space does not have.
    """
    prior = plain_prior(given)
    read_prior(space, prior or {}, strict=True)
    for name, guess in (prior or {}).items():
        parameter = space.parameters[name]
        if guess[0] == NEAR:
            guess[1] = parameter.to_label(guess[1])
        else:
            guess[1] = [[parameter.to_label(choice), weight] for choice, weight in guess[1]]
    return prior


def _weights(name: str, parameter: Parameter, guess: Sequence[Any], strict: bool) -> Floats:
    """Return the weight of each cell of a column, the largest 1."""
    axis = parameter.axis
    if not isinstance(axis, CellAxis) or not axis.is_linear or axis.count > _MOST_WEIGHTS:
        _refuse(name, "a value, or Near(value, within=...)", "weights of values")
    found = np.ones(axis.count)
    pairs = [[guess[1], guess[2] or _CHOICE_WEIGHT]] if guess[0] == NEAR else guess[1]
    for label, weight in pairs:
        if strict or parameter.contains(label):
            u = parameter.to_unit(label)
            found[min(int(u * axis.count), axis.count - 1)] = weight
    return found / found.max() if found.max() > 0.0 else np.ones(axis.count)


def _spread(name: str, parameter: Parameter, within: float | None) -> float:
    """Return a standard deviation in units of the cube."""
    axis = parameter.axis
    if within is None:
        return _SPREAD
    if isinstance(parameter, Float | Int) and parameter.log:
        if within <= 1.0:
            _refuse(name, "within= as a factor above 1 on a logarithmic scale", repr(within))
        return math.log(within) / (math.log(parameter.high) - math.log(parameter.low))
    if isinstance(axis, ContinuousAxis):
        return within / (axis.high - axis.low)
    return within / (axis.step * axis.count) if isinstance(axis, CellAxis) else _SPREAD


def _refuse(name: str, expected: str, got: str) -> NoReturn:
    raise SettingsError(f"prior of {name!r}", expected=expected, got=got)
