"""Grid and random search: what everything else has to beat."""

from __future__ import annotations

from benchmarks.contestants.ours import entry

ENTRIES = {name: entry(name, name) for name in ("grid", "random")}
