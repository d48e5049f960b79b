"""Several independent beliefs, each a mixture of posteriors: their moments, stacked."""

from __future__ import annotations

import abc
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bayesopt.surrogates.base import Fitted

F = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Mixture:
    """What is believed of one objective.

    Attributes
    ----------
    members : sequence of Fitted
        At least one.
    weights : float64 [members]
        Summing to one.
    """

    members: Sequence[Fitted]
    weights: F


class MixtureGain(abc.ABC):
    """What rows are worth by a formula of the moments of several mixtures: a term of a utility."""

    objectives: Sequence[Mixture]

    def value(self, X: F) -> F:
        """Return what rows X [q, d] are worth, [q]."""
        return self._gain(*moments(self.objectives, X))[0]

    def value_grad(self, X: F) -> tuple[F, F]:
        """Return it with its gradient [q, d]."""
        mean, var, d_mean, d_var = slopes(self.objectives, X)
        value, by_mean, by_var = self._gain(mean, var)
        return value, through(by_mean, d_mean, by_var, d_var)

    @abc.abstractmethod
    def _gain(self, mean: F, var: F) -> tuple[F, F, F]:
        """Return the value [q] and its partials by means and variances [members, q]."""


def owners(objectives: Sequence[Mixture]) -> tuple[Numbers, F]:
    """Return of which objective each member is, and the logarithm of its weight, [members]."""
    counts = [len(each.members) for each in objectives]
    log_weights = np.log(np.concatenate([each.weights for each in objectives]))
    return np.repeat(np.arange(len(counts)), counts), log_weights


def moments(objectives: Sequence[Mixture], X: F) -> tuple[F, F]:
    """Return means and variances of all members, [members, q], at rows X [q, d]."""
    found = [member.posterior(X) for each in objectives for member in each.members]
    mean, var = zip(*found, strict=True)
    return np.array(mean), np.array(var)


def slopes(objectives: Sequence[Mixture], X: F) -> tuple[F, F, F, F]:
    """Return the same and their gradients [members, q, d]."""
    found = [member.posterior_grad(X) for each in objectives for member in each.members]
    mean, var, d_mean, d_var = zip(*found, strict=True)
    return np.array(mean), np.array(var), np.array(d_mean), np.array(d_var)


def through(by_mean: F, d_mean: F, by_var: F, d_var: F) -> F:
    """Return the gradient [q, d] by the chain rule, from partials [members, q]."""
    total = np.einsum("sq,sqd->qd", by_mean, d_mean) + np.einsum("sq,sqd->qd", by_var, d_var)
    return np.asarray(total)
