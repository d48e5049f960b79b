"""Worker processes on one SQLite study while a random one is killed again and again.

Usage: ``python -m benchmarks.storage_kill [--level storage|study] [--seconds 60] [--workers 8]
[--every 0.2] [--json]``

At the level of the storage each worker asks (lost trials first), reports, tells, and writes down in
a log of its own what was acknowledged: the line is appended after ``tell`` returned. At the level
of the study half of the workers call ``Study.optimize`` and half ``study.ask`` and ``study.tell``.
Every 0.2 s a random worker that has begun gets SIGKILL and is replaced, as long as half of them
have begun; the time counts from there. At the end the store must hold every acknowledged value
once, trials numbered without gap, a file that SQLite finds sound, and every trial of a dead worker
back in the queue.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import bayesopt
from bayesopt.storage import SQLiteStorage
from bayesopt.storage.base import Proposal, Result, StudySpec, Ticket
from bayesopt.trial import TrialRecord, TrialState

LEASE_S = 3.0
_STUDY = StudySpec("kill", ("minimize",), 0)
_QUEUED = (TrialState.WAITING, TrialState.LOST)
_SPACE = {"lr": bayesopt.Float(1e-5, 1e-1, log=True), "depth": bayesopt.Int(1, 8)}
_ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Outcome:
    """What was found in the end; everything from `lost_tells` on should be 0 or empty."""

    seconds: float
    kills: int
    trials: int
    acknowledged: int
    retried: int  # trials that needed more than one attempt
    lost_tells: int = 0  # acknowledged, but not in the store with that value
    double_tells: int = 0  # numbers acknowledged as told more than once
    bad_numbers: int = 0  # gaps and duplicates
    not_requeued: int = 0  # trials of dead workers that could not be claimed with attempt + 1
    damage: tuple[str, ...] = ()  # what PRAGMA integrity_check says
    errors: tuple[str, ...] = ()  # last words of workers that died of anything but SIGKILL

    @property
    def is_good(self) -> bool:
        return not any((self.lost_tells, self.double_tells, self.bad_numbers, self.not_requeued,
                        self.damage, self.errors))  # fmt: skip


# -- the worker -----------------------------------------------------------------------------


def work(path: str, log_path: str) -> None:
    """Ask and tell until killed or told to stop."""
    storage = SQLiteStorage(path)
    study_id = storage.find_study(_STUDY.name).id
    log = os.open(log_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    rng = random.Random(os.getpid())
    follower = _Follower(storage, study_id)
    stop = Path(f"{path}.stop")
    while not stop.exists():
        ticket = follower.ask()
        for step in range(rng.randrange(3)):
            storage.report(study_id, ticket.number, ticket.attempt, step, (rng.random(),), LEASE_S)
        time.sleep(rng.random() * 0.01)
        value = rng.random()
        result = Result(TrialState.COMPLETE, (value,))
        if storage.tell(study_id, ticket.number, ticket.attempt, result):
            os.write(log, f"{ticket.number} {ticket.attempt} {value.hex()}\n".encode())
    storage.close()


def work_on_study(path: str, log_path: str) -> None:
    """Do the same by way of a study: odd processes optimize, even ones ask and tell."""
    study = bayesopt.load_study(path, _STUDY.name, lease_s=LEASE_S)
    log = os.open(log_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    rng = random.Random(os.getpid())
    stop = Path(f"{path}.stop")
    values: dict[int, float] = {}

    def objective(trial: bayesopt.Trial) -> float:
        for step in range(rng.randrange(3)):
            trial.report(rng.random(), step)
        time.sleep(rng.random() * 0.05)
        values[trial.number] = rng.random()
        return values[trial.number]

    def acknowledged(number: int, attempt: int) -> None:
        os.write(log, f"{number} {attempt} {values[number].hex()}\n".encode())

    def told(study: bayesopt.Study, record: TrialRecord) -> None:
        acknowledged(record.number, record.attempt)
        if stop.exists():
            study.stop()

    if os.getpid() % 2:
        study.optimize(objective, callbacks=[told], progress=False)
    while not stop.exists():
        trial = study.ask()
        study.tell(trial, objective(trial))
        acknowledged(trial.number, trial.attempt)
    study.close()


class _Follower:
    """Follows the study as a tuner would."""

    def __init__(self, storage: SQLiteStorage, study_id: int) -> None:
        self._storage, self._study_id, self._seq = storage, study_id, 0
        self._states: dict[int, int] = {}
        self._owner = f"pid-{os.getpid()}"

    def ask(self) -> Ticket:
        with self._storage.ask_turn(self._study_id):
            while True:
                self._follow()
                ticket = self._claim() or self._new()
                if ticket is not None:
                    return ticket

    def _follow(self) -> None:
        self._storage.expire(self._study_id)
        while True:
            changes = self._storage.changes(self._study_id, self._seq)
            self._states.update(zip(changes.numbers, changes.states, strict=True))
            self._seq = changes.seq
            if not changes.more:
                return

    def _claim(self) -> Ticket | None:
        queued = [number for number, state in self._states.items() if state in _QUEUED]
        for number in queued:
            ticket = self._storage.claim(
                self._study_id, number, Proposal({"n": number}), owner=self._owner, lease_s=LEASE_S
            )
            if ticket is not None:
                return ticket
        return None

    def _new(self) -> Ticket | None:
        number = len(self._states)
        tickets = self._storage.ask(
            self._study_id, [Proposal({"n": number})], number, owner=self._owner, lease_s=LEASE_S
        )
        return tickets[0] if tickets else None


_WORK = {"storage": work, "study": work_on_study}


# -- the killer -----------------------------------------------------------------------------


class _Crew:
    """Worker processes, replaced when they die."""

    def __init__(self, path: Path, n_workers: int, level: str) -> None:
        self._path, self._level, self._n_started = path, level, 0
        self.errors: list[str] = []
        self.workers = [self._start() for _ in range(n_workers)]

    def _start(self) -> tuple[subprocess.Popen[bytes], Path]:
        self._n_started += 1
        log = self._path.with_name(f"worker-{self._n_started}.log")
        worker = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.storage_kill", "--level", self._level,
             "--worker", self._path, log],
            cwd=_ROOT,
            stderr=subprocess.PIPE,
        )  # fmt: skip
        return worker, log

    def _begun(self) -> list[int]:
        return [index for index, (_, log) in enumerate(self.workers) if log.exists()]

    def wait(self, timeout_s: float = 120.0) -> None:
        """Wait until half of the workers have begun."""
        end = time.monotonic() + timeout_s
        while 2 * len(self._begun()) < len(self.workers) and time.monotonic() < end:
            time.sleep(0.05)

    def kill_one(self, rng: random.Random) -> bool:
        """Kill a worker that has begun; False while most of them are still starting."""
        begun = self._begun()
        if 2 * len(begun) < len(self.workers):
            return False
        index = rng.choice(begun)
        worker, _ = self.workers[index]
        worker.send_signal(signal.SIGKILL)
        self._bury(worker)
        self.workers[index] = self._start()
        return True

    def stop(self) -> None:
        self._path.with_name(f"{self._path.name}.stop").touch()
        for worker, _ in self.workers:
            self._bury(worker)

    def _bury(self, worker: subprocess.Popen[bytes]) -> None:
        _, said = worker.communicate(timeout=120)
        if worker.returncode not in (0, -signal.SIGKILL) or said.strip():
            self.errors.append(said.decode(errors="replace")[-1000:])


def _create(path: Path, level: str) -> int:
    storage = SQLiteStorage(path)
    if level == "study":
        bayesopt.create_study(_SPACE, storage=storage, name=_STUDY.name, sampler="random", seed=0)
    else:
        storage.create_study(_STUDY, "{}")
    study_id = storage.find_study(_STUDY.name).id
    storage.close()
    return study_id


def run(
    seconds: float, n_workers: int, every_s: float, folder: Path, level: str, seed: int = 0
) -> Outcome:
    """Kill for `seconds`, then look at what is left."""
    path = folder / "study.db"
    study_id = _create(path, level)
    crew, rng, kills = _Crew(path, n_workers, level), random.Random(seed), 0
    crew.wait()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(every_s)
        kills += crew.kill_one(rng)
    crew.stop()
    return _examine(path, study_id, seconds, kills, tuple(crew.errors))


def _acknowledged(folder: Path) -> list[tuple[int, float]]:
    lines = [line for log in folder.glob("worker-*.log") for line in log.read_text().splitlines()]
    fields = [line.split() for line in lines]
    return [(int(number), float.fromhex(value)) for number, _, value in fields]


def _examine(
    path: Path, study_id: int, seconds: float, kills: int, errors: tuple[str, ...]
) -> Outcome:
    storage = SQLiteStorage(path, clock=lambda: time.time() + 10 * LEASE_S)
    left = _count_not_requeued(storage, study_id)
    trials = storage.trials(study_id)
    values = {trial.number: trial.value for trial in trials}
    told = _acknowledged(path.parent)
    outcome = Outcome(
        seconds=seconds,
        kills=kills,
        trials=len(trials),
        acknowledged=len(told),
        retried=sum(trial.attempt > 1 for trial in trials),
        lost_tells=sum(values.get(number) != value for number, value in told),
        double_tells=len(told) - len({number for number, _ in told}),
        bad_numbers=sum(n != trial.number for n, trial in enumerate(trials)),
        not_requeued=left,
        damage=tuple(storage.check()),
        errors=errors,
    )
    storage.close()
    return outcome


def _count_not_requeued(storage: SQLiteStorage, study_id: int) -> int:
    """Claim every trial that is not finished, after all leases ran out."""
    storage.expire(study_id)
    unfinished = [trial for trial in storage.trials(study_id) if not trial.state.is_finished]
    bad = 0
    for trial in unfinished:
        ticket = storage.claim(
            study_id, trial.number, Proposal(trial.params), owner="examiner", lease_s=None
        )
        bad += ticket is None or (ticket.number, ticket.attempt) != (
            trial.number,
            trial.attempt + 1,
        )
    return bad


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--level", choices=["storage", "study"], default="storage")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--workers", type=int, default=8)
    parser.add_argument("--every", type=float, default=0.2)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()))
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--worker", nargs=2, metavar=("STORE", "LOG"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        _WORK[options.level](*options.worker)
        return
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        outcome = run(options.seconds, options.workers, options.every, Path(folder), options.level)
    if options.json:
        print(json.dumps(asdict(outcome)))
    else:
        print("| what | found |\n|---|--:|")
        for name, value in asdict(outcome).items():
            shown = "; ".join(value) or "none" if isinstance(value, tuple) else value
            print(f"| {name.replace('_', ' ')} | {shown} |")
    sys.exit(not outcome.is_good)


if __name__ == "__main__":
    main()
