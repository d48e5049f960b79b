"""The benchmarks of transfer and of many columns: what they count, and that a run is a run."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks import high_dimension, transfer
from benchmarks.problems import functions as fn


def test_needed_counts_evaluations() -> None:
    losses = np.array([3.0, 2.0, 2.0, 0.5])
    assert [transfer.needed(losses, goal) for goal in (9.0, 2.0, 0.5, 0.1)] == [1, 2, 4, 5]


def test_a_study_that_is_turned_says_the_contrary() -> None:
    source = {"name": "a", "direction": "maximize", "trials": [[{"x": 1.0}, 3.0]]}
    assert transfer.turned(source)["trials"] == [[{"x": 1.0}, -3.0]]
    assert source["trials"] == [[{"x": 1.0}, 3.0]]


def arguments(out: Path, **given: object) -> argparse.Namespace:
    return argparse.Namespace(
        out=out, budget=3, seeds=1, problems="branin-in200", arms="random", turbo_batch=5, **given
    )


def test_runs_are_appended_and_not_repeated(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    given = arguments(tmp_path / "runs.jsonl")
    high_dimension.run_all(given)
    high_dimension.run_all(given)
    (row,) = map(json.loads, given.out.read_text().splitlines())
    assert len(row["values"]) == 3
    given.budget = 4
    high_dimension.run_all(given)
    assert len(given.out.read_text().splitlines()) == 2
    high_dimension.table(given)
    assert "| random | 2 |" in capsys.readouterr().out


@pytest.mark.slow
def test_the_loop_of_turbo_improves_within_its_region() -> None:
    pytest.importorskip("botorch")
    loop = high_dimension.Turbo(fn.levy(5), seed=0, batch=4)
    first, n = min(loop.values), len(loop.values)
    for _ in range(4):
        loop.step()
    assert len(loop.values) == n + 16
    assert min(loop.values) < first
    assert ((loop.X >= 0.0) & (loop.X <= 1.0)).all()
