"""One process's connection to a SQLite store: the gate, durability, forks, what went wrong.

Durability. SQLite's ``synchronous=FULL`` syncs the write-ahead log (WAL) inside each commit, one
writer after the other. Here a commit is written under the gate with ``synchronous=NORMAL``, and the
WAL is synced *after* the gate is released and *before* the call returns, so that the syncs of
several processes run side by side and the file system merges them. What a call acknowledged is as
durable as with FULL:

- A commit's frames are in the WAL file when its statement returns; ``fdatasync`` makes them and
  everything before them durable.
- If a checkpoint moved them to the database meanwhile, it synced the WAL before and the database
  after, which NORMAL does; only then may the WAL start over, with a header that is synced at once.
- A call that acknowledges without writing ("known already") syncs as well.
- An ask without a key does not sync. Nobody can repeat it, and what it handed out is worth nothing
  before something about that trial is recorded: that change stands behind the ask in the WAL, so
  its sync makes both durable. If power fails first, the worker, on this host, is gone as well.

The one difference: other processes can *see* a commit up to one sync before it is durable. What
they build on it is synced with it or after it, for the WAL is one file written front to back.

The gate is held for commits, checkpoints (they run inside commits), opening and closing. SQLite
before 3.51.3 can corrupt a database when one process restarts the WAL while another checkpoints.
"""

from __future__ import annotations

import os
import sqlite3
import struct
import threading
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from bayesopt.errors import BayesOptError, StorageError
from bayesopt.storage import marks, schema, soundness
from bayesopt.storage.faults import busy, damaged, translated
from bayesopt.storage.gate import FileLock

try:
    from fcntl import F_FULLFSYNC, fcntl  # type: ignore[attr-defined,unused-ignore]
except ImportError:
    _sync = getattr(os, "fdatasync", os.fsync)
else:  # macOS: fsync does not reach the platter

    def _sync(fd: int) -> None:
        fcntl(fd, F_FULLFSYNC)


GATE_TIMEOUT_S = 60.0
BUSY_TIMEOUT_S = 30.0
_MIN_SQLITE = (3, 35, 0)
_STATEMENT_CACHE = 128
_CHECKPOINT_PAGES = 4000  # 16 MB; SQLite's 1000 costs an ask and tell half as much time again

# What decoding a row raises when its columns do not hold what was written there.
_UNREADABLE = (AttributeError, LookupError, OverflowError, TypeError, ValueError, struct.error)

_NO_FILE = (0, 0)

_LAST_SEQ = """
SELECT max(coalesce((SELECT max(seq) FROM trial WHERE study_id = ?1), 0),
           coalesce((SELECT max(seq) FROM report WHERE study_id = ?1), 0),
           coalesce((SELECT changed FROM study WHERE id = ?1), 0))"""

_abandoned: list[sqlite3.Connection] = []


class _Files:
    """The write-ahead log and the notes, open until the last thread that uses them is done."""

    def __init__(self, path: Path) -> None:
        self.wal = self.notes = -1
        self.wal = os.open(f"{path}-wal", os.O_RDWR | os.O_CLOEXEC)
        self.notes = os.open(f"{path}-gate", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)

    def __del__(self) -> None:
        for fd in (self.wal, self.notes):
            if fd >= 0:
                os.close(fd)


