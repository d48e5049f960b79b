"""What a row is worth: the chain rule that joins surrogates to acquisitions, written once.

A utility is a sum of terms in log space, so that a probability of success, of feasibility or a
price per evaluation is one more term.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from bayesopt.acquisition.functions import Acquisition
from bayesopt.surrogates.base import Fitted

F = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


class Term(Protocol):
    """Something that makes rows better or worse."""

    def value(self, X: F) -> F:
        """Return what rows X [m, d] are worth, [m]; bigger is better."""

    def value_grad(self, X: F) -> tuple[F, F]:
        """Return the same and its gradient by the coordinates, [m, d]."""


@dataclass(frozen=True)
class Gain:
    """An acquisition averaged over surrogates.

    In log space (``is_log``) that is the logarithm of the mean of what is inside,
    log Σ_k w_k exp a_k, with gradient Σ_k p_k ∇a_k, p_k ∝ w_k exp a_k; else the plain mean.

    Attributes
    ----------
    members : sequence of Fitted
        At least one.
    weights : float64 [members]
        Summing to one.
    """

    members: Sequence[Fitted]
    weights: F
    acquisition: Acquisition
    is_log: bool = True

    def value(self, X: F) -> F:
        """Return the averaged acquisition [m] at X [m, d]."""
        each = [self.acquisition.partials(*member.posterior(X))[0] for member in self.members]
        return self._averaged(np.array(each))[0]

    def value_grad(self, X: F) -> tuple[F, F]:
        """Return it with its gradient [m, d]."""
        each = [self._one(member, X) for member in self.members]
        if len(each) == 1:
            return each[0]
        value, share = self._averaged(np.array([one for one, _ in each]))
        return value, np.einsum("km,kmd->md", share, np.array([grad for _, grad in each]))

    def _one(self, member: Fitted, X: F) -> tuple[F, F]:
        mean, var, d_mean, d_var = member.posterior_grad(X)
        value, by_mean, by_var = self.acquisition.partials(mean, var)
        return value, by_mean[:, None] * d_mean + by_var[:, None] * d_var

    def _averaged(self, values: F) -> tuple[F, F]:
        """Return the average [m] of values [k, m] and the share [k, m] of each in its gradient."""
        weights = np.asarray(self.weights)[:, None]
        if len(values) == 1:
            return values[0], np.ones_like(values)
        if not self.is_log:
            return (weights * values).sum(axis=0), np.broadcast_to(weights, values.shape)
        highest = values.max(axis=0)
        inside = weights * np.exp(values - highest)
        total = inside.sum(axis=0)
        return highest + np.log(total), inside / total


class SuccessLike(Protocol):
    """A learned probability that an evaluation succeeds."""

    def log_success(self, X: F) -> F:
        """Return log P(success) [m] at X [m, d]."""

    def log_success_grad(self, X: F) -> tuple[F, F]:
        """Return it with its gradient [m, d]."""


@dataclass(frozen=True)
class Success:
    """The log probability that an evaluation succeeds: expected gain counts only then.

    Attributes
    ----------
    model : SuccessLike
    weight : float
        1 for the expected gain itself, more for a cautious search (``acquisition.caution``).
    """

    model: SuccessLike
    weight: float = 1.0

    def value(self, X: F) -> F:
        """Return log P(success) [m] at X [m, d], weighted."""
        return self.weight * self.model.log_success(X)

    def value_grad(self, X: F) -> tuple[F, F]:
        """Return it with its gradient [m, d]."""
        value, grad = self.model.log_success_grad(X)
        return self.weight * value, self.weight * grad


@dataclass(frozen=True, eq=False)
class Within:
    """What keeps a search to some rows: all others are worth nothing.

    Attributes
    ----------
    holds : callable
        Which of rows [m, d] those are, [m].
    """

    holds: Callable[[F], Mask]

    def value(self, X: F) -> F:
        """Return 0 for rows X [m, d] that it holds of and minus infinity for others, [m]."""
        return np.where(self.holds(X), 0.0, -math.inf)

    def value_grad(self, X: F) -> tuple[F, F]:
        """Return it with its gradient [m, d], which is 0: a climb stops short of other rows."""
        return self.value(X), np.zeros_like(X)


@dataclass(frozen=True)
class Utility:
    """The sum of terms."""

    terms: tuple[Term, ...]

    def plus(self, term: Term) -> Utility:
        """Return the utility with one more term."""
        return Utility((*self.terms, term))

    def value(self, X: F) -> F:
        """Return what rows X [m, d] are worth, [m]; bigger is better."""
        total = self.terms[0].value(X)
        for term in self.terms[1:]:
            total = total + term.value(X)
        return total

    def value_grad(self, X: F) -> tuple[F, F]:
        """Return the same and its gradient by the coordinates, [m, d]."""
        value, grad = self.terms[0].value_grad(X)
        for term in self.terms[1:]:
            more, slope = term.value_grad(X)
            value, grad = value + more, grad + slope
        return value, grad
