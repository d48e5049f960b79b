"""What was acknowledged, noted outside the database.

After a change has become durable its ``seq`` is noted in the gate's file, one slot per study. A
store whose newest change is older than the note has lost something that it had promised to keep:
its write-ahead log was deleted or damaged, or an older copy was put in its place. SQLite would open
such a file without a word.

A note is never ahead of the disk, for it is written after the sync. It may lag behind, which only
makes it miss a loss.
"""

from __future__ import annotations

import os
import struct

_SLOT = struct.Struct("<q")
_ID_SIZE = 16


def note(fd: int, study_id: int, seq: int) -> None:
    """Note that the study's changes up to `seq` are durable; costs one system call."""
    os.pwrite(fd, _SLOT.pack(seq + 1), _ID_SIZE + _SLOT.size * study_id)


def begin(fd: int, store_id: bytes) -> None:
    """Begin new notes for a store unless these are its own."""
    if os.pread(fd, _ID_SIZE, 0) != store_id:
        os.ftruncate(fd, 0)
        os.pwrite(fd, store_id, 0)


def read(fd: int, store_id: bytes | None = None) -> dict[int, int]:
    """Return the noted seq by study id; empty if the notes are not those of `store_id`."""
    data = os.pread(fd, os.fstat(fd).st_size, 0)
    if store_id is not None and data[:_ID_SIZE] != store_id:
        return {}
    slots = data[_ID_SIZE:]
    found = _SLOT.iter_unpack(slots[: len(slots) // _SLOT.size * _SLOT.size])
    return {study_id: slot - 1 for study_id, (slot,) in enumerate(found) if slot > 0}
