"""What can be chosen about the Gaussian process: kernel, priors, transforms, number of modes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kernel = Literal["matern52", "matern32", "rbf"]
Transform = Literal["auto", "rank", "standardize"]
Failures = Literal["probability", "impute", "both"]


@dataclass(frozen=True)
class GPSettings:
    """Settings of the model; the defaults are what the benchmark suite chose.

    Attributes
    ----------
    kernel : str
        Covariance of the latent function: "matern52", "matern32" or "rbf".
    transform : str
        Of outcomes: "auto" (winsorise, Yeo-Johnson, ranks where that fails), "rank",
        or "standardize".
    winsorize_iqr : float
        How many interquartile ranges above the upper quartile bad outcomes are cut off.
    input_warp : bool
        Whether columns may be warped (Kumaraswamy): from ``3 d`` outcomes on, where that raises the
        log posterior by more than ``warp_nats``.
    warp : tuple of (location, scale)
        Log-normal prior of both of a warp's exponents, relative to its density at 1.
    warp_nats : float
        See ``input_warp``.
    n_modes : int
        At most how many hyperparameter optima are averaged over.
    mode_nats : float
        How far below the best a mode's log posterior may lie.
    lengthscale : tuple of (weight, location, scale)
        Prior per column: a mixture of log-normals, relevant and nearly irrelevant.
    signal : tuple of (shape, rate)
        Gamma prior of the signal variance.
    noise : tuple of (shape, rate)
        Gamma prior of the noise variance above ``noise_floor``.
    noise_floor : float
        Least noise variance, in units of the transformed outcomes' variance.
    gap : tuple of (location, scale)
        Log-normal prior of the squared distance between a column that exists and one that does not.
    offset : float
        Prior variance of the unknown constant mean; 0 fixes the mean at that of the outcomes.
    noisy_above : float
        From which noise variance on the objective counts as noisy.
    failures : str
        Failed trials enter through a learned "probability" of success, as the worst outcome seen
        ("impute"), or as "both".
    """

    kernel: Kernel = "matern52"
    transform: Transform = "auto"
    winsorize_iqr: float = 1.5
    input_warp: bool = False
    n_modes: int = 2
    mode_nats: float = 3.0
    lengthscale: tuple[tuple[float, float, float], ...] = ((0.6, -0.3, 0.7), (0.4, 1.5, 1.0))
    signal: tuple[float, float] = (2.0, 1.0)
    noise: tuple[float, float] = (1.1, 30.0)
    noise_floor: float = 1e-6
    gap: tuple[float, float] = (-1.0, 1.0)
    warp: tuple[float, float] = (0.0, 0.75)
    warp_nats: float = 5.0
    offset: float = 4.0
    noisy_above: float = 1e-3
    failures: Failures = "probability"