class Database:
    """A connection that is opened on first use, after a fork and after :meth:`close`.

    Parameters
    ----------
    path : Path
        Checked by ``location.usable_path``.
    is_full : bool
        Whether acknowledged changes survive a power failure (else only the end of a process).
    """

    def __init__(self, path: Path, *, is_full: bool) -> None:
        if sqlite3.sqlite_version_info < _MIN_SQLITE:
            raise StorageError(
                "SQLite storage",
                expected="SQLite 3.35 or newer",
                got=sqlite3.sqlite_version,
                remedy="Use a Python that is built with a newer SQLite.",
            )
        self.path, self._is_full = path, is_full
        self._pid = os.getpid()
        self._lock = threading.RLock()
        self._gate = FileLock(Path(f"{path}-gate"))
        self._connection: sqlite3.Connection | None = None
        self._files: _Files | None = None
        self._identity = _NO_FILE
        _alive.add(self)

    # -- reading and writing ------------------------------------------------------------------
    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Give the connection inside one read transaction: all statements see the same moment."""
        with self._lock, self.in_our_terms():
            connection = self._connected()
            try:
                connection.execute("BEGIN")
                yield connection
            finally:
                if connection.in_transaction:
                    connection.execute("COMMIT")

    @contextmanager
    def in_our_terms(self) -> Iterator[None]:
        """Turn what SQLite or a row that cannot be right raises into a StorageError."""
        try:
            yield
        except sqlite3.Error as error:
            raise translated(error, self.path) from error
        except BayesOptError:
            raise
        except OSError as error:
            raise StorageError(f"SQLite storage {self.path}", got=str(error)) from error
        except _UNREADABLE as error:
            raise damaged(self.path, repr(error)) from error

    @contextmanager
    def writing(
        self, study_id: int | None = None, *, is_synced: bool = True
    ) -> Iterator[sqlite3.Connection]:
        """Give the connection inside one write transaction; durable when the block is left.

        With a `study_id` the study's newest seq is noted as acknowledged, if it was synced. Without
        `is_synced` it becomes durable with whatever is synced next.
        """
        seq = None
        with self._lock, self._gated() as connection:
            try:
                connection.execute("BEGIN IMMEDIATE")
                yield connection
                if study_id is not None and self._is_full and is_synced:
                    ((seq,),) = connection.execute(_LAST_SEQ, (study_id,)).fetchall()
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
        if is_synced:
            self.acknowledge(study_id, seq)
        else:
            self.require_same_file()

    def read(self, statement: str, arguments: Sequence[Any]) -> list[tuple[Any, ...]]:
        """Run one reading statement."""
        with self._lock:
            connection = self._connected()
            try:
                return connection.execute(statement, arguments).fetchall()
            except sqlite3.Error as error:
                raise translated(error, self.path) from error

    def write(self, statement: str, arguments: Sequence[Any]) -> list[tuple[Any, ...]]:
        """Run one statement as a transaction of its own; call :meth:`acknowledge` after it."""
        with self._lock:
            connection = self._connected()
            try:
                self._enter()
                return connection.execute(statement, arguments).fetchall()
            except sqlite3.Error as error:
                raise translated(error, self.path) from error
            finally:
                self._gate.release()

    def acknowledge(self, study_id: int | None = None, seq: int | None = None) -> None:
        """Make all that was committed durable, and note it.

        Without a sync there is no note: after a power failure it could be newer than the data.
        """
        files = self._files
        if files is None:
            return  # another thread closed the connection meanwhile, which syncs
        try:
            if self._is_full:
                _sync(files.wal)
            self.require_same_file()
            if self._is_full and study_id is not None and seq is not None:
                marks.note(files.notes, study_id, seq)
        except OSError as error:
            raise StorageError(f"SQLite storage {self.path}", got=str(error)) from error

    @contextmanager
    def _gated(self) -> Iterator[sqlite3.Connection]:
        connection = self._connected()
        try:
            self._enter()
            with self.in_our_terms():
                yield connection
        finally:
            self._gate.release()

    def _enter(self) -> None:
        """Take the gate; inside the ``try`` whose ``finally`` gives it back."""
        if not self._gate.acquire(GATE_TIMEOUT_S):
            raise busy(self.path)

    # -- opening and closing ------------------------------------------------------------------
    def connect(self) -> None:
        """Open the store, making or migrating its tables; look it through. Raises StorageError."""
        try:
            found = self.faults()
            if found:
                raise damaged(self.path, "; ".join(found))
        except BaseException:
            with suppress(StorageError):
                self.close()  # not only when nobody refers to the error any more
            raise

    def faults(self) -> list[str]:
        """Return what is wrong with the store as a whole; O(file), and nobody waits for it."""
        with self.reading() as connection:
            return list(soundness.faults(connection, schema.migrations()))

    def close(self) -> None:
        """Close the connection; the next use opens it again."""
        with self._lock:
            self._require_own()
            self._disconnect()
            self._gate.close()

    def _connected(self) -> sqlite3.Connection:
        self._require_own()
        return self._connection or self._connect()

    def _require_own(self) -> None:
        """Give up what was inherited by a fork that Python did not see."""
        if self._pid != os.getpid():
            self.after_fork_in_child()

    def _connect(self) -> sqlite3.Connection:
        try:
            self._enter()
            with self.in_our_terms():
                return self._open()
        finally:
            self._gate.release()

    def _open(self) -> sqlite3.Connection:
        if self._identity != _NO_FILE and not self.path.exists():
            raise self._gone()  # SQLite would make an empty one
        # SQLite takes a file of one byte for an empty one, too.
        is_empty = self.path.exists() and self.path.stat().st_size <= 1
        files = None
        connection = sqlite3.connect(
            self.path,
            timeout=BUSY_TIMEOUT_S,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=_STATEMENT_CACHE,
        )
        try:
            if is_empty:
                self._require_new()
            self._set_up(connection)
            # The first read in WAL mode makes the -wal file.
            ((store_id,),) = connection.execute("SELECT id FROM store").fetchall()
            files = _Files(self.path)
            self._verify_marks(connection, files.notes, store_id)
        except BaseException:
            connection.close()
            raise
        found = os.stat(self.path)
        self._identity = (found.st_dev, found.st_ino)
        self._sync_folder()
        self._connection, self._files = connection, files
        return connection

    def _set_up(self, connection: sqlite3.Connection) -> None:
        soundness.equip(connection)
        connection.execute("PRAGMA cell_size_check=ON")
        connection.execute("PRAGMA synchronous=FULL")
        schema.bring_up_to_date(connection, self.path)
        ((mode,),) = connection.execute("PRAGMA journal_mode=WAL").fetchall()
        if mode != "wal":
            raise StorageError(
                f"SQLite storage {self.path}",
                expected="a file system with shared memory",
                got=f"journal mode {mode}",
                remedy="Put the file on a local disk.",
            )
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute(f"PRAGMA wal_autocheckpoint={_CHECKPOINT_PAGES}")

    def _require_new(self) -> None:
        """Raise CorruptStoreError if an empty file had studies once."""
        notes = os.open(f"{self.path}-gate", os.O_RDONLY | os.O_CLOEXEC)
        try:
            if marks.read(notes):
                raise damaged(self.path, "an empty file where there were studies")
        finally:
            os.close(notes)

    def _verify_marks(self, connection: sqlite3.Connection, notes: int, store_id: bytes) -> None:
        """Raise CorruptStoreError if something acknowledged is not there any more."""
        noted = marks.read(notes, store_id)
        marks.begin(notes, store_id)
        known = {row[0] for row in connection.execute("SELECT id FROM study")}
        deleted = {row[0] for row in connection.execute("SELECT id FROM deleted_study")}
        for study_id, seq in noted.items():
            ((found,),) = connection.execute(_LAST_SEQ, (study_id,)).fetchall()
            if study_id not in deleted and (study_id not in known or found < seq):
                raise self._shortened(study_id, seq, found)

    def _shortened(self, study_id: int, seq: int, found: int) -> StorageError:
        return damaged(
            self.path,
            f"{found} of at least {seq} recorded changes of study number {study_id}: the -wal file "
            f"was removed or damaged, or an older copy put in place (if that was the intention, "
            f"delete {self.path.name}-gate)",
        )

    def require_same_file(self) -> None:
        """Raise StorageError if the file was moved or replaced since it was opened."""
        try:
            found = os.stat(self.path)
            if (found.st_dev, found.st_ino) == self._identity:
                return
        except FileNotFoundError:
            pass
        with self._lock:  # what that connection writes would be lost
            if self._connection is not None:
                _abandon(self._connection)
            self._connection = self._files = None
        raise self._gone()

    def _gone(self) -> StorageError:
        return StorageError(
            f"SQLite storage {self.path}",
            expected="the file that was opened",
            got="another one in its place" if self.path.exists() else "none",
            remedy="Put it back, and do not move or replace a store that is in use.",
        )

    def _sync_folder(self) -> None:
        folder = os.open(self.path.parent, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _disconnect(self) -> None:
        connection, self._connection, files, self._files = (
            self._connection,
            None,
            self._files,
            None,
        )
        if connection is None:
            return
        try:
            if not self._gate.acquire(GATE_TIMEOUT_S):
                _abandon(connection)  # closing may checkpoint, which needs the gate
                return
            if files is not None:
                _sync(files.wal)
            connection.close()
        except sqlite3.Error as error:
            raise translated(error, self.path) from error
        finally:
            self._gate.release()

    # -- forks --------------------------------------------------------------------------------
    # SQLite keeps its view of file locks per process and cannot tell that a child holds none of
    # them: a connection that the child opens to the same file would be unprotected. So there is
    # none at the moment of the fork; both sides open theirs again on next use.
    def before_fork(self) -> None:
        """Close the connection and keep other threads away from it."""
        self._lock.acquire()
        self._disconnect()

    def after_fork_in_parent(self) -> None:
        """Let other threads use it again."""
        self._lock.release()

    def after_fork_in_child(self) -> None:
        """Forget what belongs to the parent."""
        self._pid = os.getpid()
        self._lock = threading.RLock()
        self._gate.reset()
        if self._connection is not None:
            _abandon(self._connection)
        self._connection = self._files = None


def _abandon(connection: sqlite3.Connection) -> None:
    """Keep a connection from ever being closed, not even at exit."""
    _abandoned.append(connection)
    try:
        import ctypes
    except ImportError:
        return
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(connection))


_alive: weakref.WeakSet[Database] = weakref.WeakSet()
_forking: list[Database] = []
_fork_lock = threading.RLock()  # two threads may fork at once


def _before_fork() -> None:
    _fork_lock.acquire()
    _forking[:] = list(_alive)
    for database in _forking:
        database.before_fork()


def _after_fork_in_parent() -> None:
    for database in _forking:
        database.after_fork_in_parent()
    _forking.clear()
    _fork_lock.release()


def _after_fork_in_child() -> None:
    for database in _forking:
        database.after_fork_in_child()
    _forking.clear()
    _fork_lock.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before_fork,
        after_in_parent=_after_fork_in_parent,
        after_in_child=_after_fork_in_child,
    )
