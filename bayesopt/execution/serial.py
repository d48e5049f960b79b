"""One trial at a time, in this process and on this thread."""

from __future__ import annotations

from bayesopt.active import Trial, TrialPort, TrialSetup
from bayesopt.errors import ExecutionError
from bayesopt.execution.base import Objective, Outcome, evaluate


class SerialExecutor:
    """Evaluates inside :meth:`wait`; Ctrl-C comes out of it as KeyboardInterrupt.

    Parameters
    ----------
    port : TrialPort
        Serves the trial's calls.
    """

    n_workers = 1

    def __init__(self, port: TrialPort) -> None:
        self._port = port
        self._pending: tuple[Objective, TrialSetup] | None = None
        self._closed = False

    @property
    def n_free(self) -> int:
        """1 when nothing is submitted, else 0."""
        return int(self._pending is None and not self._closed)

    @property
    def running(self) -> list[int]:
        """The number of the submitted trial, if any."""
        return [] if self._pending is None else [self._pending[1].number]

    def submit(self, fn: Objective, setup: TrialSetup) -> None:
        """Take the trial; it runs in the next :meth:`wait`."""
        if not self.n_free:
            raise ExecutionError(
                "the serial executor",
                expected="a free place",
                got=f"running {self.running}, closed {self._closed}",
                remedy="Call wait() before the next submit().",
            )
        self._pending = fn, setup

    def wait(self, timeout_s: float | None = None) -> list[Outcome]:
        """Evaluate the submitted trial; `timeout_s` cannot interrupt it."""
        if self._pending is None:
            return []
        fn, setup = self._pending
        outcome = evaluate(fn, Trial(setup, self._port), lets_through=(KeyboardInterrupt,))
        self._pending = None
        return [outcome]

    def close(self) -> list[int]:
        """Return the number of a trial that was submitted or interrupted and did not end."""
        left, self._pending, self._closed = self.running, None, True
        return left
