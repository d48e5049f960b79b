"""What every sampler owes: one suite, run on each of them."""

from __future__ import annotations

import contextlib
import copy
import functools
import pickle
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pytest

from bayesopt import samplers
from bayesopt.errors import InfeasibleSpaceError, SpaceExhausted
from bayesopt.history import History
from bayesopt.rng import trial_rng
from bayesopt.samplers import (
    AutoSampler,
    CMAESSampler,
    EvolutionSampler,
    GPSampler,
    GridSampler,
    QMCSampler,
    RandomSampler,
    Sampler,
    TPESampler,
)
from bayesopt.space import Categorical, Constant, Float, Int, Ordinal, Space
from bayesopt.trial import TrialState

EARLIER = {
    "name": "earlier",
    "direction": "maximize",
    "trials": [[{"x": k / 9, "i": k, "c": "ab"[k % 2]}, float(k % 5)] for k in range(10)],
}

SAMPLERS: dict[str, Callable[[], Sampler]] = {
    "random": RandomSampler,
    "grid": lambda: GridSampler(resolution=4),
    "grid-shuffled": lambda: GridSampler(resolution=4, shuffle=True),
    "qmc": QMCSampler,
    "qmc-plain": lambda: QMCSampler(scramble=False),
    "cmaes": CMAESSampler,
    "evolution": lambda: EvolutionSampler(population_size=6),
    "evolution-ageing": lambda: EvolutionSampler(population_size=6, survival="age"),
    "gp": GPSampler,
    "gp-knowing": lambda: GPSampler(prior={"x": 0.0, "c": {"a": 2.0}}, sources=[EARLIER]),
    "auto": AutoSampler,
    "tpe": TPESampler,
    "tpe-early": lambda: TPESampler(n_startup=1),
}

SPACES: dict[str, Space] = {
    "numeric": Space({"x": Float(-1.0, 1.0), "lr": Float(1e-6, 1e-1, log=True)}),
    "mixed": Space(
        {
            "x": Float(0.0, 1.0),
            "s": Float(0.0, 1.0, step=0.1),
            "i": Int(1, 1000, log=True),
            "c": Categorical(["a", None, True]),
            "o": Ordinal([1, 2, 4, 8]),
            "k": Constant("fixed"),
        }
    ),
    "conditional": Space(
        {
            "opt": Categorical(["sgd", "adam"]),
            "mom": Float(0.0, 0.9, when={"opt": "sgd"}),
            "nest": Categorical([False, True], when={"opt": "sgd"}),
            "deep": Int(1, 5, when={"nest": True}),
            "beta": Float(0.8, 0.99, when={"opt": "adam"}),
        }
    ),
    "constrained": Space(
        {"x": Float(0.0, 1.0), "y": Float(0.0, 1.0), "b": Int(1, 64), "d": Ordinal([1, 2, 4, 8])},
        constraints=["x < y", "b * d <= 128"],
    ),
    "small": Space({"i": Int(0, 2), "c": Categorical(["a", "b"]), "j": Int(0, 1, when={"c": "a"})}),
    "small-constrained": Space({"i": Int(0, 9), "j": Int(0, 9)}, constraints=["i + j == 9"]),
    "single": Space({"x": Float(2.0, 2.0), "i": Int(3, 3), "c": Categorical(["only"])}),
    "constants": Space({"k": Constant(1)}),
    "empty": Space({}),
    "many-choices": Space({"c": Categorical(list(range(5000)))}),
    "huge-span": Space({"x": Float(-1.7e308, 1.7e308), "t": Float(5e-324, 1e300, log=True)}),
}

every_sampler = pytest.mark.parametrize("make", SAMPLERS.values(), ids=SAMPLERS)
every_space = pytest.mark.parametrize("space", SPACES.values(), ids=SPACES)


