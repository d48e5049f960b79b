"""Where trials succeed: a learned probability, once one has failed.

Least-squares classification (Rasmussen and Williams, 2006, §6.5): a Gaussian process is fitted to
the labels, and a probit link ``P(success) = Φ((a μ + b) / √(1 + a² σ²))`` to what it predicts of
each label from the others.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from bayesopt._kernels.special import log_cdfs
from bayesopt.space.domain import Domain
from bayesopt.surrogates.base import Engine, Process
from bayesopt.surrogates.compiled import COMPILED
from bayesopt.surrogates.leave_one_out import leave_one_out
from bayesopt.surrogates.minimise import minimise
from bayesopt.surrogates.schedule import FitCache, anchor_size, digest
from bayesopt.surrogates.settings import GPSettings
from bayesopt.surrogates.subset import Subset
from bayesopt.surrogates.training import anchor_modes, grown_factor, new_task, prior_only

F = npt.NDArray[np.float64]
B = npt.NDArray[np.bool_]

_LOG_SLOPE = (math.log(2.0), 0.7)  # the prior of log a: location and scale
_SHIFT_SCALE = 1.5  # of the prior of b, around 0
_N_ITERATIONS = 30


@dataclass(frozen=True)
class Link:
    """The probit link's slope a > 0 and shift b."""

    slope: float
    shift: float


@dataclass(frozen=True, eq=False)
class SuccessModel:
    """log P(success) and its gradient.

    Attributes
    ----------
    surrogate : Process
        Of the labels, centred: up where trials succeed.
    link : Link
    risks : float64 array [n]
        How surely each trial that failed was to fail, as the trials before it tell: 1 - 2 P where
        that is positive, 0 elsewhere and for those that succeeded. Of a trial under way, what is
        expected of it.
    """

    surrogate: Process
    link: Link
    risks: F

    @np.errstate(all="ignore")
    def log_success(self, X: F) -> F:
        """Return log P(success) [m] at rows X [m, d]."""
        return _log_probit(*self.surrogate.posterior(X), self.link)[0]

    @np.errstate(all="ignore")
    def log_success_grad(self, X: F) -> tuple[F, F]:
        """Return log P(success) [m] and its gradient [m, d] by the coordinates of X [m, d]."""
        mean, var, d_mean, d_var = self.surrogate.posterior_grad(X)
        value, by_mean, by_var = _log_probit(mean, var, self.link)
        return value, by_mean[:, None] * d_mean + by_var[:, None] * d_var

    def condition(self, X: F) -> SuccessModel:
        """Return the model with rows X [k, d] running: the mean stays, the variance shrinks."""
        chance = np.exp(self.log_success(X))
        risks = np.concatenate([self.risks, (1.0 - chance) * _foreseen(chance)])
        return replace(self, surrogate=self.surrogate.condition(X), risks=risks)


def learn_success(
    domain: Domain,
    X: F,
    failed: B,
    settings: GPSettings,
    cache: FitCache,
    subset: Subset | None = None,
    engine: Engine = COMPILED,
) -> SuccessModel:
    """Return where trials succeed: fitted at anchor sizes, grown row by row in between.

    A pure function of all but the cache.
    """
    plain = replace(settings, n_modes=1, offset=0.0, input_warp=False)
    task = new_task(domain, X, plain, cache, subset, engine)

    def targets(n: int) -> tuple[Callable[[], F], bytes]:
        chosen = failed[task.subset.at(n)]
        return lambda: to_labels(chosen), digest(chosen)

    mode = anchor_modes(task, targets)[0]
    size = task.subset.n_at_once(len(X), anchor_size(len(X)))
    factor = grown_factor(task, mode, size)
    if factor is None:
        return SuccessModel(prior_only(task), Link(1.0, 0.0), np.zeros(failed.size))
    failed = failed[task.subset.at(len(X))]
    first = factor.first(size)

    def calibrated() -> Link:
        found = leave_one_out(engine.observe(domain, first, to_labels(failed[:size])))
        return fit_link(found.mean, found.var, failed[:size])

    key = "link", *task.key, digest(first.inputs.Z, failed[:size], mode.theta)
    surrogate = engine.observe(domain, factor, to_labels(failed))
    link = cache.get_or_make(key, calibrated)
    return SuccessModel(surrogate, link, foreseen_failures(surrogate, link, failed))


def to_labels(failed: B) -> F:
    """Return labels [n], 1 apart, centred as if one more had failed and one more succeeded.

    So the model returns to that share far from everything known, even while all have failed.
    """
    share = (np.count_nonzero(~failed) + 1.0) / (failed.size + 2.0)
    return np.where(failed, 0.0, 1.0) - share


def fit_link(mean: F, var: F, failed: B) -> Link:
    """Return the most likely link, given leave-one-out means and variances [n] of the labels."""
    sign = np.where(failed, -1.0, 1.0)
    location, scale = _LOG_SLOPE

    def objective(theta: F) -> tuple[float, F]:
        a, b = math.exp(theta[0]), theta[1]
        spread = np.sqrt(1.0 + a * a * var)
        z = sign * (a * mean + b) / spread
        value, slope = np.empty(z.size), np.empty(z.size)
        log_cdfs(z, value, slope)
        by_log_a = a * (sign * mean / spread - z * a * var / spread**2)
        pull = (theta[0] - location) / scale, b / _SHIFT_SCALE
        gradient = np.array([pull[0] / scale, pull[1] / _SHIFT_SCALE])
        gradient -= [slope @ by_log_a, slope @ (sign / spread)]
        return 0.5 * (pull[0] ** 2 + pull[1] ** 2) - float(value.sum()), gradient

    low, high = np.array([-3.0, -10.0]), np.array([5.0, 10.0])
    theta, _ = minimise(objective, np.array([location, 0.0]), low, high, _N_ITERATIONS, 1e-8)
    return Link(math.exp(theta[0]), float(theta[1]))


def foreseen_failures(surrogate: Process, link: Link, failed: B) -> F:
    """Return the risk that was taken with each trial; see :class:`SuccessModel`. O(n²)."""
    chance = np.exp(_log_probit(*surrogate.one_ahead(), link)[0])
    return np.where(failed, _foreseen(chance), 0.0)


def _foreseen(chance: F) -> F:
    return np.maximum(1.0 - 2.0 * chance, 0.0)


def _log_probit(mean: F, var: F, link: Link) -> tuple[F, F, F]:
    """Return log Φ((a μ + b) / √(1 + a² σ²)) and its partials by mean and variance."""
    a = link.slope
    spread = np.sqrt(1.0 + a * a * var)
    z = (a * mean + link.shift) / spread
    value, slope = np.empty(z.size), np.empty(z.size)
    log_cdfs(z, value, slope)
    return value, slope * a / spread, -0.5 * slope * z * (a / spread) ** 2
