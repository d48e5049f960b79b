"""Tables of runs on the simulated clock, as Markdown."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from benchmarks.report.tables import markdown
from benchmarks.simulation import Trace, time_to

Row = Mapping[str, Any]

BASELINE = "random"


def page(rows: Sequence[Row]) -> str:
    """Return a table per problem and number of workers.

    The target is the median over the runs of random search, whole trainings only, of its best loss
    at the horizon. The speed-up is the horizon divided by the time at which a run got there.
    """
    blocks = []
    for problem, workers in dict.fromkeys((row["problem"], row["workers"]) for row in rows):
        part = [row for row in rows if (row["problem"], row["workers"]) == (problem, workers)]
        if any(row["contestant"] == BASELINE for row in part):
            blocks.append(f"### {problem}, {workers} workers\n\n{_table(part)}")
    return "\n\n".join(blocks)


def _table(rows: Sequence[Row]) -> str:
    target = statistics.median(_final(row) for row in rows if row["contestant"] == BASELINE)
    lines = [
        _line(name, [row for row in rows if row["contestant"] == name], target)
        for name in dict.fromkeys(row["contestant"] for row in rows)
    ]
    lines.sort(key=lambda line: -float(line[1].lstrip("≤").split(" ")[0]))
    head = ["contestant", "speed-up", "got there", "regret at the end", "begun", "whole", "runs"]
    return markdown(head, lines)


def _line(name: str, rows: Sequence[Row], target: float) -> list[str]:
    shares = [min(time_to(_trace(row), target) / row["horizon_s"], 1.0) for row in rows]
    there = [time_to(_trace(row), target) <= row["horizon_s"] for row in rows]
    speed = [1.0 / max(share, 1e-9) for share in shares]
    low, middle, high = np.quantile(speed, [0.25, 0.5, 0.75])
    regrets = np.quantile([_final(row) - row["best"] for row in rows], [0.25, 0.5, 0.75])
    return [
        name,
        f"{'≤' if 2 * sum(there) < len(there) else ''}{middle:.1f} ({low:.1f}–{high:.1f})",
        f"{sum(there)} of {len(there)}",
        f"{regrets[1]:.3g} ({regrets[0]:.3g}–{regrets[2]:.3g})",
        f"{statistics.median(row['n_begun'] for row in rows):.0f}",
        f"{statistics.median(row['n_whole'] for row in rows):.0f}",
        f"{len(rows)}",
    ]


def _final(row: Row) -> float:
    return float(row["losses"][-1]) if row["losses"] else float("inf")


def _trace(row: Row) -> Trace:
    return Trace(np.array(row["seconds"]), np.array(row["losses"]), row["n_begun"], row["n_whole"])
