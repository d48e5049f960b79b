"""``python -m benchmarks run``: contestants on problems, a row per finished run, resumable."""

from __future__ import annotations

import argparse
import datetime as dt
import os
import platform
import shlex
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from benchmarks.run_plan import (
    CONTESTANTS,
    PROBLEMS,
    Job,
    chosen_contestants,
    chosen_problems,
    key_of,
    parse_seeds,
    seed_major,
)
from benchmarks.run_rows import Row, RowFile, read_rows
from benchmarks.run_workers import ROOT, Played, Workers

DATA_VARIABLE = "BAYESOPT_BENCH_DATA"


@dataclass
class Contest:
    """Jobs, taken in turn by threads that each play one at a time.

    Attributes
    ----------
    missing : dict of (str, str) to str
        ("contestant" or "problem", name) and why it is not there; its other jobs are left out.
    """

    jobs: list[Job]
    rows: RowFile
    bar: Any
    missing: dict[tuple[str, str], str] = field(default_factory=dict)
    ended: Counter[str] = field(default_factory=Counter)
    broken: list[BaseException] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)
    workers: list[Workers] = field(default_factory=list)

    def next_job(self) -> Job | None:
        """Take the next job of which nothing is missing."""
        with self.lock:
            while self.jobs and not self.stop.is_set():
                job = self.jobs.pop(0)
                if not self._names(job) & self.missing.keys():
                    return job
                self.bar.update(1)
        return None

    @staticmethod
    def _names(job: Job) -> set[tuple[str, str]]:
        return {("contestant", job.contestant), ("problem", job.problem)}

    def finish(self, job: Job, played: Played) -> None:
        """Record a run, or once what is missing."""
        with self.lock:
            if self.stop.is_set():
                return
            kind, _, what = played.status.partition(" ")
            name = (what, job.problem if what == "problem" else job.contestant)
            if kind != "missing":
                self.rows.add(run_row(job, played))
            elif name not in self.missing:
                self.missing[name] = played.text
                self.rows.add({"row": "missing", "what": what, "name": name[1], "why": played.text})
            self.ended[kind] += 1
            self.bar.update(1)
            self.bar.set_postfix_str(f"{job.contestant} on {job.problem}", refresh=False)

    def work(self) -> None:
        """Play jobs until there are no more."""
        workers = Workers()
        self.workers.append(workers)
        try:
            while (job := self.next_job()) is not None:
                self.finish(job, workers.run(job))
        except BaseException as error:
            self.broken.append(error)
            self.stop.set()
        finally:
            workers.close()


def run_row(job: Job, played: Played) -> Row:
    """Return the row of a run.

    `losses` judge it: of noisy problems those without noise, `told` holds what the contestant was
    told. `failed` holds the indices of evaluations that failed.
    """
    seconds = sum(map(sum, (played.ask_s, played.tell_s, played.evaluate_s)))
    return {
        "row": "run",
        "problem": job.problem,
        "contestant": job.contestant,
        "seed": job.seed,
        "budget": job.budget,
        "kind": played.kind,
        "best": played.best,
        "d": played.d,
        "status": played.status,
        "text": played.text,
        "version": played.version,
        "losses": played.losses,
        "failed": [i for i, loss in enumerate(played.losses) if loss is None],
        "timed_out": played.status == "timeout",
        "time_limit_s": job.time_limit_s,
        "make_s": played.make_s,
        "wall_s": round(seconds + played.make_s, 4),
        "ask_s": played.ask_s,
        "tell_s": played.tell_s,
        **({"told": played.told} if played.told != played.losses else {}),
    }


