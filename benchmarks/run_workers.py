"""Worker processes: one plays run after run, and is killed when it hangs."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.run_plan import Job

ROOT = Path(__file__).resolve().parents[1]
GRACE_S = 10.0
"""How long after its time limit a run that does not end by itself is killed."""

START_S = 120.0
"""How long loading a problem and importing a tool may take beside the time limit."""

_THREADS = ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "NUMBA", "VECLIB_MAXIMUM")


@dataclass
class Played:
    """What came of a run.

    Attributes
    ----------
    kind, best, d : str, float or None, int
        Of the problem: what it is, its best known loss, its number of columns.
    losses, told : list of float or None
        Without noise, and as the contestant was told; None where the evaluation failed.
    ask_s, tell_s, evaluate_s : list of float
        Of each evaluation.
    make_s : float
        Making the contestant, its imports included if it was the first of its process.
    """

    status: str = "crashed"
    text: str = ""
    version: str = ""
    kind: str = ""
    best: float | None = None
    d: int = 0
    make_s: float = 0.0
    losses: list[float | None] = field(default_factory=list)
    told: list[float | None] = field(default_factory=list)
    ask_s: list[float] = field(default_factory=list)
    tell_s: list[float] = field(default_factory=list)
    evaluate_s: list[float] = field(default_factory=list)

    def take(self, message: list[Any]) -> bool:
        """Take a worker's message; return whether it was the last."""
        kind, *content = message
        if kind == "made":
            self.make_s, self.version = content
        elif kind == "problem":
            self.kind, self.best, self.d = content
        elif kind == "step":
            columns = (self.losses, self.told, self.ask_s, self.tell_s, self.evaluate_s)
            for column, value in zip(columns, content, strict=True):
                column.append(value)
        else:
            self.status, self.text = content
        return kind == "end"


def worker_environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the variables of a worker: one thread, this tree's code, a cache per kernels' text."""
    variables = dict(os.environ)
    variables.update({f"{name}_NUM_THREADS": "1" for name in _THREADS})
    variables.pop("VECLIB_MAXIMUM_NUM_THREADS")
    variables["VECLIB_MAXIMUM_THREADS"] = "1"
    variables["PYTHONHASHSEED"] = "0"
    path = [str(ROOT), variables.get("PYTHONPATH", "")]
    variables["PYTHONPATH"] = os.pathsep.join(filter(None, path))
    variables.setdefault("NUMBA_CACHE_DIR", str(ROOT / ".numba_cache" / f"bench-{kernels_hash()}"))
    return variables | dict(extra or {})


def kernels_hash() -> str:
    """Return a hash of the text of all kernels: numba misses changes across files."""
    text = b"".join(path.read_bytes() for path in sorted((ROOT / "kernels").glob("*.py")))
    return f"{zlib.crc32(text):08x}"


class Worker:
    """One worker process.

    Parameters
    ----------
    module : str
        What the process runs.
    extra : mapping, optional
        More environment variables.
    """

    def __init__(
        self, module: str = "benchmarks.worker", extra: Mapping[str, str] | None = None
    ) -> None:
        self.n_runs = 0
        self._buffer = b""
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 (closed in `close`)
        self._process = subprocess.Popen(
            [sys.executable, "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            cwd=ROOT,
            env=worker_environment(extra),
            start_new_session=True,  # Ctrl-C is for the runner, which ends its workers itself
        )

    def run(self, job: Job) -> Played:
        """Play a job to its end, or to that of its process."""
        played = Played()
        self.n_runs += 1
        self.send(asdict(job))
        limit_s = job.time_limit_s + GRACE_S
        for message in self.messages(time.monotonic() + START_S + limit_s):
            if message[0] == "made":
                self._deadline = time.monotonic() + limit_s
            if played.take(message):
                return played
        return self._cut(played, job)

    def send(self, job: Mapping[str, Any]) -> None:
        """Hand over a job; a dead process shows when its answer does not come."""
        stream = self._process.stdin
        with contextlib.suppress(BrokenPipeError):
            if stream is not None:
                stream.write(json.dumps(job).encode() + b"\n")
                stream.flush()

    def messages(self, deadline: float) -> Iterator[list[Any]]:
        """Yield messages until the process ends or `deadline` (monotonic) is over."""
        self._deadline = deadline
        stream = self._process.stdout
        while stream is not None:
            *lines, self._buffer = self._buffer.split(b"\n")
            for line in lines:
                yield json.loads(line)
            left = self._deadline - time.monotonic()
            if left <= 0 or not select.select([stream], [], [], left)[0]:
                return
            got = os.read(stream.fileno(), 65536)
            if not got:
                return
            self._buffer += got

    def _cut(self, played: Played, job: Job) -> Played:
        """Say why there was no end."""
        if time.monotonic() >= self._deadline:
            played.status, played.text = "timeout", f"killed after {len(played.losses)} evaluations"
        else:
            played.status, played.text = "crashed", self.obituary()
        self.close(kill=True)
        return played

    def obituary(self) -> str:
        """Return how the process ended and the last line that it wrote to stderr."""
        code = self._wait()
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").strip().splitlines()
        how = f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit status {code}"
        last = lines[-1].replace(str(ROOT), "…") if lines else ""
        return f"the process ended: {how} {last}".strip()[:500]

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process.poll() is None

    @property
    def pid(self) -> int:
        """The process."""
        return self._process.pid

    def _wait(self) -> int:
        """Return the exit status; a process that takes its time is killed."""
        try:
            return self._process.wait(timeout=5.0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()

    def kill(self) -> None:
        """Have the process end at once."""
        self._process.kill()

    def close(self, kill: bool = False) -> None:
        """End the process."""
        if self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()
        if kill:
            self._process.kill()
        self._wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._errors.close()


class Workers:
    """One worker after another: the next one starts when this one died, or has played enough."""

    def __init__(self, n_runs: int = 40) -> None:
        self._n_runs = n_runs
        self._worker: Worker | None = None

    def run(self, job: Job) -> Played:
        """Play a job to its end."""
        if self._worker is not None and not self._worker.alive:
            self.close()
        if self._worker is None:
            self._worker = Worker()
        played = self._worker.run(job)
        if self._worker.n_runs >= self._n_runs:
            self.close()
        return played

    def interrupt(self) -> None:
        """Kill the worker; the run that it plays comes back as crashed. From any thread."""
        if (worker := self._worker) is not None:
            worker.kill()

    def close(self) -> None:
        """End the worker."""
        if self._worker is not None:
            self._worker.close()
            self._worker = None
