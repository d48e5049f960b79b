"""Stores of other versions: older ones are migrated, newer and foreign ones refused."""

from __future__ import annotations

import math
import shutil
import sqlite3
from pathlib import Path

import pytest

from bayesopt.errors import CorruptStoreError, SchemaVersionError, StorageError
from bayesopt.storage import SQLiteStorage, schema
from bayesopt.storage.base import StudySpec, Ticket
from bayesopt.trial import TrialState

DATA = Path(__file__).resolve().parents[2] / "data"
GOLDEN = DATA / "store-v1.db"
PRESENT = len(schema.migrations())
NEXT = "ALTER TABLE study ADD COLUMN colour TEXT; UPDATE study SET colour = 'red';"


@pytest.fixture
def golden(tmp_path: Path) -> Path:
    return Path(shutil.copy(GOLDEN, tmp_path / "study.db"))


def migrate_with(monkeypatch: pytest.MonkeyPatch, *more: str) -> None:
    scripts = [*schema.migrations(), *more]
    monkeypatch.setattr(schema, "migrations", lambda: scripts)


def version(path: Path) -> int:
    connection = sqlite3.connect(path)
    try:
        (found,) = connection.execute("PRAGMA user_version").fetchone()
        return int(found)
    finally:
        connection.close()


@pytest.mark.parametrize("written_by", range(1, PRESENT + 1))
def test_what_each_version_wrote_is_read_today(written_by: int, tmp_path: Path) -> None:
    path = Path(shutil.copy(DATA / f"store-v{written_by}.db", tmp_path / "study.db"))
    assert version(path) == written_by
    storage = SQLiteStorage(path)
    record = storage.find_study("golden \ud800 ü")
    spec = StudySpec("golden \ud800 ü", ("minimize", "maximize"), 2**65, True, '{"n":1}', "median")
    assert (record.spec, record.n_trials, record.created_at) == (spec, 4, 1_700_000_000.25)
    assert math.isnan(record.attrs["tag"]["nan"])
    assert record.attrs["tag"]["big"] == 2**70
    assert storage.spaces(record.id) == ['{"version":0}', '{"version":1}']
    told, again, waiting, failed = storage.trials(record.id)
    assert told.params == {"lr": 0.1, "n": 3, "on": True, "none": None}
    assert (told.values, told.constraints, told.cost) == ((0.1, -math.inf), {"c": -1.0}, 2.5)
    assert told.variances == ((0.1 + 0.2, 0.0) if written_by >= 4 else None)
    assert repr(dict(told.reports)) == repr({1.0: (0.1 + 0.2, -0.0)})
    assert (told.sampler, told.fallback, told.user_attrs) == ("gp", "too few", {"a": 1})
    assert (again.state, again.attempt, again.owner) == (TrialState.RUNNING, 2, "host:2")
    assert (waiting.state, waiting.params) == (TrialState.WAITING, {"lr": 1.0})
    assert (failed.state, failed.error) == (TrialState.INVALID, "boom \0")
    assert [entry["who"] for entry in storage.audit_log(record.id)] == ["ann"]
    assert storage.find_ask(record.id, "k") == [Ticket(0, 1, told.params, "gp", "too few")]
    assert [each.spec.name for each in storage.list_studies()] == [spec.name, "empty"]
    assert storage.check() == []
    storage.close()


def test_a_new_store_has_the_golden_store_s_tables(golden: Path, tmp_path: Path) -> None:
    def tables(path: Path) -> list[tuple[str, str]]:
        connection = sqlite3.connect(path)
        try:
            query = "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name"
            return connection.execute(query).fetchall()
        finally:
            connection.close()

    SQLiteStorage(golden).close()
    SQLiteStorage(tmp_path / "new.db").close()
    assert tables(golden) == tables(tmp_path / "new.db")


def test_a_migration_changes_the_store_after_a_backup(
    golden: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    migrate_with(monkeypatch, NEXT)
    storage = SQLiteStorage(golden)
    assert len(storage.list_studies()) == 2
    storage.close()
    backup = Path(f"{golden}.v1.bak")
    assert (version(golden), version(backup)) == (PRESENT + 1, 1)
    monkeypatch.undo()
    restored = SQLiteStorage(backup)
    assert restored.find_study("golden \ud800 ü").n_trials == 4
    restored.close()


def test_a_backup_has_what_is_still_in_the_log(
    golden: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    live = SQLiteStorage(golden)
    live.create_study(StudySpec("late", ("minimize",), 0), "{}")
    for suffix in ("", "-wal", "-gate"):
        shutil.copy(f"{golden}{suffix}", tmp_path / f"crashed.db{suffix}")
    live.close()
    migrate_with(monkeypatch, NEXT)
    SQLiteStorage(tmp_path / "crashed.db").close()
    monkeypatch.undo()
    backup = SQLiteStorage(tmp_path / f"crashed.db.v{PRESENT}.bak")
    assert backup.find_study("late").n_trials == 0
    backup.close()


def test_a_failing_migration_leaves_the_store_as_it_was(
    golden: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    migrate_with(monkeypatch, NEXT, "CREATE TABLE half (x); UPDATE nothing SET x = 1;")
    with pytest.raises(StorageError, match="nothing"):
        SQLiteStorage(golden)
    assert version(golden) == 1
    monkeypatch.undo()
    storage = SQLiteStorage(golden)
    assert storage.find_study("golden \ud800 ü").n_trials == 4
    storage.close()


def test_a_newer_store_is_refused_untouched(golden: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    migrate_with(monkeypatch, NEXT)
    SQLiteStorage(golden).close()
    monkeypatch.undo()
    before = golden.read_bytes()
    with pytest.raises(SchemaVersionError, match="Upgrade"):
        SQLiteStorage(golden)
    assert golden.read_bytes() == before


def test_another_program_s_database_is_refused_untouched(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE precious (x)")
    connection.commit()
    connection.close()
    before = path.read_bytes()
    with pytest.raises(SchemaVersionError, match="another program"):
        SQLiteStorage(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("text", ["not a database, but long enough " * 50, "SQLite", "{}\n"])
def test_a_file_that_is_no_database_is_refused_untouched(tmp_path: Path, text: str) -> None:
    path = tmp_path / "notes.txt"
    path.write_text(text)
    with pytest.raises(CorruptStoreError):
        SQLiteStorage(path)
    assert path.read_text() == text


def test_an_empty_file_becomes_a_store(tmp_path: Path) -> None:
    path = tmp_path / "study.db"
    path.touch()
    storage = SQLiteStorage(path)
    assert storage.list_studies() == []
    storage.close()
