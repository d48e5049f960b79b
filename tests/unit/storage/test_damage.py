"""A damaged file is refused, or read without losing what was acknowledged; never read wrongly."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bayesopt.errors import CorruptStoreError, StorageError
from bayesopt.storage import SQLiteStorage
from bayesopt.storage.base import Proposal, Result, StudySpec
from bayesopt.trial import TrialState

N_TRIALS = 60
SUFFIXES = ("", "-wal", "-gate")
Content = dict[int, Any]


def content(path: Path) -> Content:
    """Read the store, by record and by following, as a study would."""
    storage = SQLiteStorage(path)
    try:
        study = storage.find_study("study").id
        records = {
            trial.number: (
                trial.state,
                trial.params,
                trial.values,
                trial.constraints,
                trial.reports,
            )
            for trial in storage.trials(study)
        }
        changes = storage.changes(study, 0)
        followed = dict(zip(changes.numbers, changes.values, strict=True))
        if followed != {number: facts[2] for number, facts in records.items()}:
            raise AssertionError("two ways of reading disagree")
        return records
    finally:
        storage.close()


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a store with trials in the database and in the write-ahead log, as after a kill."""
    folder = tmp_path_factory.mktemp("sound")
    storage = SQLiteStorage(folder / "live.db")
    study = storage.create_study(StudySpec("study", ("minimize",), 0), "{}")
    for number in range(N_TRIALS):
        proposal = Proposal({"lr": 0.1 / (number + 1), "name": "x" * (number % 7)})
        storage.ask(study, [proposal], number, owner="me", lease_s=None)
        storage.report(study, number, 1, 0.0, (number / 3,), None)
        result = Result(TrialState.COMPLETE, (number / 7,), {"c": -1.0})
        storage.tell(study, number, 1, result)
        if number == N_TRIALS // 2:
            storage.close()  # moves everything so far into the database
    for suffix in SUFFIXES:
        shutil.copy(folder / f"live.db{suffix}", folder / f"study.db{suffix}")
    storage.close()
    return folder / "study.db"


@pytest.fixture(scope="module")
def acknowledged(sound: Path, tmp_path_factory: pytest.TempPathFactory) -> Content:
    return content(copy_of(sound, tmp_path_factory.mktemp("acknowledged")))


def copy_of(sound: Path, folder: Path) -> Path:
    for suffix in SUFFIXES:
        shutil.copy(f"{sound}{suffix}", folder / f"study.db{suffix}")
    return folder / "study.db"


def examine(path: Path, acknowledged: Content) -> str:
    """Return how the store was met: refused, intact or WRONG."""
    try:
        found = content(path)
    except StorageError:
        return "refused"
    return "intact" if found == acknowledged else "WRONG"


def positions(size: int, n: int, seed: int) -> list[int]:
    """Return a spread of byte positions: the ends, the headers, and a sample of the rest."""
    rng = random.Random(seed)
    ends = {0, 1, 17, 18, 24, 27, 28, 60, 99, 100, 103, size - 1}
    return sorted(ends | {rng.randrange(size) for _ in range(n)})


def outcomes(
    sound: Path,
    folder: Path,
    acknowledged: Content,
    suffix: str,
    damage: Callable[[bytearray, int], bytearray],
    n: int,
) -> dict[int, str]:
    data = Path(f"{sound}{suffix}").read_bytes()
    found = {}
    for position in positions(len(data), n, seed=len(suffix)):
        path = copy_of(sound, folder)
        Path(f"{path}{suffix}").write_bytes(damage(bytearray(data), position))
        found[position] = examine(path, acknowledged)
        for leftover in folder.iterdir():
            leftover.unlink()
    return found


def truncate(data: bytearray, position: int) -> bytearray:
    return data[:position]


def flip(data: bytearray, position: int) -> bytearray:
    data[position] ^= 1 << position % 8
    return data


def scribble(data: bytearray, position: int) -> bytearray:
    data[position : position + 64] = bytes(64)
    return data


DAMAGES = pytest.mark.parametrize("damage", [truncate, flip, scribble])
PLACES = pytest.mark.parametrize("suffix", ["", "-wal"])


def test_the_copy_is_sound(acknowledged: Content) -> None:
    assert len(acknowledged) == N_TRIALS


@PLACES
@DAMAGES
def test_no_damage_goes_unnoticed(
    sound: Path,
    tmp_path: Path,
    acknowledged: Content,
    suffix: str,
    damage: Callable[[bytearray, int], bytearray],
) -> None:
    found = outcomes(sound, tmp_path, acknowledged, suffix, damage, n=120)
    assert {position: what for position, what in found.items() if what == "WRONG"} == {}
    assert "refused" in found.values()


