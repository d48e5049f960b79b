"""What the disk can do, measured beside what the storage does."""

from __future__ import annotations

import os
import time
from pathlib import Path

COMMIT_BYTES = 3 * (4096 + 24)
"""What one ask or tell appends to the write-ahead log: three pages with their headers.

``strace`` counts 6.1 pages per ask and tell: a leaf of the trials and of two indexes each, and now
and then a page that splits. A pair syncs once, in its tell; the ask becomes durable with it.
"""


def syncs_per_s(folder: Path, seconds: float = 1.0) -> float:
    """Return how often per second one process appends `COMMIT_BYTES` and calls fsync."""
    path = folder / "fsync-probe"
    data = os.urandom(COMMIT_BYTES)
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    try:
        n, start = 0, time.perf_counter()
        while time.perf_counter() - start < seconds:
            os.write(fd, data)
            os.fsync(fd)
            n += 1
        return n / (time.perf_counter() - start)
    finally:
        os.close(fd)
        path.unlink()