def ask(sampler: Sampler, history: History, n: int = 1) -> np.ndarray:
    """Propose for the next trial, check what must always hold, and leave the history alone."""
    space = history.space
    columns = [history.X, history.active, history.state, history.values, history.cost]
    before = [column.copy() for column in columns]
    generation = history.generation
    suggestion = sampler.propose(space, history, n, trial_rng(history.seed, history.n))
    after = [history.X, history.active, history.state, history.values, history.cost]
    for old, new in zip(before, after, strict=True):
        np.testing.assert_array_equal(old, new)
    assert history.generation == generation
    assert suggestion.sampler.partition(":")[0] == sampler.name
    check_rows(space, suggestion.rows, n)
    return suggestion.rows


def check_rows(space: Space, rows: np.ndarray, n: int) -> None:
    assert rows.shape[1:] == (space.d,)
    assert 1 <= len(rows) <= n
    assert rows.dtype == np.float64
    assert rows.flags.c_contiguous
    assert np.isfinite(rows).all()
    assert ((rows >= 0.0) & (rows <= 1.0)).all()
    assert np.array_equal(space.snap(rows), rows)
    assert space.feasible(rows).all()
    configs = space.decode(rows)
    assert np.array_equal(space.encode(configs), rows)  # exactly the active parameters, too
    for config in configs:
        assert space.validate(config) == config


def take(history: History, rows: np.ndarray, state: TrialState = TrialState.RUNNING) -> None:
    for config in history.space.decode(rows):
        number = history.append(config)
        if state is TrialState.COMPLETE:
            history.tell(number, float(number % 7) - 3.0)
        elif state is not TrialState.RUNNING:
            history.tell(number, None, state)


def run(sampler: Sampler, history: History, n_trials: int) -> np.ndarray:
    """Ask and tell so many trials, or until the sampler has nothing left."""
    while history.n < n_trials:
        try:
            take(history, ask(sampler, history), TrialState.COMPLETE)
        except SpaceExhausted:
            break
    return history.X.copy()


@every_sampler
@every_space
@pytest.mark.parametrize("n", [1, 5])
def test_it_proposes_feasible_snapped_rows(
    make: Callable[[], Sampler], space: Space, n: int
) -> None:
    with np.errstate(all="raise"):
        ask(make(), History(space, seed=3), n)
        ask(make(), History(space, seed=3, noisy=True), n)


@every_sampler
@every_space
def test_the_same_history_gives_the_same_bits_whatever_was_cached(
    make: Callable[[], Sampler], space: Space
) -> None:
    used, history = make(), History(space, seed=11)
    run(used, history, 12)
    again = History(space, seed=11)
    for i in range(history.n):
        expected = history.X[i : i + 1]
        fresh = pickle.loads(pickle.dumps(copy.deepcopy(used) if i % 2 else used))
        assert np.array_equal(ask(fresh, again), expected)
        take(again, expected, TrialState.COMPLETE)


@every_sampler
@every_space
@pytest.mark.parametrize("batch", [1, 3])
def test_no_known_point_comes_again_before_the_space_is_exhausted(
    make: Callable[[], Sampler], space: Space, batch: int
) -> None:
    sampler, history = make(), History(space, seed=5)
    n_feasible = np.inf
    if space.size <= 100:
        n_feasible = np.count_nonzero(space.feasible(space.grid().rows(range(int(space.size)))))
    while history.n < min(25, n_feasible):
        n = int(min(batch, n_feasible - history.n))
        try:
            rows = ask(sampler, history, n)
        except SpaceExhausted:
            break
        assert not history.contains(rows).any()
        assert len(np.unique(rows, axis=0)) == len(rows) or not space.d
        take(history, rows, TrialState.FAIL if history.n % 2 else TrialState.RUNNING)
    if n_feasible < 25 and not isinstance(sampler, GridSampler):
        suggestion = sampler.propose(space, history, 2, trial_rng(5, history.n))
        assert suggestion.rows.shape == (2, space.d)
        assert "exhausted" in suggestion.fallback


@every_sampler
def test_the_rows_of_a_batch_differ(make: Callable[[], Sampler]) -> None:
    for space in SPACES.values():
        if space.size > 100:
            rows = ask(make(), History(space, seed=1), 12)
            assert len(np.unique(rows, axis=0)) == len(rows) == 12


