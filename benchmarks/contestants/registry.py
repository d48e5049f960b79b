"""All contestants by name."""

from __future__ import annotations

from benchmarks.contestants.base import Entry


def entries() -> dict[str, Entry]:
    """Return every contestant, ours first; no tool is loaded."""
    from benchmarks.contestants import bridge, ours, peers, plain

    return {**ours.ENTRIES, **plain.ENTRIES, **bridge.ENTRIES, **peers.ENTRIES}
