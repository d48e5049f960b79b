"""Rows of the unit cube as the covariance kernels want them: by column, with what exists."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bayesopt._kernels.cube import mark_rows
from bayesopt._kernels.matern import CONDITIONAL, NOMINAL
from bayesopt._kernels.warp import warp_columns
from bayesopt.space.domain import NOMINAL as CHOICE
from bayesopt.space.domain import Domain

F = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Inputs:
    """n rows, by column.

    Attributes
    ----------
    Z : float64 array [d, n]
        Coordinates; ½ where the column does not exist.
    A : float64 array [d, n]
        1.0 where the column exists in the row, 0.0 where it does not.
    noise : float64 array [n] or None
        Variance of the outcome at each row that is known beforehand; None for none at all.
    """

    Z: F
    A: F
    noise: F | None = None

    @property
    def n(self) -> int:
        """Number of rows."""
        return int(self.Z.shape[1])

    def first(self, n: int) -> Inputs:
        """Return the first n rows."""
        noise = None if self.noise is None else self.noise[:n]
        Z, A = np.ascontiguousarray(self.Z[:, :n]), np.ascontiguousarray(self.A[:, :n])
        return Inputs(Z, A, noise)

    def after(self, n: int) -> Inputs:
        """Return the rows after the first n."""
        noise = None if self.noise is None else self.noise[n:]
        Z, A = np.ascontiguousarray(self.Z[:, n:]), np.ascontiguousarray(self.A[:, n:])
        return Inputs(Z, A, noise)

    def take(self, rows: npt.NDArray[np.int64]) -> Inputs:
        """Return some of the rows."""
        noise = None if self.noise is None else self.noise[rows]
        return Inputs(np.take(self.Z, rows, axis=1), np.take(self.A, rows, axis=1), noise)

    def with_noise(self, noise: F | None) -> Inputs:
        """Return the rows with other variances [n] of their outcomes."""
        return Inputs(self.Z, self.A, noise)

    @property
    def known_noise(self) -> F:
        """Variances [n] of outcomes; zeros where none are known."""
        return np.zeros(self.n) if self.noise is None else self.noise

    @property
    def content(self) -> tuple[F, ...]:
        """What tells rows from others of the same space, for a digest."""
        return (self.Z,) if self.noise is None else (self.Z, self.noise)

    def begins_with(self, other: Inputs) -> bool:
        """Whether the first rows are the other's."""
        Z, A = self.Z[:, : other.n], self.A[:, : other.n]
        same = np.array_equal(Z, other.Z) and np.array_equal(A, other.A)
        if not same or (self.noise is None and other.noise is None):
            return same
        return np.array_equal(self.known_noise[: other.n], other.known_noise)

    def joined(self, other: Inputs) -> Inputs:
        """Return these rows and then the others."""
        Z, A = np.hstack([self.Z, other.Z]), np.hstack([self.A, other.A])
        if self.noise is None and other.noise is None:
            return Inputs(Z, A)
        return Inputs(Z, A, np.concatenate([self.known_noise, other.known_noise]))


def to_inputs(domain: Domain, X: F) -> Inputs:
    """Return rows X [n, d] by column; which columns exist follows from the domain."""
    X = np.ascontiguousarray(X, dtype=np.float64)
    if not domain.conditional.any():
        return Inputs(np.ascontiguousarray(X.T), np.ones((domain.d, len(X))))
    active = np.empty(X.shape, dtype=np.bool_)
    mark_rows(X, domain.arrays, active)
    Z = np.where(active, X, 0.5).T
    return Inputs(np.ascontiguousarray(Z), np.ascontiguousarray(active.T, dtype=np.float64))


def warped(inputs: Inputs, warp: F | None) -> tuple[Inputs, F | None]:
    """Return where a warp [2, d] puts rows, and its slope [d, n]; no warp costs nothing."""
    if warp is None:
        return inputs, None
    Z, slope = np.empty_like(inputs.Z), np.empty_like(inputs.Z)
    warp_columns(inputs.Z, warp[0], warp[1], Z, slope)
    return Inputs(Z, inputs.A, inputs.noise), slope


def column_rules(domain: Domain) -> npt.NDArray[np.int8]:
    """Return how each column [d] is compared, for the covariance kernels."""
    nominal = np.where(domain.kind == CHOICE, NOMINAL, 0)
    return np.asarray(nominal | np.where(domain.conditional, CONDITIONAL, 0), dtype=np.int8)
