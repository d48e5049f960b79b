"""The examples that are one file run as scripts, as their heads say, in an empty folder."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "examples"
NEEDS = {"own_tuner.py": [], "posterior_1d.py": ["matplotlib"], "report_page.py": ["plotly"]}
LEFT = {
    "own_tuner.py": "own_tuner.jsonl",
    "posterior_1d.py": "posterior.png",
    "report_page.py": "report.html",
}


def test_every_example_is_run_here_or_has_its_own_test():
    assert sorted(NEEDS) == sorted(path.name for path in EXAMPLES.glob("*.py"))
    folders = (path.name for path in EXAMPLES.iterdir() if path.is_dir())
    assert sorted(name for name in folders if not name.startswith("__")) == [
        "digits_cnn",
        "digits_nas",
    ]


@pytest.mark.parametrize("name", sorted(NEEDS))
def test_it_runs_as_a_script_and_leaves_what_it_says(name, tmp_path):
    for package in NEEDS[name]:
        pytest.importorskip(package)
    command = [sys.executable, "-W", "error", str(EXAMPLES / name)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert LEFT[name] in {path.name for path in tmp_path.iterdir()}
