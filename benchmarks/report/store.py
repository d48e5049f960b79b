"""The rows behind a report, small enough to be checked in."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmarks.measures import Table
from benchmarks.run_rows import Row, write_rows

TIMES = ("ask_s", "tell_s")


def compact(rows: Sequence[Row], table: Table) -> list[Row]:
    """Return the rows without the runs that newer or longer ones replace, times to three digits."""
    counted = {id(row) for row in table.rows.values()}
    return [
        _rounded(row)
        for row in rows
        if row["row"] != "run" or id(row) in counted or not row["losses"]
    ]


def _rounded(row: Row) -> Row:
    times = {key: [float(f"{s:.3g}") for s in row[key]] for key in TIMES if key in row}
    return {**row, **times}


def save(rows: Sequence[Row], path: Path) -> str:
    """Write the rows; return a line that says how many."""
    write_rows(path, rows)
    n_runs = sum(row["row"] == "run" for row in rows)
    return f"{path.name}: {n_runs} runs, {path.stat().st_size / 1024:,.0f} KiB"
