"""A lock between processes that the kernel drops when its holder dies."""

from __future__ import annotations

import os
import threading
import weakref
from contextlib import suppress
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

from bayesopt.errors import StorageError


class FileLock:
    """An exclusive ``flock`` on a file of its own, with a time limit on waiting.

    Waiting happens in the kernel, which hands the lock on in order of arrival: polling, as SQLite's
    busy handler does, starves some of many writers for seconds. A blocking ``flock`` knows no time
    limit, so a helper thread blocks in it while the caller waits for the thread.

    Parameters
    ----------
    path : Path
        Created if missing; its content is left alone, and it is never removed.

    Notes
    -----
    One thread of a process holds it at a time. It may be closed at any time, also while it is held
    or waited for: the file is then closed when it is given back, and opened again when needed. A
    forked child opens the file anew: with the inherited one it would share its parent's lock, and
    keep it alive after the parent's death.
    """

    def __init__(self, path: Path) -> None:
        if fcntl is None:
            raise StorageError(
                "SQLite storage",
                expected="a system with POSIX file locks",
                got=os.name,
                remedy="Use the memory storage here.",
            )
        self._path = path
        self._fd = -1
        self._forget()
        self._open()
        _alive.add(self)

    def _forget(self) -> None:
        # One thread of this process at a time; what the others guard is only touched under it. A
        # reentrant lock knows its owner from the moment that it is taken.
        self._here = threading.RLock()
        self._is_held = self._is_closing = False
        self._waiter: _Waiter | None = None

    def _open(self) -> None:
        if self._fd < 0:
            try:
                self._fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
            except OSError as error:
                raise StorageError(f"SQLite storage, {self._path}", got=str(error)) from error

    def reset(self) -> None:
        """Forget the file and all waiting, in a forked child."""
        if self._fd >= 0:
            os.close(self._fd)
        self._fd = -1
        self._forget()

    def acquire(self, timeout_s: float) -> bool:
        """Take the lock; False if it was not to be had in time, or this thread has it already.

        Call :meth:`release` in any case, best in the ``finally`` of a ``try`` around both: then no
        interruption, however unlucky its moment, leaves the lock taken.
        """
        if not self._here.acquire(timeout=timeout_s):
            return False
        if self._is_held:
            self._here.release()
            return False
        try:
            self._open()
            self._is_held = self._try() or self._wait(timeout_s)
        except BaseException:
            self.release()
            raise
        if self._is_held:
            return True
        self.release()
        return False

    def release(self) -> None:
        """Give the lock back; without it, do nothing."""
        if not self._here.acquire(blocking=False):
            return  # another thread has it
        try:
            self._is_held = False
            if self._fd >= 0:
                fcntl.flock(self._fd, fcntl.LOCK_UN)
            if self._is_closing:
                self._close()
        finally:
            with suppress(RuntimeError):  # not ours any more
                while True:
                    self._here.release()

    def close(self) -> None:
        """Close the file, now or when whoever has the lock gives it back."""
        self._is_closing = True
        if self._here.acquire(blocking=False):
            try:
                if not self._is_held:
                    self._close()
            finally:
                self._here.release()

    def _close(self) -> None:
        if self._waiter is not None:
            self._waiter.stop()  # it closes the file
        elif self._fd >= 0:
            os.close(self._fd)
        self._fd, self._waiter, self._is_closing = -1, None, False

    def _try(self) -> bool:
        # A waiter left over from a time-out would take this lock for the one it waits for.
        if self._waiter is not None and self._waiter.is_blocked():
            return False
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _wait(self, timeout_s: float) -> bool:
        if self._waiter is None:
            self._waiter = _Waiter(self._fd)
        return self._waiter.acquire(timeout_s)


class _Waiter:
    """A daemon thread that blocks in ``flock`` on behalf of one caller at a time."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._state = threading.Lock()
        self._wanted = False  # does a caller still want the lock that the thread waits for?
        self._blocked = False  # is the thread on its way to the lock?
        self._stopped = False
        self._go = threading.Semaphore(0)
        self._got = threading.Semaphore(0)
        threading.Thread(target=self._run, name="bayesopt-gate", daemon=True).start()

    def acquire(self, timeout_s: float) -> bool:
        with self._state:
            self._wanted = True
            if not self._blocked:
                self._blocked = True
                self._go.release()
        try:
            if self._got.acquire(timeout=timeout_s):
                return True
        except BaseException:
            if self._give_up():
                fcntl.flock(self._fd, fcntl.LOCK_UN)
            raise
        return self._give_up()

    def is_blocked(self) -> bool:
        """Whether the thread is still on its way to the lock."""
        with self._state:
            return self._blocked

    def _give_up(self) -> bool:
        """Stop wanting the lock; True if it came at the last moment after all."""
        with self._state:
            self._wanted = False
            return self._got.acquire(blocking=False)

    def stop(self) -> None:
        """End the thread once it is free; it closes the file."""
        self._stopped = True
        self._go.release()

    def _run(self) -> None:
        while True:
            self._go.acquire()
            if self._stopped:
                os.close(self._fd)
                return
            fcntl.flock(self._fd, fcntl.LOCK_EX)
            with self._state:
                self._blocked = False
                if self._wanted:
                    self._got.release()
                else:
                    fcntl.flock(self._fd, fcntl.LOCK_UN)


_alive: weakref.WeakSet[FileLock] = weakref.WeakSet()


def _after_fork_in_child() -> None:
    for lock in list(_alive):
        lock.reset()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
