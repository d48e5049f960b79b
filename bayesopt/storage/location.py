"""Whether a path can hold a SQLite store."""

from __future__ import annotations

import os
import re
from pathlib import Path

from bayesopt.errors import StorageError, short_repr

# Shared-memory maps and byte-range locks, which WAL needs, do not work between the hosts of these.
_NETWORK = frozenset(
    [
        "9p",
        "afs",
        "beegfs",
        "ceph",
        "cifs",
        "coda",
        "davfs",
        "fhgfs",
        "gfs",
        "gfs2",
        "glusterfs",
        "gpfs",
        "lustre",
        "ncpfs",
        "nfs",
        "nfs4",
        "ocfs2",
        "orangefs",
        "panfs",
        "pvfs2",
        "smb2",
        "smb3",
        "smbfs",
        "vboxsf",
        "wekafs",
    ]
)
_NETWORK_FUSE = frozenset(
    [
        "fuse.beegfs",
        "fuse.ceph",
        "fuse.cvmfs",
        "fuse.davfs",
        "fuse.gcsfuse",
        "fuse.glusterfs",
        "fuse.goofys",
        "fuse.juicefs",
        "fuse.lizardfs",
        "fuse.mfs",
        "fuse.mount-s3",
        "fuse.rclone",
        "fuse.s3fs",
        "fuse.seaweedfs",
        "fuse.smbnetfs",
        "fuse.sshfs",
        "fuse.vmhgfs-fuse",
    ]
)
_MOUNTS = Path("/proc/self/mounts")


def usable_path(path: str | os.PathLike[str]) -> Path:
    """Return the real path of a store. Raises StorageError if none can be there."""
    text = os.fspath(path)
    if not isinstance(text, str) or not text or "\0" in text or text.startswith(":memory:"):
        raise StorageError(
            f"SQLite storage {short_repr(text)}",
            expected="the path of a file",
            remedy="For studies in memory pass storage=None.",
        )
    found = Path(os.path.realpath(os.path.expanduser(text)))
    _require_file(found)
    if os.path.exists(_MOUNTS):
        _require_local(found, _MOUNTS.read_text("utf-8", "surrogateescape"))
    return found


def _require_file(path: Path) -> None:
    try:
        is_odd = path.exists() and not path.is_file()
        has_parent = path.parent.is_dir()
    except OSError as error:  # e.g. a name that is too long
        raise StorageError(f"SQLite storage {path}", got=str(error)) from error
    if is_odd:
        raise StorageError(
            f"SQLite storage {path}",
            expected="a file",
            got="a directory or a device",
            remedy="Name a file, e.g. study.db, in it.",
        )
    if not has_parent:
        raise StorageError(
            f"SQLite storage {path}", expected="an existing directory", remedy="Create it first."
        )
    for place in (path, path.parent) if path.exists() else (path.parent,):
        if not os.access(place, os.R_OK | os.W_OK):
            raise StorageError(
                f"SQLite storage {path}",
                expected=f"read and write access to {place}",
                remedy="Change its permissions or choose another place.",
            )


def _require_local(path: Path, mounts: str) -> None:
    kind = filesystem(path, mounts)
    if kind in _NETWORK or kind in _NETWORK_FUSE:
        raise StorageError(
            f"SQLite storage {path}",
            expected="a file on a disk of this machine",
            got=f"a network file system ({kind})",
            remedy="Locks and shared memory do not work there. Put the file on a local disk, e.g. "
            "in /var/tmp, run all workers on this machine, and copy the result over.",
        )


def filesystem(path: Path, mounts: str) -> str:
    """Return the type of the file system that holds `path`, given the text of /proc/mounts."""
    best, kind = -1, ""
    for line in mounts.splitlines():
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        point = Path(_unescape(fields[1]))
        depth = len(point.parts)
        if depth >= best and path.is_relative_to(point):  # of equal ones the last is on top
            best, kind = depth, fields[2]
    return kind


def _unescape(text: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), text)
