"""A look inside a Gaussian-process sampler: what it believes, and what matters to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from bayesopt.acquisition.functions import LogEI
from bayesopt.acquisition.utility import Gain
from bayesopt.errors import InvalidValueError, NoTrialsError, short_repr
from bayesopt.history import History
from bayesopt.rng import trial_rng
from bayesopt.samplers.gp import GPSampler
from bayesopt.samplers.gp_data import observe
from bayesopt.space import Space
from bayesopt.surrogates.exact_gp import ExactGP
from bayesopt.surrogates.leave_one_out import leave_one_out
from bayesopt.surrogates.model import Belief

F = npt.NDArray[np.float64]

_ONE_SIGMA = 1.0


@dataclass(frozen=True, eq=False)
class Prediction:
    """What is believed of outcomes [k], in the user's units and direction.

    Attributes
    ----------
    median : float64 [k]
    lower, upper : float64 [k]
        One standard deviation of the latent function on either side, transformed back.
    """

    median: F
    lower: F
    upper: F


@dataclass(frozen=True, eq=False)
class Slice:
    """The belief along one parameter, the others held.

    Attributes
    ----------
    name : str
    values : list
        Of the parameter, in the user's terms, ascending (choices: in order of definition).
    prediction : Prediction
    log_gain : float64 [k]
        Log expected improvement.
    """

    name: str
    values: list[Any]
    prediction: Prediction
    log_gain: F


@dataclass(frozen=True, eq=False)
class Insight:
    """What a Gaussian process makes of a history.

    Attributes
    ----------
    space : Space
    belief : Belief
    negated : bool
        Whether the objective is maximised.
    """

    space: Space
    belief: Belief
    negated: bool

    @property
    def incumbent(self) -> dict[str, Any]:
        """The configuration to improve on."""
        row = self.belief.incumbent_row
        return {} if row is None else self.space.decode(row[None])[0]

    def predict(self, configs: Sequence[Mapping[str, Any]]) -> Prediction:
        """Return what is believed of configurations.

        Raises InvalidConfigError if one does not belong to the space.
        """
        return self._predict(self.space.encode(configs))

    def slice(self, name: str, at: Mapping[str, Any] | None = None, n: int = 101) -> Slice:
        """Return the belief along one parameter.

        Parameters
        ----------
        name : str
        at : mapping, optional
            The configuration that the other parameters are held at; the incumbent by default.
        n : int
            How many values of a parameter that has more.

        Raises
        ------
        InvalidValueError
            If the space has no such parameter, or it does not exist there.
        """
        row = self.space.encode([self.incumbent if at is None else at])[0]
        if name not in self.space.names or not self.space.active(row[None])[0, self._column(name)]:
            raise InvalidValueError(
                "slice", expected=f"one of {list(self.space.names)} that exists", got=name
            )
        rows = np.repeat(row[None], n, axis=0)
        rows[:, self._column(name)] = np.linspace(0.0, 1.0, n)
        rows = self.space.snap(rows)
        rows = rows[np.sort(np.unique(rows[:, self._column(name)], return_index=True)[1])]
        gain = Gain(self.belief.members, self.belief.weights, LogEI(self.belief.incumbent))
        values = [config[name] for config in self.space.decode(rows)]
        return Slice(name, values, self._predict(rows), gain.value(rows))

    def lengthscales(self) -> dict[str, float]:
        """Return how far a parameter must move to matter, as part of its range, by name.

        Averaged over the modes as 1 / lengthscale; infinite if it does not matter at all.
        """
        with np.errstate(divide="ignore"):
            scales = 1.0 / self._sensitivity()
        return dict(zip(self.space.names, scales.tolist(), strict=True))

    def importance(self) -> dict[str, float]:
        """Return each parameter's share of the inverse lengthscales, most important first."""
        sensitivity = self._sensitivity()
        shares = sensitivity / max(float(sensitivity.sum()), 1e-300)
        pairs = zip(self.space.names, shares.tolist(), strict=True)
        return dict(sorted(pairs, key=lambda pair: -pair[1]))

    def cross_validated(self) -> tuple[F, Prediction]:
        """Return the told outcomes [n], and what is predicted of each from all the others.

        Hyperparameters as they are; noise included; O(n³). Of the heaviest mode.
        """
        member = self._members[int(np.argmax(self.belief.weights))]
        found = leave_one_out(member)
        told = self._outcomes(self.belief.y)
        return told, self._prediction(found.mean, np.sqrt(found.var))

    @property
    def _members(self) -> list[ExactGP]:
        return [member for member in self.belief.members if isinstance(member, ExactGP)]

    def _column(self, name: str) -> int:
        return self.space.names.index(name)

    def _sensitivity(self) -> F:
        """Return the mean of 1 / lengthscale over the modes, [d]."""
        each = [np.sqrt(member.hyper.weight) for member in self._members]
        return np.asarray(self.belief.weights @ np.array(each))

    def _predict(self, rows: F) -> Prediction:
        """Return the belief at rows [k, d]: of a mixture of normals the moments."""
        moments = [member.posterior(rows) for member in self.belief.members]
        means, variances = np.array([m for m, _ in moments]), np.array([v for _, v in moments])
        mean = self.belief.weights @ means
        spread = np.sqrt(self.belief.weights @ (variances + (means - mean) ** 2))
        return self._prediction(mean, spread)

    def _prediction(self, mean: F, spread: F) -> Prediction:
        low, high = mean - _ONE_SIGMA * spread, mean + _ONE_SIGMA * spread
        if self.negated:
            low, high = high, low
        return Prediction(self._outcomes(mean), self._outcomes(low), self._outcomes(high))

    def _outcomes(self, t: F) -> F:
        outcomes = self.belief.to_outcome(t)
        return -outcomes if self.negated else outcomes


def look_inside(sampler: GPSampler, space: Space, history: History) -> Insight:
    """Return what the sampler believes after the finished trials of a history.

    Raises
    ------
    NoTrialsError
        If fewer than two trials have a value.
    InvalidValueError
        If there are several objectives.
    """
    if history.n_objectives != 1:
        raise InvalidValueError(
            "a look inside", expected="one objective", got=short_repr(history.n_objectives)
        )
    data = observe(history, trial_rng(history.seed, history.n))
    if data.n_values < 2:
        raise NoTrialsError(
            "a look inside",
            expected="two finished trials with values",
            got=f"{data.n_values}",
            remedy="Tell more trials first.",
        )
    belief = sampler.believe(space, data)
    return Insight(space, belief, history.directions[0] == "maximize")
