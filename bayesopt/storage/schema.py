"""The tables of a SQLite store, and how older ones are brought up to date."""

from __future__ import annotations

import importlib.resources
import re
import sqlite3
from collections.abc import Sequence
from pathlib import Path

from bayesopt.errors import SchemaVersionError

APPLICATION_ID = 0x42614F70  # "BaOp", in the file's header; file(1) and others show it
_NAME = re.compile(r"(\d{4})_\w+\.sql")


def migrations() -> list[str]:
    """Return the scripts in order; the first makes version 1, the n-th turns n - 1 into n."""
    folder = importlib.resources.files("bayesopt.storage") / "migrations"
    found = sorted((file.name, file) for file in folder.iterdir() if _NAME.fullmatch(file.name))
    return [file.read_text("utf-8") for _, file in found]


def bring_up_to_date(
    connection: sqlite3.Connection, path: Path, scripts: Sequence[str] | None = None
) -> None:
    """Create the tables or migrate them, in one transaction; hold the gate meanwhile.

    An older store is copied to ``<path>.v<version>.bak`` first.

    Raises
    ------
    SchemaVersionError
        If the store was written by a newer version, or is some other program's database.
    """
    scripts = migrations() if scripts is None else scripts
    version = _version(connection, path)
    if version == len(scripts):
        return
    if version > len(scripts):
        raise SchemaVersionError(
            f"SQLite storage {path}",
            expected=f"schema version {len(scripts)} or older",
            got=f"version {version}",
            remedy="Upgrade bayesopt.",
        )
    if version:
        _back_up(connection, Path(f"{path}.v{version}.bak"))
    _run(connection, scripts[version:], len(scripts))


def _version(connection: sqlite3.Connection, path: Path) -> int:
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (n_tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    is_new = application == version == n_tables == 0
    if not is_new and (application != APPLICATION_ID or version < 1):
        raise SchemaVersionError(
            f"SQLite storage {path}",
            expected="a store of this package",
            got="another program's database",
            remedy="Choose another file name.",
        )
    return int(version)


def _back_up(connection: sqlite3.Connection, target: Path) -> None:
    """Copy the store, by way of SQLite so that what is still in the WAL is copied too."""
    partial = target.with_name(f"{target.name}.partial")
    partial.unlink(missing_ok=True)
    copy = sqlite3.connect(partial, isolation_level=None)
    try:
        connection.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")  # one file, nothing beside it
    finally:
        copy.close()
    partial.replace(target)


def _run(connection: sqlite3.Connection, scripts: Sequence[str], version: int) -> None:
    header = f"PRAGMA application_id={APPLICATION_ID}; PRAGMA user_version={version};"
    try:
        connection.executescript("BEGIN IMMEDIATE;" + "\n".join([*scripts, header]) + "COMMIT;")
    except BaseException:
        if connection.in_transaction:
            connection.rollback()
        raise
