"""Results on disk: one JSON object a line, added when it is complete, and never half."""

from __future__ import annotations

import fcntl
import gzip
import json
import os
import threading
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

Row = dict[str, Any]


class RowFile:
    """A file of rows that one process at a time adds to.

    Parameters
    ----------
    path : Path
        Made if it is not there; a last line that was cut off (the process was killed, the disk was
        full) is removed.

    Raises
    ------
    BlockingIOError
        If another process is adding to it.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._stream = path.open("a+b")
        try:
            fcntl.flock(self._stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._stream.close()
            raise BlockingIOError(f"another process is adding to {path.name}") from None
        _heal(self._stream.fileno())

    def add(self, row: Mapping[str, Any]) -> None:
        """Write a row; it is on the disk when this returns."""
        line = json.dumps(row, separators=(",", ":")) + "\n"
        with self._lock:
            self._stream.write(line.encode())
            self._stream.flush()
            os.fsync(self._stream.fileno())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stream.close()


def _heal(fd: int) -> None:
    """Cut the file behind its last newline."""
    size = os.fstat(fd).st_size
    end, block = size, 65536
    while end > 0:
        start = max(0, end - block)
        newline = os.pread(fd, end - start, start).rfind(b"\n")
        if newline >= 0:
            end = start + newline + 1
            break
        end = start
    if end < size:
        os.ftruncate(fd, end)
        os.fsync(fd)


def read_rows(path: Path) -> Iterator[Row]:
    """Yield the complete rows of a file, ``.jsonl`` or ``.jsonl.gz``; none if it is not there."""
    if not path.exists():
        return
    content = path.read_bytes()
    whole = gzip.decompress(content) if path.suffix == ".gz" else content
    for line in whole.splitlines(keepends=True):
        if line.endswith(b"\n"):
            yield json.loads(line)


def write_rows(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write a compressed file of rows, the same bytes for the same rows."""
    text = "".join(json.dumps(row, separators=(",", ":")) + "\n" for row in rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(text.encode(), mtime=0))
