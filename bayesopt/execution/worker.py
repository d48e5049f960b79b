"""What runs in a worker process: read a trial, run the objective, send back how it ended.

Started by :mod:`bayesopt.execution.launch`, see :mod:`bayesopt.execution.processes` for the design.
Imports are few on purpose: they are what a worker's start costs.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import sys
import threading
import time
from typing import Any

from bayesopt.active import Trial
from bayesopt.errors import ExecutionError, InvalidValueError, short_repr
from bayesopt.execution.base import Objective, Outcome, evaluate, traceback_text
from bayesopt.execution.channel import read_message, write_message

try:
    import fcntl
except ImportError:  # not POSIX, where no worker is ever started
    fcntl = None  # type: ignore[assignment]

_MAX_EXCEPTION_BYTES = 1 << 20


def main(channel_fd: int, lifeline_fd: int) -> None:
    """Serve trials until the study's process says stop or goes away."""
    for fd in (channel_fd, lifeline_fd):
        os.set_inheritable(fd, False)  # programs that the objective starts must not hold them
    _tie_life_to(lifeline_fd)
    # Ctrl-C is the study's to handle. A handler, where SIG_IGN would be inherited by programs
    # that the objective starts.
    signal.signal(signal.SIGINT, lambda *_: None)
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):
            stream.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    worker = _Worker(channel_fd)
    with contextlib.suppress(EOFError):
        worker.serve()


def _tie_life_to(lifeline_fd: int) -> None:
    """Die, with everything this worker started, as soon as the study's process is gone.

    On Linux the kernel does it: the pipe's closing sends SIGKILL to the whole process group, even
    while a native function holds the GIL. (PR_SET_PDEATHSIG would spare the children, and would
    fire when the *thread* that started the worker ends.) Elsewhere a thread waits for the closing.
    """
    if not hasattr(fcntl, "F_SETSIG"):
        threading.Thread(target=_die_at_end_of, args=(lifeline_fd,), daemon=True).start()
        return
    fcntl.fcntl(lifeline_fd, fcntl.F_SETOWN, -os.getpgrp())
    fcntl.fcntl(lifeline_fd, fcntl.F_SETSIG, signal.SIGKILL)
    flags = fcntl.fcntl(lifeline_fd, fcntl.F_GETFL)
    fcntl.fcntl(lifeline_fd, fcntl.F_SETFL, flags | os.O_ASYNC | os.O_NONBLOCK)
    with contextlib.suppress(BlockingIOError):
        os.read(lifeline_fd, 1)  # returns only if the study had gone before this was set up
        os._exit(1)


def _die_at_end_of(lifeline_fd: int) -> None:
    os.read(lifeline_fd, 1)
    os.killpg(os.getpgrp(), signal.SIGKILL)


class _Worker:
    """The loop, and the port through which the running trial talks to its study."""

    def __init__(self, channel_fd: int) -> None:
        self._fd = channel_fd
        self._pid = os.getpid()
        self._objective: Objective | None = None
        self._objective_bytes = b""
        self._trial: Trial | None = None  # the one that runs
        self._lock = threading.Lock()  # an objective may report from several threads

    def serve(self) -> None:
        self._send("ready")
        while True:
            kind, *details = pickle.loads(read_message(self._fd))  # noqa: S301 - see pickling.py
            if kind == "stop":
                return
            if kind == "objective":
                self._objective, self._objective_bytes = None, read_message(self._fd)
            else:
                self._send("ended", *_packed(self._run(*details)))

    def _run(self, number: int, attempt: int, setup: bytes) -> Outcome:
        try:
            trial = Trial(pickle.loads(setup), self)  # noqa: S301
            objective = self._loaded_objective()
        except BaseException as error:
            return _unloadable(number, attempt, error)
        self._send("started", time.monotonic())
        self._trial = trial
        outcome = evaluate(objective, trial)
        with self._lock:  # let a call that a thread of the objective has begun get its answer
            self._trial = None
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(Exception):
                stream.flush()
        return outcome

    def _loaded_objective(self) -> Objective:
        if self._objective is None:
            self._objective = pickle.loads(self._objective_bytes)  # noqa: S301
            self._objective_bytes = b""
        return self._objective

    # -- TrialPort ----------------------------------------------------------------------------
    def report(self, trial: Trial, step: float, values: tuple[float, ...]) -> None:
        self._call(trial, "report", step, values)

    def should_prune(self, trial: Trial) -> bool:
        return bool(self._call(trial, "should_prune"))

    def set_user_attr(self, trial: Trial, name: str, value: object) -> None:
        try:
            pickle.dumps((name, value))
        except Exception:
            raise InvalidValueError(
                f"user attribute {short_repr(name)}",
                expected="a JSON-able value",
                got=short_repr(value),
                remedy="Use None, booleans, numbers, strings, and lists and dicts of them.",
            ) from None
        self._call(trial, "set_user_attr", name, value)

    def _call(self, trial: Trial, method: str, *arguments: Any) -> Any:
        """Have the study's process do it, and wait for its answer."""
        with self._lock:
            if trial is not self._trial:  # a thread that outlived its objective
                raise ExecutionError(
                    f"trial {trial.number}, attempt {trial.attempt}",
                    expected="calls while its objective runs",
                    got=f"{method} after it returned",
                    remedy="Join the threads of the objective before it returns.",
                )
            self._send("call", method, arguments)
            worked, result = pickle.loads(read_message(self._fd))  # noqa: S301
        if worked:
            return result
        raise result

    def _send(self, *message: Any) -> None:
        if os.getpid() != self._pid:
            os._exit(0)  # a fork made by the objective that came back here
        try:
            write_message(self._fd, pickle.dumps(message))
        except OSError:
            os._exit(1)  # the study is gone; nobody is interested any more


def _dumps(obj: object) -> bytes:
    try:
        return pickle.dumps(obj)
    except Exception:
        # Lambdas, or classes that were sent here by value.
        from bayesopt.execution.pickling import dumps

        return dumps(obj)


def _packed(outcome: Outcome) -> tuple[dict[str, Any], bytes, bytes]:
    """Return an outcome as plain facts, and the bytes of what may not load on the other side."""
    facts = {
        "number": outcome.number,
        "attempt": outcome.attempt,
        "status": outcome.status,
        "values": outcome.values,
        "constraints": dict(outcome.constraints),
        "cost": outcome.cost,
        "variances": outcome.variances,
        "error": outcome.error,
        "duration_s": outcome.duration_s,
    }
    try:
        suggested = _dumps(dict(outcome.suggested))
    except Exception as error:
        facts |= {"status": "error", "values": None, "error": traceback_text(error)}
        return facts, b"", _packed_exception(error)
    return facts, suggested, _packed_exception(outcome.exception)


def _packed_exception(error: BaseException | None) -> bytes:
    """Return an exception's bytes; none if it cannot travel or is too big to be worth it."""
    if error is None:
        return b""
    try:
        data = _dumps(error)
    except Exception:
        return b""
    return data if len(data) <= _MAX_EXCEPTION_BYTES else b""


def _unloadable(number: int, attempt: int, error: BaseException) -> Outcome:
    problem = ExecutionError(
        "the objective",
        expected="one that can be loaded in a worker process",
        got=short_repr(error),
        remedy="Make what it needs importable from there, or use n_jobs=1 or threads.",
    )
    text = f"{problem}\n\n{traceback_text(error)}"
    return Outcome(number, attempt, "error", error=text, exception=problem)
