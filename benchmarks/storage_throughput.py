"""Ask + tell pairs per second of several processes on one SQLite study.

Usage: ``python -m benchmarks.storage_throughput [--seconds 5] [--repeats 5] [--folder DIR]``

Every worker does what a study does around its sampler: wait for its turn, look for lost trials,
follow what changed, ask; then tell. The disk's fsync/s is measured right before and after each
round, in the same folder: appending as many bytes as one commit writes, then fsync, one process.
"""

from __future__ import annotations

import argparse
import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Sequence
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import NamedTuple

from bayesopt.storage import SQLiteStorage
from bayesopt.storage.base import Proposal, Result, StudySpec
from bayesopt.trial import TrialState
from benchmarks._fsync import COMMIT_BYTES, syncs_per_s

PARAMS = {"lr": 0.0123456789, "batch": 32, "optimizer": "sgd", "momentum": 0.9, "depth": 4}
_CONTEXT = multiprocessing.get_context("spawn")


class Round(NamedTuple):
    """One measurement."""

    pairs_per_s: float
    fsyncs_per_s: float
    latencies_s: list[float]
    errors: list[str]

    @property
    def fraction(self) -> float:
        return self.pairs_per_s / self.fsyncs_per_s


def ask_and_tell(storage: SQLiteStorage, study_id: int, seq: int, n: int) -> tuple[int, int]:
    """Make one pair; return how far this worker has followed: seq and next number."""
    with storage.ask_turn(study_id):
        while True:
            storage.expire(study_id)
            changes = storage.changes(study_id, seq)
            seq = changes.seq
            n = max(n, 1 + max(changes.numbers, default=-1))
            proposals = [Proposal(PARAMS, sampler="random")]
            tickets = storage.ask(study_id, proposals, n, owner="worker", lease_s=60.0)
            if tickets is not None:
                break
    storage.tell(study_id, n, tickets[0].attempt, Result(TrialState.COMPLETE, (0.5,)))
    return seq, n


def work(
    path: str, seconds: float, synchronous: str, barrier: Barrier, answers: Queue[object]
) -> None:
    storage = SQLiteStorage(path, synchronous=synchronous)  # type: ignore[arg-type]
    latencies: list[float] = []
    errors: list[str] = []
    seq = n = 0
    barrier.wait()
    end = time.perf_counter() + seconds
    while (start := time.perf_counter()) < end:
        try:
            seq, n = ask_and_tell(storage, 1, seq, n)
        except Exception as error:
            errors.append(repr(error))
        latencies.append(time.perf_counter() - start)
    answers.put((latencies, errors))
    storage.close()


def measure(n_workers: int, seconds: float, synchronous: str, folder: Path) -> Round:
    """Let `n_workers` processes ask and tell on a new study for `seconds`."""
    with tempfile.TemporaryDirectory(dir=folder) as name:
        path = Path(name) / "study.db"
        storage = SQLiteStorage(path)
        storage.create_study(StudySpec("bench", ("minimize",), 0), "{}")
        before = syncs_per_s(Path(name))
        barrier, answers = _CONTEXT.Barrier(n_workers), _CONTEXT.Queue()
        arguments = (str(path), seconds, synchronous, barrier, answers)
        workers = [_CONTEXT.Process(target=work, args=arguments) for _ in range(n_workers)]
        for worker in workers:
            worker.start()
        found = [answers.get() for _ in workers]
        for worker in workers:
            worker.join()
        storage.close()
        fsyncs = (before + syncs_per_s(Path(name))) / 2
    latencies = [latency for each, _ in found for latency in each]
    errors = [error for _, each in found for error in each]
    return Round(len(latencies) / seconds, fsyncs, latencies, errors)


def percentile_ms(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return 1e3 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def line(n_workers: int, synchronous: str, rounds: list[Round]) -> str:
    latencies = [latency for each in rounds for latency in each.latencies_s]
    fractions = [each.fraction for each in rounds]
    cells = [
        f"{n_workers}",
        synchronous,
        f"{statistics.median(each.pairs_per_s for each in rounds):.0f}",
        f"{statistics.median(each.fsyncs_per_s for each in rounds):.0f}",
        f"{statistics.median(fractions):.2f} ({min(fractions):.2f}-{max(fractions):.2f})",
        f"{percentile_ms(latencies, 0.5):.1f}",
        f"{percentile_ms(latencies, 0.99):.1f}",
        f"{percentile_ms(latencies, 1.0):.0f}",
        f"{sum(len(each.errors) for each in rounds)}",
    ]
    return f"| {' | '.join(cells)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()))
    options = parser.parse_args()
    print(
        f"fsync/s: {COMMIT_BYTES} bytes appended, then fsync, one process. "
        f"Median of {options.repeats} rounds of {options.seconds:g} s; latency of one ask + tell.\n"
    )
    print("| processes | synchronous | ask+tell/s | fsync/s | fraction (range) "
          "| p50 ms | p99 ms | max ms | errors |")  # fmt: skip
    print("|--:|---|--:|--:|--:|--:|--:|--:|--:|")
    for n_workers, synchronous in ((1, "full"), (4, "full"), (16, "full"), (4, "normal")):
        rounds = [
            measure(n_workers, options.seconds, synchronous, options.folder)
            for _ in range(options.repeats)
        ]
        print(line(n_workers, synchronous, rounds), flush=True)


if __name__ == "__main__":
    main()
