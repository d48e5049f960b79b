"""Our reading of COCO against its own suites. Collected where coco-experiment is installed."""

from __future__ import annotations

import cocoex
import numpy as np
import pytest

from benchmarks.problems import registry

NUMBERS = [(f, 1 + f % 10, (5, 10, 20)[f % 3]) for f in range(1, 25)]


@pytest.mark.parametrize(("f", "i", "d"), NUMBERS)
def test_the_mixed_suite_is_cocos_with_its_bounds_and_least_value(f, i, d, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # COCO writes the best parameter into a file
    suite = cocoex.Suite("bbob-mixint", "instances: 1-10", f"dimensions: {d}")
    theirs = suite.get_problem_by_function_dimension_instance(f, d, i)
    theirs._best_parameter("print")
    optimum = np.array((tmp_path / "._bbob_problem_best_parameter.txt").read_text().split(), float)
    ours = registry.load(f"mixint/f{f}-i{i}-d{d}")
    assert ours.best == pytest.approx(theirs(optimum), rel=1e-9)
    parameters = list(ours.space.parameters.values())
    assert [p.low for p in parameters] == list(theirs.lower_bounds)
    assert [p.high for p in parameters] == list(theirs.upper_bounds)
    assert sum(p.kind == "int" for p in parameters) == theirs.number_of_integer_variables
    config = ours.space.decode(ours.space.sample(1, np.random.default_rng(f)))[0]
    assert ours.loss(config) == theirs(list(config.values()))


@pytest.mark.parametrize(("f", "i", "d"), NUMBERS[::5])
def test_the_numeric_suite_is_cocos_with_its_least_value(f, i, d):
    suite = cocoex.Suite("bbob", "instances: 1-10", f"dimensions: {d}")
    theirs = suite.get_problem_by_function_dimension_instance(f, d, i)
    ours = registry.load(f"bbob/f{f}-i{i}-d{d}")
    optimum = cocoex.BareProblem("bbob", f, d, i).best_parameter()
    assert theirs(optimum) == pytest.approx(ours.best, abs=1e-9)
    config = ours.space.decode(ours.space.sample(1, np.random.default_rng(f)))[0]
    assert ours.loss(config) == theirs(list(config.values()))
