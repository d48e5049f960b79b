"""Several trials at once on threads of this process.

Threads suit objectives that wait (for a cluster job, a service) or that compute outside the GIL.
They cannot be killed: a time limit per trial needs processes, and a trial that is still running
when the executor closes is abandoned on its daemon thread, where its next call on the study fails.

Calls of running trials are not made on their own threads. They are handed to the thread that
waits, one after the other, so that a study is only ever touched by one thread.
"""

from __future__ import annotations

import queue
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from bayesopt.active import Trial, TrialPort, TrialSetup
from bayesopt.errors import ExecutionError
from bayesopt.execution.base import LONGEST_WAIT_S, Objective, Outcome, evaluate


@dataclass(slots=True)
class _Call:
    """A call on the port, made by one thread and served by another."""

    method: str
    arguments: tuple[Any, ...]
    reply: queue.SimpleQueue[tuple[bool, Any]] = field(default_factory=queue.SimpleQueue)

    def serve(self, port: TrialPort) -> None:
        try:
            self.reply.put((True, getattr(port, self.method)(*self.arguments)))
        except Exception as error:
            self.reply.put((False, error))
        except BaseException:  # Ctrl-C while serving: the study ends, the trial must not hang
            self.reply.put((False, _abandoned()))
            raise


class ThreadExecutor:
    """Evaluates on daemon threads, one per running trial.

    Parameters
    ----------
    port : TrialPort
        Serves the trials' calls, on the thread that calls :meth:`wait`.
    n_workers : int
        How many trials run at once.
    """

    def __init__(self, port: TrialPort, n_workers: int) -> None:
        self.n_workers = n_workers
        self._port = port
        self._running: dict[tuple[int, int], None] = {}  # (number, attempt), in order of submit
        self._inbox: queue.SimpleQueue[_Call | Outcome] = queue.SimpleQueue()
        self._closed = False
        self._lock = threading.Lock()  # orders "is it closed?" and "put" against close()

    @property
    def n_free(self) -> int:
        """How many more trials may be submitted now."""
        return 0 if self._closed else self.n_workers - len(self._running)

    @property
    def running(self) -> list[int]:
        """Numbers of the trials that run."""
        return [number for number, _ in self._running]

    def submit(self, fn: Objective, setup: TrialSetup) -> None:
        """Start the trial on a thread of its own."""
        if self.n_free <= 0:
            raise ExecutionError(
                "the thread executor",
                expected=f"fewer than {self.n_workers} running trials",
                got=f"running {self.running}, closed {self._closed}",
                remedy="Call wait() until n_free > 0.",
            )
        thread = threading.Thread(
            target=self._run, args=(fn, setup), name=f"bayesopt-trial-{setup.number}", daemon=True
        )
        self._running[setup.number, setup.attempt] = None
        thread.start()

    def wait(self, timeout_s: float | None = None) -> list[Outcome]:
        """Serve the trials' calls until one of them ended or the time is over."""
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        outcomes: list[Outcome] = []
        while self._running and not outcomes:
            message = self._next(deadline)
            if message is None:
                break
            while message is not None:
                self._handle(message, outcomes)
                message = self._next(0.0)
        return outcomes

    def close(self) -> list[int]:
        """Abandon what is running; every call those trials still make raises ExecutionError."""
        with self._lock:
            self._closed = True
        left = self.running
        self._running.clear()
        while (message := self._next(0.0)) is not None:
            if isinstance(message, _Call):
                message.reply.put((False, _abandoned()))
        return left

    def call(self, method: str, *arguments: Any) -> Any:
        """Have the waiting thread call the port; runs on a trial's thread."""
        call = _Call(method, arguments)
        with self._lock:
            if self._closed:
                raise _abandoned()
            self._inbox.put(call)
        worked, result = call.reply.get()
        if worked:
            return result
        raise result

    def _run(self, fn: Objective, setup: TrialSetup) -> None:
        self._inbox.put(evaluate(fn, Trial(setup, _QueuedPort(self))))

    def _next(self, deadline: float | None) -> _Call | Outcome | None:
        """Return the next message, None if there is none by the deadline (0: now)."""
        if deadline is None:
            return self._inbox.get()
        while True:
            rest = max(0.0, deadline - time.monotonic())
            try:
                return self._inbox.get(timeout=min(rest, LONGEST_WAIT_S))
            except queue.Empty:
                if rest <= LONGEST_WAIT_S:
                    return None

    def _handle(self, message: _Call | Outcome, outcomes: list[Outcome]) -> None:
        if isinstance(message, _Call):
            message.serve(self._port)
        elif (key := (message.number, message.attempt)) in self._running:
            del self._running[key]
            outcomes.append(message)


class _QueuedPort:
    """The port that trials on threads see."""

    def __init__(self, executor: ThreadExecutor) -> None:
        self._executor = executor

    def report(self, trial: Trial, step: float, values: tuple[float, ...]) -> None:
        self._executor.call("report", trial, step, values)

    def should_prune(self, trial: Trial) -> bool:
        return bool(self._executor.call("should_prune", trial))

    def set_user_attr(self, trial: Trial, name: str, value: object) -> None:
        self._executor.call("set_user_attr", trial, name, value)


def _abandoned() -> ExecutionError:
    return ExecutionError(
        "a trial on a thread",
        expected="an open executor",
        got="one that was closed while the trial ran",
        remedy="The study has ended; let the objective return.",
    )
