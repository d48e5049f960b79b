"""What can be chosen about the Gaussian process: kernel, priors, transforms, number of modes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from bayesopt.errors import SettingsError, short_repr

Kernel = Literal["matern52", "matern32", "rbf"]
Transform = Literal["auto", "rank", "standardize"]
Failures = Literal["probability", "impute", "both"]

_OPTIONS = {
    "kernel": get_args(Kernel),
    "transform": get_args(Transform),
    "failures": get_args(Failures),
}
_POSITIVE = ("winsorize_iqr", "wide_above", "n_modes", "noise_floor", "noisy_above")


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
    sparsity : float, optional
        Scale of a sparse prior of lengthscales in place of `lengthscale`: few columns matter, the
        others hardly (``priors.shrinkage``; .1 is usual). For many columns.
    wide_above : float
        From how many real columns on lengthscales are expected to grow, as their square root; a
        column of choices counts for several. From as many choices on theirs grow once more so.
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

    Raises
    ------
    SettingsError
        If a value is not among its options or outside its range.
    """

    kernel: Kernel = "matern52"
    transform: Transform = "auto"
    winsorize_iqr: float = 1.5
    input_warp: bool = False
    n_modes: int = 2
    mode_nats: float = 3.0
    lengthscale: tuple[tuple[float, float, float], ...] = ((0.6, -0.3, 0.7), (0.4, 1.5, 1.0))
    sparsity: float | None = None
    wide_above: float = 10.0
    signal: tuple[float, float] = (2.0, 1.0)
    noise: tuple[float, float] = (1.1, 30.0)
    noise_floor: float = 1e-6
    gap: tuple[float, float] = (-1.0, 1.0)
    warp: tuple[float, float] = (0.0, 0.75)
    warp_nats: float = 5.0
    offset: float = 4.0
    noisy_above: float = 1e-3
    failures: Failures = "probability"

    def __post_init__(self) -> None:
        """Take lists, as JSON has them, for tuples, and check what is given."""
        for name in ("signal", "noise", "gap", "warp"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        components = tuple(tuple(component) for component in self.lengthscale)
        object.__setattr__(self, "lengthscale", components)
        for name, options in _OPTIONS.items():
            _check(name, getattr(self, name), getattr(self, name) in options, f"one of {options}")
        for name in _POSITIVE:
            value = getattr(self, name)
            _check(name, value, value > 0, "a number above 0")
        for name in ("offset", "mode_nats"):
            value = getattr(self, name)
            _check(name, value, value >= 0, "a number of at least 0")
        for name in ("signal", "noise"):
            value = getattr(self, name)
            _check(name, value, len(value) == 2 and min(value) > 0, "(shape, rate), both above 0")
        for name in ("gap", "warp"):
            value = getattr(self, name)
            _check(name, value, len(value) == 2 and value[1] > 0, "(location, scale > 0)")
        if self.sparsity is not None:
            _check("sparsity", self.sparsity, self.sparsity > 0, "a number above 0")
        ok = components and all(len(c) == 3 and min(c[0], c[2]) > 0 for c in components)
        expected = "(weight > 0, location, scale > 0) of each component"
        _check("lengthscale", self.lengthscale, bool(ok), expected)


def _check(name: str, value: object, is_ok: bool, expected: str) -> None:
    if not is_ok:
        raise SettingsError(name, expected=expected, got=short_repr(value))
