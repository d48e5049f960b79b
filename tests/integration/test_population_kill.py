"""A population whose process is killed with SIGKILL goes on as if nothing had happened."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

import bayesopt as bo

SCRIPT = """
    import json, os, signal, sys
    import bayesopt as bo

    path, n_reports = sys.argv[1], int(sys.argv[2])
    left = [n_reports]

    def step_of(trial):  # killed after so many reports, on either side of them
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def train(trial):
        step, loss = 0, 1.0
        if trial.resume_from is not None:
            step, loss = json.loads((trial.resume_from / "state.json").read_text())
        while True:
            if step:
                step_of(trial)
                trial.report(loss, step)
                step_of(trial)
            if step == 8:
                return loss
            if step and trial.should_prune():
                raise bo.TrialPruned
            step, loss = step + 1, loss * (1 - 0.1 * trial.params["x"] * trial.params["n"])
            with trial.save_checkpoint() as folder:
                (folder / "state.json").write_text(json.dumps([step, loss]))

    space = {"x": bo.Float(0, 1), "n": bo.Int(1, 4)}
    scheduler = bo.PBTScheduler(max_steps=8, population=4, interval=2)
    study = bo.create_study(space, storage=path, sampler="random", seed=0, scheduler=scheduler,
                            load_if_exists=True)
    study.optimize(train)
    study.close()
"""


def run(path: Path, n_reports: int = 0) -> int:
    command = [sys.executable, "-c", textwrap.dedent(SCRIPT), str(path), str(n_reports)]
    return subprocess.run(command, check=False, timeout=600).returncode


def start(path: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", textwrap.dedent(SCRIPT), str(path), "0"])


def family(path: Path) -> list[tuple[Any, ...]]:
    study = bo.load_study(path)
    found = [
        (t.number, t.origin and (t.origin.parent, t.origin.step), dict(t.params), t.state, t.values,
         dict(t.reports))
        for t in study.trials
    ]  # fmt: skip
    study.close()
    return found


def test_killed_again_and_again_it_has_the_same_lineage(tmp_path: Path) -> None:
    assert run(tmp_path / "whole.db") == 0
    n_kills = 0
    for n_reports in (7, 16):
        status = run(tmp_path / "killed.db", n_reports)
        n_kills += status == -signal.SIGKILL
        assert status in (0, -signal.SIGKILL)
    assert n_kills == 2
    assert run(tmp_path / "killed.db") == 0
    assert family(tmp_path / "killed.db") == family(tmp_path / "whole.db")
    assert any(origin for _, origin, *_ in family(tmp_path / "whole.db"))


@pytest.mark.slow
def test_two_processes_train_one_population(tmp_path: Path) -> None:
    assert run(tmp_path / "whole.db") == 0
    with start(tmp_path / "shared.db") as one, start(tmp_path / "shared.db") as other:
        assert [worker.wait(timeout=600) for worker in (one, other)] == [0, 0]
    assert family(tmp_path / "shared.db") == family(tmp_path / "whole.db")
