"""Textbook functions of real vectors, with where their minimum lies and what it is.

Minima that the textbooks put into the centre of the box are moved: a contestant that starts in
the middle should not win by that.

References
----------
Surjanovic, Bingham: Virtual library of simulation experiments, sfu.ca/~ssurjano.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Function:
    """A function to be minimised over a box.

    Attributes
    ----------
    value : callable
        f64[d] to float.
    low, high : f64[d]
    optimum : f64[d]
        A global minimiser.
    """

    value: Callable[[Floats], float]
    low: Floats
    high: Floats
    optimum: Floats

    @property
    def d(self) -> int:
        """Number of columns."""
        return len(self.low)

    @property
    def best(self) -> float:
        """The least value."""
        return self.value(self.optimum)


def on_cube(
    value: Callable[[Floats], float], d: int, low: float, high: float, optimum: float
) -> Function:
    """Return a function on ``[low, high]^d`` whose optimum has equal coordinates."""
    box = np.ones(d)
    return Function(value, low * box, high * box, optimum * box)


def moved(function: Function) -> Function:
    """Return the function shifted so that its optimum is off the centre and off the diagonal.

    For functions that have no smaller value outside the box. The new coordinates of the optimum
    are between a fifth and four fifths of the box, by the golden ratio.
    """
    share = 0.2 + 0.6 * (np.arange(1, function.d + 1) * (math.sqrt(5.0) - 1.0) / 2.0 % 1.0)
    target = function.low + share * (function.high - function.low)
    offset = function.optimum - target
    return replace(function, value=lambda x: function.value(x + offset), optimum=target)


def embedded(function: Function, d: int, seed: int) -> Function:
    """Return the function with `d` columns of which all but its own do nothing."""
    active = np.random.default_rng(seed).permutation(d)[: function.d]

    def spread(values: Floats, idle: float) -> Floats:
        full = np.full(d, idle)
        full[active] = values
        return full

    return Function(
        lambda x: function.value(x[active]),
        spread(function.low, 0.0),
        spread(function.high, 1.0),
        spread(function.optimum, 0.5),
    )


def branin() -> Function:
    """Branin: three equal minima."""
    b, c, t = 5.1 / (4.0 * math.pi**2), 5.0 / math.pi, 1.0 / (8.0 * math.pi)

    def value(x: Floats) -> float:
        bowl = x[1] - b * x[0] ** 2 + c * x[0] - 6.0
        return float(bowl**2 + 10.0 * (1.0 - t) * math.cos(x[0]) + 10.0)

    optimum = np.array([math.pi, 2.275])
    return Function(value, np.array([-5.0, 0.0]), np.array([10.0, 15.0]), optimum)


def six_hump_camel() -> Function:
    """Six-hump camel: two equal minima among six."""

    def value(x: Floats) -> float:
        a, b = x[0] ** 2, x[1] ** 2
        return float((4.0 - 2.1 * a + a**2 / 3.0) * a + x[0] * x[1] + (4.0 * b - 4.0) * b)

    optimum = np.array([0.08984201368301331, -0.7126564032704135])
    return Function(value, np.array([-3.0, -2.0]), np.array([3.0, 2.0]), optimum)


def beale() -> Function:
    """Beale: a flat valley with sharp corners."""

    def value(x: Floats) -> float:
        terms = ((1.5, 1), (2.25, 2), (2.625, 3))
        return float(sum((c - x[0] * (1.0 - x[1] ** k)) ** 2 for c, k in terms))

    return Function(value, np.full(2, -4.5), np.full(2, 4.5), np.array([3.0, 0.5]))


_WEIGHTS = np.array([1.0, 1.2, 3.0, 3.2])
_A3 = np.array([[3.0, 10, 30], [0.1, 10, 35], [3.0, 10, 30], [0.1, 10, 35]])
_P3 = 1e-4 * np.array(
    [[3689, 1170, 2673], [4699, 4387, 7470], [1091, 8732, 5547], [381, 5743, 8828]]
)
_A6 = np.array(
    [
        [10, 3, 17, 3.5, 1.7, 8],
        [0.05, 10, 17, 0.1, 8, 14],
        [3, 3.5, 1.7, 10, 17, 8],
        [17, 8, 0.05, 10, 0.1, 14],
    ]
)
_P6 = 1e-4 * np.array(
    [
        [1312, 1696, 5569, 124, 8283, 5886],
        [2329, 4135, 8307, 3736, 1004, 9991],
        [2348, 1451, 3522, 2883, 3047, 6650],
        [4047, 8828, 8732, 5743, 1091, 381],
    ]
)
_OPTIMUM_3 = np.array([0.11458887, 0.5556489, 0.85254698])
_OPTIMUM_6 = np.array([0.20168952, 0.15001069, 0.47687398, 0.27533243, 0.31165162, 0.65730054])


def hartmann(d: int) -> Function:
    """Hartmann's function of 3 or 6 columns."""
    a, p, optimum = (_A3, _P3, _OPTIMUM_3) if d == 3 else (_A6, _P6, _OPTIMUM_6)

    def value(x: Floats) -> float:
        return -float(_WEIGHTS @ np.exp(-np.sum(a * (x - p) ** 2, axis=1)))

    return Function(value, np.zeros(d), np.ones(d), optimum)


