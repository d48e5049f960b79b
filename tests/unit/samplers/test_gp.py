"""The Gaussian-process sampler: what it finds, and what bad luck cannot do to it."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest

from bayesopt import samplers
from bayesopt.errors import SettingsError
from bayesopt.history import History
from bayesopt.rng import trial_rng
from bayesopt.samplers import GPSampler, Suggestion
from bayesopt.samplers.gp_data import observe
from bayesopt.space import Categorical, Float, Int, Space
from bayesopt.trial import TrialState

MIXED = Space(
    {
        "x": Float(0.0, 1.0),
        "lr": Float(1e-5, 1.0, log=True),
        "i": Int(0, 40),
        "c": Categorical(["a", "b", "c"]),
        "y": Float(-1.0, 1.0, when={"c": "b"}),
    },
    constraints=["x + i / 40 <= 1.5"],
)
PLANE = Space({"x": Float(0.0, 1.0), "y": Float(0.0, 1.0)})


def ask(history: History, sampler: GPSampler | None = None, n: int = 1) -> Suggestion:
    space = history.space
    sampler = GPSampler() if sampler is None else sampler
    made = sampler.propose(space, history, n, trial_rng(history.seed, history.n))
    assert len(made.rows) == n
    assert np.isfinite(made.rows).all()
    assert space.feasible(made.rows).all()
    assert np.array_equal(space.snap(made.rows), made.rows)
    return made


def bowl(row: np.ndarray) -> float:
    return float(((row - 0.35) ** 2).sum())


def told(space: Space, rows: np.ndarray, values: object, **options: object) -> History:
    history = History(space, seed=1, **options)
    for config, value in zip(space.decode(rows), values, strict=True):
        number = history.append(config)
        if value is None:
            history.tell(number, None, TrialState.FAIL)
        else:
            history.tell(number, value)
    return history


@pytest.mark.parametrize("acquisition", ["ei", "logei", "pi", "ucb"])
def test_it_closes_in_on_the_bottom_of_a_bowl(acquisition: str) -> None:
    history, sampler = History(MIXED, seed=3), GPSampler(acquisition=acquisition)
    for _ in range(30):
        made = ask(history, sampler)
        assert made.fallback == ""
        number = history.append(MIXED.decode(made.rows)[0])
        history.tell(number, bowl(made.rows[0]))
    best = np.minimum.accumulate(history.values[:, 0])
    random = [bowl(row) for row in MIXED.sample(300, np.random.default_rng(0))]
    assert best[-1] < np.quantile(random, 0.0 if acquisition in ("ei", "logei") else 0.05)
    assert len(np.unique(history.X, axis=0)) == 30


BAD = {
    "nothing but failures": [None] * 20,
    "the first one fails": [None] + [0.1 * k for k in range(19)],
    "one value among failures": [None] * 10 + [1.0] + [None] * 9,
    "99 of 100 fail": [None] * 60 + [1.0] + [None] * 38 + [2.0],
    "constant": [1.0] * 20,
    "huge": [(-1.0) ** k * 1e300 for k in range(20)],
    "largest": [np.finfo(float).max, -np.finfo(float).max] * 10,
    "tiny": [5e-324 * k for k in range(20)],
    "steps over 600 decades": [10.0 ** (30 * k - 300) for k in range(20)],
    "one": [1.0],
    "two": [1.0, 2.0],
    "infinite": [np.inf, -np.inf, 1.0, 2.0] * 5,
}


@pytest.mark.parametrize("values", BAD.values(), ids=BAD)
@pytest.mark.parametrize("space", [PLANE, MIXED], ids=["plane", "mixed"])
@pytest.mark.parametrize("noisy", [False, True])
def test_no_history_is_too_bad(space: Space, values: list[float | None], noisy: bool) -> None:
    rows = space.sample(len(values), np.random.default_rng(0))
    history = told(space, rows, values, noisy=noisy)
    with np.errstate(all="raise"):
        ask(history, GPSampler(n_startup=1), n=2)


@pytest.mark.parametrize("noisy", [False, True])
def test_copies_and_collinear_rows_are_no_problem(noisy: bool) -> None:
    rng = np.random.default_rng(1)
    one = np.repeat(PLANE.sample(1, rng), 60, axis=0)
    line = np.repeat(np.linspace(0.0, 1.0, 40)[:, None], 2, axis=1)
    for rows in (one, PLANE.snap(line), PLANE.snap(0.5 + 1e-9 * rng.standard_normal((40, 2)))):
        history = told(PLANE, rows, rng.standard_normal(len(rows)), noisy=noisy)
        with np.errstate(all="raise"):
            assert ask(history, n=2).fallback == ""


def test_where_nothing_improves_a_second_model_has_a_say() -> None:
    rows = PLANE.sample(30, np.random.default_rng(0))
    flat = told(PLANE, rows, [1.0] * 30)
    names = {GPSampler().propose(PLANE, flat, 1, trial_rng(seed, 30)).sampler for seed in range(20)}
    assert names == {"gp", "gp:tpe"}
    falling = told(PLANE, rows, [-float(k) for k in range(30)])
    made = [GPSampler().propose(PLANE, falling, 1, trial_rng(seed, 30)) for seed in range(5)]
    assert {each.sampler for each in made} == {"gp"}


def test_a_model_that_breaks_gives_way_to_a_random_point(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: object, **settings: object) -> None:
        raise np.linalg.LinAlgError("not positive definite")

    monkeypatch.setattr("bayesopt.surrogates.model.build_belief", broken)
    rows = MIXED.sample(15, np.random.default_rng(0))
    made = ask(told(MIXED, rows, [bowl(row) for row in rows]), n=3)
    assert all("not positive definite" in fallback for fallback in made.fallbacks)


def test_pruned_trials_count_by_what_they_reported_last() -> None:
    history = History(PLANE)
    for k, config in enumerate(PLANE.decode(PLANE.sample(4, np.random.default_rng(0)))):
        history.append(config)
        if k < 2:
            history.report(k, 1, 5.0 + k)
            history.report(k, 2, 7.0 + k)
    for k in (0, 2):
        history.tell(k, None, TrialState.PRUNED)
    history.tell(1, 3.0)
    data = observe(history)
    np.testing.assert_array_equal(data.y, [7.0, 3.0, np.nan])
    assert data.failed.tolist() == [False, False, True]
    assert len(data.pending) == 1


def test_what_lies_outside_a_space_that_was_narrowed_is_left_out() -> None:
    history = History(Space({"x": Float(0.0, 1.0)}), define_by_run=True)
    for x in (0.1, 0.4, 0.9):
        history.tell(history.append({"x": x}), x)
    narrow = Space({"x": Float(0.0, 0.5)})
    assert observe(history.in_space(narrow)).numbers.tolist() == [0, 1]


def test_an_outcome_that_breaks_a_constraint_counts_as_a_failure() -> None:
    history = History(PLANE)
    for k, config in enumerate(PLANE.decode(PLANE.sample(3, np.random.default_rng(0)))):
        history.tell(history.append(config), 1.0, constraints={"g": float(k - 1)})
    assert observe(history).failed.tolist() == [False, False, True]


def test_a_batch_spreads() -> None:
    rows = PLANE.sample(15, np.random.default_rng(0))
    history = told(PLANE, rows, [bowl(row) for row in rows])
    made = ask(history, GPSampler(explore=0.0), n=6)
    gaps = np.linalg.norm(made.rows[:, None] - made.rows[None], axis=2)[np.triu_indices(6, 1)]
    assert gaps.min() > 0.005


def test_a_running_trial_moves_the_next_one_away() -> None:
    rows = PLANE.sample(15, np.random.default_rng(0))
    history, sampler = told(PLANE, rows, [bowl(row) for row in rows]), GPSampler(explore=0.0)
    first = sampler.propose(PLANE, history, 1, trial_rng(0, 0)).rows
    again = sampler.propose(PLANE, history.with_pending(first), 1, trial_rng(0, 0)).rows
    assert np.abs(first - again).max() > 0.01


def test_many_trials_are_thinned_out() -> None:
    rows = PLANE.sample(80, np.random.default_rng(0))
    history = told(PLANE, rows, [bowl(row) for row in rows])
    assert ask(history, GPSampler(max_points=20)).fallback == ""


@pytest.mark.parametrize(
    "settings",
    [
        {"acquisition": "best"},
        {"n_startup": 0},
        {"n_startup": 2.5},
        {"max_points": True},
        {"explore": 1.5},
        {"explore": "often"},
        {"beta": None},
        {"beta": -1.0},
        {"trust_region": "sometimes"},
        {"model": {"no such": 1}},
        {"model": {"sparsity": 0}},
        {"model": {"sparsity": "few"}},
        {"model": {"signal": 2.0}},
        {"search": {"n_starts": 0}},
        {"search": {"n_starts": 1, "no such": 1}},
        {"search": {"most_moved": -3.0}},
        {"search": {"most_moved": "few"}},
        {"search": {"sigmas": ()}},
        {"search": {"tolerance": None}},
    ],
)
def test_settings_are_checked(settings: dict[str, object]) -> None:
    with pytest.raises(SettingsError):
        GPSampler(**settings)


def test_settings_survive_json() -> None:
    sampler = GPSampler("ucb", n_startup=3, model={"kernel": "rbf"}, search={"n_starts": 2})
    restored = samplers.from_spec(samplers.to_spec(sampler))
    assert restored == sampler
    rows = PLANE.sample(9, np.random.default_rng(0))
    history = told(PLANE, rows, [bowl(row) for row in rows])
    assert np.array_equal(ask(history, restored).rows, ask(history, sampler).rows)


SCRIPT = """
import json, sys
import numpy as np
from bayesopt.history import History
from bayesopt.rng import trial_rng
from bayesopt.samplers import GPSampler
from bayesopt.space import Space
space = Space.from_json(sys.argv[1])
history = History(space, seed=8)
for _ in range(int(sys.argv[2])):
    rows = GPSampler().propose(space, history, 1, trial_rng(8, history.n)).rows
    history.tell(history.append(space.decode(rows)[0]), float(((rows - 0.35) ** 2).sum()))
print(json.dumps([[u.hex() for u in row] for row in history.X.tolist()]))
"""


def test_another_process_suggests_the_same_bits() -> None:
    n = 14
    command = [sys.executable, "-c", SCRIPT, MIXED.to_json(), str(n)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    there = [[float.fromhex(u) for u in row] for row in json.loads(done.stdout)]
    history, sampler = History(MIXED, seed=8), GPSampler()
    for _ in range(n):
        rows = ask(history, sampler).rows
        history.tell(history.append(MIXED.decode(rows)[0]), bowl(rows[0]))
    assert np.array_equal(history.X, np.array(there))


def test_an_exhausted_space_is_said_to_be_exhausted() -> None:
    space = Space({"c": Categorical(["a", "b", "c"])})
    history = History(space, seed=0)
    for i in range(3):
        row = GPSampler(n_startup=1).propose(space, history, 1, trial_rng(0, i)).rows
        history.append(space.decode(row)[0])
        history.tell(i, float(i))
    again = GPSampler(n_startup=1).propose(space, history, 1, trial_rng(0, 3))
    assert again.fallbacks[0].startswith("space exhausted")
