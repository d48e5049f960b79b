"""Keeping a Gaussian process up to date with growing data: what is fitted when, what is kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bayesopt.space.domain import Domain
from bayesopt.surrogates.base import Engine, FactorLike, Process
from bayesopt.surrogates.compiled import COMPILED
from bayesopt.surrogates.fit import Mode, cold_modes, warm_modes
from bayesopt.surrogates.hyper import Frame, default_theta, new_frame
from bayesopt.surrogates.inputs import Inputs, to_inputs
from bayesopt.surrogates.schedule import FitCache, anchor_size, digest, refit_size
from bayesopt.surrogates.settings import GPSettings
from bayesopt.surrogates.subset import Subset, all_rows

F = npt.NDArray[np.float64]

Targets = Callable[[int], tuple[Callable[[], F], bytes]]
"""From a number of rows to the outcomes of those that are learned from, once asked, and a name."""
Noise = Callable[[int], F | None]
"""From a number of rows to what is known of the noise of those outcomes, as variances."""


def no_noise(n: int) -> None:
    """Know nothing of the noise of outcomes."""


@dataclass(frozen=True, eq=False)
class Task:
    """Rows of which something is to be learned, and where results are kept.

    Attributes
    ----------
    domain : Domain
    frame : Frame
    known : Inputs
        The n rows that there are.
    engine : Engine
        What computes.
    subset : Subset
        Which of them are learned from.
    inputs : Inputs
        Those.
    key : tuple
        Names what does not depend on the rows.
    cache : FitCache
    noise : callable
        What is known of the noise of outcomes.
    """

    domain: Domain
    frame: Frame
    known: Inputs
    engine: Engine
    subset: Subset
    inputs: Inputs
    key: tuple[object, ...]
    cache: FitCache
    noise: Noise = no_noise

    def inputs_at(self, n: int) -> Inputs:
        """Return what was learned from when there were n rows."""
        rows = self.subset.at(n)
        found = self.known.first(n) if rows.size == n else self.known.take(rows)
        return found.with_noise(self.noise(n))


def new_task(
    domain: Domain,
    X: F,
    settings: GPSettings,
    cache: FitCache,
    subset: Subset | None = None,
    engine: Engine = COMPILED,
    noise: Noise = no_noise,
) -> Task:
    """Return what is to be learned at rows X [n, d], or at a subset of them."""
    frame, known = new_frame(domain, settings), to_inputs(domain, X)
    subset = all_rows(X) if subset is None else subset
    rows = subset.at(known.n)
    inputs = known if rows.size == known.n else known.take(rows)
    inputs = inputs.with_noise(noise(known.n))
    key = digest(*domain.arrays), settings, engine.name
    return Task(domain, frame, known, engine, subset, inputs, key, cache, noise)


def current_modes(
    task: Task, targets: Targets, start: tuple[F, F] | None = None
) -> tuple[Mode, ...]:
    """Return the hyperparameters in force: those of the last refit size, O(n³) where it is new.

    The climb starts from those of the last anchor size or, if there are any, of rows and outcomes
    that are given as a `start`.
    """
    n = task.known.n
    if not n:
        return (Mode(default_theta(task.frame), 0.0),)
    at_anchor = anchor_modes(task, targets) if start is None else _modes_of(task, *start)
    size = refit_size(n)
    if start is None and size == anchor_size(n):
        return at_anchor
    (outcomes, name), inputs = targets(size), task.inputs_at(size)

    def make() -> tuple[Mode, ...]:
        return warm_modes(inputs, outcomes(), task.frame, at_anchor, task.engine.evidence)

    return task.cache.get_or_make(("warm", *task.key, digest(*inputs.content), name), make)


def anchor_modes(task: Task, targets: Targets) -> tuple[Mode, ...]:
    """Return the hyperparameters of the last anchor size."""
    size = anchor_size(task.known.n)
    outcomes, name = targets(size)
    return _cold(task, task.inputs_at(size), outcomes, name)


def _modes_of(task: Task, X: F, outcomes: F) -> tuple[Mode, ...]:
    """Return the hyperparameters of rows [k, d] and outcomes [k] alone."""
    return _cold(task, to_inputs(task.domain, X), lambda: outcomes, digest(outcomes))


def _cold(task: Task, inputs: Inputs, outcomes: Callable[[], F], name: bytes) -> tuple[Mode, ...]:
    def make() -> tuple[Mode, ...]:
        return cold_modes(inputs, outcomes(), task.frame, task.engine.evidence)

    return task.cache.get_or_make(("cold", *task.key, digest(*inputs.content), name), make)


def grown_factor(task: Task, mode: Mode, size: int) -> FactorLike | None:
    """Return the factor of all rows under a mode: of the first `size` at once, then row by row.

    None where no jitter helps.
    """
    key = "factor", *task.key, digest(mode.theta), size
    kept: FactorLike | None = task.cache.get(key)
    if kept is None or not task.inputs.begins_with(kept.inputs):
        kept = task.engine.factorise(task.frame, mode.theta, task.inputs.first(size))
    if kept is None:
        return None
    grown = kept.grown(task.inputs.after(kept.inputs.n))
    task.cache.put(key, grown, grown.n_bytes)
    return grown


def prior_only(task: Task) -> Process:
    """Return the prior with default hyperparameters, for where no factor can be had."""
    nothing = task.inputs.first(0)
    factor = task.engine.factorise(task.frame, default_theta(task.frame), nothing)
    return task.engine.observe(task.domain, factor, np.empty(0))
