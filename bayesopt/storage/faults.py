"""SQLite's errors in this package's terms."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from bayesopt.errors import CorruptStoreError, StorageBusyError, StorageError
from bayesopt.storage.soundness import raise_what_was_hidden

_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT}
_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL}
_REMEDIES = {
    sqlite3.SQLITE_FULL: "The disk is full: make room and go on.",
    sqlite3.SQLITE_IOERR: "Was the file moved or its -wal deleted? Is the disk full, or failing?",
    sqlite3.SQLITE_READONLY: "Make the file and its directory writable.",
    sqlite3.SQLITE_CANTOPEN: "Make the file and its directory readable and writable.",
}


def translated(error: sqlite3.Error, path: Path) -> StorageError:
    """Return the StorageError that says what `error` means for the store at `path`.

    Raises what a signal raised inside SQLite, such as KeyboardInterrupt, if that is what it means.
    """
    raise_what_was_hidden()
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    what = f"SQLite storage {path}"
    # Python's own complaint about text that is not UTF-8 carries no code.
    if code in _DAMAGED or "decode" in str(error) or isinstance(error, sqlite3.IntegrityError):
        return damaged(path, str(error))
    if code in _BUSY:
        return busy(path)
    return StorageError(what, got=str(error), remedy=_REMEDIES.get(code, ""))


def damaged(path: Path, what: str) -> CorruptStoreError:
    """Say that what is stored cannot be what was written."""
    return CorruptStoreError(
        f"SQLite storage {path}",
        expected="an undamaged store",
        got=what,
        remedy="Restore a backup, or save what is readable with the sqlite3 shell's .recover.",
    )


def busy(path: Path) -> StorageBusyError:
    """Say that others kept the store locked for too long."""
    return StorageBusyError(
        f"SQLite storage {path}",
        expected="its turn to write",
        got="a process that keeps it locked",
        remedy="End whatever holds it: a stopped worker, or another program with an open "
        "transaction.",
    )
