"""Opening a SQLite study of many trials: time and memory, beside Optuna's SQLite store.

Usage: ``python -m benchmarks.storage_reopen [--trials 100000] [--skip-optuna] [--folder DIR]``

Every measurement is a fresh process. "Open and follow" opens the file, reads every change and
encodes all trials into the unit cube; "load the study" is what a user calls; "storage share of an
ask" is one look for lost trials, one follow and one ask at that size. Optuna loads its study and
makes one ask with its random sampler; at 100,000 trials that takes it minutes.

The processor time is that of the whole process, start-up included: on a busy machine it says more
than the clock.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import random
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from bayesopt.storage.base import Proposal, Result
from bayesopt.trial import TrialState

_ROOT = Path(__file__).resolve().parents[1]
_OPTIMIZERS = ["sgd", "adamw", "rmsprop"]


def configurations(n: int) -> Iterator[dict[str, float | int | str]]:
    rng = random.Random(0)
    for _ in range(n):
        yield {
            "lr": 10 ** rng.uniform(-5, -1),
            "dropout": rng.random(),
            "batch": rng.randrange(16, 513),
            "depth": rng.randrange(1, 9),
            "optimizer": rng.choice(_OPTIMIZERS),
        }


# -- this project ---------------------------------------------------------------------------


def make(path: str, n: int) -> None:
    import bayesopt as bo

    space = bo.Space(
        {
            "lr": bo.Float(1e-5, 1e-1, log=True),
            "dropout": bo.Float(0.0, 1.0),
            "batch": bo.Int(16, 512),
            "depth": bo.Int(1, 8),
            "optimizer": bo.Categorical(_OPTIMIZERS),
        }
    )
    study = bo.create_study(space, storage=path, name="bench", sampler="random", seed=0)
    storage = study.storage
    study_id = storage.find_study("bench").id
    proposals = [Proposal(config, sampler="random") for config in configurations(n)]
    results = [Result(TrialState.COMPLETE, (config["lr"],)) for config in configurations(n)]
    storage.add_finished(study_id, proposals, results)  # type: ignore[arg-type]
    storage.close()


def open_and_follow(path: str) -> dict[str, float]:
    from bayesopt.space import Space
    from bayesopt.storage import SQLiteStorage

    start = time.perf_counter()
    storage = SQLiteStorage(path)
    study_id = storage.find_study("bench").id
    space = Space.from_json(storage.spaces(study_id)[-1])
    seq, more = 0, True
    while more:
        changes = storage.changes(study_id, seq)
        space.encode_labels(changes.params)
        seq, more = changes.seq, changes.more
    return {"s": time.perf_counter() - start, "mib": peak_mib()}


def share_of_an_ask(path: str) -> dict[str, float]:
    from bayesopt.storage import SQLiteStorage

    # "normal" keeps the disk's moods out of the comparison of sizes; "full" adds one sync.
    storage = SQLiteStorage(path, synchronous="normal")
    study_id = storage.find_study("bench").id
    n = storage.find_study("bench").n_trials
    seq, more = 0, True
    while more:
        changes = storage.changes(study_id, seq)
        seq, more = changes.seq, changes.more
    taken = []
    for config in configurations(200):
        start = time.perf_counter()
        storage.expire(study_id)
        seq = storage.changes(study_id, seq).seq
        storage.ask(study_id, [Proposal(config)], n, owner="me", lease_s=60.0)
        taken.append(time.perf_counter() - start)
        n += 1
    return {"s": statistics.median(taken), "mib": peak_mib()}


def load_study(path: str) -> dict[str, float]:
    import bayesopt

    start = time.perf_counter()
    study = bayesopt.load_study(path, "bench")
    study.tell(study.ask(), 1.0)
    return {"s": time.perf_counter() - start, "mib": peak_mib()}


def ask_of_a_study(path: str) -> dict[str, float]:
    import bayesopt

    study = bayesopt.load_study(path, "bench")
    return {"s": median_s(study.ask), "mib": peak_mib()}


def median_s(call: Callable[[], object], n: int = 50) -> float:
    call()
    taken = []
    for _ in range(n):
        start = time.perf_counter()
        call()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


# -- Optuna ---------------------------------------------------------------------------------


def optuna_make(path: str, n: int) -> None:
    import optuna
    from optuna.distributions import (
        CategoricalDistribution,
        FloatDistribution,
        IntDistribution,
    )

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    distributions = {
        "lr": FloatDistribution(1e-5, 1e-1, log=True),
        "dropout": FloatDistribution(0.0, 1.0),
        "batch": IntDistribution(16, 512),
        "depth": IntDistribution(1, 8),
        "optimizer": CategoricalDistribution(_OPTIMIZERS),
    }
    study = optuna.create_study(storage=f"sqlite:///{path}", study_name="bench")
    trials = [
        optuna.trial.create_trial(params=config, distributions=distributions, value=config["lr"])
        for config in configurations(min(n, 1000))
    ]
    study.add_trials(trials)
    for _ in range(n // 1000 - 1):
        _copy_first_1000(path)


def _copy_first_1000(path: str) -> None:
    """Append copies of Optuna's first 1000 trials; through its own calls that takes 20 minutes."""
    connection = sqlite3.connect(path)
    (n,) = connection.execute("SELECT count(*) FROM trials").fetchone()
    for table, key in (
        ("trials", "trial_id"), ("trial_params", "param_id"), ("trial_values", "trial_value_id")
    ):  # fmt: skip
        columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
        size = connection.execute(f"SELECT max({key}) FROM {table}").fetchone()[0]
        shifts = {key: size, "trial_id": n, "number": n}
        picked = [f"{name} + {shifts[name]}" if name in shifts else name for name in columns]
        connection.execute(
            f"INSERT INTO {table} SELECT {', '.join(picked)} FROM {table} WHERE trial_id <= 1000"
        )
    connection.commit()
    connection.close()