def turned(function: Function, seed: int) -> Function:
    """Return the function of the unit cube with columns exchanged, and some of them reversed."""
    rng = np.random.default_rng(seed)
    order, is_reversed = rng.permutation(function.d), rng.random(function.d) < 0.5

    def value(x: Floats) -> float:
        return function.value(np.where(is_reversed, 1.0 - x, x)[order])

    place = function.optimum[np.argsort(order)]
    return replace(function, value=value, optimum=np.where(is_reversed, 1.0 - place, place))


def wells(d: int, seed: int) -> Function:
    """Five Gaussian wells on a flat ground, of depths 1, .92, .84, .76 and .68."""
    rng = np.random.default_rng(1000 + 100 * seed + d)
    depth, centers = 1.0 - 0.08 * np.arange(5), rng.uniform(0.1, 0.9, (5, d))
    width = rng.uniform(0.12, 0.25, 5) * math.sqrt(d) / 1.6

    def value(x: Floats) -> float:
        apart = ((x - centers) ** 2).sum(axis=1)
        return -float((depth * np.exp(-apart / (2.0 * width**2))).max())

    return Function(value, np.zeros(d), np.ones(d), centers[0])


def ackley_value(x: Floats) -> float:
    """Return Ackley's function, least at 0."""
    spread = math.sqrt(float(x @ x) / len(x))
    waves = float(np.cos(2.0 * math.pi * x).mean())
    return 20.0 - 20.0 * math.exp(-0.2 * spread) + math.e - math.exp(waves)


def ackley(d: int) -> Function:
    """Ackley: a needle's eye in a plain of waves."""
    return moved(on_cube(ackley_value, d, -32.768, 32.768, 0.0))


def rosenbrock(d: int) -> Function:
    """Rosenbrock: a bent valley."""

    def value(x: Floats) -> float:
        return float(np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2))

    return on_cube(value, d, -5.0, 10.0, 1.0)


def levy_value(x: Floats) -> float:
    """Return Levy's function, least where all is 1."""
    w = 1.0 + (x - 1.0) / 4.0
    inner = (w[:-1] - 1.0) ** 2 * (1.0 + 10.0 * np.sin(math.pi * w[:-1] + 1.0) ** 2)
    last = (w[-1] - 1.0) ** 2 * (1.0 + math.sin(2.0 * math.pi * w[-1]) ** 2)
    return float(math.sin(math.pi * w[0]) ** 2 + inner.sum() + last)


def levy(d: int) -> Function:
    """Levy: a bowl with waves."""
    return moved(on_cube(levy_value, d, -10.0, 10.0, 1.0))


def griewank(d: int) -> Function:
    """Griewank: a wide bowl with fine waves."""

    def value(x: Floats) -> float:
        waves = np.prod(np.cos(x / np.sqrt(np.arange(1, len(x) + 1))))
        return float(1.0 + x @ x / 4000.0 - waves)

    return moved(on_cube(value, d, -600.0, 600.0, 0.0))


def styblinski_tang(d: int) -> Function:
    """Styblinski-Tang: 2^d minima, one the least."""

    def value(x: Floats) -> float:
        return 0.5 * float(np.sum(x**4 - 16.0 * x**2 + 5.0 * x))

    return on_cube(value, d, -5.0, 5.0, -2.903534027771178)
