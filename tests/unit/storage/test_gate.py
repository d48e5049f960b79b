"""The lock between processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bayesopt.storage.gate import FileLock

HOLD = """
import fcntl, sys
file = open(sys.argv[1], "a")
fcntl.flock(file, fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.read()
"""


@contextmanager
def held_elsewhere(path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Let another process hold the lock until its standard input is closed."""
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"held\n"
    try:
        yield holder
    finally:
        holder.communicate()


@pytest.fixture
def lock(tmp_path: Path) -> Iterator[FileLock]:
    made = FileLock(tmp_path / "gate")
    yield made
    made.close()


def test_it_is_taken_and_given_back(lock: FileLock) -> None:
    for _ in range(3):
        assert lock.acquire(1.0)
        lock.release()


def test_waiting_ends_in_time(lock: FileLock, tmp_path: Path) -> None:
    with held_elsewhere(tmp_path / "gate"):
        assert not lock.acquire(0.01)
        assert not lock.acquire(0.01)
    assert lock.acquire(30.0)
    lock.release()


def test_a_waiter_gets_it_when_the_holder_lets_go(lock: FileLock, tmp_path: Path) -> None:
    with held_elsewhere(tmp_path / "gate") as holder:
        assert holder.stdin is not None
        threading.Timer(0.05, holder.stdin.close).start()
        assert lock.acquire(30.0)
        lock.release()
        holder.stdin = None


def test_the_kernel_takes_it_from_the_dead(lock: FileLock, tmp_path: Path) -> None:
    with held_elsewhere(tmp_path / "gate") as holder:
        holder.send_signal(signal.SIGKILL)
        assert lock.acquire(30.0)
        lock.release()


def test_a_wait_given_up_does_not_keep_the_lock(lock: FileLock, tmp_path: Path) -> None:
    with held_elsewhere(tmp_path / "gate"):
        assert not lock.acquire(0.01)
    other = FileLock(tmp_path / "gate")
    assert other.acquire(30.0)
    assert not lock.acquire(0.01)
    other.release()
    assert lock.acquire(30.0)
    assert not other.acquire(0.01)
    lock.release()
    other.close()


def test_threads_exclude_each_other(lock: FileLock) -> None:
    assert lock.acquire(1.0)
    answers: list[bool] = []
    thread = threading.Thread(target=lambda: answers.append(lock.acquire(0.01)))
    thread.start()
    thread.join()
    assert answers == [False]
    lock.release()


def test_many_threads_and_locks_count_right(tmp_path: Path) -> None:
    counter = tmp_path / "counter"
    counter.write_text("0")

    def work() -> None:
        lock = FileLock(tmp_path / "gate")
        for _ in range(40):
            assert lock.acquire(60.0)
            counter.write_text(str(int(counter.read_text()) + 1))
            lock.release()
        lock.close()

    threads = [threading.Thread(target=work) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counter.read_text() == "200"


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_forked_child_neither_holds_nor_keeps_its_parent_s_lock(
    lock: FileLock, tmp_path: Path
) -> None:
    assert lock.acquire(1.0)
    child = os.fork()
    if child == 0:
        os._exit(int(lock.acquire(0.01)))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    lock.release()
    child = os.fork()
    if child == 0:
        os._exit(int(lock.acquire(30.0)))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1


def test_closing_while_a_wait_was_given_up_is_fine(tmp_path: Path) -> None:
    with held_elsewhere(tmp_path / "gate"):
        lock = FileLock(tmp_path / "gate")
        assert not lock.acquire(0.01)
        lock.close()
        lock.close()
    assert lock.acquire(30.0)
    lock.release()
    lock.close()


def test_closing_while_it_is_held_waits_for_the_holder(lock: FileLock, tmp_path: Path) -> None:
    assert lock.acquire(1.0)
    threading.Thread(target=lock.close).start()
    lock.close()
    other = FileLock(tmp_path / "gate")
    assert not other.acquire(0.01)
    lock.release()
    lock.release()  # harmless
    assert other.acquire(30.0)
    other.release()
    other.close()


def test_a_thread_takes_it_once(lock: FileLock, tmp_path: Path) -> None:
    assert lock.acquire(1.0)
    assert not lock.acquire(1.0)
    other = FileLock(tmp_path / "gate")
    assert not other.acquire(0.01)
    lock.release()
    assert other.acquire(30.0)
    other.release()
    other.close()


def test_an_interruption_right_after_taking_it_leaves_it_free(
    lock: FileLock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(self: FileLock) -> bool:
        assert take(self)
        raise KeyboardInterrupt

    take = FileLock._try
    monkeypatch.setattr(FileLock, "_try", interrupted)
    with pytest.raises(KeyboardInterrupt):
        lock.acquire(1.0)
    monkeypatch.undo()
    other = FileLock(tmp_path / "gate")
    assert other.acquire(30.0)
    other.release()
    other.close()
