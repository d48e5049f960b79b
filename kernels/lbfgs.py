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

from bayesopt._kernels.compiled import inlined, inner, kernel

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


@kernel
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
    n_next = 0
    for k in range(n):
        i = state.running[k]
        v, c = state.vectors[i], state.numbers[i]
        if _take(v, c, values[k], grads[k], n_iterations, tolerance):
            _set_out(v, c, tolerance)
        if c[STATUS] == RUNNING:
            state.running[n_next] = i
            for j in range(points.shape[1]):  # assigning a slice takes seconds to compile
                points[n_next, j] = v[TRIAL, j]
            n_next += 1
    return n_next


@inner
def _take(v: F, c: F, value: float, grad: F, n_iterations: int, tolerance: float) -> bool:
    """Judge the evaluation of one run at its trial point; return whether to set out anew."""
    usable = _all_finite(value, grad)
    is_start = c[N_ITERATIONS] < 0.0
    if is_start and not usable:
        c[STATUS] = FAILED
        return False
    c[_N_TRIES] += 1.0
    if not is_start and not (usable and _is_lower(v, c, value)):
        return _shorten(v, c, value, usable)
    if not is_start and _is_short(v, c, grad):
        c[_SHORT] = c[_STEP]
        _try_step(v, c, 2.0 * c[_STEP] if c[_LONG] == np.inf else 0.5 * (c[_STEP] + c[_LONG]))
        return False
    gain = c[VALUE] - value
    if not is_start:
        _remember(v, c, grad)
    _accept(v, c, value, grad)
    if c[N_ITERATIONS] >= n_iterations:
        c[STATUS] = STOPPED
    elif gain < tolerance:
        c[STATUS] = CONVERGED
    return bool(c[STATUS] == RUNNING)


@inlined
def _all_finite(value: float, grad: F) -> bool:
    total = value - value
    for g in grad:
        total += g - g  # 0, or NaN where it is not finite
    return bool(total == 0.0)


@inlined
def _accept(v: F, c: F, value: float, grad: F) -> None:
    for j in range(grad.size):
        v[X, j] = v[TRIAL, j]
        v[GRAD, j] = grad[j]
    c[VALUE] = value
    c[N_ITERATIONS] += 1.0


@inlined
def _is_lower(v: F, c: F, value: float) -> bool:
    """Whether the trial point is low enough for how far it is (Armijo)."""
    promised = 0.0
    for j in range(v.shape[1]):
        promised += v[GRAD, j] * (v[TRIAL, j] - v[X, j])
    return bool(value <= c[VALUE] + _ARMIJO * promised)


@inlined
def _is_short(v: F, c: F, grad: F) -> bool:
    """Whether the value still falls so steeply that a longer step is worth an evaluation."""
    slope = 0.0
    for j in range(grad.size):
        if v[LOWER, j] < v[TRIAL, j] < v[UPPER, j]:
            slope += grad[j] * v[DIRECTION, j]
    return bool(c[_N_TRIES] < _CURVATURE_TRIES and slope < _CURVATURE * c[_SLOPE])


@inlined
def _shorten(v: F, c: F, value: float, usable: bool) -> bool:
    """Try a shorter step; where none is any good set out without memory, then give up."""
    c[_LONG] = c[_STEP]
    if c[_N_TRIES] < _MOST_TRIES:
        fraction = 0.5
        rise = value - c[VALUE] - c[_SLOPE] * c[_LONG]
        if usable and c[_SHORT] == 0.0 and rise > 0.0:
            # the minimum of the parabola through what is known
            fraction = min(max(-0.5 * c[_SLOPE] * c[_LONG] / rise, 0.1), 0.5)
        _try_step(v, c, c[_SHORT] + fraction * (c[_LONG] - c[_SHORT]))
        return False
    if c[_N_PAIRS] == 0.0:
        c[STATUS] = CONVERGED
        return False
    c[_N_PAIRS] = 0.0
    return True


@inner
def _try_step(v: F, c: F, step: float) -> None:
    c[_STEP] = step
    for j in range(v.shape[1]):
        moved = v[X, j] + step * v[DIRECTION, j]
        v[TRIAL, j] = min(max(moved, v[LOWER, j]), v[UPPER, j])


