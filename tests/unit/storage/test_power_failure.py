"""What is left when the power fails: the files as they were at the last sync, no later byte."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bayesopt.errors import CorruptStoreError
from bayesopt.storage import SQLiteStorage, database
from bayesopt.storage.base import Proposal, Result, StudySpec
from bayesopt.trial import TrialState

FILES = ("", "-wal", "-gate")


class Disk:
    """Remembers a store as of its last sync."""

    def __init__(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._path, self._sync = path, database._sync
        self.n_syncs = 0
        self._durable: dict[str, bytes] = {}
        self._has_power = True
        monkeypatch.setattr(database, "_sync", self.sync)

    def sync(self, fd: int) -> None:
        self._sync(fd)
        self.n_syncs += 1
        if self._has_power:
            self._durable = {each: Path(f"{self._path}{each}").read_bytes() for each in FILES}

    def after_power_failure(self) -> SQLiteStorage:
        """Open what is left, with the notes as they are: those that were written last, too."""
        self._has_power = False
        left = self._path.with_name("left.db")
        for suffix, data in self._durable.items():
            Path(f"{left}{suffix}").write_bytes(data)
        shutil.copy(f"{self._path}-gate", f"{left}-gate")
        return SQLiteStorage(left)


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(tmp_path / "study.db", monkeypatch)


def ask(storage: SQLiteStorage, number: int, key: str | None = None) -> None:
    proposal = Proposal({"x": number / 7})
    assert storage.ask(1, [proposal], number, owner="me", lease_s=None, key=key)


def test_every_tell_that_returned_is_left_with_the_trial_it_belongs_to(
    tmp_path: Path, disk: Disk
) -> None:
    one, other = SQLiteStorage(tmp_path / "study.db"), SQLiteStorage(tmp_path / "study.db")
    one.create_study(StudySpec("study", ("minimize",), 0), "{}")
    told: dict[int, float] = {}
    for number in range(0, 40, 2):
        ask(one, number)
        ask(other, number + 1)
        n_syncs = disk.n_syncs
        for storage, each in ((other, number), (one, number + 1)):
            storage.tell(1, each, 1, Result(TrialState.COMPLETE, (each / 3,)))
            told[each] = each / 3
        assert disk.n_syncs == n_syncs + 2
    ask(one, 40)
    left = disk.after_power_failure()
    trials = left.trials(1)
    assert {trial.number: trial.value for trial in trials} == told
    assert [trial.params["x"] for trial in trials] == [number / 7 for number in range(40)]
    ask(left, 40)  # nobody knows of the first one any more
    for storage in (one, other, left):
        storage.close()


def test_an_ask_with_a_key_is_left(tmp_path: Path, disk: Disk) -> None:
    storage = SQLiteStorage(tmp_path / "study.db")
    storage.create_study(StudySpec("study", ("minimize",), 0), "{}")
    ask(storage, 0)
    ask(storage, 1, "job 17")
    ask(storage, 2)
    left = disk.after_power_failure()
    assert [ticket.number for ticket in left.find_ask(1, "job 17") or []] == [1]
    assert len(left.trials(1)) == 2
    left.close()
    storage.close()


def test_changes_of_the_study_itself_are_missed_if_they_are_not_there(tmp_path: Path) -> None:
    path = tmp_path / "study.db"
    storage = SQLiteStorage(path)
    study = storage.create_study(StudySpec("study", ("minimize",), 0), "{}")
    for change in (
        lambda: storage.set_study_attr(study, "tag", 1),
        lambda: storage.add_space(study, "{}", 1),
    ):
        storage.close()
        old = path.read_bytes()
        change()
        storage.close()
        new = path.read_bytes()
        path.write_bytes(old)
        with pytest.raises(CorruptStoreError, match="of at least"):
            SQLiteStorage(path)
        path.write_bytes(new)
