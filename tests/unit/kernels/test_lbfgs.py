from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy.optimize import minimize, rosen, rosen_der

from bayesopt._kernels.lbfgs import (
    CONVERGED,
    FAILED,
    N_ITERATIONS,
    STATUS,
    STOPPED,
    TRIAL,
    VALUE,
    X,
    advance,
    new_climbs,
)

Function = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]


def run(
    function: Function,
    starts: np.ndarray,
    low: float = -np.inf,
    high: float = np.inf,
    scale: np.ndarray | None = None,
    n_iterations: int = 300,
    tolerance: float = 1e-13,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
    """Return points, values, status and the number of evaluations."""
    shape = starts.shape
    scale = np.ones(shape[1]) if scale is None else scale
    state = new_climbs(starts, np.full(shape, low), np.full(shape, high), scale)
    points, n, n_evaluations = np.ascontiguousarray(state.vectors[:, TRIAL]), len(starts), 0
    while n:
        assert (points[:n] >= low).all()
        assert (points[:n] <= high).all()
        values, grads = function(points[:n])
        n_evaluations += n
        assert n_evaluations < 10_000
        n = advance(state, n, values, grads, points, n_iterations, tolerance)
    assert (state.numbers[:, N_ITERATIONS] <= n_iterations).all()
    return state.vectors[:, X], state.numbers[:, VALUE], state.numbers[:, STATUS], n_evaluations


def rosenbrock(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return np.array([rosen(x) for x in points]), np.array([rosen_der(x) for x in points])


def quadratic(d: int, condition: float, seed: int) -> Function:
    rng = np.random.default_rng(seed)
    Q, _ = np.linalg.qr(rng.standard_normal((d, d)))
    A = Q @ np.diag(np.logspace(0, np.log10(condition), d)) @ Q.T
    center = rng.uniform(-0.5, 1.5, d)

    def function(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        delta = points - center
        return 0.5 * np.einsum("ij,jk,ik->i", delta, A, delta), delta @ A

    return function


def scipy_value(function: Function, start: np.ndarray, low: float, high: float) -> float:
    return minimize(
        lambda x: function(x[None])[0][0],
        np.clip(start, low, high),
        jac=lambda x: function(x[None])[1][0],
        bounds=[(low, high)] * start.size,
        method="L-BFGS-B",
        options={"maxiter": 1000, "ftol": 1e-15, "gtol": 1e-10},
    ).fun


@pytest.mark.parametrize(("d", "condition"), [(1, 1.0), (2, 10.0), (6, 100.0), (20, 1000.0)])
def test_a_quadratic_in_a_box_ends_where_scipy_ends(d: int, condition: float) -> None:
    function = quadratic(d, condition, seed=d)
    starts = np.random.default_rng(1).uniform(-0.5, 1.5, (8, d))  # some begin outside
    points, values, status, _ = run(function, starts, 0.0, 1.0)
    assert (status == CONVERGED).all()
    np.testing.assert_allclose(
        values, scipy_value(function, starts[0], 0.0, 1.0), rtol=1e-7, atol=1e-14
    )
    assert ((points == 0.0) | (points == 1.0)).any() or d < 6


@pytest.mark.parametrize(("d", "low", "high"), [(2, -2, 2), (5, -2, 2), (10, -2, 0.8), (5, 1.1, 3)])
def test_rosenbrock_costs_about_what_it_costs_scipy(d: int, low: float, high: float) -> None:
    starts = np.random.default_rng(0).uniform(low, high, (12, d))
    _, values, _, n_evaluations = run(rosenbrock, starts, low, high)
    expected = [scipy_value(rosenbrock, start, low, high) for start in starts]
    assert min(values) == pytest.approx(min(expected), abs=1e-7)
    assert np.median(values) <= np.median(expected) + 1e-7
    assert n_evaluations / len(starts) < 100


def test_the_preconditioner_pays_for_scales_that_differ() -> None:
    def function(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        scaled = points / scale
        return np.log1p((scaled**2).sum(axis=1)), 2 * scaled / scale / (
            1 + (scaled**2).sum(axis=1, keepdims=True)
        )

    scale = np.logspace(-3, 0, 6)
    starts = np.random.default_rng(2).uniform(-1, 1, (5, 6)) * scale * 3
    _, values, _, with_scale = run(function, starts, -5.0, 5.0, scale)
    _, _, _, without = run(function, starts, -5.0, 5.0)
    assert values.max() < 1e-9
    assert with_scale < without


def test_runs_are_independent_of_their_company() -> None:
    starts = np.random.default_rng(3).uniform(-2, 2, (6, 4))
    together = run(rosenbrock, starts, -2, 2)
    for i in range(len(starts)):
        alone = run(rosenbrock, starts[i : i + 1], -2, 2)
        assert np.array_equal(alone[0][0], together[0][i])


def test_values_that_are_not_finite_are_steps_too_far() -> None:
    def function(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        values, grads = rosenbrock(points)
        values[points[:, 0] > 1.2] = np.nan
        grads[points[:, 1] > 1.3] = np.inf
        values[points[:, 0] < -1.0] = -np.inf
        return values, grads

    starts = np.array([[-0.5, 1.0], [0.0, 0.0], [1.1, -1.0], [1.19, 1.29]])
    _, values, status, _ = run(function, starts, -2, 2)
    assert (status == CONVERGED).all()
    assert values[:3].max() < 1e-8
    assert values[3] < rosenbrock(starts)[0][3]  # it begins in a corner of the forbidden land


def test_a_start_without_a_value_fails_alone() -> None:
    def function(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        values, grads = rosenbrock(points)
        values[points[:, 0] == 0.5] = np.nan
        return values, grads

    _, values, status, _ = run(function, np.array([[0.5, 0.5], [0.4, 0.5]]), -2, 2)
    assert status.tolist() == [FAILED, CONVERGED]
    assert values[0] == np.inf
    assert values[1] < 1e-8


def test_flat_functions_and_frozen_columns_end_at_once() -> None:
    def flat(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return np.ones(len(points)), np.zeros(points.shape)

    start = np.array([[0.3, 0.7]])
    points, _, status, n_evaluations = run(flat, start, 0.0, 1.0)
    assert status[0] == CONVERGED
    assert n_evaluations == 1
    assert np.array_equal(points, start)
    state = new_climbs(start, start, start, np.ones(2))
    points = start.copy()
    assert advance(state, 1, np.ones(1), np.ones((1, 2)), points, 10, 1e-9) == 0
    assert state.numbers[0, STATUS] == CONVERGED


def test_a_wrong_gradient_does_not_go_on_for_ever() -> None:
    def uphill(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        values, grads = rosenbrock(points)
        return values, -grads

    starts = np.random.default_rng(5).uniform(-2, 2, (4, 3))
    _, values, status, n_evaluations = run(uphill, starts, -2, 2)
    assert (values <= rosenbrock(starts)[0]).all()
    assert (status == CONVERGED).all()
    assert n_evaluations <= 4 * 50


def test_the_last_iteration_stops_a_run() -> None:
    starts = np.full((1, 5), -1.5)
    _, values, status, _ = run(rosenbrock, starts, -2, 2, n_iterations=3)
    assert status[0] == STOPPED
    assert values[0] < rosenbrock(starts)[0][0]


def test_kinks_and_steep_walls_are_survived() -> None:
    def kinked(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return np.abs(points).sum(axis=1) + 1e6 * (points > 0.9).sum(axis=1), np.sign(points)

    starts = np.random.default_rng(6).uniform(-1, 0.9, (6, 3))
    _, values, _, _ = run(kinked, starts, -1.0, 1.0)
    assert (values <= np.abs(starts).sum(axis=1)).all()
    assert np.median(values) < 0.05


def test_tiny_and_huge_slopes_do_not_break_arithmetic() -> None:
    for factor in (1e-300, 1e-160, 1e150, 1e300):

        def function(points: np.ndarray, factor: float = factor) -> tuple[np.ndarray, np.ndarray]:
            return factor * (points**2).sum(axis=1), 2 * factor * points

        points, _, _, _ = run(function, np.full((2, 3), 0.5), -1.0, 1.0, tolerance=0.0)
        assert np.isfinite(points).all()
