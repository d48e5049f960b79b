"""Keeping a Gaussian process up to date with growing data: what is fitted when, what is kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bayesopt.space.domain import Domain
from bayesopt.surrogates.exact_gp import ExactGP, Factor, Kernel, factorise, observe
from bayesopt.surrogates.fit import Mode, cold_modes, warm_modes
from bayesopt.surrogates.hyper import Frame, default_theta, new_frame, to_hyper
from bayesopt.surrogates.inputs import Inputs, to_inputs
from bayesopt.surrogates.schedule import FitCache, anchor_size, digest, refit_size
from bayesopt.surrogates.settings import GPSettings

F = npt.NDArray[np.float64]

Targets = Callable[[int], tuple[F, bytes]]
"""From a number of rows to what is fitted to the first so many, and a name for its content."""


@dataclass(frozen=True, eq=False)
class Task:
    """Rows of which something is to be learned, and where results are kept.

    Attributes
    ----------
    domain : Domain
    frame : Frame
    inputs : Inputs
        The n rows.
    key : tuple
        Names what does not depend on the rows.
    cache : FitCache
    """

    domain: Domain
    frame: Frame
    inputs: Inputs
    key: tuple[object, ...]
    cache: FitCache

    def rows_digest(self, n: int) -> bytes:
        """Return a name for the first n rows."""
        return digest(self.inputs.Z[:, :n])


def new_task(domain: Domain, X: F, settings: GPSettings, cache: FitCache) -> Task:
    """Return what is to be learned at rows X [n, d]."""
    frame = new_frame(domain, settings)
    key = digest(*domain.arrays), settings
    return Task(domain, frame, to_inputs(domain, X), key, cache)


def current_modes(task: Task, targets: Targets) -> tuple[Mode, ...]:
    """Return the hyperparameters in force: those of the last refit size, O(n³) where it is new."""
    n = task.inputs.n
    if not n:
        return (Mode(default_theta(task.frame), 0.0),)
    at_anchor = anchor_modes(task, targets)
    size = refit_size(n)
    if size == anchor_size(n):
        return at_anchor
    y, name = targets(size)

    def make() -> tuple[Mode, ...]:
        return warm_modes(task.inputs.first(size), y, task.frame, at_anchor)

    return task.cache.get_or_make(("warm", *task.key, task.rows_digest(size), name), make)


def anchor_modes(task: Task, targets: Targets) -> tuple[Mode, ...]:
    """Return the hyperparameters of the last anchor size."""
    size = anchor_size(task.inputs.n)
    y, name = targets(size)

    def make() -> tuple[Mode, ...]:
        return cold_modes(task.inputs.first(size), y, task.frame)

    return task.cache.get_or_make(("cold", *task.key, task.rows_digest(size), name), make)


def grown_factor(task: Task, mode: Mode, size: int) -> Factor | None:
    """Return the factor of all rows under a mode: of the first `size` at once, then row by row.

    None where no jitter helps.
    """
    key = "factor", *task.key, digest(mode.theta), size
    kept: Factor | None = task.cache.get(key)
    if kept is None or not task.inputs.begins_with(kept.inputs):
        kernel = Kernel(task.frame, to_hyper(mode.theta, task.frame))
        kept = factorise(kernel, task.inputs.first(size))
    if kept is None:
        return None
    grown = kept.grown(task.inputs.after(kept.inputs.n))
    task.cache.put(key, grown)
    return grown


def prior_only(task: Task) -> ExactGP:
    """Return the prior with default hyperparameters, for where no factor can be had."""
    kernel = Kernel(task.frame, to_hyper(default_theta(task.frame), task.frame))
    nothing = task.inputs.first(0)
    factor = Factor(kernel, nothing, nothing, np.empty((0, 0)), kernel.hyper.noise)
    return observe(task.domain, factor, np.empty(0))
