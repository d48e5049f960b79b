"""The fit: hyperparameters of greatest posterior density, by their analytic gradient."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from bayesopt._kernels.matern import contract_gram, contract_places, fill_gram
from bayesopt._kernels.warp import contract_warp
from bayesopt.surrogates import linear
from bayesopt.surrogates.base import EvidenceLike
from bayesopt.surrogates.exact_gp import HALF_LOG_2PI
from bayesopt.surrogates.hyper import (
    Frame,
    Hyper,
    bounds,
    default_theta,
    log_prior,
    to_hyper,
    with_warp,
)
from bayesopt.surrogates.inputs import Inputs, warped
from bayesopt.surrogates.minimise import minimise

F = npt.NDArray[np.float64]


@dataclass(eq=False)
class Evidence:
    """The log marginal likelihood of outcomes y [n] at rows, and its gradient.

    Holds two matrices [n, n] and a row [n] that every evaluation writes over.
    """

    inputs: Inputs
    y: F
    frame: Frame
    _K: F = field(init=False)
    _slope: F = field(init=False)
    _row: F = field(init=False)
    _by_column: F = field(init=False)
    _placed: Inputs = field(init=False)
    by_warp: F = field(init=False)

    def __post_init__(self) -> None:
        n = self.inputs.n
        self._K, self._slope, self._row = np.empty((n, n)), np.empty((n, n)), np.empty(n)
        self._by_column, self.by_warp = np.empty(self.frame.d), np.empty((2, self.frame.d))

    def log_likelihood(self, hyper: Hyper) -> tuple[float, F, float, float, float] | None:
        """Return it with its derivatives by weight [d], gap, log signal and noise; None on failure.

        Where there is a warp, the derivatives by its exponents are left in ``by_warp`` [2, d].

        ``-½ yᵀ K⁻¹ y - ½ log |K| - ½ n log 2π`` (Rasmussen and Williams, 2006, eqs. 2.30, 5.9).
        O(n³ + n² d) time.
        """
        K = self._factored(hyper)
        if K is None:
            return None
        alpha = linear.solve(K, self.y)
        value = -0.5 * float(self.y @ alpha) - float(np.log(K.diagonal()).sum())
        linear.invert(K)
        inputs, frame = self._placed, self.frame
        if hyper.warp is not None:
            self._contract_warp(hyper.warp, hyper.weight, K, alpha)
        by_gap, trace, total = contract_gram(
            inputs.Z,
            inputs.A,
            frame.rules,
            hyper.weight,
            self._slope,
            K,
            alpha,
            self._row,
            self._by_column,
        )
        n, offset, square = alpha.size, frame.settings.offset, float(alpha @ alpha)
        by_noise = 0.5 * (square - trace)
        by_signal = 0.5 * (float(self.y @ alpha) - n) - hyper.noise * by_noise
        by_signal -= 0.5 * offset * (float(alpha.sum()) ** 2 - total)
        if inputs.noise is not None:
            by_signal -= 0.5 * float(inputs.noise @ (alpha * alpha - K.diagonal()))
        return value - n * HALF_LOG_2PI, self._by_column, by_gap, by_signal, by_noise

    def _contract_warp(self, warp: F, weight: F, inverse: F, alpha: F) -> None:
        by_place, rules = np.zeros_like(self.inputs.Z), self.frame.rules
        Z, slope = self._placed.Z, self._slope
        contract_places(Z, rules, weight, slope, inverse, alpha, self._row, by_place)
        by_a, by_b = self.by_warp
        contract_warp(self.inputs.Z, warp[0], warp[1], by_place, by_a, by_b)

    def _factored(self, hyper: Hyper) -> F | None:
        self._placed = warped(self.inputs, hyper.warp)[0]
        self._fill(hyper, 0.0)
        if linear.factor(self._K):
            return self._K
        for jitter in linear.JITTERS:
            self._fill(hyper, jitter * hyper.signal)
            if linear.factor(self._K):
                return self._K
        return None

    def _fill(self, hyper: Hyper, jitter: float) -> None:
        inputs, frame = self._placed, self.frame
        fill_gram(
            inputs.Z,
            inputs.A,
            frame.rules,
            hyper.weight,
            hyper.gap,
            hyper.signal,
            frame.settings.offset,
            hyper.noise + jitter,
            frame.kernel,
            self._K,
            self._slope,
        )
        if inputs.noise is not None:
            self._K.flat[:: inputs.n + 1] += inputs.noise

    def negative_log_posterior(self, theta: F) -> tuple[float, F]:
        """Return what a fit minimises, and its gradient; (inf, 0) where the factor fails."""
        frame = self.frame
        hyper = to_hyper(theta, frame)
        found = self.log_likelihood(hyper)
        if found is None:
            return math.inf, np.zeros(theta.size)
        value, by_weight, by_gap, by_signal, by_noise = found
        prior, slope = log_prior(theta, frame)
        m = frame.varies.size
        # d weight / d log lengthscale = -2 weight
        slope[:m] -= 2.0 * by_weight[frame.varies] * hyper.weight[frame.varies]
        slope[m] += by_signal
        slope[m + 1] += by_noise * (hyper.noise - frame.settings.noise_floor)
        if frame.has_gap:
            slope[m + 2] += by_gap * hyper.gap
        if hyper.warp is not None:
            slope[frame.n_theta :] += self.by_warp[:, frame.warpable].ravel()
        return -(value + prior), -slope


@dataclass(frozen=True, eq=False)
class Mode:
    """An optimum of the hyperparameters' posterior.

    Attributes
    ----------
    theta : float64 array
        See ``bayesopt.surrogates.hyper.to_hyper``.
    log_posterior : float
        Up to a constant; -inf where no fit succeeded.
    """

    theta: F
    log_posterior: float


_STARTS = (0.3, 0.8, 2.5)  # lengthscales
_COLD_ITERATIONS, _WARM_ITERATIONS = 60, 15
_GAIN = 1e-2  # nats, in one step: what is too little to go on
_ENOUGH_ROWS = 200  # to find out which optima there are
_FLAT = math.log(5.0)  # a log lengthscale beyond which all are the same
_SAME = 0.2


EvidenceOf = Callable[[Inputs, F, Frame], EvidenceLike]
"""From outcomes at rows to what is climbed."""


def cold_modes(
    inputs: Inputs, y: F, frame: Frame, evidence_of: EvidenceOf = Evidence
) -> tuple[Mode, ...]:
    """Return the distinct optima found from several starts, best first; at least one.

    Of many rows a part, evenly spread, is climbed; what it finds starts a climb on all.
    """
    if inputs.n > _ENOUGH_ROWS:
        part = np.linspace(0, inputs.n - 1, _ENOUGH_ROWS).astype(np.int64)
        modes = cold_modes(inputs.take(part), y[part], frame, evidence_of)
        return warm_modes(inputs, y, frame, modes, evidence_of)
    evidence = evidence_of(inputs, y, frame)
    starts = [default_theta(frame, scale) for scale in _STARTS]
    modes = distinct([_climb(evidence, start, _COLD_ITERATIONS) for start in starts], frame)
    if frame.settings.input_warp and inputs.n >= 3 * frame.varies.size and frame.warpable.size:
        modes = tuple(_bent(evidence, mode) for mode in modes)
    return modes


def _bent(evidence: EvidenceLike, mode: Mode) -> Mode:
    """Return the optimum with a warp if that is a much better explanation, else the one without."""
    frame = evidence.frame
    found = _climb(evidence, with_warp(mode.theta, frame), _COLD_ITERATIONS)
    gain = found.log_posterior - mode.log_posterior
    return found if gain > frame.settings.warp_nats else mode


def warm_modes(
    inputs: Inputs,
    y: F,
    frame: Frame,
    modes: tuple[Mode, ...],
    evidence_of: EvidenceOf = Evidence,
) -> tuple[Mode, ...]:
    """Return the optima near earlier ones, on more rows."""
    evidence = evidence_of(inputs, y, frame)
    return distinct([_climb(evidence, mode.theta, _WARM_ITERATIONS) for mode in modes], frame)


def _climb(evidence: EvidenceLike, start: F, n_iterations: int) -> Mode:
    low, high = bounds(evidence.frame, warped=start.size > evidence.frame.n_theta)
    theta, value = minimise(evidence.negative_log_posterior, start, low, high, n_iterations, _GAIN)
    return Mode(theta, -value) if math.isfinite(value) else Mode(start, -math.inf)


def distinct(modes: list[Mode], frame: Frame) -> tuple[Mode, ...]:
    """Return the best modes that differ from each other and are not far behind the first."""
    settings = frame.settings
    kept: list[Mode] = []
    for mode in sorted(modes, key=lambda mode: -mode.log_posterior):
        behind = kept and not kept[0].log_posterior - mode.log_posterior <= settings.mode_nats
        if not behind and all(_differ(mode, other, frame) for other in kept):
            kept.append(mode)
    return tuple(kept[: settings.n_modes])


def _differ(mode: Mode, other: Mode, frame: Frame) -> bool:
    m = frame.varies.size
    first, second = np.minimum(mode.theta[:m], _FLAT), np.minimum(other.theta[:m], _FLAT)
    return bool(np.abs(first - second).max(initial=0.0) > _SAME)