@functools.cache
def histories(name: str) -> dict[str, History]:
    """Return histories that bad luck makes."""
    space = SPACES[name]
    some = space.sample(30, np.random.default_rng(0))
    failed, nan_cost, copies, one = (History(space, seed=2) for _ in range(4))
    take(failed, some, TrialState.FAIL)
    take(nan_cost, some, TrialState.PRUNED)
    labels = space.decode_labels(some[:1])[0]
    copies.apply(News(range(1000), TrialState.COMPLETE, labels))
    take(one, some[:1], TrialState.COMPLETE)
    constant = History(space, seed=2)
    for config in space.decode(some):
        constant.tell(constant.append(config), 1.0, constraints={"g": 1.0})
    extreme = History(space, seed=2)
    for value, config in zip((1e308, -1e308, 5e-324), space.decode(some), strict=False):
        extreme.tell(extreme.append(config), value)
    return {
        "all failed": failed,
        "no cost": nan_cost,
        "1000 copies": copies,
        "one": one,
        "constant and infeasible": constant,
        "extreme": extreme,
    }


@every_sampler
@pytest.mark.parametrize("name", ["mixed", "conditional", "constrained", "many-choices"])
def test_odd_histories_are_no_problem(make: Callable[[], Sampler], name: str) -> None:
    with np.errstate(all="raise"):
        for history in histories(name).values():
            rows = ask(make(), history, 4)
            assert not history.contains(rows).any()


@every_sampler
def test_a_constraint_that_nothing_satisfies_is_named(make: Callable[[], Sampler]) -> None:
    space = Space({"i": Int(0, 9), "j": Int(0, 9)}, constraints=["i + j == 100"])
    for noisy in (False, True):
        with pytest.raises(InfeasibleSpaceError):
            make().propose(space, History(space, noisy=noisy), 2, trial_rng(0, 0))


@every_sampler
def test_striking_a_trial_out_frees_its_configuration(make: Callable[[], Sampler]) -> None:
    space, sampler = SPACES["small-constrained"], make()
    if isinstance(sampler, GridSampler):
        sampler = GridSampler(resolution=10, shuffle=sampler.shuffle)
    history = History(space, seed=4)
    X = run(sampler, history, 10)
    assert len(np.unique(X, axis=0)) == 10
    with contextlib.suppress(SpaceExhausted):
        ask(sampler, history)  # now the sampler has seen that nothing is left
    history.apply(News([3], TrialState.INVALID, space.decode_labels(X[3:4])[0]))
    assert np.array_equal(ask(sampler, history), X[3:4])


class News:
    """The news that trials of one configuration are in a state now; their values all differ."""

    def __init__(
        self, numbers: Sequence[int], state: TrialState, labels: Mapping[str, object]
    ) -> None:
        n = len(numbers)
        self.seq = np.iinfo(np.int64).max
        self.numbers, self.states = list(numbers), [int(state)] * n
        self.params, self.values = [labels] * n, [(float(number),) for number in numbers]
        self.constraints, self.costs, self.variances = [{}] * n, [None] * n, ()
        self.report_numbers, self.report_steps = [], []
        self.report_values, self.report_attempts = [], []


@every_sampler
def test_one_sampler_serves_several_studies(make: Callable[[], Sampler]) -> None:
    shared = make()
    one, two = History(SPACES["mixed"], seed=1), History(SPACES["mixed"], seed=2)
    for _ in range(5):
        for history in (one, two):
            take(history, ask(shared, history))
    alone = History(SPACES["mixed"], seed=2)
    for _ in range(5):
        take(alone, ask(make(), alone))
    assert np.array_equal(alone.X, two.X)


@every_sampler
def test_the_round_trip_through_json_is_exact(make: Callable[[], Sampler]) -> None:
    sampler = make()
    restored = samplers.from_spec(samplers.to_spec(sampler))
    assert restored == sampler
    assert type(restored) is type(sampler)
    assert isinstance(sampler, Sampler)
    assert samplers.resolve(sampler) is sampler
