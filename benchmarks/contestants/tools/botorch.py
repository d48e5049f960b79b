"""BoTorch's textbook loop: a Gaussian process on the unit cube and log expected improvement."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import torch
from botorch.acquisition import LogExpectedImprovement
from botorch.fit import fit_gpytorch_mll
from botorch.models import SingleTaskGP
from botorch.models.transforms import Standardize
from botorch.optim import optimize_acqf
from gpytorch.mlls import ExactMarginalLogLikelihood
from torch.quasirandom import SobolEngine

from benchmarks.contestants.flat import Flat, Number, Parameter, Values
from benchmarks.contestants.tools.grid import from_index, indexed, to_index

N_RESTARTS, N_RAW = 10, 512
"""As in BoTorch's tutorial on a closed loop."""

Row: TypeAlias = "list[float]"


class BotorchTool:
    """One column in [0, 1] for a number, one for each choice of a categorical.

    Integers are relaxed: the acquisition function is maximised over the cube, the point found is
    rounded, and the model learns from rounded points.
    """

    def __init__(self, space: Flat, seed: int) -> None:
        torch.set_num_threads(1)
        torch.manual_seed(seed)
        self._space = space
        self._columns = indexed(space)
        self._width = sum(width(p) for p in self._columns)
        self._n_start = max(10, 2 * self._width)
        self._sobol = SobolEngine(self._width, scramble=True, seed=seed)
        self._rows: list[Row] = []
        self._gains: list[float] = []

    def ask(self) -> Values:
        """Return the next point, of the Sobol sequence at first."""
        if len(self._gains) < self._n_start:
            row = self._sobol.draw(1, dtype=torch.double)[0]
        else:
            row = propose(self._rows, self._gains)
        values = from_row(self._columns, row.tolist())
        self._rows.append(to_row(self._columns, values))
        return {p.name: from_index(p, values[p.name]) for p in self._space}

    def tell(self, loss: float, failed: bool) -> None:
        """Take the result; of a failed evaluation the penalty."""
        self._gains.append(-loss)

    def prefill(self, points: Sequence[Values], losses: Sequence[float]) -> None:
        """Take finished evaluations."""
        own = {p.name: p for p in self._space}
        for values in points:
            indices = {name: to_index(own[name], value) for name, value in values.items()}
            self._rows.append(to_row(self._columns, indices))
        self._gains.extend(-loss for loss in losses)


def propose(rows: list[Row], gains: list[float]) -> torch.Tensor:
    """Return the point of the unit cube with the largest log expected improvement."""
    X = torch.tensor(rows, dtype=torch.double)
    Y = torch.tensor(gains, dtype=torch.double).unsqueeze(-1)
    model = SingleTaskGP(X, Y, outcome_transform=Standardize(1))
    fit_gpytorch_mll(ExactMarginalLogLikelihood(model.likelihood, model))
    bounds = torch.stack([torch.zeros(X.shape[1]), torch.ones(X.shape[1])]).double()
    acquisition = LogExpectedImprovement(model, best_f=Y.max())
    row, _ = optimize_acqf(acquisition, bounds, q=1, num_restarts=N_RESTARTS, raw_samples=N_RAW)
    return row[0]


def to_row(columns: Flat, values: Values) -> Row:
    """Return the point of the unit cube, choices one-hot."""
    row: Row = []
    for p in columns:
        value = values[p.name]
        if isinstance(p, Number):
            row.append(p.to_unit(value))
        else:
            row.extend(float(value == index) for index in range(p.count))
    return row


def from_row(columns: Flat, row: Row) -> Values:
    """Return the values nearest to a point of the unit cube; the choice with the largest column."""
    values: Values = {}
    for p in columns:
        part, row = row[: width(p)], row[width(p) :]
        is_number = isinstance(p, Number)
        values[p.name] = p.from_unit(part[0]) if is_number else part.index(max(part))
    return values


def width(p: Parameter) -> int:
    """Return how many coordinates a parameter has."""
    return 1 if isinstance(p, Number) else p.count


def make_textbook(space: Flat, seed: int, budget: int) -> BotorchTool:
    """Return the loop."""
    return BotorchTool(space, seed)
