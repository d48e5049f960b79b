"""Starting a worker process, watching it, and killing it with everything it started."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
import weakref
from collections.abc import Iterator, Mapping

from bayesopt.errors import ExecutionError
from bayesopt.execution.channel import Channel

# Not `-m bayesopt…`: that needs sys.path before there is a way to set it. `-P` keeps the current
# folder from shadowing the standard library meanwhile.
_BOOTSTRAP = (
    "import sys; n = 4 + int(sys.argv[3]); fds = map(int, sys.argv[1:3]); "
    "sys.path[:], sys.argv[:] = sys.argv[4:n], sys.argv[n:]; "
    "from bayesopt.execution.worker import main; main(*fds)"
)
_THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)
_REAP_S = 5.0


def worker_environment(environ: Mapping[str, str], n_workers: int, n_cpus: int) -> dict[str, str]:
    """Return the environment of workers: the cores shared out among them, unless the user did.

    A user who sets OMP_NUM_THREADS has spoken for all libraries (they all honour it), so nothing
    is added then; else each variable that is not set gets ``max(1, n_cpus // n_workers)``.
    """
    share = str(max(1, n_cpus // n_workers))
    names = () if "OMP_NUM_THREADS" in environ else _THREAD_VARIABLES
    return {**dict.fromkeys(names, share), **environ}


class WorkerProcess:
    """A running worker: its process, its channel, and the two ways to learn of a death.

    The study's side learns of the worker's death by a pidfd (where there is none, by polling). The
    worker learns of the study's death by its *lifeline*, a pipe on which nothing is ever written:
    its closing is the message, and the kernel sends it even for a process that was killed.

    Parameters
    ----------
    environ : mapping
        The worker's environment.

    Raises
    ------
    ExecutionError
        If processes cannot be started here.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        ours, theirs = socket.socketpair()
        lifeline_read, lifeline_write = os.pipe()
        self._lifeline = os.fdopen(lifeline_write, "wb", buffering=0)
        self.channel = Channel(ours)
        try:
            self._process = _popen(theirs.fileno(), lifeline_read, environ)
        except BaseException:
            self.channel.close()
            self._lifeline.close()
            raise
        finally:
            theirs.close()
            os.close(lifeline_read)
        self.pid = self._process.pid
        self.exit_fd = _pidfd(self.pid)
        self.is_ready = False
        self.objective_key = 0
        _LIVE.add(self)

    @property
    def has_exited(self) -> bool:
        """Whether the process is dead (it is reaped by :meth:`kill` only, where possible)."""
        if self.exit_fd is None:
            return self._process.poll() is not None
        poller = select.poll()
        poller.register(self.exit_fd, select.POLLIN)
        return bool(poller.poll(0))

    def kill(self) -> int | None:
        """Kill the worker and all it started, reap it, release everything; its exit status.

        None when the kernel keeps the process beyond some seconds, for example in a stuck driver.
        """
        # The group first: while its leader is not reaped, nobody else can have its number.
        _signal_group(self.pid)
        for pid in _session_members(self.pid):
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_REAP_S)
        self.release()
        return self._process.returncode

    def release(self) -> None:
        """Close this process's file descriptors; a worker that still lives ends by that."""
        _LIVE.discard(self)
        self.channel.close()
        self._lifeline.close()
        if self.exit_fd is not None:
            os.close(self.exit_fd)
            self.exit_fd = None


_LIVE: weakref.WeakSet[WorkerProcess] = weakref.WeakSet()


def _release_after_fork() -> None:
    """Keep a forked child of the study's process from holding the workers' lifelines open."""
    for worker in list(_LIVE):
        worker.release()


def _popen(
    channel_fd: int, lifeline_fd: int, environ: Mapping[str, str]
) -> subprocess.Popen[bytes]:
    if os.name != "posix" or not sys.executable:
        raise ExecutionError(
            "worker processes",
            expected="a POSIX system and a known Python interpreter (sys.executable)",
            got=f"{os.name}, {sys.executable!r}",
            remedy="Use n_jobs=1, or threads.",
        )
    path = [entry for entry in sys.path if isinstance(entry, str)]
    warning_options = [f"-W{option}" for option in sys.warnoptions]
    command = [sys.executable, "-P", *warning_options, "-c", _BOOTSTRAP]
    arguments = [str(channel_fd), str(lifeline_fd), str(len(path)), *path, *sys.argv]
    return subprocess.Popen(
        [*command, *arguments],
        pass_fds=(channel_fd, lifeline_fd),
        env=dict(environ),
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )


def _pidfd(pid: int) -> int | None:
    """Return a descriptor that becomes readable when the process dies, None if there is none."""
    if not hasattr(os, "pidfd_open"):
        return None
    try:
        return os.pidfd_open(pid)
    except OSError:  # an old kernel, or a sandbox that forbids the call
        return None


def _signal_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def _session_members(sid: int) -> Iterator[int]:
    """Yield processes of a session that left its first group (Linux; elsewhere none)."""
    with contextlib.suppress(OSError):
        for entry in os.listdir("/proc"):
            if entry.isdigit() and int(entry) != sid and _session_of(int(entry)) == sid:
                yield int(entry)


def _session_of(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except OSError:
        return None


def describe_exit(status: int | None) -> str:
    """Return how a process ended, in words."""
    if status is None:
        return "it did not end when it was killed"
    if status >= 0:
        return f"it exited with status {status}"
    try:
        return f"it was killed by {signal.Signals(-status).name}"
    except ValueError:
        return f"it was killed by signal {-status}"


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_release_after_fork)
