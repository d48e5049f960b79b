"""The covariance of the compiled engine as a GPyTorch kernel.

Every column becomes coordinates in a Euclidean space in which the squared distance of two rows is
the one that ``bayesopt._kernels.matern`` defines: numbers times the root of their weight; a choice
as a corner of a simplex, its centre where the column does not exist; and a coordinate of its own
for whether a conditional column exists. So one matrix product gives all distances.
"""

from __future__ import annotations

from typing import Any

import gpytorch
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from bayesopt._kernels.matern import CONDITIONAL, MATERN32, MATERN52, NOMINAL
from bayesopt.space.domain import Domain
from bayesopt.surrogates.hyper import Frame
from bayesopt.surrogates.inputs import Inputs, to_inputs

F = npt.NDArray[np.float64]

_EDGE = 1e-6  # as in the compiled warp


def to_rows(inputs: Inputs, device: torch.device) -> Tensor:
    """Return rows [n, 2 d]: coordinates, and 1.0 for the columns that exist."""
    return torch.from_numpy(np.vstack([inputs.Z, inputs.A]).T.copy()).to(device)


def queries(domain: Domain, X: Tensor) -> Tensor:
    """Return rows [m, 2 d] at X [m, d], differentiable by the columns that exist."""
    if not domain.conditional.any():
        return torch.cat([X, torch.ones_like(X)], dim=-1)
    A = torch.from_numpy(to_inputs(domain, X.detach().cpu().numpy()).A.T.copy()).to(X)
    return torch.cat([torch.where(A > 0.0, X, 0.5), A], dim=-1)


class RowKernel(gpytorch.kernels.Kernel):
    """The covariance between rows as :func:`to_rows` makes them, the unknown mean included.

    Attributes
    ----------
    theta : Parameter
        See ``bayesopt.surrogates.hyper.to_hyper``; the noise in it is not used here.
    """

    def __init__(self, frame: Frame, theta: F, device: torch.device) -> None:
        super().__init__()
        self.frame = frame
        self.theta = torch.nn.Parameter(torch.tensor(theta, device=device))
        varies, is_nominal = frame.varies, (frame.rules & NOMINAL).astype(bool)
        self._metric = torch.tensor(varies[~is_nominal[varies]], device=device)
        self._nominal = [int(j) for j in varies[is_nominal[varies]]]
        conditional = (frame.rules & CONDITIONAL).astype(bool)
        self._conditional = torch.tensor(varies[conditional[varies]], device=device)

    @property
    def signal(self) -> Tensor:
        """Variance of the latent function less its mean's."""
        return self.theta[self.frame.varies.size].exp()

    def forward(self, x1: Tensor, x2: Tensor, diag: bool = False, **_: Any) -> Tensor:
        """Return the covariance of rows x1 [..., n, 2 d] and x2 [..., m, 2 d]."""
        if diag:
            prior = self.signal + self.frame.settings.offset
            return prior.expand(x1.shape[:-1])
        return self.between(self.embed(x1), self.embed(x2))

    def between(self, e1: Tensor, e2: Tensor) -> Tensor:
        """Return the covariance of embedded rows e1 [..., n, k] and e2 [..., m, k]."""
        r2 = self.covar_dist(e1, e2, square_dist=True)
        k: Tensor = _Covariance.apply(r2, self.frame.kernel)
        return self.signal * k + self.frame.settings.offset

    def embed(self, rows: Tensor) -> Tensor:
        """Return coordinates [..., n, k] of rows [..., n, 2 d], as far apart as the model says.

        O(n k); a choice of c takes c of them.
        """
        d, m = self.frame.d, self.frame.varies.size
        weight = torch.zeros(d, dtype=rows.dtype, device=rows.device)
        weight[self.frame.varies] = (-2.0 * self.theta[:m]).exp()
        Z, A = rows[..., :d], rows[..., d:]
        if self.theta.numel() > self.frame.n_theta:
            Z = self._warped(Z)
        parts = [Z[..., self._metric] * weight[self._metric].sqrt()]
        for j in self._nominal:
            cells = self._corners(Z[..., j], A[..., j], int(self.frame.n_cells[j]))
            parts.append(cells * (0.5 * weight[j]).sqrt())
        if self.frame.has_gap:
            parts.append(A[..., self._conditional] * (0.5 * self.theta[m + 2]).exp())
        return torch.cat(parts, dim=-1)

    @staticmethod
    def _corners(z: Tensor, exists: Tensor, n_cells: int) -> Tensor:
        """Return choices as corners of the simplex, those that do not exist as its centre."""
        cell = (z.detach() * n_cells).floor().long().clamp(0, n_cells - 1)
        return torch.nn.functional.one_hot(cell, n_cells) * exists[..., None]

    def _warped(self, Z: Tensor) -> Tensor:
        """Return Z with the columns bent that can be; exponents of 1 leave a column as it is."""
        columns = torch.tensor(self.frame.warpable, device=Z.device)
        a, b = self.theta[self.frame.n_theta :].exp().reshape(2, -1)
        z = Z[..., columns]
        bent = -torch.expm1(b * torch.log1p(-torch.pow(z.clamp(_EDGE, 1.0 - _EDGE), a)))
        plain = (a == 1.0) & (b == 1.0)
        bent = torch.where(plain, z.detach() + bent - bent.detach(), bent)
        found = Z.clone()
        found[..., columns] = bent
        return found


class _Covariance(torch.autograd.Function):
    """A covariance of variance 1 as a function of r², with its slope where r is 0."""

    @staticmethod
    def forward(ctx: Any, r2: Tensor, kernel: int) -> Tensor:
        if kernel == MATERN52:
            s = (5.0 * r2).sqrt()
            e = torch.exp(-s)
            k, slope = e * (1.0 + s + s * s / 3.0), -5.0 / 6.0 * e * (1.0 + s)
        elif kernel == MATERN32:
            s = (3.0 * r2).sqrt()
            e = torch.exp(-s)
            k, slope = e * (1.0 + s), -1.5 * e
        else:
            k = torch.exp(-0.5 * r2)
            slope = -0.5 * k
        ctx.save_for_backward(slope)
        return k

    @staticmethod
    def backward(ctx: Any, by_k: Tensor) -> tuple[Tensor, None]:
        (slope,) = ctx.saved_tensors
        return by_k * slope, None
