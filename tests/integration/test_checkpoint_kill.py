"""A training that is killed with SIGKILL goes on from its last checkpoint under its own number."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import bayesopt as bo

SCRIPT = """
    import json, sys, time
    import bayesopt as bo

    def train(trial):
        done, by = 0, []
        if trial.resume_from is not None:
            done, by = json.loads((trial.resume_from / "state.json").read_text())
        for step in range(done + 1, 10):
            by.append(trial.attempt)
            with trial.save_checkpoint() as folder:
                (folder / "state.json").write_text(json.dumps([step, by]))
                (folder / "weights").write_bytes(bytes(100_000))
            trial.report(1 / step, step)
            print("step", step, flush=True)
            if step >= 4 and trial.attempt == 1:
                time.sleep(60)
        trial.set_user_attr("by", by)
        return 1 / 9

    study = bo.create_study({"x": bo.Float(0, 1)}, storage=sys.argv[1], sampler="random", seed=0,
                            scheduler=bo.HyperbandScheduler(max_steps=27), load_if_exists=True)
    study.optimize(train, n_trials=1)
"""


def start(path: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", textwrap.dedent(SCRIPT), str(path)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_a_killed_training_goes_on_from_its_checkpoint(tmp_path: Path) -> None:
    with start(tmp_path / "study.db") as worker:
        assert worker.stdout is not None
        assert any(line.strip() == "step 4" for line in worker.stdout)
        os.kill(worker.pid, signal.SIGKILL)
    folder = tmp_path / "study.db-files" / "1" / "checkpoints" / "0"
    (saved,) = [entry for entry in folder.iterdir() if not entry.name.startswith(".")]
    assert json.loads((saved / "state.json").read_text())[0] == 4
    with start(tmp_path / "study.db") as again:
        output, _ = again.communicate(timeout=300)
    assert again.returncode == 0
    assert [line for line in output.splitlines() if line] == [f"step {n}" for n in range(5, 10)]
    study = bo.load_study(tmp_path / "study.db")
    (trial,) = study.trials
    assert (trial.number, trial.attempt, trial.state) == (0, 2, bo.TrialState.COMPLETE)
    assert trial.user_attrs["by"] == [1] * 4 + [2] * 5
    assert sorted(trial.reports) == list(range(1, 10))
    study.close()
