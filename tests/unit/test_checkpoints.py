"""Checkpoints are complete or not there."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from bayesopt import checkpoints
from bayesopt.active import Trial, TrialSetup
from bayesopt.errors import StorageError


def save(folder: Path, attempt: int, text: str) -> None:
    with checkpoints.saving(folder, attempt) as new:
        (new / "sub").mkdir()
        (new / "sub" / "model").write_text(text)


def save_half(folder: Path) -> None:
    with checkpoints.saving(folder, 1) as new:
        (new / "half").write_text("x")
        raise OSError("disk full")


def read(folder: Path, before: int) -> str | None:
    found = checkpoints.latest(folder, before)
    return None if found is None else (found / "sub" / "model").read_text()


def test_the_newest_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    folder = checkpoints.trial_folder(tmp_path / "root", 3)
    assert read(folder, 1) is None
    save(folder, 1, "a")
    save(folder, 1, "b")
    assert read(folder, 2) == "b"
    assert len(os.listdir(folder)) == 1
    assert read(folder, 1) is None  # an attempt resumes from earlier ones


def test_a_save_that_fails_leaves_the_one_before(tmp_path: Path) -> None:
    save(tmp_path / "7", 1, "a")
    with pytest.raises(OSError, match="disk full"):
        save_half(tmp_path / "7")
    assert read(tmp_path / "7", 2) == "a"
    assert len(os.listdir(tmp_path / "7")) == 1


def test_what_a_killed_attempt_left_unfinished_is_no_checkpoint_and_goes(tmp_path: Path) -> None:
    save(tmp_path / "7", 1, "a")
    (tmp_path / "7" / ".partial-1-xyz").mkdir()
    assert read(tmp_path / "7", 2) == "a"
    save(tmp_path / "7", 2, "b")
    assert os.listdir(tmp_path / "7") == ["000002-000001"]


def test_a_worker_that_lost_its_trial_replaces_nothing(tmp_path: Path) -> None:
    save(tmp_path / "7", 2, "new")
    save(tmp_path / "7", 1, "old")
    assert read(tmp_path / "7", 3) == "new"


def test_a_folder_that_is_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "7").symlink_to(tmp_path, target_is_directory=True)
    with pytest.raises(StorageError, match="symbolic link"):
        save(tmp_path / "root" / "7", 1, "a")


def test_a_place_that_cannot_be_written_to_is_said(tmp_path: Path) -> None:
    (tmp_path / "root").write_text("a file")
    with pytest.raises(StorageError, match="place to write to"):
        save(tmp_path / "root" / "7", 1, "a")


def test_a_trial_resumes_from_where_the_attempt_before_stood(tmp_path: Path) -> None:
    setup = TrialSetup(4, 2, {}, checkpoints=str(tmp_path))
    save(tmp_path / "4", 1, "a")
    trial = Trial(setup, port=None)  # type: ignore[arg-type]
    assert trial.resume_from == tmp_path / "4" / "000001-000001"
    assert trial.checkpoint_dir == tmp_path / "4"
    fresh = Trial(TrialSetup(5, 1, {}, checkpoints=str(tmp_path)), port=None)  # type: ignore
    assert fresh.resume_from is None
    with pytest.raises(StorageError, match="handed out"):
        _ = Trial(TrialSetup(4, 2, {}), port=None).resume_from  # type: ignore[arg-type]


def test_a_full_disk_is_a_storage_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_: object) -> str:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(checkpoints.tempfile, "mkdtemp", refuse)
    with pytest.raises(StorageError, match="No space left"):
        save(tmp_path / "0", 1, "x")
