"""Nothing that was acknowledged is lost when workers are killed again and again."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("level", ["storage", "study"])
@pytest.mark.parametrize(
    ("seconds", "workers"), [("5", "6"), pytest.param("15", "8", marks=pytest.mark.slow)]
)
def test_killing_workers_loses_nothing(
    tmp_path: Path, level: str, seconds: str, workers: str
) -> None:
    command = [sys.executable, "-m", "benchmarks.storage_kill", "--level", level, "--json"]
    done = subprocess.run(
        [*command, "--seconds", seconds, "--workers", workers, "--folder", tmp_path],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    assert done.stdout, done.stderr.decode()
    found = json.loads(done.stdout)
    assert found["kills"] > 3
    assert found["acknowledged"] > 20
    assert found["retried"] > 0
    bad = ("lost_tells", "double_tells", "bad_numbers", "not_requeued", "damage", "errors")
    assert {name: found[name] for name in bad if found[name]} == {}
