"""Which contestants are ours, which are plain, and in which order they are shown."""

from __future__ import annotations

from collections.abc import Iterable

from benchmarks.contestants.ours import PREFIX

PLAIN = ("random", "grid")


def is_ours(name: str) -> bool:
    """Whether a contestant is one of our samplers."""
    return name.startswith(PREFIX)


def in_order(names: Iterable[str]) -> list[str]:
    """Return contestants as tables show them: ours, peers, plain; alphabetically."""
    return sorted(names, key=lambda name: (not is_ours(name), name in PLAIN, name))
