"""Who evaluates a trial, and whether they still can.

An owner names a process so that another one on the same machine can see that it is gone and need
not wait for a lease to run out. An owner that is not bound to a process (a trial asked from a
command line is evaluated after the command ended) is never seen as gone.
"""

from __future__ import annotations

import getpass
import os
import socket
import uuid
from pathlib import Path

_DETACHED = "detached"


class Identity:
    """The name under which this process takes trials; a forked child has another.

    Parameters
    ----------
    is_detached : bool
        Whether evaluations outlive the process.
    """

    def __init__(self, *, is_detached: bool) -> None:
        self._is_detached = is_detached
        self._pid, self._owner = -1, ""

    @property
    def owner(self) -> str:
        """The name, which no other process has."""
        if self._pid != os.getpid():
            self._pid, self._owner = os.getpid(), _new_owner(self._is_detached)
        return self._owner


def _new_owner(is_detached: bool) -> str:
    tag = uuid.uuid4().hex[:8]
    if is_detached:
        return f"{_DETACHED}|{socket.gethostname()}|{tag}"
    return f"{_place()}|{os.getpid()}|{_started(os.getpid())}|{tag}"


def is_gone(owner: str) -> bool:
    """Tell whether the process behind `owner` is known to have ended.

    Only a process of the same machine (and container) can be known to have ended.
    """
    parts = owner.split("|")
    if len(parts) != 4 or not parts[0] or parts[0] != _place():
        return False
    return _started(int(parts[1])) != parts[2]


def _place() -> str:
    """Name the set of processes among which a process number means something."""
    try:
        namespace = str(Path("/proc/self/ns/pid").readlink())
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""
    return f"{boot}:{namespace}"


def _started(pid: int) -> str:
    """Return when a process started, in the kernel's ticks; "" if there is none.

    Process numbers are used again; together with this they are not.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    state, *fields = stat.rpartition(")")[2].split()
    return "" if state in "ZX" else fields[18]


def user_name() -> str:
    """Return who runs this process, "unknown" where nobody can tell."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container without a passwd entry
        return "unknown"
