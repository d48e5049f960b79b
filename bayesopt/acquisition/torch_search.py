"""The search over posteriors of the GPyTorch engine: BoTorch's acquisitions, and its climbs."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import gpytorch
import numpy as np
import numpy.typing as npt
import torch
from botorch.acquisition import AcquisitionFunction
from botorch.acquisition.analytic import (
    LogExpectedImprovement,
    LogProbabilityOfImprovement,
    UpperConfidenceBound,
)
from botorch.exceptions import BotorchError
from botorch.models.model import Model
from botorch.optim import optimize_acqf
from botorch.posteriors import GPyTorchPosterior
from linear_operator.operators import DiagLinearOperator
from torch import Tensor

from bayesopt.acquisition.functions import UCB, Acquisition, LogEI, LogPI
from bayesopt.acquisition.ground import Ground
from bayesopt.acquisition.utility import Gain, Term, Utility
from bayesopt.surrogates.torch_gp import TorchGP

F = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


class PosteriorModel(Model):
    """A posterior as BoTorch's acquisitions want a model: of single points."""

    num_outputs = 1

    def __init__(self, process: TorchGP) -> None:
        super().__init__()
        self.process = process

    @property
    def batch_shape(self) -> torch.Size:
        """One model."""
        return torch.Size()

    def posterior(self, X: Tensor, *_: Any, **__: Any) -> GPyTorchPosterior:
        """Return the posterior at X [..., 1, d]."""
        mean, var = self.process.moments(X.reshape(-1, X.shape[-1]))
        shape = X.shape[:-1]
        covariance = DiagLinearOperator(var.reshape(shape))
        return GPyTorchPosterior(
            gpytorch.distributions.MultivariateNormal(mean.reshape(shape), covariance)
        )


def botorch_of(acquisition: Acquisition, process: TorchGP) -> AcquisitionFunction | None:
    """Return BoTorch's acquisition of the same values; None if there is none."""
    model = PosteriorModel(process)
    if isinstance(acquisition, LogEI):
        return LogExpectedImprovement(model, _number(acquisition.best, process), maximize=False)
    if isinstance(acquisition, LogPI):
        best = _number(acquisition.best, process)
        return LogProbabilityOfImprovement(model, best, maximize=False)
    if isinstance(acquisition, UCB):
        beta = _number(acquisition.beta**2, process)  # BoTorch's is that of a variance
        return UpperConfidenceBound(model, beta, maximize=False)
    return None


def _number(value: float, process: TorchGP) -> Tensor:
    return torch.tensor(value, dtype=torch.float64, device=process.device)


@dataclass(frozen=True, eq=False)
class TorchGain:
    """BoTorch acquisitions averaged over posteriors; see ``utility.Gain``.

    Attributes
    ----------
    each : sequence of AcquisitionFunction
    weights : Tensor [members]
    is_log : bool
    """

    each: Sequence[AcquisitionFunction]
    weights: Tensor
    is_log: bool

    def worth(self, X: Tensor) -> Tensor:
        """Return the averaged acquisition [m] at X [m, 1, d], to be differentiated."""
        values = torch.stack([one(X) for one in self.each])
        if len(self.each) == 1:
            return values[0]
        if self.is_log:
            return torch.logsumexp(values + self.weights.log()[:, None], dim=0)
        return self.weights @ values

    def value(self, X: F) -> F:
        """Return it at X [m, d]."""
        with torch.no_grad():
            found = self.worth(torch.tensor(X[:, None], device=self.weights.device))
        return np.asarray(found.cpu().numpy())

    def value_grad(self, X: F) -> tuple[F, F]:
        """Return it with its gradient [m, d]."""
        at = torch.tensor(X, device=self.weights.device, requires_grad=True)
        value = self.worth(at[:, None])
        (slope,) = torch.autograd.grad(value.sum(), at)
        return value.detach().cpu().numpy(), slope.cpu().numpy()


