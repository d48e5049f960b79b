"""The grid: every cell once."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from bayesopt.errors import InfeasibleSpaceError, SettingsError, SpaceError, SpaceExhausted
from bayesopt.history import History
from bayesopt.samplers import GridSampler, from_spec, to_spec
from bayesopt.space import Categorical, Constant, Float, Int, Ordinal, Space
from bayesopt.trial import TrialState

RNG = np.random.default_rng(0)


def walk(sampler: GridSampler, history: History, batch: int = 1) -> list[dict[str, object]]:
    """Ask until the grid is exhausted; every other trial fails."""
    configs: list[dict[str, object]] = []
    while True:
        try:
            rows = sampler.propose(history.space, history, batch, RNG).rows
        except SpaceExhausted:
            return configs
        for config in history.space.decode(rows):
            number = history.append(config)
            history.tell(number, None, TrialState.FAIL) if number % 2 else None
            configs.append(config)


def test_it_is_the_exact_product_in_order() -> None:
    space = Space({"lr": Float(1e-3, 1e-1, log=True), "i": Int(1, 3), "c": Categorical(["a", "b"])})
    want = [
        {"lr": lr, "i": i, "c": c}
        for lr, i, c in itertools.product([1e-3, 1e-2, 1e-1], [1, 2, 3], ["a", "b"])
    ]
    assert walk(GridSampler(resolution=3), History(space)) == want
    assert walk(GridSampler(resolution={"lr": 3}), History(space), batch=7) == want


def test_numbers_with_more_values_than_the_resolution_are_spread() -> None:
    space = Space({"i": Int(0, 100), "s": Float(0.0, 1.0, step=0.25), "x": Float(-1.0, 1.0)})
    configs = walk(GridSampler(resolution={"i": 3, "s": 5}), History(space))
    assert len(configs) == 3 * 5 * 10
    assert sorted({config["i"] for config in configs}) == [0, 50, 100]
    assert sorted({config["s"] for config in configs}) == [0.0, 0.25, 0.5, 0.75, 1.0]
    assert [
        config["x"] for config in walk(GridSampler(1), History(Space({"x": Float(-1, 1)})))
    ] == [0.0]


def test_values_are_taken_as_given() -> None:
    space = Space({"lr": Float(1e-5, 1.0, log=True), "o": Ordinal([1, 2, 4]), "k": Constant(7)})
    sampler = GridSampler(values={"lr": np.array([1e-2, 1e-3]), "o": (4, 1, 4)})
    assert walk(sampler, History(space)) == [
        {"lr": lr, "o": o, "k": 7} for lr in (1e-2, 1e-3) for o in (4, 1)
    ]
    assert from_spec(to_spec(sampler)) == sampler


def test_conditions_multiply_nothing_where_they_do_not_hold() -> None:
    space = Space(
        {
            "mom": Categorical([0.0, 0.9], when={"opt": "sgd"}),
            "opt": Categorical(["sgd", "adam", "none"]),
            "nest": Int(1, 3, when={"mom": 0.9}),
        }
    )
    configs = walk(GridSampler(), History(space))
    want = [{"opt": "sgd", "mom": 0.0}, {"opt": "adam"}, {"opt": "none"}]
    want += [{"opt": "sgd", "mom": 0.9, "nest": n} for n in (1, 2, 3)]
    assert sorted(map(sorted_items, configs)) == sorted(map(sorted_items, want))


def sorted_items(config: dict[str, object]) -> str:
    return repr(sorted(config.items()))


def test_cells_that_violate_a_constraint_are_left_out() -> None:
    space = Space({"x": Int(0, 5), "y": Int(0, 5)}, constraints=["x < y"])
    configs = walk(GridSampler(), History(space))
    assert [(c["x"], c["y"]) for c in configs] == list(itertools.combinations(range(6), 2))
    impossible = Space({"x": Int(0, 5)}, constraints=["x > 9"])
    with pytest.raises(InfeasibleSpaceError, match="grid"):
        GridSampler().propose(impossible, History(impossible), 1, RNG)


def test_several_workers_and_restarts_share_the_cells() -> None:
    space = Space({"x": Int(0, 9), "y": Int(0, 9)})
    history, seen = History(space), []
    workers = [GridSampler(), GridSampler(), GridSampler()]
    for i in range(100):
        if i % 10 == 0:
            workers[i // 10 % 3] = GridSampler()  # one is restarted
        row = workers[i % 3].propose(space, history, 1, RNG).rows
        seen.append(tuple(space.decode(row)[0].values()))
        history.append(space.decode(row)[0])
    assert seen == list(itertools.product(range(10), range(10)))
    for worker in workers:
        with pytest.raises(SpaceExhausted, match="100 cells"):
            worker.propose(space, history, 1, RNG)


def test_cells_that_others_asked_for_are_visited() -> None:
    space = Space({"x": Int(0, 3)})
    history = History(space)
    history.append({"x": 1})
    history.append({"x": 2}, TrialState.WAITING)
    assert walk(GridSampler(), history) == [{"x": 0}, {"x": 3}]


def test_the_last_batch_is_short() -> None:
    space = Space({"x": Int(0, 4)})
    history = History(space)
    for config in space.decode(GridSampler().propose(space, history, 3, RNG).rows):
        history.append(config)
    assert len(GridSampler().propose(space, history, 3, RNG).rows) == 2


def test_a_noisy_study_visits_each_cell_once_too() -> None:
    space = Space({"x": Int(0, 4)})
    assert len(walk(GridSampler(), History(space, noisy=True))) == 5


def test_shuffling_is_keyed_by_the_seed() -> None:
    space = Space({"x": Int(0, 19), "y": Int(0, 19)}, constraints=["x != y"])
    plain = walk(GridSampler(resolution=20), History(space), 500)
    shuffled = GridSampler(resolution=20, shuffle=True)
    one, again = (walk(shuffled, History(space, seed=1), 500) for _ in range(2))
    other = walk(shuffled, History(space, seed=2), 500)
    assert one == again
    assert one != other
    assert one != plain
    assert len(one) == len(other) == len(plain) == 380
    assert set(map(sorted_items, one)) == set(map(sorted_items, plain))
    assert sum(a == b for a, b in zip(one, plain, strict=True)) < 25


def test_a_huge_grid_begins_at_once() -> None:
    space = Space({f"x{i:02}": Float(0.0, 1.0) for i in range(15)})
    history = History(space)
    sampler = GridSampler(resolution=10)  # 10**15 cells
    for _ in range(3):
        history.append(space.decode(sampler.propose(space, history, 1, RNG).rows)[0])
    assert history.X[:, -1].round(3).tolist() == [0.0, 0.111, 0.222]
    assert not history.X[:, :-1].any()
    with pytest.raises(SettingsError, match="shuffled"):
        GridSampler(shuffle=True).propose(space, history, 1, RNG)


def test_a_constraint_that_raises_does_not_end_the_grid() -> None:
    failures = [True]

    def moody(config: dict[str, object]) -> bool:
        if failures.pop() if failures else False:
            raise ZeroDivisionError
        return True

    space = Space({"x": Int(0, 2)}, constraints=[moody])
    sampler, history = GridSampler(), History(space)
    with pytest.raises(SpaceError, match="moody"):
        sampler.propose(space, history, 1, RNG)
    assert len(walk(sampler, history)) == 3


@pytest.mark.parametrize(
    "settings",
    [
        {"resolution": 0},
        {"resolution": 2.5},
        {"resolution": True},
        {"resolution": {"x": -1}},
        {"values": {"x": []}},
        {"values": {"x": "abc"}},
        {"values": {"x": 5}},
        {"values": [1, 2]},
    ],
)
def test_settings_of_the_wrong_kind_are_named(settings: dict[str, object]) -> None:
    with pytest.raises(SettingsError, match=next(iter(settings))):
        GridSampler(**settings)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "sampler",
    [
        GridSampler(values={"x": [0.5, 2.0]}),
        GridSampler(values={"no such": [1]}),
        GridSampler(resolution={"no such": 3}),
    ],
)
def test_settings_that_do_not_fit_the_space_are_named(sampler: GridSampler) -> None:
    space = Space({"x": Float(0.0, 1.0)})
    with pytest.raises(SpaceError, match=r"x|no such"):
        sampler.propose(space, History(space), 1, RNG)


def test_objects_that_json_cannot_hold_need_labels() -> None:
    space = Space({"f": Categorical({"sin": np.sin, "cos": np.cos})})
    with pytest.raises(SettingsError, match="labels"):
        to_spec(GridSampler(values={"f": [np.sin]}))
    by_label = from_spec(to_spec(GridSampler(values={"f": ["cos"]})))
    assert walk(by_label, History(space)) == [{"f": np.cos}]  # type: ignore[arg-type]
