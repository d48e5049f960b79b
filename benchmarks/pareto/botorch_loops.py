"""BoTorch's textbook loops for several objectives, and for one objective under constraints.

As in its tutorials (multi-objective Bayesian optimization; constraints), version 0.18: one
``SingleTaskGP`` an outcome in a ``ModelListGP``, inputs in the unit cube, outcomes standardised;
``qLogNoisyExpectedHypervolumeImprovement`` with 128 samples and the reference point that
``infer_reference_point`` makes of the front so far, or ``LogConstrainedExpectedImprovement``;
before anything is feasible ``LogProbabilityOfFeasibility``. ``optimize_acqf`` climbs from 10 of 512
points. Integers are relaxed and rounded, choices are one-hot, conditions are flattened: see
``benchmarks.contestants.tools.botorch``. The first acquisition function that is made has torch
compile a kernel of it, once for all processes (minutes; needs a C++ compiler and ninja).
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from benchmarks.contestants.base import Config
from benchmarks.contestants.tools.grid import from_index, indexed
from benchmarks.contestants.translate import config_of, describe
from benchmarks.pareto.cases import Case, F

N_SAMPLES = 128
MAX_ITERATIONS = 200


class Botorchs:
    """A loop; a failed evaluation counts as the worst values so far, as violating everything."""

    def __init__(self, case: Case, seed: int) -> None:
        import torch

        from benchmarks.contestants.tools import botorch as tool

        torch.set_num_threads(1)
        torch.manual_seed(seed)
        self._torch, self._tool = torch, tool
        self._space, self._flat = case.problem.space, describe(case.problem.space)
        self._columns = indexed(self._flat)
        self._width = sum(map(tool.width, self._columns))
        self._sobol = torch.quasirandom.SobolEngine(self._width, scramble=True, seed=seed)
        self._rows: list[list[float]] = []
        self._values: list[F] = []
        self._constraints: list[F] = []

    def ask(self) -> Config:
        if len(self._values) < 2 * (self._width + 1):
            row = self._sobol.draw(1, dtype=self._torch.double)[0]
        else:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                row = self._proposed()
        values = self._tool.from_row(self._columns, row.tolist())
        self._rows.append(self._tool.to_row(self._columns, values))
        flat = {p.name: from_index(p, values[p.name]) for p in self._flat}
        return config_of(self._space, flat)[0]

    def tell(self, values: F, constraints: F) -> None:
        self._values.append(values)
        self._constraints.append(constraints)

    def _proposed(self) -> Any:
        from botorch.optim import optimize_acqf

        torch = self._torch
        X = torch.tensor(self._rows, dtype=torch.double)
        gains = torch.tensor(-_penalised(np.array(self._values)))
        constraints = torch.tensor(np.array(self._constraints))
        model = _fitted(X, torch.cat([gains, constraints], dim=1))
        if gains.shape[1] == 1:
            worth = constrained_gain(model, gains[:, 0], constraints)
        else:
            worth = volume_gain(model, X, gains, constraints.shape[1])
        bounds = torch.stack([torch.zeros(self._width), torch.ones(self._width)]).double()
        row, _ = optimize_acqf(
            worth,
            bounds,
            q=1,
            num_restarts=self._tool.N_RESTARTS,
            raw_samples=self._tool.N_RAW,
            options={"batch_limit": 5, "maxiter": MAX_ITERATIONS},
        )
        return row[0]


def _penalised(values: F) -> F:
    """Return values with the worst of the others in place of those that failed."""
    failed = np.isnan(values)
    worst = np.where(failed, -np.inf, values).max(axis=0)
    return np.where(failed, np.where(np.isfinite(worst), worst, 1.0), values)


def _fitted(X: Any, Y: Any) -> Any:
    """Return one Gaussian process for each column of Y [n, m], larger is better or not."""
    from botorch.fit import fit_gpytorch_mll
    from botorch.models import ModelListGP, SingleTaskGP
    from botorch.models.transforms import Standardize
    from gpytorch.mlls import SumMarginalLogLikelihood

    models = [SingleTaskGP(X, y[:, None], outcome_transform=Standardize(1)) for y in Y.T]
    model = ModelListGP(*models)
    fit_gpytorch_mll(SumMarginalLogLikelihood(model.likelihood, model))
    return model


def volume_gain(model: Any, X: Any, gains: Any, n_constraints: int) -> Any:
    """Return qLogNEHVI; the first outcomes of the model are gains, the others constraints."""
    import torch
    from botorch.acquisition.multi_objective.logei import qLogNoisyExpectedHypervolumeImprovement
    from botorch.acquisition.multi_objective.objective import IdentityMCMultiOutputObjective
    from botorch.sampling import SobolQMCNormalSampler
    from botorch.utils.multi_objective.hypervolume import infer_reference_point
    from botorch.utils.multi_objective.pareto import is_non_dominated

    m = gains.shape[1]
    front = gains[is_non_dominated(gains)]
    return qLogNoisyExpectedHypervolumeImprovement(
        model=model,
        ref_point=infer_reference_point(front).tolist(),
        X_baseline=X,
        sampler=SobolQMCNormalSampler(torch.Size([N_SAMPLES])),
        objective=IdentityMCMultiOutputObjective(outcomes=list(range(m))),
        constraints=[lambda Z, j=m + j: Z[..., j] for j in range(n_constraints)] or None,
        prune_baseline=True,
    )


def constrained_gain(model: Any, gains: Any, constraints: Any) -> Any:
    """Return the log of the constrained expected improvement, or of the chance to be feasible."""
    from botorch.acquisition.analytic import (
        LogConstrainedExpectedImprovement,
        LogProbabilityOfFeasibility,
    )

    limits = {1 + j: (None, 0.0) for j in range(constraints.shape[1])}
    feasible = (constraints <= 0.0).all(dim=1)
    if not feasible.any():
        return LogProbabilityOfFeasibility(model, limits)
    best = gains[feasible].max()
    return LogConstrainedExpectedImprovement(model, best, 0, limits)
