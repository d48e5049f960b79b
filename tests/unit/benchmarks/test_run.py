"""Runs: every ending is recorded, none twice, and a killed run goes on where it was."""

from __future__ import annotations

import json
import math
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from types import SimpleNamespace

import pytest

from benchmarks import run
from benchmarks.run_plan import chosen_contestants, chosen_problems, parse_seeds, seed_major
from benchmarks.run_rows import RowFile, read_rows
from benchmarks.run_workers import worker_environment

TOYS = "bench_toys"


def jobs_of(*arguments):
    return run.planned(run.parsed(arguments), TOYS, TOYS)


def jobs_on(problem, peers, budget, seeds):
    size = ("--budget", str(budget), "--seeds", str(seeds))
    return jobs_of("--problems", problem, "--peers", peers, *size)


def runs_of(path):
    return [row for row in read_rows(path) if row["row"] == "run"]


def without_times(rows):
    timed = {"make_s", "wall_s", "ask_s", "tell_s"}
    return sorted(
        json.dumps({key: value for key, value in row.items() if key not in timed}, sort_keys=True)
        for row in rows
    )


def test_every_ending_is_a_result(tmp_path, monkeypatch):
    out = tmp_path / "runs.jsonl"
    peers = "random,grid,boom,die,hang,chat,absent,choosy"
    jobs = [
        replace(job, time_limit_s=1.0) if job.contestant == "hang" else job
        for job in jobs_on("toy/sphere", peers, 8, 1)
    ]
    monkeypatch.setattr("benchmarks.run_workers.GRACE_S", 0.5)
    ended = run.contest(jobs, out, n_jobs=2)
    rows = {row["contestant"]: row for row in runs_of(out)}
    assert {name: row["status"] for name, row in rows.items()} == {
        "random": "done",
        "grid": "done",
        "boom": "crashed",
        "die": "crashed",
        "hang": "timeout",
        "chat": "done",
        "choosy": "unsupported",
    }
    assert [len(rows[name]["losses"]) for name in ("random", "boom", "die")] == [8, 3, 3]
    assert "no more ideas" in rows["boom"]["text"]
    assert "SIGKILL" in rows["die"]["text"]
    assert rows["hang"]["timed_out"]
    assert rows["random"]["losses"] == rows["chat"]["losses"]
    assert len(rows["random"]["ask_s"]) == len(rows["random"]["tell_s"]) == 8
    absent = {row["name"]: row["why"] for row in read_rows(out) if row["row"] == "missing"}
    assert absent == {"absent": "ImportError: no module named 'absent'"}
    assert "missing contestant absent" in run.summary(ended, out)


def test_failed_evaluations_are_kept_apart_and_the_direction_is_respected(tmp_path):
    out = tmp_path / "runs.jsonl"
    run.contest(jobs_on("toy/wobbly", "random", 30, "3-4"), out)
    rows = runs_of(out)
    assert [row["seed"] for row in rows] == [3, 4]
    for row in rows:
        assert row["failed"] == [i for i, loss in enumerate(row["losses"]) if loss is None]
        assert all(loss >= 0.0 for loss in row["losses"] if loss is not None)
        both = [(a, b) for a, b in zip(row["losses"], row["told"], strict=True) if a is not None]
        assert all(told == pytest.approx(loss + 0.01) for loss, told in both)
    assert any(row["failed"] for row in rows)


def test_a_missing_problem_is_recorded_once_and_the_others_are_played(tmp_path):
    out = tmp_path / "runs.jsonl"
    peers = ("--peers", "random,grid")
    ended = run.contest(jobs_of("--set", "lost", *peers, "--budget", "2", "--seeds", "2"), out)
    assert [row["problem"] for row in runs_of(out)] == ["toy/sphere"] * 4
    lost = [row for row in read_rows(out) if row["row"] == "missing"]
    assert [(row["what"], row["name"]) for row in lost] == [("problem", "toy/lost")]
    assert ended.missing


def test_nothing_is_played_twice_and_crashes_can_be_retried(tmp_path):
    out = tmp_path / "runs.jsonl"
    jobs = jobs_on("toy/sphere", "random,boom", 5, 1)
    run.contest(jobs, out)
    again = run.contest(jobs, out, session={"row": "session"})
    assert not again.ended
    assert [row["row"] for row in read_rows(out)] == ["run", "run"]
    retried = run.contest(jobs, out, retry="crashed")
    assert retried.ended == Counter({"crashed": 1})


