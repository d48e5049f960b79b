"""Contests of several objectives and of constraints: what is told, what is made of it."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

import bayesopt as bo
from benchmarks.pareto import cases, run, tables
from benchmarks.pareto.contestants import PLAYERS
from benchmarks.problems import registry
from benchmarks.problems.base import MIXED, Outcome, Problem


def row(case: str, player: str, seed: int, values: list, violations: list | None = None) -> dict:
    none = [0.0] * len(values)
    broken = none if violations is None else violations
    made = {"case": case, "player": player, "seed": seed, "values": values, "seconds": 1.0}
    return {**made, "violations": broken}


def test_every_case_names_a_problem_and_its_objectives():
    for names in cases.SETS.values():
        assert len(set(names)) == len(names)
        for name in names:
            problem, _, _ = name.partition(":")
            assert problem in registry.problem_names(problem.split("/")[0])


def test_values_are_minimised_and_constraints_told():
    pytest.importorskip("cocoex")
    case = cases.load("bbob_constrained/f8-i3-d3")
    values, constraints = case.outcome({"x0": 0.0, "x1": 1.0, "x2": -1.0})
    assert values.shape == (1,)
    assert constraints.shape == (case.n_constraints,)
    two = cases.load("fronts/zdt1-d8-m2")
    values, constraints = two.outcome({f"x{j}": 0.25 * (j == 0) for j in range(8)})
    np.testing.assert_allclose(values, [0.25, 0.5])
    assert constraints.shape == (0,)


@pytest.mark.parametrize(
    ("name", "on_front"),
    [("zdt1-d8-m2", 0.0), ("zdt2-d8-m2", 0.0), ("zdt3-d8-m2", 0.0), ("dtlz2-d7-m4", 0.5)],
)
def test_known_points_lie_on_the_front(name, on_front):
    case = cases.load(f"fronts/{name}")
    m, d = len(case.objectives), case.problem.space.d
    config = {f"x{j}": 0.09 if j < m - 1 else on_front for j in range(d)}
    values, _ = case.outcome(config)
    expected = {
        "zdt1-d8-m2": 1.0 - np.sqrt(0.09),
        "zdt2-d8-m2": 1.0 - 0.09**2,
        "zdt3-d8-m2": 1.0 - np.sqrt(0.09) - 0.09 * np.sin(0.9 * np.pi),
    }
    if name in expected:
        assert values[1] == pytest.approx(expected[name])
    else:
        assert np.linalg.norm(values) == pytest.approx(1.0)


def test_the_volume_is_a_share_of_the_joint_front():
    rows = [
        row("c", "a", 0, [[0.0, 10.0], [2.0, 0.0]]),
        row("c", "b", 0, [[2.0, 10.0], [float("nan")] * 2]),
        row("c", "b", 1, [[1.0, 5.0], [0.0, 0.0]], [0.0, 1.0]),  # what is infeasible is not there
    ]
    lost = tables.lost_volumes(rows, 2)
    whole = 1.1**2 - (1.0 - 0.25)  # corners (0, 1), (0.5, 0.5), (1, 0), up to (1.1, 1.1)
    assert 1.0 - lost["a"]["c"][0] == pytest.approx((1.1**2 - 1.0) / whole)
    assert 1.0 - lost["b"]["c"] == pytest.approx([0.01 / whole, 0.6**2 / whole])


def test_a_run_goes_on_and_its_tables_name_who_played(tmp_path, capsys):
    out = tmp_path / "rows.jsonl"
    asked = ["--cases", "*zdt1*", "--peers", "random,ours-tpe", "--budget", "4", "--seeds", "2"]
    for _ in range(2):
        assert run.main([*asked, "--out", str(out)]) == 0
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    assert len(rows) == 4
    assert {len(each["values"]) for each in rows} == {4}
    assert "| ours-tpe |" in capsys.readouterr().out


def test_a_longer_run_counts_up_to_the_budget():
    long = row("c", "a", 0, [[1.0], [2.0], [3.0]], [0.0, 1.0, 0.0])
    assert [run.reaches(long, n) for n in (2, 3, 4)] == [True, True, False]
    short = run.cut(long, 2)
    assert (short["values"], short["violations"]) == ([[1.0], [2.0]], [0.0, 1.0])
    assert short["seconds"] == pytest.approx(2.0 / 3.0)


def test_constrained_tables_say_how_soon():
    rows = [
        row("c", "ours-gp", 0, [[3.0], [2.0]], [1.0, 0.0]),
        row("c", "random", 0, [[1.0], [4.0]], [1.0, 2.0]),
    ]
    text = "\n".join(tables.constrained_table(rows, [1, 2], "ours-gp"))
    assert "| ours-gp | 1 | 0% | 100% | 2 | – | – |" in text
    assert "| random | 1 | 0% | 0% | inf | 100% (100–100) | 100% (100–100) |" in text


def mixed_case(n_objectives: int, n_constraints: int) -> cases.Case:
    """Return a contest on columns of every kind."""
    space = bo.Space(
        {
            "x": bo.Float(0.0, 1.0),
            "rate": bo.Float(1e-5, 1.0, log=True),
            "size": bo.Int(16, 512, log=True),
            "depth": bo.Int(1, 4),
            "kind": bo.Categorical(["a", "b", "c"]),
            "level": bo.Ordinal([1, 2, 4]),
        }
    )
    names = tuple(f"f{k}" for k in range(n_objectives))

    def evaluate(config, seed=0, fidelity=None):
        worth = config["x"] - 0.1 * math.log10(config["rate"]) + 0.1 * config["depth"]
        values = {name: (worth - k) ** 2 + (config["kind"] == "b") for k, name in enumerate(names)}
        return Outcome(values, constraints={f"g{k}": worth - k for k in range(n_constraints)})

    aims = dict.fromkeys(names, "minimize")
    problem = Problem("made/up", MIXED, space, evaluate, aims, names[0])
    return cases.Case("made/up", problem, names, n_constraints)


@pytest.mark.slow
@pytest.mark.parametrize(("n_objectives", "n_constraints"), [(2, 0), (1, 2)])
def test_botorchs_loops_propose_what_the_space_has(n_objectives, n_constraints, monkeypatch):
    pytest.importorskip("botorch")
    monkeypatch.setattr("botorch.acquisition.multi_objective.logei._load_attempted", True)
    case = mixed_case(n_objectives, n_constraints)
    loop = PLAYERS["botorch"](case, 0)
    for _ in range(2 * (9 + 1) + 2):  # nine coordinates: two more than the design
        config = loop.ask()
        assert case.problem.space.feasible(case.problem.space.encode([config])).all()
        loop.tell(*case.outcome(config))
