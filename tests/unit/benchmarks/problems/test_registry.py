"""What every problem promises: names, spaces, determinism, and nothing better than its best."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import bayesopt as bo
from benchmarks.problems import registry
from benchmarks.problems.base import CONDITIONAL, MIXED, NUMERIC, Problem

HAS_COCO = importlib.util.find_spec("cocoex") is not None
COCO = ["bbob/f15-i3-d5", "bbob/f8-i10-d2", "mixint/f3-i1-d5", "mixint/f17-i7-d10"]
CHEAP = [*registry.problem_names("classic"), *(COCO if HAS_COCO else [])]
N_ROWS = 200


def configs_of(problem: Problem, n: int, seed: int = 0) -> list[dict]:
    return problem.space.decode(problem.space.sample(n, np.random.default_rng(seed)))


def kind_of(space: bo.Space) -> str:
    """Return what the space is, by its own parameters."""
    parameters = space.parameters.values()
    if any(p.when is not None for p in parameters):
        return CONDITIONAL
    return NUMERIC if all(isinstance(p, bo.Float) for p in parameters) else MIXED


def check_promises(problem: Problem, name: str, n: int) -> None:
    assert problem.name == name
    assert problem.kind == kind_of(problem.space)
    assert problem.objective in problem.objectives
    assert set(problem.objectives.values()) <= {"minimize", "maximize"}
    configs = configs_of(problem, n)
    outcomes = [problem.evaluate(config, seed=3) for config in configs]
    for outcome in outcomes:
        if not outcome.failed:
            assert set(outcome.values) == set(problem.objectives)
            assert np.isfinite(list(outcome.values.values())).all()
    assert not all(outcome.failed for outcome in outcomes)
    again = problem.evaluate(configs[0], seed=3)
    assert again.values == outcomes[0].values
    assert len({tuple(outcome.values.values()) for outcome in outcomes}) > 1
    if problem.best is not None:
        key = "mean" if "mean" in problem.objectives else problem.objective
        reached = [problem.sign * o.values[key] for o in outcomes if not o.failed]
        assert min(reached) >= problem.best_loss - 1e-9 * abs(problem.best_loss)


@pytest.mark.parametrize("name", CHEAP)
def test_a_cheap_problem_keeps_its_promises(name):
    check_promises(registry.load(name), name, N_ROWS)


def test_every_suite_has_a_line_and_names_that_begin_with_it():
    for suite, about in registry.suites().items():
        names = registry.problem_names(suite)
        assert about
        assert names
        assert len(set(names)) == len(names)
        assert all(name.startswith(f"{suite}/") for name in names)


def test_sets_name_problems_that_exist_once():
    for names in registry.SETS.values():
        assert len(set(names)) == len(names)
        for name in names:
            assert name in registry.problem_names(name.split("/")[0])


def test_unknown_names_say_what_there_is():
    with pytest.raises(KeyError, match="bbob"):
        registry.load("nothing/f1")
    with pytest.raises(KeyError, match="nothing"):
        registry.load("classic/nothing")


def test_nothing_of_a_suite_is_imported_before_it_is_asked_for():
    code = (
        "import sys; from benchmarks.problems import registry; registry.suites(); "
        "print(sorted({'cocoex', 'sklearn', 'onnxruntime', 'benchmarks.problems.classic'}"
        " & set(sys.modules)))"
    )
    root = Path(__file__).resolve().parents[4]
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
