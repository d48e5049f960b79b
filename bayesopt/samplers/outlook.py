"""What the next trial promises, beside what the trials so far have brought."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bayesopt.acquisition.ground import Ground, whole_cube
from bayesopt.acquisition.maximize import maximize
from bayesopt.history import History
from bayesopt.history.gains import WINDOW, Gains, gains
from bayesopt.history.hints import Hint, hints
from bayesopt.rng import named_rng
from bayesopt.samplers.auto import AutoSampler
from bayesopt.samplers.base import Sampler
from bayesopt.samplers.fresh import Batch, may_repeat
from bayesopt.samplers.gp import GPSampler
from bayesopt.samplers.gp_data import observe
from bayesopt.samplers.gp_search import (
    Plan,
    best_rows,
    known_rows,
    lengthscales,
    search_settings,
    utility_of,
)
from bayesopt.surrogates.blas import one_blas_thread
from bayesopt.surrogates.faults import BROKEN
from bayesopt.surrogates.model import Belief

F = npt.NDArray[np.float64]

ENOUGH = 20  # comparable trials before anything is said
IDLE = 1e-3  # of what the search has brought: less is hardly worth a trial
_N_RANKED = 32  # of the best rows by the search, whose gain is taken in the user's units
_N_NODES = 64  # of the quadrature
_FAR = 9.0  # standard deviations, beyond which an outcome does not happen
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(_N_NODES)


@dataclass(frozen=True)
class Outlook:
    """What the next trial promises.

    Attributes
    ----------
    gain : float
        Expected improvement of the best value by one more trial, in the user's units (with several
        objectives of the dominated volume).
    past : Gains
        What the trials so far brought, and cost.
    basis : {"model", "record"}
        Whether a Gaussian process was asked, too, or the improvements so far alone.
    """

    gain: float
    past: Gains
    basis: str

    @property
    def share(self) -> float:
        """The gain as part of what the search has brought; infinite while that is nothing."""
        return self.gain / self.past.progress if self.past.progress > 0.0 else math.inf

    @property
    def recent_share(self) -> float:
        """What the trials of the window brought as part of all; infinite while that is nothing."""
        return self.past.recent / self.past.progress if self.past.progress > 0.0 else math.inf


def outlook(history: History, sampler: Sampler | None = None, *, window: int = WINDOW) -> Outlook:
    """Return what the next trial promises; a pure function of the history.

    The improvements so far say so (``history.gains.expected_record``), and a Gaussian process where
    it is fit for these trials (``AutoSampler.choice``) and there is one objective: then the more
    hopeful of the two counts.

    Parameters
    ----------
    history : History
    sampler : Sampler, optional
        Whose process to ask; by default that of an `AutoSampler`, which also takes the time that
        its suggestions do.
    window : int
        How many trials count as recent.
    """
    past = gains(history, window)
    process = _process(AutoSampler() if sampler is None else sampler, history)
    if process is not None and past.n >= ENOUGH:
        gain = model_gain(process, history)
        if gain is not None:
            return Outlook(max(gain, past.expected), past, "model")
    return Outlook(past.expected, past, "record")


def _process(sampler: Sampler, history: History) -> GPSampler | None:
    if history.n_objectives != 1:
        return None
    chosen = sampler.choice(history)[0] if isinstance(sampler, AutoSampler) else sampler
    return chosen if isinstance(chosen, GPSampler) else None


@one_blas_thread()
def model_gain(process: GPSampler, history: History) -> float | None:
    """Return the highest expected improvement over the space; None if the process failed."""
    space = history.space
    if not space.domain.varies.any():
        return 0.0
    try:
        with np.errstate(all="ignore"):
            belief = process.believe(space, observe(history), deterministic=not history.noisy)
            rows = promising_rows(belief, history)
            return float(expected_gain(belief, rows).max(initial=0.0))
    except BROKEN:
        return None


def promising_rows(belief: Belief, history: History) -> F:
    """Return the rows [k, d] of the highest expected improvement that may be proposed."""
    space = history.space
    plan = Plan("ei", 0.0, 0.0, has_region=False, n_design=0, search={})
    batch = Batch(1, space.d, copies=may_repeat(history))
    found = maximize(
        utility_of(plan, belief, "calm"),
        Ground(space, known_rows(history, batch), whole_cube(space.d)),
        best_rows(belief),
        lengthscales(belief),
        named_rng(0, history.n, "outlook"),
        search_settings(plan, len(belief.X)),
        plan.searcher.climb,
    )
    return found.rows[:_N_RANKED]


def expected_gain(belief: Belief, X: F) -> F:
    """Return the expected improvement [m] at rows X [m, d], in the user's units.

    The transform of outcomes is undone inside the expectation, by Gauss-Legendre quadrature; where
    it is linear this is the closed form. Times the probability of success.
    """
    each = [
        _gain(belief, mean, np.sqrt(var))
        for mean, var in (member.posterior(X) for member in belief.members)
    ]
    gain = belief.weights @ np.array(each)
    return gain if belief.success is None else gain * np.exp(belief.success.log_success(X))


def _gain(belief: Belief, mean: F, sd: F) -> F:
    """Return E[max(best - y, 0)] of outcomes y whose transforms are normal, [m]."""
    top = np.clip((belief.incumbent - mean) / np.maximum(sd, 1e-300), -_FAR, _FAR)
    half = 0.5 * (top + _FAR)[:, None]
    u = half * (_NODES + 1.0) - _FAR
    better = belief.to_outcome(np.array([belief.incumbent])) - belief.to_outcome(
        mean[:, None] + sd[:, None] * u
    )
    density = np.exp(-0.5 * u**2) / math.sqrt(2.0 * math.pi)
    return np.asarray((half * _WEIGHTS * np.maximum(better, 0.0) * density).sum(axis=1))


def all_hints(history: History, sampler: Sampler | None = None) -> list[Hint]:
    """Return the hints on how a study is set up, and whether more trials still help."""
    return [*hints(history), *idle_hints(history, sampler)]


def idle_hints(history: History, sampler: Sampler | None = None) -> list[Hint]:
    """Return a hint if one more trial promises next to nothing."""
    if len(history.comparable()) <= WINDOW:
        return []
    found = outlook(history, sampler)
    if max(found.share, found.recent_share) >= IDLE:
        return []
    text = (
        f"More trials hardly help: the next one is expected to gain {found.gain:.2g}, and the "
        f"last {WINDOW} gained {found.past.recent:.2g}, where the search as a whole gained "
        f"{found.past.progress:.2g}. Stop, or widen the space."
    )
    return [Hint("idle", None, text)]
