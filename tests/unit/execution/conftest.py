"""A port that remembers, and the loop that a study would run."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import psutil
import pytest

from bayesopt.active import Trial, TrialSetup
from bayesopt.execution import Outcome
from bayesopt.execution.processes import ProcessExecutor


class RecordingPort:
    """Notes every call; raises `error` when set; prunes from `prune_at` on."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.error: BaseException | None = None
        self.prune_at = float("inf")
        self._step = -1.0

    def _note(self, trial: Trial, *call: Any) -> None:
        self.calls.append((trial.number, *call))
        if self.error is not None:
            raise self.error

    def report(self, trial: Trial, step: float, values: tuple[float, ...]) -> None:
        self._step = step
        self._note(trial, "report", step, values)

    def should_prune(self, trial: Trial) -> bool:
        self._note(trial, "should_prune")
        return self._step >= self.prune_at

    def set_user_attr(self, trial: Trial, name: str, value: object) -> None:
        self._note(trial, "attr", name, value)

    def attr(self, name: str) -> Any:
        """Return the attribute last set under that name."""
        return [call[3] for call in self.calls if call[1:3] == ("attr", name)][-1]

    def has(self, name: str) -> bool:
        return any(call[1:3] == ("attr", name) for call in self.calls)


@pytest.fixture
def port() -> RecordingPort:
    return RecordingPort()


@pytest.fixture
def processes(port: RecordingPort) -> Iterator[Callable[..., ProcessExecutor]]:
    """Make executors that are closed at the end of the test."""
    made: list[ProcessExecutor] = []

    def make(n_workers: int = 1, **options: Any) -> ProcessExecutor:
        made.append(ProcessExecutor(port, n_workers, **options))
        return made[-1]

    yield make
    for executor in made:
        executor.close()


class _Switch:
    """Passes calls on to the port of the test that runs."""

    target: RecordingPort

    def __getattr__(self, name: str) -> Any:
        return getattr(self.target, name)


@pytest.fixture(scope="session")
def _shared() -> Iterator[ProcessExecutor]:
    with ProcessExecutor(_Switch(), 1) as executor:
        yield executor


@pytest.fixture
def worker(port: RecordingPort, _shared: ProcessExecutor) -> ProcessExecutor:
    """Lend an executor whose one worker is already up, for tests that leave it in peace."""
    _shared._port.target = port
    assert _shared.running == []
    return _shared


@pytest.fixture
def run_all() -> Callable[..., dict[int, Outcome]]:
    """Evaluate trials 0, 1, … with the given parameters; outcomes by number."""

    def run(executor: Any, fn: Any, params: Any = ({},), **setup: Any) -> dict[int, Outcome]:
        queue = [TrialSetup(i, 1, p, **setup) for i, p in enumerate(params)]
        outcomes: dict[int, Outcome] = {}
        while queue or executor.running:
            while queue and executor.n_free:
                executor.submit(fn, queue.pop(0))
            outcomes |= {outcome.number: outcome for outcome in executor.wait()}
        return outcomes

    return run


@pytest.fixture
def gone() -> Callable[..., None]:
    """Wait until processes have ended; one that nobody has reaped yet has ended, too.

    Whether *we* left zombies is asked elsewhere. The test's time limit guards against for ever.
    """

    def has_ended(pid: int) -> bool:
        try:
            return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return True

    def wait(*pids: int) -> None:
        while not all(has_ended(pid) for pid in pids):
            time.sleep(0.01)

    return wait
