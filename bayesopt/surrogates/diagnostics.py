"""A look inside a belief: what matters, what is predicted of each outcome from the others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bayesopt.surrogates.base import Process
from bayesopt.surrogates.leave_one_out import LeaveOneOut, leave_one_out, of_errors
from bayesopt.surrogates.model import Belief

F = npt.NDArray[np.float64]

_BAND = 1.96  # standard deviations on either side: 95%


@dataclass(frozen=True, eq=False)
class Band:
    """Predictions with a 95% band, in the user's units, minimised.

    Attributes
    ----------
    median, low, high : float64 arrays [m]
    """

    median: F
    low: F
    high: F


def predict(belief: Belief, X: F, noisy: bool = False) -> Band:
    """Return what is believed of the objective at rows X [m, d], averaged over the members.

    With `noisy` the band is that of an outcome, else that of the objective behind the noise.
    """
    mean, var = averaged(belief, X)
    return _band(belief, mean, var + belief.noise if noisy else var)


def averaged(belief: Belief, X: F) -> tuple[F, F]:
    """Return mean [m] and variance [m] of the mixture of the members, in transformed units."""
    moments = [member.posterior(X) for member in belief.members]
    return _mixed(belief.weights, [m for m, _ in moments], [v for _, v in moments])


@dataclass(frozen=True, eq=False)
class CrossValidation:
    """Each outcome against what the others say of it, in the user's units, minimised.

    Attributes
    ----------
    observed : float64 array [n]
        Those that were learned from, then those that were left out.
    predicted : Band
    z : float64 array [n]
        Errors in standard deviations, in transformed units: normal if the model is right.
    log_density : float
        Mean log density of the outcomes in transformed units; about -1.42 if nothing is learned.
    r2 : float
        Share of the transformed outcomes' variance that is explained; below 0 if none is.
    """

    observed: F
    predicted: Band
    z: F
    log_density: float
    r2: float


def cross_validate(belief: Belief, left_out: tuple[F, F] | None = None) -> CrossValidation:
    """Return leave-one-out predictions with the hyperparameters as they are; O(n³ + n² k).

    And of rows [k, d] and outcomes [k] that were `left_out` what all that were learned from say.
    The transform of outcomes is not refitted. Needs at least one outcome.
    """
    found = [leave_one_out(member) for member in belief.members]
    told = belief.y
    if left_out is not None and len(left_out[1]):
        X, y = left_out
        told = np.concatenate([told, belief.from_outcome(y)])
        found = [
            one.joined(_ahead(member, belief.noise, X, told[len(belief.y) :]))
            for one, member in zip(found, belief.members, strict=True)
        ]
    mean, var = _mixed(belief.weights, [one.mean for one in found], [one.var for one in found])
    density = belief.weights @ np.exp([one.log_density for one in found])
    error = told - mean
    spread = float(((told - told.mean()) ** 2).sum())
    return CrossValidation(
        observed=belief.to_outcome(told),
        predicted=_band(belief, mean, var),
        z=error / np.sqrt(var),
        log_density=float(np.log(density).mean()),
        r2=1.0 - float(error @ error) / spread if spread > 0.0 else 0.0,
    )


def _ahead(member: Process, noise: float, X: F, t: F) -> LeaveOneOut:
    """Return what a member says of outcomes t [k], transformed, at rows X [k, d] new to it."""
    mean, var = member.posterior(X)
    return of_errors(t, t - mean, var + noise)


def lengthscales(belief: Belief) -> F:
    """Return the lengthscale of each column [d], in unit coordinates, averaged as logarithms.

    Infinite of a column that does not vary.
    """
    scales = np.array([member.hyper.lengthscale for member in belief.members])
    return np.asarray(np.exp(belief.weights @ np.log(scales)))


def importance(belief: Belief, X: F) -> F:
    """Return how much each column [d] moves the posterior mean, as shares that sum to 1.

    The mean square of the change when the column's value is exchanged for that of another row of X
    [m, d] (Breiman's permutation importance, of the model): half of it is the total Sobol index
    times the variance (Jansen, 1999). Zeros where nothing matters. Rows of X should be spread over
    the space; a column that stops existing takes its children along.
    """
    mean, _ = averaged(belief, X)
    change = np.zeros(X.shape[1])
    for j in range(X.shape[1]):
        exchanged = X.copy()
        exchanged[:, j] = np.roll(X[:, j], len(X) // 2)
        change[j] = ((averaged(belief, exchanged)[0] - mean) ** 2).mean()
    total = change.sum()
    return change / total if total > 0.0 else change


def _mixed(weights: F, means: list[F], variances: list[F]) -> tuple[F, F]:
    """Return mean and variance of a mixture."""
    mean = weights @ means
    return mean, np.asarray(weights @ (np.array(variances) + (np.array(means) - mean) ** 2))


def _band(belief: Belief, mean: F, var: F) -> Band:
    half = _BAND * np.sqrt(var)
    low, high = belief.to_outcome(mean - half), belief.to_outcome(mean + half)
    return Band(belief.to_outcome(mean), low, high)
