"""Results that are checked in: small, with the command, versions and machine that made them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from benchmarks.contestants.ours import PREFIX
from benchmarks.measures.table import RANDOM
from benchmarks.run_rows import Row, read_rows, write_rows

FOLDER = Path(__file__).resolve().parent / "stored"
PEERS, OURS = "peers.jsonl.gz", "ours.jsonl.gz"

KEPT = ("row", "problem", "contestant", "seed", "budget", "status", "version", "kind", "best", "d")


def compact(row: Row) -> Row:
    """Return what best-so-far curves need of a run: where it improved, and to what.

    Random search keeps every loss, since regrets are measured in its single draws.
    """
    kept = {name: row[name] for name in KEPT}
    losses = row["losses"]
    if row["contestant"] == RANDOM:
        return {**kept, "losses": losses}
    improvements: list[list[float]] = []
    for i, loss in enumerate(losses):
        if loss is not None and (not improvements or loss < improvements[-1][1]):
            improvements.append([i, loss])
    return {**kept, "n": len(losses), "improvements": improvements}


def expand(row: Row) -> Row:
    """Return a run again; evaluations that improved nothing look as if they had failed."""
    if row["row"] != "run":
        return row
    if "losses" in row:
        return {**row, "text": ""}
    losses: list[float | None] = [None] * row["n"]
    for i, loss in row["improvements"]:
        losses[int(i)] = loss
    return {**row, "losses": losses, "text": ""}


def load(path: Path) -> list[Row]:
    """Return stored rows; none if there is no such file."""
    return [expand(row) for row in read_rows(path)]


def _pack(rows: Iterable[Row], path: Path, wanted: Sequence[Row]) -> str:
    sessions = [row for row in rows if row["row"] == "session"]
    write_rows(path, [*sessions, *map(compact, wanted)])
    return f"{path.name}: {len(wanted)} runs, {path.stat().st_size / 1024:.0f} KiB"


def store_peers(sources: Iterable[Path], path: Path) -> str:
    """Store the runs of files that are not ours; say what became of it."""
    rows = [row for source in sources for row in read_rows(source)]
    wanted = [r for r in rows if r["row"] == "run" and not r["contestant"].startswith(PREFIX)]
    return _pack(rows, path, wanted)


def land(rows: Sequence[Row], path: Path) -> str:
    """Store results of ours; samplers that they lack keep what was landed before."""
    mine = [row for row in rows if row["row"] == "run"]
    played = {row["contestant"] for row in mine}
    before = list(read_rows(path))
    kept = [row for row in before if row["row"] == "run" and row["contestant"] not in played]
    sessions = [row for row in (*(before if kept else ()), *rows) if row["row"] == "session"]
    write_rows(path, [*sessions, *kept, *map(compact, mine)])
    return f"{path.name}: {len(kept) + len(mine)} runs, {path.stat().st_size / 1024:.0f} KiB"


def origin(word: str, rows: Iterable[Row]) -> str:
    """Return what made stored rows: a line per command with dates, commits and cores."""
    by_command: dict[str, list[Row]] = {}
    for row in rows:
        if row["row"] == "session":
            by_command.setdefault(row["command"], []).append(row)
    lines = []
    for command, sessions in by_command.items():
        facts = [
            " – ".join(dict.fromkeys((sessions[0]["date"], sessions[-1]["date"]))),
            ", ".join(dict.fromkeys(row["commit"] for row in sessions)),
            "/".join(dict.fromkeys(f"{row['cores']} cores" for row in sessions)),
        ]
        lines.append(f"{word}: {'; '.join(facts)}: {command}")
    return "\n".join(lines) or f"{word}: nothing is stored"