class _Plain(torch.autograd.Function):
    """A term that knows its gradient and nothing of torch, as a function of X [m, 1, d]."""

    @staticmethod
    def forward(ctx: Any, X: Tensor, term: Term) -> Tensor:
        value, slope = term.value_grad(X.detach().cpu().numpy()[:, 0])
        ctx.save_for_backward(torch.from_numpy(slope).to(X)[:, None])
        return torch.from_numpy(value).to(X)

    @staticmethod
    def backward(ctx: Any, by_value: Tensor) -> tuple[Tensor, None]:
        (slope,) = ctx.saved_tensors
        return by_value[:, None, None] * slope, None


class UtilityFunction(AcquisitionFunction):
    """A sum of terms as BoTorch climbs it."""

    def __init__(self, terms: Sequence[Term]) -> None:
        super().__init__(model=None)  # its terms have theirs
        self.terms = terms

    def forward(self, X: Tensor) -> Tensor:
        """Return what X [m, 1, d] is worth, [m]."""
        return sum(
            term.worth(X) if isinstance(term, TorchGain) else _Plain.apply(X, term)
            for term in self.terms
        )


@dataclass(frozen=True)
class TorchSearch:
    """See :class:`bayesopt.acquisition.engine.Searcher`.

    Attributes
    ----------
    device : torch.device
    """

    device: torch.device

    def gain(
        self, members: Sequence[TorchGP], weights: F, acquisition: Acquisition, is_log: bool
    ) -> Term:
        """Return an acquisition averaged over members: BoTorch's, where it has it."""
        each = [botorch_of(acquisition, member) for member in members]
        found = [one for one in each if one is not None]
        if len(found) < len(each):
            return Gain(members, weights, acquisition, is_log)
        return TorchGain(found, torch.tensor(weights, device=self.device), is_log)

    def climb(
        self,
        utility: Utility,
        ground: Ground,
        starts: F,
        active: Mask,
        scale: F,
        n_iterations: int,
        tolerance: float,
    ) -> tuple[F, F]:
        """Return the tops [m, d] of climbs from `starts` [m, d], unsnapped, and values [m].

        BoTorch's ``optimize_acqf``; starts with the same free columns climb together, and stay
        where they are if it gives up. Of the lengthscales it makes no use.
        """
        free, tops = active & ground.is_climbed, starts.copy()
        function = UtilityFunction(utility.terms)
        bounds = np.stack([ground.region.lower, ground.region.upper])
        options = {"maxiter": n_iterations, "ftol": tolerance, "factr": None}
        for columns, group in _groups(free):
            if not columns.any():
                continue
            with suppress(BotorchError):  # a gradient that is no number: these stay
                tops[group] = self._climbed(function, bounds, starts[group], columns, options)
        return tops, utility.value(tops)

    def _climbed(
        self,
        function: UtilityFunction,
        bounds: F,
        starts: F,
        free: Mask,
        options: dict[str, Any],
    ) -> F:
        first = np.where(free, np.clip(starts, bounds[0], bounds[1]), starts)
        at = torch.tensor(first[:, None], device=self.device)
        held = {int(j): at[:, 0, j] for j in np.flatnonzero(~free)}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that a climb was cut short
            tops, _ = optimize_acqf(
                function,
                torch.tensor(bounds, device=self.device),
                q=1,
                num_restarts=len(starts),
                batch_initial_conditions=at,
                fixed_features=held or None,
                options=options,
                return_best_only=False,
                retry_on_optimization_warning=False,
            )
        return np.asarray(tops[:, 0].cpu().numpy())


def _groups(free: Mask) -> Iterator[tuple[Mask, npt.NDArray[np.int64]]]:
    """Yield each set of free columns and the rows that have it."""
    patterns, which = np.unique(free, axis=0, return_inverse=True)
    for k, columns in enumerate(patterns):
        yield columns, np.flatnonzero(which.reshape(-1) == k)
