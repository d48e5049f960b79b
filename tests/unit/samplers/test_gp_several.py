"""The Gaussian-process sampler with several objectives and outcome constraints."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from bayesopt._kernels.hypervolume import hypervolume
from bayesopt.errors import SettingsError
from bayesopt.history import History
from bayesopt.rng import trial_rng
from bayesopt.samplers import GPSampler
from bayesopt.samplers.base import from_spec, to_spec
from bayesopt.samplers.gp_outcomes import best_first, observe_outcomes, shortfall
from bayesopt.space import Categorical, Float, Int, Space
from bayesopt.trial import TrialState

PLANE = Space({"x": Float(0.0, 1.0), "y": Float(0.0, 1.0)})
MIXED = Space(
    {
        "x": Float(0.0, 1.0),
        "i": Int(0, 20),
        "c": Categorical(["a", "b"]),
        "y": Float(0.0, 1.0, when={"c": "b"}),
    },
    constraints=["x + i / 20 <= 1.6"],
)


def two(row: np.ndarray) -> list[float]:
    """Two bowls; the front is the line between their bottoms."""
    return [float(((row - 0.25) ** 2).sum()), float(((row - 0.75) ** 2).sum())]


def suggested(history: History, sampler: GPSampler | None = None, n: int = 1) -> np.ndarray:
    sampler = GPSampler() if sampler is None else sampler
    made = sampler.propose(history.space, history, n, trial_rng(history.seed, history.n))
    assert made.fallback == ""
    assert history.space.feasible(made.rows).all()
    assert np.array_equal(history.space.snap(made.rows), made.rows)
    return made.rows


def told(space: Space, rows: np.ndarray, values: object, **options: object) -> History:
    history = History(space, seed=1, **options)
    for config, value in zip(space.decode(rows), values, strict=True):
        history.tell(history.append(config), value)
    return history


def run(history: History, n: int, objective: object, sampler: GPSampler) -> History:
    for _ in range(n):
        row = suggested(history, sampler)
        number = history.append(history.space.decode(row)[0])
        values, constraints = objective(row[0])
        history.tell(number, values, constraints=constraints)
    return history


def test_what_lies_outside_a_space_that_was_narrowed_is_left_out() -> None:
    rows = np.array([[0.1, 0.2], [0.4, 0.4], [0.9, 0.3]])
    history = told(PLANE, rows, [two(row) for row in rows], n_objectives=2, define_by_run=True)
    narrow = Space({"x": Float(0.0, 0.5), "y": Float(0.0, 1.0)})
    known = observe_outcomes(history.in_space(narrow))
    np.testing.assert_array_equal(known.Y, [two(row) for row in rows[:2]])


def test_it_finds_the_front_between_two_bowls() -> None:
    reference = np.full(2, 0.6)
    history = run(History(PLANE, 2, seed=2), 26, lambda row: (two(row), None), GPSampler())
    line = np.repeat(np.linspace(0.25, 0.75, 200)[:, None], 2, axis=1)
    all_there_is = hypervolume(np.array([two(row) for row in line]), reference)
    assert hypervolume(history.values, reference) > 0.95 * all_there_is


def test_many_objectives_are_weighted_anew_for_each_trial() -> None:
    rows = PLANE.sample(20, np.random.default_rng(0))
    Y = np.stack([((rows - k / 4) ** 2).sum(axis=1) for k in range(5)], axis=1)
    history, sampler = told(PLANE, rows, Y.tolist(), n_objectives=5), GPSampler()
    made = [sampler.propose(PLANE, history, 1, trial_rng(number, 7)) for number in range(6)]
    assert [each.fallback for each in made] == [""] * 6
    assert np.ptp(np.array([each.rows[0] for each in made]), axis=0).min() > 0.3


def test_a_warm_cache_and_none_suggest_the_same_bits() -> None:
    def objective(row: np.ndarray) -> tuple[list[float], dict[str, float]]:
        return two(row), {"g": float(row[0] + row[1] - 1.2)}

    warm, history = GPSampler(), History(MIXED, 2, seed=5)
    run(history, 14, objective, warm)
    assert np.array_equal(suggested(history, warm, 2), suggested(history, GPSampler(), 2))


def test_the_direction_of_an_objective_does_not_matter() -> None:
    rows = PLANE.sample(15, np.random.default_rng(0))
    Y = np.array([two(row) for row in rows])
    down = told(PLANE, rows, Y.tolist(), n_objectives=2)
    turned = {"n_objectives": 2, "directions": ("minimize", "maximize")}
    up = told(PLANE, rows, (Y * [1.0, -1.0]).tolist(), **turned)
    assert np.array_equal(suggested(down), suggested(up))
    given = GPSampler(reference=(0.4, -0.4))
    assert np.array_equal(suggested(down, GPSampler(reference=(0.4, 0.4))), suggested(up, given))


def test_running_trials_move_the_next_one_away_and_a_batch_spreads() -> None:
    rows = PLANE.sample(15, np.random.default_rng(0))
    history = told(PLANE, rows, [two(row) for row in rows], n_objectives=2)
    first = suggested(history)
    again = GPSampler().propose(PLANE, history.with_pending(first), 1, trial_rng(1, 15)).rows
    assert np.abs(first - again).max() > 0.01
    batch = suggested(history, n=4)
    gaps = np.linalg.norm(batch[:, None] - batch[None], axis=2)[np.triu_indices(4, 1)]
    assert gaps.min() > 0.01


@pytest.mark.parametrize("m", [2, 4, 5])
def test_failed_and_pruned_trials_and_odd_values_are_no_problem(m: int) -> None:
    history = History(MIXED, m, seed=3)
    values = [[1.0] * m, [1e300] * m, [-1e300] + [2.0] * (m - 1), [0.0] * m]
    for k, config in enumerate(MIXED.decode(MIXED.sample(24, np.random.default_rng(m)))):
        number = history.append(config)
        if k % 6 == 0:
            history.tell(number, None, TrialState.FAIL)
        elif k % 6 == 1:
            history.report(number, 1, [float(k)] * m)
            history.tell(number, None, TrialState.PRUNED)
        else:
            history.tell(number, values[k % 4], constraints={"g": np.inf if k % 4 else -1.0})
    with np.errstate(all="raise"):
        suggested(history, n=2)


def test_what_is_feasible_is_found_first_and_then_improved_on() -> None:
    space = Space({f"x{j}": Float(0.0, 1.0) for j in range(3)})

    def objective(row: np.ndarray) -> tuple[float, dict[str, float]]:
        ring = float(((row - 0.8) ** 2).sum())
        return float(row.sum()), {"ring": ring - 0.01, "plane": float(row[0] - row[1])}

    history = run(History(space, seed=1), 30, objective, GPSampler())
    feasible = np.flatnonzero(history.feasible)
    random = space.sample(20_000, np.random.default_rng(0))
    meets = [all(g <= 0.0 for g in objective(row)[1].values()) for row in random]
    assert feasible[0] < 20 < 1.0 / np.mean(meets)
    best = min(objective(row)[0] for row, met in zip(random, meets, strict=True) if met)
    assert history.values[feasible, 0].min() < best + 0.01


def test_flags_as_constraints_are_met_where_they_are_zero() -> None:
    def objective(row: np.ndarray) -> tuple[float, dict[str, float]]:
        return float(row.sum()), {"broken": float(row.sum() < 1.0)}

    history = run(History(PLANE, seed=4), 25, objective, GPSampler())
    assert history.values[history.feasible, 0].min() < 1.1


def test_nothing_feasible_and_nothing_to_learn_from() -> None:
    """The only trial that told a constraint was struck out: the others owe it all the same."""
    rows = PLANE.sample(12, np.random.default_rng(0))
    history = told(PLANE, rows, [two(row) for row in rows], n_objectives=2)
    number = history.append({"x": 0.5, "y": 0.5})
    history.tell(number, None, TrialState.FAIL, constraints={"g": 1.0})
    assert not history.feasible[:12].any()
    for failures in ("probability", "impute"):
        suggested(history, GPSampler(model={"failures": failures}))


def test_outcomes_say_what_counts_for_what() -> None:
    history = History(PLANE, 2)
    results = [
        ([1.0, 2.0], {"g": -1.0}),
        ([2.0, 1.0], {"g": 3.0}),
        ([3.0, 3.0], {}),
        ([0.5, 0.5], {"g": np.inf}),
        ([4.0, 4.0], {"g": 0.0}),
    ]
    configs = PLANE.decode(PLANE.sample(6, np.random.default_rng(0)))
    for config, (values, constraints) in zip(configs, results, strict=False):
        history.tell(history.append(config), values, constraints=constraints)
    history.tell(history.append(configs[5]), None, TrialState.FAIL)
    data = observe_outcomes(history)
    assert data.has_values.tolist() == [True] * 5 + [False]
    assert data.feasible.tolist() == [True, False, False, False, True, False]
    assert data.broken.tolist() == [False, False, True, False, False, True]
    assert best_first(data, 9)[:2].tolist() == [0, 4]
    assert best_first(data, 9)[-1] == 5


def test_of_many_trials_some_are_learned_from() -> None:
    rows = PLANE.sample(40, np.random.default_rng(0))
    history = told(PLANE, rows, [two(row) for row in rows], n_objectives=2)
    few = GPSampler(max_points=20)
    assert np.array_equal(suggested(history, few), suggested(history, GPSampler(max_points=20)))
    assert np.abs(history.X[history.pareto()] - suggested(history, few)).max(axis=1).min() < 0.5


def test_violations_of_any_scale_count_alike() -> None:
    C = np.array([[1e300, 0.0], [0.0, 1e-9], [-1.0, np.nan], [1e300, 1e-9]])
    by = shortfall(C)
    assert by[0] == pytest.approx(by[1])
    assert by[2] == 0.0
    assert by[3] == pytest.approx(2.0 * by[0])
    assert shortfall(np.empty((3, 0))).tolist() == [0.0] * 3


@pytest.mark.parametrize("reference", ["far", (1.0, np.nan), [None], 1.0, [[1.0]]])
def test_a_reference_is_numbers(reference: object) -> None:
    with pytest.raises(SettingsError):
        GPSampler(reference=reference)


def test_a_sampler_with_a_reference_is_stored() -> None:
    sampler = GPSampler(reference=np.array([1.0, 2.0]))
    assert from_spec(to_spec(sampler)) == sampler


def test_a_reference_is_a_number_for_each_objective() -> None:
    with pytest.raises(SettingsError, match="each of 2"):
        GPSampler(reference=(1.0,)).propose(PLANE, History(PLANE, 2), 1, trial_rng(0, 0))


def test_a_wide_space_is_searched_around_the_front() -> None:
    space = Space({f"x{j}": Float(0.0, 1.0) for j in range(24)})
    rows = space.sample(30, np.random.default_rng(0))
    history = told(space, rows, [two(row) for row in rows], n_objectives=2)
    row, front = suggested(history)[0], history.X[history.pareto()]
    assert np.abs(front - row).max(axis=1).min() < 0.8


def test_one_objective_loads_none_of_it() -> None:
    code = (
        "import sys, bayesopt.samplers.gp, bayesopt.samplers.gp_search, bayesopt.surrogates.model;"
        "ends = 'volume', 'weighted', 'several', 'hypervolume', 'improvement', 'chebyshev';"
        "print([n for n in sys.modules if n.startswith('bayesopt.') and n.endswith(ends)])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_reference_beyond_all_reason_is_as_good_as_a_far_one() -> None:
    rows = PLANE.sample(12, np.random.default_rng(0))
    skewed = 1.0 - rows[:, 0] ** 8  # so that 1e300 is infinite once transformed
    values = np.stack([skewed, rows.sum(axis=1)], axis=1).tolist()
    history = told(PLANE, rows, values, n_objectives=2)
    suggested(history, GPSampler(n_startup=5, reference=(1e300, 1e300)))
