"""Branches of a space: choices that bring parameters into being, and how well each is known.

A model that saw a few bad values of a branch takes all of it for bad, since it saw next to nothing
of the parameters that exist there only. So none is given up before it had its share of trials.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bayesopt._kernels.cube import mark_rows
from bayesopt.space.domain import NOMINAL, Domain

F = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Branch:
    """The configurations with one value of a choice that others depend on.

    Attributes
    ----------
    domain : Domain
    column : int
        Of the choice.
    cell : int
        Which of its values.
    """

    domain: Domain
    column: int
    cell: int

    def holds(self, X: F) -> Mask:
        """Return which snapped rows X [m, d] belong to it, [m]."""
        active = np.empty(X.shape, dtype=np.bool_)
        mark_rows(np.ascontiguousarray(X), self.domain.arrays, active)
        cells = np.floor(X[:, self.column] * self.domain.n_cells[self.column])
        return np.asarray(active[:, self.column] & (cells == self.cell))


def branches_of(domain: Domain) -> list[Branch]:
    """Return a branch for each value of each choice that parameters depend on."""
    parents = np.unique(domain.arrays.need_column)
    choices = parents[domain.kind[parents] == NOMINAL].tolist()
    return [Branch(domain, j, cell) for j in choices for cell in range(domain.n_cells[j])]


def neglected_branch(domain: Domain, X: F) -> Branch | None:
    """Return the branch with the fewest of trials X [n, d], if these are fewer than log n.

    Of equals the first; None if there is none. O(n d) for each branch.
    """
    counts = [(int(branch.holds(X).sum()), branch) for branch in branches_of(domain)]
    fewest, branch = min(counts, key=lambda pair: pair[0], default=(0, None))
    return branch if branch is not None and fewest < math.log(len(X)) else None
