"""What one more noisy outcome teaches: the knowledge gradient over rows that may be recommended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from bayesopt._kernels.knowledge import log_knowledge_gain
from bayesopt.surrogates.base import Process

F = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class _Lines:
    """How the means at k known rows and at each of m queries move with the next outcome."""

    means: F  # [k]
    noise: F  # [k]
    mean: F  # [m]
    var: F  # [m]
    scale: F  # [m], one over the standard deviation of an outcome
    spreads: F  # [m, k]

    @property
    def spread(self) -> F:
        """Of the queries themselves, [m]."""
        return self.var * self.scale

    def gain(self) -> tuple[F, F, F, F]:
        """Return the log gain [m] and its derivatives by mean, spread [m] and spreads [m, k]."""
        m, k = self.spreads.shape
        order = np.argsort(-np.column_stack([self.spreads, self.spread]), axis=1, kind="stable")
        line, (start, a, b) = np.empty(k + 1, dtype=np.int64), np.empty((3, k + 1))
        (value, by_mean, by_spread), by_spreads = np.empty((3, m)), np.empty((m, k))
        log_knowledge_gain(
            self.means,
            np.ascontiguousarray(self.spreads),  # of one layout, whatever m and k are
            self.mean,
            self.spread,
            order,
            line,
            start,
            a,
            b,
            value,
            by_mean,
            by_spread,
            by_spreads,
        )
        return value, by_mean, by_spread, by_spreads


@dataclass(frozen=True)
class KnowledgeGain:
    """The log of how much lower the least posterior mean is expected to be after one more outcome.

    Over the rows that were evaluated, and the next one (Scott, Frazier and Powell, SIAM J. Optim.
    21, 2011). Without noise that is the expected improvement. With noise it is worth something to
    evaluate a row again, as long as it might turn out to be the best or not to be: as much as that
    moves the means, by whatever the outcome.

    Attributes
    ----------
    members : sequence of Process
        At least one.
    weights : float64 [members]
        Summing to one.
    places : int64 [k]
        Which rows of the factors may be recommended.
    """

    members: Sequence[Process]
    weights: F
    places: Numbers

    def value(self, X: F) -> F:
        """Return the log gain [m] at X [m, d]; O(n² m)."""
        each = [self._lines(i, X).gain()[0] for i in range(len(self.members))]
        return self._averaged(np.array(each))[0]

    def value_grad(self, X: F) -> tuple[F, F]:
        """Return it with its gradient [m, d]; O(n² m)."""
        each = [self._one(i, X) for i in range(len(self.members))]
        if len(each) == 1:
            return each[0]
        value, share = self._averaged(np.array([one for one, _ in each]))
        return value, np.einsum("km,kmd->md", share, np.array([grad for _, grad in each]))

    @cached_property
    def _known(self) -> list[tuple[F, F]]:
        """Means and noise [k] of the rows that may be recommended, for each member."""
        return [
            (member.fitted_means()[self.places], member.noise_at[self.places])
            for member in self.members
        ]

    def _lines(self, i: int, X: F) -> _Lines:
        """Return what the next outcome would change; its noise is the median of those there were.

        Its covariance with the latent value at a known row is that row's noise times K⁻¹ k.
        """
        means, noise = self._known[i]
        mean, var, U = self.members[i].influence(X)
        scale = 1.0 / np.sqrt(var + np.median(noise))
        return _Lines(means, noise, mean, var, scale, noise * U[:, self.places] * scale[:, None])

    def _one(self, i: int, X: F) -> tuple[F, F]:
        lines, member = self._lines(i, X), self.members[i]
        value, by_mean, by_spread, by_spreads = lines.gain()
        _, _, d_mean, d_var = member.posterior_grad(X)
        scale = lines.scale  # d scale = -½ scale³ d var
        by_var = by_spread * (scale - 0.5 * lines.var * scale**3)
        by_var -= 0.5 * scale**2 * (by_spreads * lines.spreads).sum(axis=1)
        weights = np.zeros((len(X), len(member.y)))
        weights[:, self.places] = by_spreads * lines.noise * scale[:, None]
        grad = by_mean[:, None] * d_mean + by_var[:, None] * d_var
        return value, grad + member.weighted_influence_grad(X, weights)

    def _averaged(self, values: F) -> tuple[F, F]:
        """Return the log of the mean gain [m], and the share of each member in its gradient."""
        weights = np.asarray(self.weights)[:, None]
        highest = values.max(axis=0)
        inside = weights * np.exp(values - highest)
        total = inside.sum(axis=0)
        return highest + np.log(total), inside / total