def session_row(arguments: Sequence[str], command: str) -> Row:
    """Return what made the rows that follow: command, date, versions, machine."""
    shown = [f"…/{Path(a).name}" if os.path.isabs(a) else a for a in arguments]
    return {
        "row": "session",
        "command": shlex.join(["python", "-m", "benchmarks", command, *shown]),
        "date": dt.datetime.now(dt.UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "commit": commit(),
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "system": platform.system(),
    }


def commit() -> str:
    """Return the commit of this tree, "+" behind it where it was changed; "" outside git."""
    try:
        done = subprocess.run(
            ["git", "describe", "--always", "--dirty=+", "--exclude=*"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return ""
    return done.stdout.strip()


def left_to_do(jobs: Iterable[Job], rows: Iterable[Row], retry: Iterable[str] = ()) -> list[Job]:
    """Return the jobs that no row records, or whose row ended in a way that is to be retried."""
    again = set(retry)
    done: dict[tuple[str, str, int, int], bool] = {}
    for row in rows:
        if row["row"] == "run":
            done[key_of(row)] = row["status"] not in again
    return [job for job in jobs if not done.get(job.key, False)]


def contest(
    jobs: Sequence[Job], out: Path, n_jobs: int = 1, session: Row | None = None, retry: str = ""
) -> Contest:
    """Play the jobs that are not in `out` yet, `n_jobs` at a time.

    Raises what a thread of this program raised; contestants that raise are results.
    """
    from tqdm import tqdm

    with RowFile(out) as rows:
        todo = left_to_do(jobs, read_rows(out), filter(None, retry.split(",")))
        if todo and session is not None:
            rows.add(session)
        bar = tqdm(total=len(jobs), initial=len(jobs) - len(todo), unit="run", smoothing=0.02)
        with bar:
            state = Contest(todo, rows, bar)
            threads = [threading.Thread(target=state.work) for _ in range(n_jobs)]
            _let_work(state, threads)
    if state.broken:
        raise state.broken[0]
    return state


def _let_work(state: Contest, threads: list[threading.Thread]) -> None:
    """Start threads and wait for them; Ctrl-C ends the runs that are being played, unrecorded."""
    for thread in threads:
        thread.start()
    try:
        for thread in threads:
            thread.join()
    except KeyboardInterrupt as error:
        state.stop.set()
        state.broken.append(error)
        for workers in state.workers:
            workers.interrupt()
        raise


def parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks run", description=__doc__)
    add = parser.add_argument
    add("--suite", action="append", default=[], help="all problems of a suite; may be repeated")
    add("--set", action="append", default=[], help="a named selection; may be repeated")
    add("--problems", default="", help="names or globs, separated by commas")
    add("--peers", default="random,ours-*", help="contestants: names, globs, all; by commas")
    add("--budget", type=int, default=100, help="evaluations of a run")
    add("--seeds", default="10", help="how many, or 10-19, or 3,7")
    add("--jobs", type=int, default=1, help="runs at a time")
    add("--time-limit", type=float, default=600.0, metavar="S", help="seconds of a run")
    add("--retry", default="", help="crashed, timeout: run those again")
    add("--out", type=Path, default=Path("results/runs.jsonl"))
    add("--data", default=os.environ.get(DATA_VARIABLE), help=f"folder of tables ({DATA_VARIABLE})")
    return parser.parse_args(arguments)


def planned(
    options: argparse.Namespace, problems: str = PROBLEMS, contestants: str = CONTESTANTS
) -> list[Job]:
    """Return the jobs that options ask for, in order. Raises ValueError."""
    budget, limit_s, data = options.budget, options.time_limit, options.data
    pattern = Job("", "", 0, budget, limit_s, data, problems, contestants)
    wanted = _listed(options.problems)
    names = chosen_problems(options.suite, options.set, wanted, data, problems)
    chosen = chosen_contestants(_listed(options.peers), contestants)
    return [
        replace(pattern, problem=problem, contestant=contestant, seed=seed)
        for problem, contestant, seed in seed_major(names, chosen, parse_seeds(options.seeds))
    ]


def _listed(text: str) -> list[str]:
    return [part for part in text.split(",") if part]


def main(arguments: Sequence[str]) -> int:
    """Run; return 0 if every contestant and problem was there, 1 if not, 2 for a misuse."""
    options = parsed(arguments)
    try:
        jobs = planned(options)
        ended = contest(
            jobs, options.out, options.jobs, session_row(arguments, "run"), options.retry
        )
    except (ValueError, BlockingIOError) as error:
        print(f"benchmarks run: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted; the same command goes on from here", file=sys.stderr)
        return 130
    print(summary(ended, options.out))
    return 1 if ended.missing else 0


def summary(ended: Contest, out: Path) -> str:
    """Return what happened, in lines."""
    lines = [f"{out}: " + (", ".join(f"{n} {s}" for s, n in ended.ended.items()) or "nothing new")]
    lines += [f"missing {what} {name}: {why}" for (what, name), why in ended.missing.items()]
    return "\n".join(lines)
