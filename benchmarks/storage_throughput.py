"""Ask + tell pairs per second of several processes on one SQLite study.

Usage: ``python -m benchmarks.storage_throughput [--seconds 5] [--repeats 5] [--level LEVEL]
[--processes N] [--folder DIR]``

At the level of the storage every worker does what a study does around its sampler: wait for its
turn, look for lost trials, follow what changed, ask; then tell. At the level of the study it calls
``study.ask`` and ``study.tell`` with the random sampler and five parameters.

The disk's fsync/s is measured in the same folder: one process appends as many bytes as one commit
writes and calls fsync, again and again. Since disks and shared machines have moods, a round is many
short slices in which the two take turns; the fraction compares the sums. Rates and fractions are
given as the least, the median and the greatest of the rounds.
"""

from __future__ import annotations

import argparse
import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import NamedTuple

import bayesopt
from bayesopt.storage import SQLiteStorage
from bayesopt.storage.base import Proposal, Result
from bayesopt.trial import TrialState
from benchmarks._fsync import COMMIT_BYTES, syncs_per_s

SPACE = {
    "lr": bayesopt.Float(1e-5, 1e-1, log=True),
    "dropout": bayesopt.Float(0.0, 1.0),
    "batch": bayesopt.Int(16, 512),
    "depth": bayesopt.Int(1, 8),
    "optimizer": bayesopt.Categorical(["sgd", "adamw"]),
}
PARAMS = {"lr": 0.0123456789, "batch": 32, "optimizer": "sgd", "dropout": 0.9, "depth": 4}
CASES = [
    ("storage", 1, "full"),
    ("storage", 4, "full"),
    ("storage", 16, "full"),
    ("storage", 4, "normal"),
    ("study", 1, "full"),
    ("study", 4, "full"),
    ("study", 16, "full"),
]
SLICE_S = 0.5
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


def storage_pair(storage: SQLiteStorage) -> Callable[[], None]:
    """Return what makes one pair at the level of the storage."""
    seq = n = 0

    def pair() -> None:
        nonlocal seq, n
        seq, n = ask_and_tell(storage, 1, seq, n)

    return pair


def study_pair(storage: SQLiteStorage) -> Callable[[], None]:
    """Return what makes one pair at the level of the study."""
    study = bayesopt.load_study(storage, "bench")

    def pair() -> None:
        study.tell(study.ask(), 0.5)

    return pair


def work(
    path: str, level: str, n_slices: int, synchronous: str, barrier: Barrier, answers: Queue[object]
) -> None:
    storage = SQLiteStorage(path, synchronous=synchronous)  # type: ignore[arg-type]
    latencies: list[float] = []
    errors: list[str] = []
    pair = study_pair(storage) if level == "study" else storage_pair(storage)
    pair()
    for _ in range(n_slices):
        barrier.wait()
        end = time.perf_counter() + SLICE_S
        while (start := time.perf_counter()) < end:
            try:
                pair()
            except Exception as error:
                errors.append(repr(error))
            latencies.append(time.perf_counter() - start)
        barrier.wait()
    answers.put((latencies, errors))
    storage.close()


def measure(level: str, n_workers: int, seconds: float, synchronous: str, folder: Path) -> Round:
    """Let `n_workers` processes ask and tell on a new study for `seconds`, with syncs between."""
    n_slices = max(1, round(seconds / SLICE_S))
    with tempfile.TemporaryDirectory(dir=folder) as name:
        path = Path(name) / "study.db"
        storage = SQLiteStorage(path)
        bayesopt.create_study(SPACE, storage=storage, name="bench", sampler="random", seed=0)
        barrier, answers = _CONTEXT.Barrier(n_workers + 1), _CONTEXT.Queue()
        arguments = (str(path), level, n_slices, synchronous, barrier, answers)
        workers = [_CONTEXT.Process(target=work, args=arguments) for _ in range(n_workers)]
        for worker in workers:
            worker.start()
        fsyncs = []
        for _ in range(n_slices):
            fsyncs.append(syncs_per_s(Path(name), SLICE_S / 2))
            barrier.wait()
            barrier.wait()
        found = [answers.get() for _ in workers]
        for worker in workers:
            worker.join()
        storage.close()
    latencies = [latency for each, _ in found for latency in each]
    errors = [error for _, each in found for error in each]
    return Round(len(latencies) / (n_slices * SLICE_S), statistics.mean(fsyncs), latencies, errors)


def percentile_ms(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return 1e3 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def spread(values: Sequence[float], digits: int) -> str:
    """Return the least, the median and the greatest."""
    found = min(values), statistics.median(values), max(values)
    return " / ".join(f"{value:,.{digits}f}" for value in found)


def line(level: str, n_workers: int, synchronous: str, rounds: list[Round]) -> str:
    latencies = [latency for each in rounds for latency in each.latencies_s]
    cells = [
        level,
        f"{n_workers}",
        synchronous,
        spread([each.pairs_per_s for each in rounds], 0),
        spread([each.fsyncs_per_s for each in rounds], 0),
        spread([each.fraction for each in rounds], 2),
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
    parser.add_argument("--level", choices=["storage", "study"])
    parser.add_argument("--processes", type=int)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()))
    options = parser.parse_args()
    print(
        f"fsync/s: {COMMIT_BYTES} bytes appended, then fsync, one process. Least / median / "
        f"greatest of {options.repeats} rounds of {options.seconds:g} s; latency of one pair.\n"
    )
    print("| level | processes | synchronous | ask+tell/s | fsync/s | fraction "
          "| p50 ms | p99 ms | max ms | errors |")  # fmt: skip
    print("|---|--:|---|--:|--:|--:|--:|--:|--:|--:|")
    for level, n_workers, synchronous in CASES:
        if options.level not in (None, level) or options.processes not in (None, n_workers):
            continue
        rounds = [
            measure(level, n_workers, options.seconds, synchronous, options.folder)
            for _ in range(options.repeats)
        ]
        print(line(level, n_workers, synchronous, rounds), flush=True)


if __name__ == "__main__":
    main()
