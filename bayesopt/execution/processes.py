"""Several trials at once in worker processes that can be killed.

The process that owns the study asks, tells and answers; workers only run ``objective(trial)``.

*Fresh interpreters.* A worker is a new Python started with this one's ``sys.path``, ``sys.argv``,
folder and environment. Nothing is forked, so locks, threads and GPU contexts of the parent cannot
be inherited half-way, notebooks work, and no ``if __name__ == "__main__"`` guard is needed: the
main module is never imported again. Workers start when the first trial needs them, and stay.

*What travels.* The objective once per worker and executor (functions that a worker cannot import
by value, see :mod:`bayesopt.execution.pickling`), then one small message per trial and one per
result. ``report``, ``should_prune`` and ``set_user_attr`` are questions to the parent, answered
while it is in :meth:`ProcessExecutor.wait`; errors of the answer are raised in the objective.

*Nothing blocks the parent.* It reads and writes what is ready and never waits for one worker.

*Death.* Every worker leads a session of its own. At a time limit the whole session gets SIGKILL,
so the worker's children die with it. (Only a child that makes itself a session of its own gets
away.) A worker that dies by itself costs its own trial, which is reported as lost, and is replaced
when the next trial needs one. When the parent dies, however it dies, the kernel tells the workers
(see ``_tie_life_to`` in :mod:`bayesopt.execution.worker`). Ctrl-C in a terminal reaches only the
parent, whose ``close()`` then kills what runs; idle workers may leave in peace.

*Cores.* ``n_workers`` times the threads of a BLAS would fight for the cores, so each worker gets
its share by OMP_NUM_THREADS and its kin, unless the user has set them.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import selectors
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Self

from bayesopt.active import Trial, TrialPort, TrialSetup
from bayesopt.errors import ExecutionError, TrialTimeoutError, WorkerLostError, short_repr
from bayesopt.execution.base import (
    LONGEST_WAIT_S,
    Objective,
    Outcome,
    Status,
    available_cpus,
    time_limit,
)
from bayesopt.execution.launch import WorkerProcess, describe_exit, worker_environment
from bayesopt.execution.pickling import dumps, loads

_POLL_S = 0.05  # how often to look for deaths where the kernel cannot announce them
_START_S = 120.0  # allowance for starting a worker and loading the objective, with a time limit
_FAREWELL_S = 5.0  # how long idle workers may take to leave


@dataclass(slots=True)
class _Job:
    """A trial in a worker."""

    trial: Trial
    submitted_at: float
    started_at: float | None = None

    def is_overdue(self, limit_s: float | None, now: float) -> bool:
        return limit_s is not None and now >= self.deadline(limit_s)

    def deadline(self, limit_s: float) -> float:
        if self.started_at is None:
            return self.submitted_at + limit_s + _START_S
        return self.started_at + limit_s


class WorkerTraceback(Exception):
    """The traceback of an exception that was raised in a worker process, as text."""

    def __str__(self) -> str:
        return f"in a worker process:\n\n{self.args[0]}"


class ProcessExecutor:
    """Evaluates in worker processes.

    Parameters
    ----------
    port : TrialPort
        Serves the trials' calls, on the thread that calls :meth:`wait`.
    n_workers : int
        How many trials run at once.
    trial_timeout_s : float or None
        Seconds a trial may run before its worker is killed; loading the objective for the first
        time does not count. None or infinity: for ever.
    """

    def __init__(
        self, port: TrialPort, n_workers: int, *, trial_timeout_s: float | None = None
    ) -> None:
        self.n_workers = n_workers
        self._port = port
        self._limit_s = time_limit(trial_timeout_s)
        self._jobs: dict[WorkerProcess, _Job | None] = {}  # None: idle
        self._ended: list[Outcome] = []
        self._unstarted: list[int] = []  # trials whose workers did not start
        self._failure: Exception | None = None
        self._objective: Objective | None = None
        self._objective_bytes = b""
        self._objective_key = 0
        self._selector = selectors.DefaultSelector()
        self._owner_pid = os.getpid()
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    @property
    def running(self) -> list[int]:
        """Numbers of the trials submitted and not yet returned by :meth:`wait`."""
        numbers = [job.trial.number for job in self._jobs.values() if job is not None]
        return numbers + [outcome.number for outcome in self._ended] + self._unstarted

    @property
    def n_free(self) -> int:
        """How many more trials may be submitted now."""
        if self._closed or self._unstarted:  # another worker would not start either
            return 0
        return self.n_workers - len(self.running)

    @property
    def worker_pids(self) -> list[int]:
        """Process ids of the workers alive, busy or idle."""
        return [worker.pid for worker in self._jobs]

    # -- submit -------------------------------------------------------------------------------
    def submit(self, fn: Objective, setup: TrialSetup) -> None:
        """Send the trial to an idle worker, starting one if there is none; returns at once."""
        if self.n_free <= 0:
            raise ExecutionError(
                "the process executor",
                expected=f"fewer than {self.n_workers} running trials",
                got=f"running {self.running}, closed {self._closed}",
                remedy="Call wait() until n_free > 0.",
            )
        self._take_objective(fn)
        plain = replace(setup, params=dict(setup.params), user_attrs=dict(setup.user_attrs))
        message = pickle.dumps(("run", setup.number, setup.attempt, _packed(plain, "the trial")))
        worker = self._idle_worker()
        self._jobs[worker] = _Job(Trial(setup, self._port), time.monotonic())
        if worker.objective_key != self._objective_key:
            worker.objective_key = self._objective_key
            worker.channel.send(pickle.dumps(("objective",)))
            worker.channel.send(self._objective_bytes)
        worker.channel.send(message)

    def _take_objective(self, fn: Objective) -> None:
        if fn is not self._objective:
            self._objective_bytes = _packed(fn, "the objective")
            self._objective = fn
            self._objective_key += 1

    def _idle_worker(self) -> WorkerProcess:
        for worker in [w for w, job in self._jobs.items() if job is None]:
            if not worker.has_exited:
                return worker
            self._discard(worker)
        worker = WorkerProcess(worker_environment(os.environ, self.n_workers, available_cpus()))
        self._jobs[worker] = None
        self._selector.register(worker.channel, selectors.EVENT_READ)
        if worker.exit_fd is not None:
            self._selector.register(worker.exit_fd, selectors.EVENT_READ)
        return worker

    def _discard(self, worker: WorkerProcess) -> int | None:
        """Kill and forget a worker, registered as a whole or not; return its exit status."""
        del self._jobs[worker]
        for source in (worker.channel, worker.exit_fd):
            with contextlib.suppress(KeyError, ValueError):
                if source is not None:
                    self._selector.unregister(source)
        return worker.kill()

    # -- wait ---------------------------------------------------------------------------------
    def wait(self, timeout_s: float | None = None) -> list[Outcome]:
        """Serve the trials until one ended, its worker died or ran out of time.

        What has ended by the time of an error is returned first; the next call raises it, and so
        do all after that.

        Raises
        ------
        ExecutionError
            If a worker ended before it was ready for work: no other would fare better.
        """
        end = None if timeout_s is None else time.monotonic() + timeout_s
        while self.running and not self._ended and self._failure is None:
            self._sleep(end)
            for worker in list(self._jobs):
                self._try_to_attend(worker)
            if end is not None and time.monotonic() >= end:
                break
        if self._failure is not None and not self._ended:
            raise self._failure
        ended, self._ended = self._ended, []
        return ended

    def _sleep(self, end: float | None) -> None:
        """Wait until a worker wants something, a time limit is reached or `end`."""
        for worker in self._jobs:
            writing = selectors.EVENT_WRITE if worker.channel.has_outgoing else 0
            self._selector.modify(worker.channel, selectors.EVENT_READ | writing)
        moments = list(self._deadlines())
        if end is not None:
            moments.append(end)
        naps = [max(0.0, moment - time.monotonic()) for moment in moments]
        if any(worker.exit_fd is None for worker in self._jobs):
            naps.append(_POLL_S)
        self._selector.select(min([*naps, LONGEST_WAIT_S]))

    def _deadlines(self) -> Iterator[float]:
        for job in self._jobs.values():
            if job is not None and self._limit_s is not None:
                yield job.deadline(self._limit_s)

    def _try_to_attend(self, worker: WorkerProcess) -> None:
        try:
            self._attend(worker)
        except Exception as error:  # not yet: other workers may have results
            self._failure = self._failure or error

    def _attend(self, worker: WorkerProcess) -> None:
        has_exited = worker.has_exited  # asked first: what it had written by then is read below
        worker.channel.flush()
        for message in worker.channel.receive():
            self._handle(worker, *loads(message))
        job = self._jobs[worker]
        if has_exited or not worker.channel.is_open:
            self._bury(worker, job)
        elif job is not None and job.is_overdue(self._limit_s, time.monotonic()):
            self._discard(worker)
            self._ended.append(self._timed_out(job))

    def _handle(self, worker: WorkerProcess, kind: str, *details: Any) -> None:
        job = self._jobs[worker]
        if kind == "ready":
            worker.is_ready = True
        elif job is None:
            return
        elif kind == "started":
            job.started_at = min(details[0], time.monotonic())
        elif kind == "call":
            worker.channel.send(self._answer(job.trial, *details))
        else:
            self._ended.append(_unpacked(*details))
            self._jobs[worker] = None

    def _answer(self, trial: Trial, method: str, arguments: tuple[Any, ...]) -> bytes:
        try:
            return dumps((True, getattr(self._port, method)(trial, *arguments)))
        except Exception as error:
            return _packed_error(error)

    def _bury(self, worker: WorkerProcess, job: _Job | None) -> None:
        status = self._discard(worker)
        if job is None:
            return
        if not worker.is_ready and status is not None and status >= 0:
            self._unstarted.append(job.trial.number)
            raise ExecutionError(
                "a worker process",
                expected="one that starts",
                got=describe_exit(status) + " before it was ready",
                remedy="See its error output; n_jobs=1 or threads do without worker processes.",
            )
        self._ended.append(self._lost(job, status))

    def _lost(self, job: _Job, status: int | None) -> Outcome:
        error = WorkerLostError(
            f"the worker process of trial {job.trial.number}",
            expected="a result",
            got=describe_exit(status),
            remedy="Out of memory is a common cause; the trial can run again.",
        )
        return _killed(job, "lost", error)

    def _timed_out(self, job: _Job) -> Outcome:
        error = TrialTimeoutError(
            f"trial {job.trial.number}",
            expected=f"a result within {self._limit_s:g} s",
            got="none, so its process was killed",
            remedy="Raise the time limit if that was too early.",
        )
        return _killed(job, "timeout", error)

    # -- close --------------------------------------------------------------------------------
    def close(self) -> list[int]:
        """Kill what runs, let idle workers leave; return the numbers that were still running.

        In a fork of the process that made the executor it does nothing.
        """
        if self._closed or os.getpid() != self._owner_pid:
            return []
        left = self.running
        self._closed = True
        self._ended, self._unstarted = [], []
        try:
            for worker in [w for w, job in self._jobs.items() if job is not None]:
                self._discard(worker)
            self._say_farewell()
        finally:
            for worker in list(self._jobs):
                self._discard(worker)
            self._selector.close()
        return left

    def _say_farewell(self) -> None:
        """Let idle workers end by themselves, so that what they registered at exit is done."""
        for worker in self._jobs:
            worker.channel.send(pickle.dumps(("stop",)))
        end = time.monotonic() + _FAREWELL_S
        while any(not worker.has_exited for worker in self._jobs) and time.monotonic() < end:
            time.sleep(0.002)


def _packed(obj: object, what: str) -> bytes:
    try:
        return dumps(obj)
    except Exception as error:
        raise ExecutionError(
            what,
            expected="something that can be sent to a worker process",
            got=short_repr(error),
            remedy="Create what cannot be sent inside the objective, or use n_jobs=1 or threads.",
        ) from error


def _packed_error(error: Exception) -> bytes:
    with contextlib.suppress(Exception):
        return dumps((False, error))
    return dumps((False, ExecutionError(f"{type(error).__name__}: {short_repr(error)}")))


def _unpacked(facts: dict[str, Any], suggested: bytes, exception: bytes) -> Outcome:
    """Return the outcome that a worker sent, with as much of its exception as loads here."""
    try:
        outcome = Outcome(**facts, suggested=loads(suggested) if suggested else {})
    except Exception as error:
        facts |= {"status": "error", "values": None, "error": f"cannot load a suggestion: {error}"}
        return Outcome(**facts, exception=error)
    carried: Any = None
    if exception:
        with contextlib.suppress(Exception):
            carried = loads(exception)
    if not isinstance(carried, Exception):
        return outcome
    if outcome.status == "error":
        carried.__cause__ = WorkerTraceback(outcome.error)
    return replace(outcome, exception=carried)


def _killed(job: _Job, status: Status, error: ExecutionError) -> Outcome:
    start = job.submitted_at if job.started_at is None else job.started_at
    return Outcome(
        job.trial.number,
        job.trial.attempt,
        status,
        error=str(error),
        exception=error,
        duration_s=time.monotonic() - start,
    )
