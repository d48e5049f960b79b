"""A damaged file is refused, or read without losing what was acknowledged; never read wrongly."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bayesopt.errors import CorruptStoreError, SchemaVersionError, StorageError
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
            trial.number: (trial.state, trial.params, trial.values, trial.constraints, trial.reports)
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
    except StorageError as error:
        assert error.got or error.expected
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
