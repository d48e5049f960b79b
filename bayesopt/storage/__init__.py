"""Where studies are kept: in memory, or in a SQLite file that several processes share."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

from bayesopt.errors import StorageError, short_repr
from bayesopt.storage.base import Storage
from bayesopt.storage.memory import MemoryStorage

if TYPE_CHECKING:
    from bayesopt.storage.sqlite import SQLiteStorage

__all__ = ["MemoryStorage", "SQLiteStorage", "Storage", "open_storage"]

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")


def __getattr__(name: str) -> Any:
    if name == "SQLiteStorage":  # loads sqlite3, which a study in memory does not need
        from bayesopt.storage.sqlite import SQLiteStorage

        return SQLiteStorage
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def open_storage(
    storage: str | os.PathLike[str] | Storage | None = None, *, must_exist: bool = False
) -> Storage:
    """Return the storage that `storage` means.

    Parameters
    ----------
    storage : path, str or Storage, optional
        None is a new memory storage; a path or ``"sqlite:///path"`` a SQLite file, with one slash
        more for an absolute path; a storage is returned as it is.
    must_exist : bool
        Whether to refuse to create a file.

    Raises
    ------
    StorageError
        If it means nothing, or a file that is missing or cannot hold a store.
    """
    if storage is None:
        return MemoryStorage()
    if isinstance(storage, str | os.PathLike):
        return _open_file(storage, must_exist)
    if isinstance(storage, Storage):
        return storage
    raise _unknown(storage)


def _open_file(location: str | os.PathLike[str], must_exist: bool) -> Storage:
    from bayesopt.storage.sqlite import SQLiteStorage

    path = os.fspath(location)
    scheme = _SCHEME.match(path)
    if scheme is not None:
        if scheme[1].lower() != "sqlite" or not path[scheme.end() :].startswith("/"):
            raise _unknown(path)
        path = path[scheme.end() + 1 :]
    if must_exist and not os.path.exists(os.path.expanduser(path)):
        raise StorageError(
            f"SQLite storage {short_repr(path)}",
            expected="an existing file",
            remedy="Check the path; create_study makes a new one.",
        )
    return SQLiteStorage(path)


def _unknown(storage: object) -> StorageError:
    return StorageError(
        f"storage {short_repr(storage)}",
        expected='a path, "sqlite:///path", a Storage, or None for memory',
        remedy="There are MemoryStorage and SQLiteStorage.",
    )