def optuna_load(path: str) -> dict[str, float]:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    start = time.perf_counter()
    sampler = optuna.samplers.RandomSampler(seed=0)
    study = optuna.load_study(storage=f"sqlite:///{path}", study_name="bench", sampler=sampler)
    study.tell(study.ask(), 1.0)
    _ = study.trials
    return {"s": time.perf_counter() - start, "mib": peak_mib()}


def optuna_ask(path: str) -> dict[str, float]:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    sampler = optuna.samplers.RandomSampler(seed=0)
    study = optuna.load_study(storage=f"sqlite:///{path}", study_name="bench", sampler=sampler)

    def ask() -> None:
        trial = study.ask()
        trial.suggest_float("lr", 1e-5, 1e-1, log=True)
        trial.suggest_float("dropout", 0.0, 1.0)
        trial.suggest_int("batch", 16, 512)
        trial.suggest_int("depth", 1, 8)
        trial.suggest_categorical("optimizer", _OPTIMIZERS)

    return {"s": median_s(ask, 20), "mib": peak_mib()}


# -- running them in processes of their own -------------------------------------------------

_JOBS: dict[str, Callable[[str], dict[str, float]]] = {
    "open and follow": open_and_follow,
    "storage share of an ask (without the sync)": share_of_an_ask,
    "load the study, ask and tell": load_study,
    "ask, random sampler": ask_of_a_study,
    "optuna: load the study, ask and tell, list trials": optuna_load,
    "optuna: ask, random sampler": optuna_ask,
}
_MAKERS: dict[str, Callable[[str, int], None]] = {"make": make, "optuna make": optuna_make}


def peak_mib() -> float:
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # Linux: KiB


def in_process(job: str, path: Path, n: int) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.storage_reopen", "--job", job, str(path)]
    done = subprocess.run(
        [*command, "--trials", str(n)], cwd=_ROOT, capture_output=True, check=False, text=True
    )
    if done.returncode:
        raise RuntimeError(f"{job}: {done.stderr[-2000:]}")
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def compare(sizes: list[int], folder: Path, with_optuna: bool, repeats: int) -> None:
    print("| what | trials | median time | processor time | peak memory |\n|---|--:|--:|--:|--:|")
    for prefix in ("", "optuna ") if with_optuna else ("",):
        jobs = [job for job in _JOBS if job.startswith("optuna") == bool(prefix)]
        for n in sizes:
            path = folder / f"{prefix.strip() or 'study'}-{n}.db"
            in_process(f"{prefix}make", path, n)
            for job in jobs:
                found = [in_process(job, path, n) for _ in range(1 if prefix else repeats)]
                seconds = statistics.median(each["s"] for each in found)
                cpu_s = statistics.median(each["cpu_s"] for each in found)
                mib = max(each["mib"] for each in found)
                shown = f"{seconds:.2f} s" if seconds > 0.1 else f"{1e3 * seconds:.2f} ms"
                print(f"| {job} | {n} | {shown} | {cpu_s:.1f} s | {mib:.0f} MiB |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=100_000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--skip-optuna", action="store_true")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()))
    parser.add_argument("--job", nargs=2, metavar=("JOB", "PATH"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.job:
        job, path = options.job
        if job in _MAKERS:
            _MAKERS[job](path, options.trials)
            print("{}")
        else:
            print(json.dumps({**_JOBS[job](path), "cpu_s": time.process_time()}))
        return
    with_optuna = not options.skip_optuna and importlib.util.find_spec("optuna") is not None
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        compare([1000, options.trials], Path(folder), with_optuna, options.repeats)


if __name__ == "__main__":
    main()