def test_a_removed_log_is_noticed(sound: Path, tmp_path: Path) -> None:
    path = copy_of(sound, tmp_path)
    Path(f"{path}-wal").unlink()
    with pytest.raises(CorruptStoreError, match=r"-wal file was removed .* delete study.db-gate"):
        SQLiteStorage(path)
    Path(f"{path}-gate").unlink()  # as the message says, if that was the intention
    storage = SQLiteStorage(path)
    assert 0 < storage.find_study("study").n_trials < N_TRIALS
    storage.close()


def test_an_older_copy_in_place_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "study.db"
    storage = SQLiteStorage(path)
    study = storage.create_study(StudySpec("study", ("minimize",), 0), "{}")
    storage.close()
    old = path.read_bytes()
    storage.enqueue(study, [Proposal({})])
    storage.close()
    path.write_bytes(old)
    with pytest.raises(CorruptStoreError, match="0 of at least 1"):
        SQLiteStorage(path)


def test_what_was_never_synced_is_not_missed(tmp_path: Path) -> None:
    path = tmp_path / "study.db"
    storage = SQLiteStorage(path, synchronous="normal")
    study = storage.create_study(StudySpec("study", ("minimize",), 0), "{}")
    storage.close()
    old = path.read_bytes()  # what is left after a power failure
    storage.enqueue(study, [Proposal({})])
    storage.ask(study, [Proposal({})], 1, owner="", lease_s=None)
    storage.tell(study, 1, 1, Result(TrialState.COMPLETE, (0.0,)))
    storage.close()
    path.write_bytes(old)
    storage = SQLiteStorage(path)
    assert storage.find_study("study").n_trials == 0
    storage.close()


def test_a_store_without_its_study_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "study.db"
    storage = SQLiteStorage(path)
    storage.close()
    old = path.read_bytes()
    storage.create_study(StudySpec("study", ("minimize",), 0), "{}")
    storage.close()
    path.write_bytes(old)
    with pytest.raises(CorruptStoreError):
        SQLiteStorage(path)


def test_an_emptied_file_is_noticed(sound: Path, tmp_path: Path) -> None:
    path = copy_of(sound, tmp_path)
    path.write_bytes(b"")
    with pytest.raises(CorruptStoreError, match="empty file"):
        SQLiteStorage(path)


def test_starting_over_after_removing_the_file_is_fine(sound: Path, tmp_path: Path) -> None:
    path = copy_of(sound, tmp_path)
    path.unlink()
    Path(f"{path}-wal").unlink()
    storage = SQLiteStorage(path)
    storage.create_study(StudySpec("new", ("minimize",), 0), "{}")
    storage.close()
    assert [each.spec.name for each in SQLiteStorage(path).list_studies()] == ["new"]


def test_a_deleted_study_is_not_missed(tmp_path: Path) -> None:
    storage = SQLiteStorage(tmp_path / "study.db")
    study = storage.create_study(StudySpec("study", ("minimize",), 0), "{}")
    storage.enqueue(study, [Proposal({})])
    storage.delete_study(study)
    storage.close()
    assert storage.list_studies() == []
    storage.close()


def test_a_value_of_another_type_is_damage_not_a_crash(tmp_path: Path) -> None:
    path = tmp_path / "study.db"
    storage = SQLiteStorage(path)
    study = storage.create_study(StudySpec("study", ("minimize",), 0), "{}")
    storage.ask(study, [Proposal({})], 0, owner="", lease_s=None)
    for change in ("params = 5", "params = NULL", "state = 3", "sampler = 5", "created_at = 'x'"):
        storage.close()
        connection = sqlite3.connect(path, isolation_level=None)
        connection.execute("PRAGMA ignore_check_constraints=ON")
        before = connection.execute("SELECT params, state, sampler FROM trial").fetchone()
        try:
            connection.execute(f"UPDATE trial SET {change}")
        except sqlite3.IntegrityError:
            continue
        finally:
            connection.close()
        if change.startswith("created"):
            assert storage.check() == []
        else:
            with pytest.raises(CorruptStoreError):
                storage.trials(study)
        storage.close()
        connection = sqlite3.connect(path, isolation_level=None)
        connection.execute("UPDATE trial SET params = ?, state = ?, sampler = ?", before)
        connection.close()
