"""L-BFGS in a box for many starts at once, by reverse communication.

The caller evaluates: ``new_climbs`` says where, ``advance`` takes values and gradients and says
where next, until no run is left. All runs go on together, so one batched evaluation serves all.

Directions are those of limited-memory BFGS on the free coordinates (Byrd, Lu, Nocedal and Zhu,
"A limited memory algorithm for bound constrained optimization", 1995, with Bertsekas' two-metric
projection, 1982, in place of their Cauchy point); steps satisfy Armijo's condition along the
projected path and, where a few evaluations suffice, the weak curvature condition (Lewis and
Overton, "Nonsmooth optimization via quasi-Newton methods", 2013).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bayesopt._kernels.compiled import inner, kernel

F = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]

RUNNING, CONVERGED, STOPPED, FAILED = 0.0, 1.0, 2.0, 3.0
"""Status of a run: STOPPED at its last iteration, FAILED where its start had no value."""

MEMORY = 8

# The rows of a run's vectors: where it is, what it tries, which coordinates are free (1, else 0),
# and its last moves and how they changed the gradient.
X, GRAD, LOWER, UPPER, SCALE, DIRECTION, TRIAL, _FREE, MOVES = range(9)
_CHANGES = MOVES + MEMORY
_N_VECTORS = _CHANGES + MEMORY

# Its numbers: besides the value the step along the direction, steps known to be too short and too
# long, the slope along the direction, pairs of moves and changes ever stored, evaluations along
# this direction, accepted steps (-1 before the first evaluation); from _WEIGHTS on the two weights
# of each pair in the two-loop recursion.
VALUE, STATUS, N_ITERATIONS, _STEP, _SHORT, _LONG, _SLOPE, _N_PAIRS, _N_TRIES, _WEIGHTS = range(10)
_N_NUMBERS = _WEIGHTS + 2 * MEMORY

_ARMIJO = 1e-4
_CURVATURE = 0.9
_MOST_TRIES = 20  # evaluations along one direction
_CURVATURE_TRIES = 4  # of which so many may look for the curvature condition
_FIRST_STEP = 0.25  # of a lengthscale: the first move of a run, whose curvature nobody knows


class Climbs(NamedTuple):
    """The state of m runs in d dimensions; the kernels write into it.

    Attributes
    ----------
    vectors : float64 [m, 24, d]
        Rows X, GRAD, ... of each run.
    numbers : float64 [m, 25]
        VALUE, STATUS, N_ITERATIONS, ... of each.
    running : int64 [m]
        Which runs the caller evaluates next, in order.
    """

    vectors: F
    numbers: F
    running: Numbers


def new_climbs(starts: F, lower: F, upper: F, scale: F) -> Climbs:
    """Return runs from `starts` [m, d] that stay within `lower` and `upper` [m, d].

    `scale` [d] > 0 is how far a coordinate is typically moved, its lengthscale. The first points to
    evaluate are ``vectors[:, TRIAL]``: the starts, clipped into their boxes.
    """
    m, d = starts.shape
    vectors = np.zeros((m, _N_VECTORS, d))
    vectors[:, LOWER], vectors[:, UPPER], vectors[:, SCALE] = lower, upper, scale
    vectors[:, X] = vectors[:, TRIAL] = np.minimum(np.maximum(starts, lower), upper)
    numbers = np.zeros((m, _N_NUMBERS))
    numbers[:, VALUE], numbers[:, N_ITERATIONS] = np.inf, -1.0
    return Climbs(vectors, numbers, np.arange(m))


def advance(
    state: Climbs, n: int, values: F, grads: F, points: F, n_iterations: int, tolerance: float
) -> int:
    """Take the evaluations of the `n` running runs; fill `points` with the next, return how many.

    Parameters
    ----------
    state : Climbs
    n : int
        How many runs were evaluated: ``state.running[:n]``, in that order.
    values, grads : float64 [n], [n, d]
        At the points. A value or slope that is not finite counts as a step too far.
    points : float64 [m, d]
        Filled with the next points, ``points[:returned]``.
    n_iterations : int
        Accepted steps after which a run is STOPPED.
    tolerance : float
        A run has CONVERGED when a step gains less than this, or its slope promises less.
    """
    vectors, numbers, running = state
    _judge(vectors, numbers, running, n, values, grads, n_iterations, tolerance)
    _turn(vectors, numbers, running, n)
    return int(_set_out(vectors, numbers, running, n, points, tolerance))


# Three plain kernels: of nested ones the inner are optimised once for each level.


@kernel
def _judge(
    vectors: F,
    numbers: F,
    running: Numbers,
    n: int,
    values: F,
    grads: F,
    n_iterations: int,
    tolerance: float,
) -> None:
    """Judge the evaluations: each run goes on with another step, or to set out anew (step < 0).

    A trial point is accepted where it is low enough for how far it is (Armijo), unless the value
    still falls so steeply there that a longer step is worth an evaluation. How the move to it
    changed the gradient is stored, if it curves upward. A coordinate is free from then on unless it
    is at a bound that its downhill direction points to.
    """
    for k in range(n):
        v, c, value = vectors[running[k]], numbers[running[k]], values[k]
        excess, promised, slope = value - value, 0.0, 0.0
        for j in range(grads.shape[1]):
            g, there = grads[k, j], v[TRIAL, j]
            excess += g - g  # 0, or NaN where it is not finite
            promised += v[GRAD, j] * (there - v[X, j])
            if v[LOWER, j] < there < v[UPPER, j]:
                slope += g * v[DIRECTION, j]
        c[_N_TRIES] += 1.0
        gain, step = c[VALUE] - value, c[_STEP]
        if not (excess == 0.0 and value <= c[VALUE] + _ARMIJO * promised):
            c[_LONG] = step
            c[_STEP] = _shorter(c, gain, excess == 0.0)
        elif c[_N_TRIES] < _CURVATURE_TRIES and slope < _CURVATURE * c[_SLOPE]:
            c[_SHORT] = step
            c[_STEP] = 2.0 * step if c[_LONG] == np.inf else 0.5 * (step + c[_LONG])
        else:
            slot = np.int64(c[_N_PAIRS]) % MEMORY
            curvature = size = 0.0
            for j in range(grads.shape[1]):
                g, there, scale = grads[k, j], v[TRIAL, j], v[SCALE, j]
                move, change = there - v[X, j], g - v[GRAD, j]
                curvature += move * change
                size += change * change * scale * scale
                free = there > v[LOWER, j] if g > 0.0 else there < v[UPPER, j]
                v[X, j] = there
                v[GRAD, j] = g
                v[_FREE, j] = 1.0 if free else 0.0
                v[DIRECTION, j] = g if free else 0.0
                v[MOVES + slot, j] = move
                v[_CHANGES + slot, j] = change
            if curvature > 1e-10 * size:
                c[_N_PAIRS] += 1.0
            c[VALUE] = value
            c[N_ITERATIONS] += 1.0
            c[_STEP] = -1.0
            if c[N_ITERATIONS] >= n_iterations:
                c[STATUS] = STOPPED
            elif gain < tolerance:
                c[STATUS] = CONVERGED


@inner
def _shorter(c: F, gain: float, usable: bool) -> float:
    """Return a shorter step; where none is any good set out without memory, then give up."""
    step, short = c[_STEP], c[_SHORT]
    if c[N_ITERATIONS] < 0.0:
        c[STATUS] = FAILED
    elif c[_N_TRIES] < _MOST_TRIES:
        fraction, promised = 0.5, c[_SLOPE] * step
        rise = -gain - promised
        if usable and short == 0.0 and rise > 0.0:
            # the minimum of the parabola through what is known
            fraction = min(max(-0.5 * promised / rise, 0.1), 0.5)
        found: float = short + fraction * (step - short)
        return found
    elif c[_N_PAIRS] == 0.0:
        c[STATUS] = CONVERGED
    c[_N_PAIRS] = 0.0
    return -1.0


@kernel
def _turn(vectors: F, numbers: F, running: Numbers, n: int) -> None:
    """Multiply the gradients of runs that set out by the inverse Hessian of their last moves.

    The two-loop recursion on the free coordinates (Nocedal and Wright, "Numerical Optimization",
    2006, algorithm 7.4).
    """
    d = vectors.shape[2]
    for run in range(n):
        v, c = vectors[running[run]], numbers[running[run]]
        if c[_STEP] >= 0.0 or c[STATUS] != RUNNING:
            continue
        n_pairs, gamma = np.int64(c[_N_PAIRS]), 0.0
        oldest = n_pairs - MEMORY if n_pairs > MEMORY else 0
        for k in range(n_pairs - 1, oldest - 1, -1):
            slot = k % MEMORY
            sy = sq = yy = 0.0
            for j in range(d):
                s, y, free = v[MOVES + slot, j], v[_CHANGES + slot, j], v[_FREE, j]
                sy += free * s * y
                yy += free * (y * v[SCALE, j]) ** 2
                sq += s * v[DIRECTION, j]
            rho, alpha = 0.0, 0.0
            if sy > 1e-10 * yy:
                rho, alpha = 1.0 / sy, sq / sy
                gamma = sy / yy if gamma == 0.0 else gamma
            c[_WEIGHTS + slot] = rho
            c[_WEIGHTS + MEMORY + slot] = alpha
            for j in range(d):
                v[DIRECTION, j] -= v[_FREE, j] * alpha * v[_CHANGES + slot, j]
        gamma = 1.0 if gamma == 0.0 else gamma
        for j in range(d):
            v[DIRECTION, j] *= gamma * v[SCALE, j] ** 2
        for k in range(oldest, n_pairs):
            slot = k % MEMORY
            rho, yq = c[_WEIGHTS + slot], 0.0
            for j in range(d):
                yq += v[_CHANGES + slot, j] * v[DIRECTION, j]
            weight = c[_WEIGHTS + MEMORY + slot] - rho * yq
            if rho > 0.0:
                for j in range(d):
                    v[DIRECTION, j] += v[_FREE, j] * weight * v[MOVES + slot, j]


@kernel
def _set_out(vectors: F, numbers: F, running: Numbers, n: int, points: F, tolerance: float) -> int:
    """Fill in the next trial points; return how many.

    Runs that set out get their direction's slope and first step, unless there is nothing to gain.
    """
    n_next, d = 0, vectors.shape[2]
    for k in range(n):
        i = running[k]
        v, c = vectors[i], numbers[i]
        if c[_STEP] < 0.0 and c[STATUS] == RUNNING:
            while True:
                slope = gain = longest = 0.0
                for j in range(d):
                    g, scale, uphill = v[GRAD, j], v[SCALE, j], v[DIRECTION, j]
                    if c[_N_PAIRS] == 0.0:
                        uphill = v[_FREE, j] * g * scale**2
                    v[DIRECTION, j] = -uphill
                    slope -= g * uphill
                    longest = max(longest, abs(uphill) / scale)
                    # what a step of a lengthscale, cut at the bound, would gain if all was linear
                    room = v[X, j] - v[LOWER, j] if g > 0.0 else v[UPPER, j] - v[X, j]
                    gain += abs(g) * min(room, scale)
                if slope < 0.0 or c[_N_PAIRS] == 0.0:
                    break
                c[_N_PAIRS] = 0.0  # a memory that leads uphill is none
            c[_SLOPE] = slope
            c[_SHORT] = c[_N_TRIES] = 0.0
            c[_LONG] = np.inf
            c[_STEP] = 1.0
            if not slope < 0.0 or gain < tolerance:
                c[STATUS] = CONVERGED
            elif c[_N_PAIRS] == 0.0:
                c[_STEP] = min(1.0, _FIRST_STEP / longest)
        if c[STATUS] == RUNNING:
            for j in range(d):
                moved = v[X, j] + c[_STEP] * v[DIRECTION, j]
                moved = min(max(moved, v[LOWER, j]), v[UPPER, j])
                v[TRIAL, j] = points[n_next, j] = moved
            running[n_next] = i
            n_next += 1
    return n_next
