"""All contestants by name."""

from __future__ import annotations

import importlib

from benchmarks.contestants.base import Entry

MODULES = ("ours", "plain", "peers")


def entries() -> dict[str, Entry]:
    """Return every contestant; ours first."""
    merged: dict[str, Entry] = {}
    for module in MODULES:
        merged.update(importlib.import_module(f"benchmarks.contestants.{module}").ENTRIES)
    return merged
