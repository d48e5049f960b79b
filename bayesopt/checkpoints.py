"""What a training leaves behind so that it can go on: complete or not there at all.

A trial's checkpoints lie in a folder of its own, ``<root>/<number>``. Each is a folder too, written
under another name first and renamed when all of it is on disk, so a reader never sees half of one,
whenever the writer was killed. Names are made of numbers only and carry the attempt: what a worker
writes that lost its trial to another one never takes the place of what that one wrote.

A checkpoint that others are to begin from is *kept*, whatever its own trial saves after it: a file
beside it, ``<name>.kept``, says so. Nothing is copied.
"""

from __future__ import annotations

import math
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bayesopt.errors import StorageError

_NAME = re.compile(r"(\d{6,})-(\d{6,})")
_PARTIAL = re.compile(r"\.partial-(\d+)-.*")
_KEPT = ".kept"


def trial_folder(root: Path, number: int) -> Path:
    """Return the folder of a trial; it need not exist."""
    return root / str(int(number))


def made(folder: Path) -> Path:
    """Make the folder of a trial unless it is there. Raises StorageError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unusable(folder, error) from error
    if folder.is_symlink() or folder.parent.is_symlink():
        raise StorageError(
            f"checkpoint folder {folder}",
            expected="a folder of its own",
            got="a symbolic link",
            remedy="Remove the link: checkpoints stay inside the study's folder.",
        )
    return folder


@contextmanager
def saving(folder: Path, attempt: int) -> Iterator[Path]:
    """Give a new folder to write into; it becomes the trial's checkpoint when the block is left.

    If the block raises, or the process dies, the checkpoint before it stays. Earlier ones are
    removed afterwards. Costs an fsync per file. Raises StorageError.
    """
    partial = _draft(made(folder), attempt)
    try:
        yield partial
        target = folder / f"{attempt:06d}-{_next_serial(folder, attempt):06d}"
        _publish(partial, target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    _remove_older(folder, target.name, attempt)


def latest(folder: Path, before: float = math.inf) -> Path | None:
    """Return the newest complete checkpoint of the attempts before `before`, None without one."""
    known = [each for each in _complete(folder) if each[0] < before]
    if not known:
        return None
    attempt, serial = max(known)
    return folder / f"{attempt:06d}-{serial:06d}"


def attempt_of(checkpoint: Path) -> int:
    """Return which attempt saved a checkpoint."""
    return _key(checkpoint.name)[0]


def keep(checkpoint: Path) -> bool:
    """Keep a complete checkpoint until it is let go; False if it is gone. Raises StorageError."""
    try:
        checkpoint.with_name(checkpoint.name + _KEPT).touch()
        _sync(checkpoint.parent)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise _unusable(checkpoint, error) from error
    return checkpoint.is_dir()


def kept(folder: Path) -> set[str]:
    """Return the names of a trial's checkpoints that are kept. Raises StorageError."""
    named = [name.removesuffix(_KEPT) for name in _names(folder) if name.endswith(_KEPT)]
    return {name for name in named if _NAME.fullmatch(name)}


def let_go(checkpoint: Path) -> None:
    """Keep a checkpoint no longer; it is removed if its trial has a newer one."""
    checkpoint.with_name(checkpoint.name + _KEPT).unlink(missing_ok=True)
    if any(each > _key(checkpoint.name) for each in _complete(checkpoint.parent)):
        _discard(checkpoint)


def numbers(root: Path) -> list[int]:
    """Return the trials that have a folder; O(1) where no trial ever had one."""
    if not os.access(root, os.F_OK):  # faster than an error, after every tell
        return []
    return [int(name) for name in _names(root) if name.isdecimal()]


def remove(root: Path, number: int) -> None:
    """Remove all that a trial left; what is gone already is fine."""
    shutil.rmtree(trial_folder(root, number), ignore_errors=True)


def _draft(folder: Path, attempt: int) -> Path:
    """Make the folder that a checkpoint is written into. Raises StorageError."""
    try:
        return Path(tempfile.mkdtemp(prefix=f".partial-{attempt}-", dir=folder))
    except OSError as error:
        raise _unusable(folder, error) from error


def _complete(folder: Path) -> list[tuple[int, int]]:
    found = [_NAME.fullmatch(name) for name in _names(folder)]
    return [(int(match[1]), int(match[2])) for match in found if match]


def _names(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise _unusable(folder, error) from error


def _next_serial(folder: Path, attempt: int) -> int:
    return 1 + max((serial for by, serial in _complete(folder) if by == attempt), default=0)


def _publish(partial: Path, target: Path) -> None:
    try:
        for folder, _, files in os.walk(partial):
            for name in files:
                _sync(Path(folder, name))
            _sync(Path(folder))
        partial.rename(target)
        _sync(target.parent)
    except OSError as error:
        raise _unusable(target, error) from error


def _sync(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _remove_older(folder: Path, newest: str, attempt: int) -> None:
    """Remove complete checkpoints before the newest, and what earlier attempts left unfinished."""
    names, needed = _names(folder), kept(folder)
    for name in names:
        partial = _PARTIAL.fullmatch(name)
        if partial is not None and int(partial[1]) < attempt:
            shutil.rmtree(folder / name, ignore_errors=True)
        elif _NAME.fullmatch(name) and _key(name) < _key(newest) and name not in needed:
            _discard(folder / name)


def _discard(checkpoint: Path) -> None:
    """Remove a checkpoint so that nobody sees a part of it."""
    hidden = checkpoint.with_name(f".partial-0-{checkpoint.name}")
    try:
        checkpoint.rename(hidden)
    except OSError:  # somebody else was faster
        return
    shutil.rmtree(hidden, ignore_errors=True)


def _key(name: str) -> tuple[int, ...]:
    return tuple(map(int, name.split("-")))


def _unusable(path: Path, error: OSError) -> StorageError:
    return StorageError(
        f"checkpoint {path}",
        expected="a place to write to",
        got=str(error),
        remedy="Free disk space or permissions; the checkpoint before it is as it was.",
    )