KILLED = """
import sys
from pathlib import Path
from benchmarks import run
out = Path(sys.argv[1])
jobs = run.planned(run.parsed(sys.argv[2:]), "bench_toys", "bench_toys")
run.contest(jobs, out, n_jobs=2)
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_killed_run_goes_on_to_the_same_table(tmp_path, how):
    """What is killed also has a contestant that hangs, so that it is in the middle for sure."""
    arguments = ["--set", "both", "--budget", "12", "--seeds", "3", "--peers", "random,grid,boom"]
    hanging = [*arguments[:-1], arguments[-1] + ",hang"]
    whole, cut = tmp_path / "whole.jsonl", tmp_path / "cut.jsonl"
    run.contest(jobs_of(*arguments), whole, n_jobs=2)
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(cut), *hanging],
        env=worker_environment(),
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 60.0
    while len(runs_of(cut)) < 3 and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(how)
    process.wait()
    n_before = len(runs_of(cut))
    assert 3 <= n_before < 18
    with cut.open("ab") as stream:
        stream.write(b'{"row":"run","problem":"toy/sph')  # what a crash in a write leaves
    run.contest(jobs_of(*arguments), cut, n_jobs=2)
    assert without_times(runs_of(cut)) == without_times(runs_of(whole))


def test_two_runners_do_not_share_a_file(tmp_path):
    path = tmp_path / "runs.jsonl"
    with RowFile(path), pytest.raises(BlockingIOError):
        RowFile(path)


@pytest.mark.parametrize("torn", [b"", b"x", b'{"a":1', b"y" * 200_000])
def test_a_torn_last_line_is_cut_off(tmp_path, torn):
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b'{"n":0}\n' + torn)
    assert list(read_rows(path)) == [{"n": 0}]
    with RowFile(path) as rows:
        rows.add({"n": 1})
    assert path.read_bytes() == b'{"n":0}\n{"n":1}\n'


def test_a_file_that_is_one_torn_line_starts_anew(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b'{"n":')
    with RowFile(path) as rows:
        rows.add({"n": 1})
    assert list(read_rows(path)) == [{"n": 1}]


def test_a_run_that_is_cut_short_still_compares_fairly():
    order = list(seed_major(["p", "q"], ["a", "b", "c"], [0, 1]))
    for n in range(len(order)):
        counts = Counter(contestant for _, contestant, _ in order[:n])
        assert max(counts.values(), default=0) - min(counts[c] for c in "abc") <= 1


def test_names_and_globs_choose():
    assert chosen_contestants(["ours-q*", "random"], TOYS) == ["ours-qmc", "random"]
    assert chosen_contestants(["ours-qmc:scramble=true"], TOYS) == ["ours-qmc:scramble=true"]
    with pytest.raises(ValueError, match="no contestant is called 'nobody'"):
        chosen_contestants(["nobody"], TOYS)
    assert chosen_problems(["toy"], [], ["*/sph*"], module=TOYS) == ["toy/sphere"]
    with pytest.raises(ValueError, match="no set is called 'none'"):
        chosen_problems([], ["none"], [], module=TOYS)
    assert parse_seeds("3") == [0, 1, 2]
    assert parse_seeds("4-6") == [4, 5, 6]
    assert parse_seeds("7,9") == [7, 9]


def test_failures_count_as_the_worst_so_far(monkeypatch):
    from benchmarks import worker

    told = []

    class Recorder:
        def ask(self):
            return {}

        def tell(self, config, loss, failed):
            told.append((loss, failed))

    results = iter([math.nan, 3.0, 5.0, math.inf, 4.0])
    problem = SimpleNamespace(losses=lambda config, seed: (next(results), 0.0))
    losses: list[float] = []
    for _ in range(5):
        worker.step(problem, Recorder(), 0, losses, [], lambda *message: None)
    assert told == [(1.0, True), (3.0, False), (5.0, False), (5.0, True), (4.0, False)]
    assert [loss for loss in losses if loss == loss] == [3.0, 5.0, 4.0]