@inlined
def _remember(v: F, c: F, grad: F) -> None:
    """Store how the move to the trial point changed the gradient, if it curves upward."""
    slot = int(c[_N_PAIRS]) % MEMORY
    curvature = size = 0.0
    for j in range(grad.size):
        move, change = v[TRIAL, j] - v[X, j], grad[j] - v[GRAD, j]
        v[MOVES + slot, j], v[_CHANGES + slot, j] = move, change
        curvature += move * change
        size += change * change * v[SCALE, j] * v[SCALE, j]
    if curvature > 1e-10 * size:
        c[_N_PAIRS] += 1.0


@inner
def _set_out(v: F, c: F, tolerance: float) -> None:
    """Choose the next direction and its first step, unless there is nothing to gain."""
    for _ in range(2):
        _turn(v, c)
        if c[_SLOPE] < 0.0 or c[_N_PAIRS] == 0.0:
            break
        c[_N_PAIRS] = 0.0  # a memory that leads uphill is none
    if not c[_SLOPE] < 0.0 or _promise(v) < tolerance:
        c[STATUS] = CONVERGED
        return
    c[_SHORT], c[_LONG], c[_N_TRIES] = 0.0, np.inf, 0.0
    step = 1.0
    if c[_N_PAIRS] == 0.0:
        longest = 0.0
        for j in range(v.shape[1]):
            longest = max(longest, abs(v[DIRECTION, j]) / v[SCALE, j])
        step = min(1.0, _FIRST_STEP / longest)
    _try_step(v, c, step)


@inlined
def _promise(v: F) -> float:
    """Return what a step of a lengthscale each, cut at the bounds, would gain if all was linear."""
    gain = 0.0
    for j in range(v.shape[1]):
        g = v[GRAD, j]
        room = v[X, j] - v[LOWER, j] if g > 0.0 else v[UPPER, j] - v[X, j]
        gain += abs(g) * min(room, v[SCALE, j])
    return gain


@inlined
def _turn(v: F, c: F) -> None:
    """Fill in the direction and its slope: the two-loop recursion on the free coordinates.

    A coordinate is free unless it is at a bound that its downhill direction points to.
    """
    d = v.shape[1]
    for j in range(d):
        g = v[GRAD, j]
        free = v[X, j] > v[LOWER, j] if g > 0.0 else v[X, j] < v[UPPER, j]
        v[_FREE, j] = 1.0 if free else 0.0
        v[DIRECTION, j] = g if free else 0.0
    _two_loops(v, c)
    slope = 0.0
    for j in range(d):
        v[DIRECTION, j] = -v[DIRECTION, j]
        slope += v[GRAD, j] * v[DIRECTION, j]
    c[_SLOPE] = slope


@inlined
def _two_loops(v: F, c: F) -> None:
    """Multiply the direction by the inverse Hessian of the last moves.

    Nocedal and Wright, "Numerical Optimization", 2006, algorithm 7.4.
    """
    d = v.shape[1]
    gamma = 0.0
    n_pairs = int(c[_N_PAIRS])
    oldest = max(0, n_pairs - MEMORY)
    for k in range(n_pairs - 1, oldest - 1, -1):
        slot = k % MEMORY
        sy = sq = yy = 0.0
        for j in range(d):
            s, y = v[MOVES + slot, j], v[_CHANGES + slot, j]
            sy += v[_FREE, j] * s * y
            yy += v[_FREE, j] * (y * v[SCALE, j]) ** 2
            sq += s * v[DIRECTION, j]
        rho, alpha = 0.0, 0.0
        if sy > 1e-10 * yy:
            rho, alpha = 1.0 / sy, sq / sy
            gamma = sy / yy if gamma == 0.0 else gamma
        c[_WEIGHTS + slot], c[_WEIGHTS + MEMORY + slot] = rho, alpha
        for j in range(d):
            v[DIRECTION, j] -= v[_FREE, j] * alpha * v[_CHANGES + slot, j]
    gamma = 1.0 if gamma == 0.0 else gamma
    for j in range(d):
        v[DIRECTION, j] *= gamma * v[SCALE, j] ** 2
    for k in range(oldest, n_pairs):
        slot = k % MEMORY
        rho, alpha = c[_WEIGHTS + slot], c[_WEIGHTS + MEMORY + slot]
        yq = 0.0
        for j in range(d):
            yq += v[_CHANGES + slot, j] * v[DIRECTION, j]
        weight = alpha - rho * yq
        if rho > 0.0:
            for j in range(d):
                v[DIRECTION, j] += v[_FREE, j] * weight * v[MOVES + slot, j]
