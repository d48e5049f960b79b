"""Several processes on one study, and a process that forks: whole studies, not the storage."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections import Counter
from pathlib import Path

import bayesopt as bo

GRID = {"depth": bo.Int(0, 7), "kind": bo.Categorical(["a", "b", "c", "d"])}
N_CELLS = 32

WORKER = textwrap.dedent(
    """
    import os, sys, time
    import bayesopt as bo

    path, n_trials, log = sys.argv[1], int(sys.argv[2]) or None, open(sys.argv[3], "a", buffering=1)
    study = bo.load_study(path, "shared", lease_s=2.0)
    print("ready", flush=True)
    sys.stdin.readline()

    def objective(trial):
        time.sleep(0.02)
        return float(os.getpid())

    def told(study, record):
        print(record.number, record.value, file=log)

    study.optimize(objective, n_trials, callbacks=[told], progress=False)
    study.close()
    """
)


class Workers:
    """Processes that load one study, wait for each other, and optimize."""

    def __init__(self, path: Path, n: int, n_trials: int = 0) -> None:
        self._log = path.with_name("told.log")
        command = [sys.executable, "-c", WORKER, path, f"{n_trials}", self._log]
        self.all = [
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            for _ in range(n)
        ]
        for worker in self.all:
            assert worker.stdout is not None
            assert worker.stdout.readline() == "ready\n"
        for worker in self.all:
            assert worker.stdin is not None
            worker.stdin.write("\n")
            worker.stdin.flush()

    def end(self) -> list[int]:
        """Wait for all of them; return their exit codes."""
        for worker in self.all:
            worker.communicate(timeout=60)
        return [worker.returncode for worker in self.all]

    def told(self) -> dict[int, float]:
        """Return what was acknowledged, by number; every number once."""
        lines = [line.split() for line in self._log.read_text().splitlines()]
        found = {int(number): float(value) for number, value in lines}
        assert len(found) == len(lines)
        return found


def test_eight_studies_complete_every_cell_of_a_grid_once_though_two_are_killed(
    tmp_path: Path,
) -> None:
    path = tmp_path / "study.db"
    study = bo.create_study(GRID, storage=path, name="shared", sampler="grid", seed=0)
    workers = Workers(path, 8)
    for victim in workers.all[:2]:
        time.sleep(0.1)
        victim.send_signal(signal.SIGKILL)
    codes = workers.end()
    assert codes == [-signal.SIGKILL] * 2 + [0] * 6
    study.optimize(lambda trial: -1.0, progress=False)  # what was under way when the last ones left
    cells = Counter((r.params["depth"], r.params["kind"]) for r in study.trials)
    assert set(cells.values()) == {1}
    assert len(cells) == N_CELLS
    assert {record.state for record in study.trials} == {bo.TrialState.COMPLETE}
    values = {record.number: record.value for record in study.trials}
    assert {number: values[number] for number in workers.told()} == workers.told()
    study.close()


def test_two_processes_share_one_budget_and_one_numbering(tmp_path: Path) -> None:
    path = tmp_path / "study.db"
    space = {"x": bo.Float(0.0, 1.0)}
    study = bo.create_study(space, storage=path, name="shared", sampler="qmc", seed=3)
    workers = Workers(path, 2, n_trials=21)
    assert workers.end() == [0, 0]
    assert [record.number for record in study.trials] == list(range(21))
    told = workers.told()
    assert {record.number: record.value for record in study.trials} == told
    assert set(told.values()) == {float(worker.pid) for worker in workers.all}
    alone = bo.create_study(space, sampler="qmc", seed=3)
    assert [r.params for r in study.trials] == [alone.ask().params for _ in range(21)]
    study.close()


def test_a_study_goes_on_in_both_processes_after_a_fork(tmp_path: Path) -> None:
    space = {"x": bo.Float(0.0, 1.0)}
    study = bo.create_study(space, storage=tmp_path / "study.db", sampler="qmc", seed=0)
    for _ in range(3):
        study.tell(study.ask(), 0.0)
    held = study.ask()
    pid = os.fork()
    if pid == 0:  # the child says by its exit code how it went
        code = 1
        try:
            for _ in range(5):
                study.tell(study.ask(), 2.0)
            code = 0
        finally:
            os._exit(code)
    for _ in range(5):
        study.tell(study.ask(), 1.0)
    assert os.waitpid(pid, 0)[1] == 0
    study.tell(held, 3.0)
    values = [record.value for record in study.trials]
    assert len(values) == 14
    assert Counter(values) == {0.0: 3, 1.0: 5, 2.0: 5, 3.0: 1}
    assert len({record.params["x"] for record in study.trials}) == 14
    study.close()
