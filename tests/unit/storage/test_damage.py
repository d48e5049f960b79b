"""A damaged file is refused, or read without losing what was acknowledged; never read wrongly."""

from __future__ import annotations

import os
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
    storage.close()
    sound = path.read_bytes()
    for change in ("params = 5", "state = 3", "sampler = 5", "created_at = 'x'"):
        tamper(path, f"UPDATE trial SET {change}")
        with pytest.raises(CorruptStoreError):
            storage.trials(study)
        storage.close()
        path.write_bytes(sound)


def tamper(path: Path, statement: str) -> None:
    """Change a store behind its back: without its triggers."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA ignore_check_constraints=ON")
    triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
    known = triggers.fetchall()
    for name, _ in known:
        connection.execute(f"DROP TRIGGER {name}")
    connection.execute(statement)
    for _, text in known:
        connection.execute(text)
    connection.close()


# -- rows that are readable but not as written, and rows that are not there any more ---------------


@pytest.fixture
def rich(tmp_path: Path) -> Path:
    """Make a store with something in every table."""
    path = tmp_path / "study.db"
    storage = SQLiteStorage(path, clock=lambda: 1_700_000_000)
    study = storage.create_study(
        StudySpec("study", ("minimize", "maximize"), 7, False, "{}", "median"), '{"a":0}'
    )
    storage.add_space(study, '{"a":1}', 1)
    storage.set_study_attr(study, "tag", {"machine": "node 7"})
    for number in range(6):
        proposal = Proposal({"x": number / 7}, "random", "few", 1, {"epoch": number})
        storage.ask(study, [proposal], number, owner="me", lease_s=60.0, key=f"key-{number}")
        for step in range(3):
            storage.report(study, number, 1, step, (number / 3, float(step)), 60.0)
    for number in range(3):
        told = Result(TrialState.COMPLETE, (number / 3, 1.0), {"c": -1.0}, 2.5)
        storage.tell(study, number, 1, told)
    storage.tell(study, 3, 1, Result(TrialState.FAIL, error="out of memory"))
    storage.invalidate(study, 0, "a wrong unit", "ann")
    storage.release(study, 4, 1)
    storage.enqueue(study, [Proposal({"x": 0.5})])
    storage.close()
    return path


def everything(path: Path) -> Any:
    """Return all that a store says."""
    storage = SQLiteStorage(path, clock=lambda: 1_700_000_000)
    try:
        studies = storage.list_studies()
        return [
            (
                study,
                storage.spaces(study.id),
                storage.changes(study.id, 0),
                storage.trials(study.id),
                storage.audit_log(study.id),
                [storage.find_ask(study.id, f"key-{number}") for number in range(6)],
                storage.expire(study.id),
            )
            for study in studies
        ]
    finally:
        storage.close()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE study SET seed = '8'",
        "UPDATE study SET directions = '[\"minimize\",\"minimize\"]'",
        "UPDATE study SET scheduler = 'never'",
        "UPDATE space SET definition = '{\"a\":2}' WHERE version = 0",
        "DELETE FROM space WHERE version = 1",
        "UPDATE study_attr SET value = '{}'",
        "UPDATE study_attr SET name = 'tug'",
        "DELETE FROM study_attr",
        "UPDATE trial SET state = 6 WHERE state = 2",
        "UPDATE trial SET state = 0 WHERE state = 1",
        "UPDATE trial SET attempt = 2 WHERE state = 1",
        "UPDATE trial SET seq = 1000 WHERE state = 1",
        "UPDATE trial SET space_version = 0",
        "UPDATE trial SET lease_until = NULL",
        "UPDATE trial SET owner = 'you'",
        "UPDATE trial SET ask_key = 'other' WHERE ask_key = 'key-1'",
        "UPDATE trial SET sampler = 'grid'",
        "UPDATE trial SET error = 'out of memorY' WHERE error != ''",
        "UPDATE trial SET finished_at = finished_at + 1",
        "DELETE FROM trial WHERE id & 255 = 2",
        "DELETE FROM trial WHERE id & 255 = 6",
        'UPDATE report SET attempt = 2 WHERE step = 1',
        'UPDATE report SET seq = seq + 500 WHERE step = 2',
        "UPDATE report SET step = 0.5 WHERE step = 0",
        "DELETE FROM report WHERE step = 2",
        "DELETE FROM report",
        "UPDATE trial_attr SET value = '9' WHERE value = '1'",
        "DELETE FROM trial_attr WHERE value = '1'",
        "UPDATE audit SET reason = 'no reason'",
        "DELETE FROM audit",
        "DELETE FROM study",
        "DROP INDEX trial_seq",
    ],
)  # fmt: skip
def test_what_is_not_as_it_was_written_is_refused(rich: Path, statement: str) -> None:
    tamper(rich, statement)
    with pytest.raises(CorruptStoreError):
        everything(rich)


def test_a_damaged_row_is_not_built_upon(rich: Path) -> None:
    tamper(rich, "UPDATE trial SET owner = 'you', lease_until = 0 WHERE id & 255 = 5")
    storage = SQLiteStorage(rich)
    for change in (
        lambda: storage.tell(1, 5, 1, Result(TrialState.FAIL)),
        lambda: storage.report(1, 5, 1, 9, (0.0, 0.0), 60.0),
        lambda: storage.set_user_attr(1, 5, "a", 1),
        lambda: storage.expire(1),
    ):
        with pytest.raises(CorruptStoreError, match="check sum"):
            change()
    storage.close()


N_FLIPS = int(os.environ.get("BAYESOPT_FLIPS", "150"))


def go_on(path: Path, folder: Path) -> Path:
    """Return a copy of a store that others have written to since: part of it is in the log."""
    storage = SQLiteStorage(path)
    storage.add_space(1, '{"a":2}', 2)
    storage.set_user_attr(1, 1, "late", True)
    storage.set_study_attr(1, "later", True)
    copied = copy_of(path, folder)
    storage.close()
    return copied


def said_by(files: dict[str, bytes], path: Path) -> Any:
    """Return all that a store of these files says, None if it is refused."""
    for suffix, data in files.items():
        Path(f"{path}{suffix}").write_bytes(data)
    try:
        return everything(path)
    except StorageError:
        return None
    finally:
        for leftover in path.parent.iterdir():
            leftover.unlink()


@pytest.mark.parametrize("suffix", ["", "-wal"])
def test_a_changed_byte_anywhere_changes_nothing_or_is_refused(
    rich: Path, tmp_path_factory: pytest.TempPathFactory, suffix: str
) -> None:
    if suffix:
        rich = go_on(rich, tmp_path_factory.mktemp("live"))
    path = tmp_path_factory.mktemp("damaged") / "study.db"
    files = {each: Path(f"{rich}{each}") for each in SUFFIXES}
    sound = {each: file.read_bytes() for each, file in files.items() if file.exists()}
    expected = said_by(sound, path)
    assert expected is not None
    rng, refused, wrong = random.Random(len(suffix)), 0, {}
    for _ in range(N_FLIPS):
        data = bytearray(sound[suffix])
        position = rng.randrange(len(data))
        data[position] ^= rng.choice([1 << rng.randrange(8), rng.randrange(1, 256)])
        found = said_by({**sound, suffix: bytes(data)}, path)
        refused += found is None
        if found not in (None, expected):
            wrong[position] = data[position]
    assert wrong == {}
    assert refused > N_FLIPS / 50


def test_a_store_that_is_refused_is_closed(rich: Path, tmp_path: Path) -> None:
    path = tmp_path / "study.db"
    data = bytearray(rich.read_bytes())
    data[len(data) // 2 :] = bytes(len(data) - len(data) // 2)
    path.write_bytes(bytes(data))
    with pytest.raises(StorageError) as caught:  # which keeps all that the traceback refers to
        SQLiteStorage(path)
    opened = [os.path.realpath(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd")]
    assert [name for name in opened if name.startswith(str(path))] == []
    assert caught.value is not None
