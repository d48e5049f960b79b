"""Where a store can be, and what the user's way of naming it means."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bayesopt.errors import StorageError
from bayesopt.storage import MemoryStorage, SQLiteStorage, Storage, location, open_storage

MOUNTS = """\
/dev/vda / ext4 rw 0 0
server:/home /home nfs4 rw 0 0
/dev/vdb /home/me/local xfs rw 0 0
//nas/my\\040files /mnt/my\\040files cifs rw 0 0
sshfs#me@host: /mnt/remote fuse.sshfs rw 0 0
tmpfs /mnt/over tmpfs rw 0 0
lustre@tcp:/scratch /mnt/over lustre rw 0 0
broken line
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/var/study.db", "ext4"),
        ("/home/me/study.db", "nfs4"),
        ("/home/me/local/study.db", "xfs"),
        ("/home/me/locally/study.db", "nfs4"),
        ("/mnt/my files/a.db", "cifs"),
        ("/mnt/remote/a.db", "fuse.sshfs"),
        ("/mnt/over/a.db", "lustre"),
    ],
)
def test_the_file_system_of_a_path_is_found(path: str, kind: str) -> None:
    assert location.filesystem(Path(path), MOUNTS) == kind


@pytest.mark.parametrize("kind", ["nfs", "nfs4", "cifs", "fuse.sshfs", "lustre", "9p"])
def test_network_file_systems_are_refused_with_a_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(f"/dev/vda / ext4 rw 0 0\nserver: {tmp_path} {kind} rw 0 0\n")
    monkeypatch.setattr(location, "_MOUNTS", mounts)
    with pytest.raises(StorageError, match=f"{kind}.*local disk"):
        SQLiteStorage(tmp_path / "study.db")
    assert not (tmp_path / "study.db").exists()


@pytest.mark.parametrize("path", [":memory:", ":memory:?cache=shared", "", "a\0b"])
def test_paths_that_name_no_file_are_refused(path: str) -> None:
    with pytest.raises(StorageError, match="storage=None"):
        SQLiteStorage(path)


def test_bytes_are_refused() -> None:
    with pytest.raises(StorageError):
        SQLiteStorage(b"study.db")  # type: ignore[arg-type]


def test_directories_devices_and_missing_folders_are_refused(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="directory"):
        SQLiteStorage(tmp_path)
    with pytest.raises(StorageError, match="device"):
        SQLiteStorage("/dev/null")
    with pytest.raises(StorageError, match="Create it first"):
        SQLiteStorage(tmp_path / "missing" / "study.db")
    with pytest.raises(StorageError):
        SQLiteStorage(tmp_path / ("x" * 300))


def test_what_may_not_be_written_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    SQLiteStorage(tmp_path / "study.db").close()
    monkeypatch.setattr(os, "access", lambda place, mode: not mode & os.W_OK)  # root may always
    with pytest.raises(StorageError, match="permissions"):
        SQLiteStorage(tmp_path / "study.db")


def test_two_names_of_one_file_are_one_store(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "study.db")
    one, two = SQLiteStorage(tmp_path / "study.db"), SQLiteStorage(tmp_path / "link")
    assert one.path == two.path
    one.close()
    two.close()


# -- open_storage ---------------------------------------------------------------------------


def test_nothing_means_memory() -> None:
    assert isinstance(open_storage(None), MemoryStorage)


def test_a_storage_is_returned_as_it_is() -> None:
    storage = MemoryStorage()
    assert open_storage(storage) is storage


def test_paths_and_urls_mean_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("a.db", Path("a.db"), tmp_path / "a.db", "sqlite:///a.db"):
        assert path_of(open_storage(name)) == tmp_path / "a.db"
    assert path_of(open_storage(f"sqlite:///{tmp_path}/a.db")) == tmp_path / "a.db"
    assert path_of(open_storage("SQLite:///a.db", must_exist=True)) == tmp_path / "a.db"


def path_of(storage: Storage) -> Path:
    assert isinstance(storage, SQLiteStorage)
    storage.close()
    return storage.path


@pytest.mark.parametrize("unknown", ["mysql://host/db", "sqlite://x.db", "redis://", 3, object()])
def test_unknown_storages_are_refused_by_naming_the_known(unknown: str) -> None:
    with pytest.raises(StorageError, match="SQLiteStorage"):
        open_storage(unknown)


def test_a_missing_file_is_not_made_when_it_must_exist(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="create_study"):
        open_storage(tmp_path / "typo.db", must_exist=True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["it's; DROP TABLE.db", "ünï 😀.db", "a%20b?mode=ro.db", " "])
def test_hostile_file_names_are_just_names(tmp_path: Path, name: str) -> None:
    SQLiteStorage(tmp_path / name).close()
    assert (tmp_path / name).is_file()


def test_synchronous_is_one_of_two(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="'full' or 'normal'"):
        SQLiteStorage(tmp_path / "study.db", synchronous="off")  # type: ignore[arg-type]
