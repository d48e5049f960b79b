"""The compiled engine: numba kernels and LAPACK, on the CPU."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from bayesopt.space.domain import Domain
from bayesopt.surrogates import exact_gp
from bayesopt.surrogates.blas import one_blas_thread
from bayesopt.surrogates.exact_gp import ExactGP, Factor, Kernel
from bayesopt.surrogates.fit import Evidence
from bayesopt.surrogates.hyper import Frame, to_hyper
from bayesopt.surrogates.inputs import Inputs

F = npt.NDArray[np.float64]


@dataclass(frozen=True)
class CompiledEngine:
    """See :class:`bayesopt.surrogates.base.Engine`."""

    name: ClassVar[str] = "compiled"

    def evidence(self, inputs: Inputs, y: F, frame: Frame) -> Evidence:
        """Return the log posterior density of hyperparameters."""
        return Evidence(inputs, y, frame)

    def factorise(self, frame: Frame, theta: F, inputs: Inputs) -> Factor | None:
        """Return the factor of the covariance of rows; O(n³)."""
        return exact_gp.factorise(Kernel(frame, to_hyper(theta, frame)), inputs)

    def observe(self, domain: Domain, factor: Factor, y: F) -> ExactGP:
        """Return the posterior given outcomes y [n]; O(n²)."""
        return exact_gp.observe(domain, factor, y)

    def session(self) -> AbstractContextManager[None]:
        """Return what an ask happens within: one BLAS thread."""
        return one_blas_thread()


COMPILED = CompiledEngine()
