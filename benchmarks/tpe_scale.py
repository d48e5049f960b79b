"""How TPE's cost grows with the trials it knows: time of an ask and a tell, and memory.

Usage: ``python -m benchmarks.tpe_scale [--sizes 1000,100000] [--d 20] [--rounds 300]``

Time: a study in memory per size, one ask and tell each in turns; medians. Memory: for the largest
size a fresh process opens an SQLite study and asks. Its peak is told, that of one which does the
same with ten trials, and what the numbers themselves take (float64).
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import bayesopt as bo
from bayesopt.storage.base import Proposal, Result
from bayesopt.trial import TrialState
from benchmarks.speed_worker import CHUNK, make_space
from benchmarks.speed_worker import peak_mib as own_peak_mib

_ROOT = Path(__file__).resolve().parents[1]
_FEW = 10


def filled(d: int, n: int, storage: str | None = None) -> bo.Study:
    """Return a study of `n` random trials of `d` numbers."""
    study = bo.create_study(make_space("numeric", d), sampler="tpe", seed=0, storage=storage)
    rng, number = np.random.default_rng(0), study.storage.find_study(study.name).id
    for first in range(0, n, CHUNK):
        rows = study.space.sample(min(CHUNK, n - first), rng)
        proposals = [Proposal(labels) for labels in study.space.decode_labels(rows)]
        losses = ((rows - 0.3) ** 2).mean(axis=1).tolist()
        results = [Result(TrialState.COMPLETE, (loss,)) for loss in losses]
        study.storage.add_finished(number, proposals, results)
    return study


def turn(study: bo.Study, rng: np.random.Generator) -> float:
    """Return the seconds of an ask and a tell."""
    loss, start = float(rng.random()), time.perf_counter()
    study.tell(study.ask(), loss)
    return time.perf_counter() - start


def times(d: int, sizes: list[int], rounds: int) -> dict[int, float]:
    """Return the median seconds of an ask and a tell by number of trials."""
    studies, rng = {n: filled(d, n) for n in sizes}, np.random.default_rng(1)
    taken: dict[int, list[float]] = {n: [] for n in sizes}
    for _ in range(rounds + 1):
        for n, study in studies.items():
            taken[n].append(turn(study, rng))
    return {n: statistics.median(of_size[1:]) for n, of_size in taken.items()}


def peak_mib(d: int, n: int, folder: Path) -> float:
    """Return the peak memory of a process that opens a study of `n` trials and asks."""
    path = str(folder / f"{n}.db")
    filled(d, n, path).close()
    command = [sys.executable, "-m", "benchmarks.tpe_scale", "--open", path, "--d", str(d)]
    done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=True)
    return float(done.stdout)


def open_and_ask(d: int, path: str) -> None:
    """Print the peak memory in MiB after an ask."""
    study = bo.create_study(
        make_space("numeric", d), sampler="tpe", seed=0, storage=path, load_if_exists=True
    )
    study.ask()
    print(own_peak_mib())


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="1000,100000", help="trials known; by commas")
    parser.add_argument("--d", type=int, default=20, help="parameters")
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument("--open", default="", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.open:
        open_and_ask(options.d, options.open)
        return
    sizes = [int(n) for n in options.sizes.split(",")]
    for n, seconds in times(options.d, sizes, options.rounds).items():
        print(f"{n:>8,} trials: {1e3 * seconds:.2f} ms of an ask and a tell")
    with tempfile.TemporaryDirectory() as folder:
        few, many = (peak_mib(options.d, n, Path(folder)) for n in (_FEW, sizes[-1]))
    data = sizes[-1] * (options.d + 1) * 8 / 2**20
    print(f"peak memory: {many:.0f} MiB, with {_FEW} trials {few:.0f}; the numbers are {data:.0f}")


if __name__ == "__main__":
    main()
