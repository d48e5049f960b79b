"""Tables of runs on the simulated clock, as Markdown."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.measures.compare import Interval, bootstrap_mean, wins
from benchmarks.report.tables import markdown, percent
from benchmarks.simulation import Trace, time_to

F = NDArray[np.float64]
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


def pairs(rows: Sequence[Row], names: Sequence[str]) -> str:
    """Return a table per number of workers: how often some contestants are ahead of the others.

    Runs of the same problem and seed are compared: by when they got to the target, then by their
    loss at the horizon. A tie counts half. Intervals are a bootstrap's over problems and seeds.
    """
    blocks = []
    for workers in dict.fromkeys(row["workers"] for row in rows):
        part = [row for row in rows if row["workers"] == workers]
        blocks.append(f"### {workers} workers\n\n{_pairs(part, names)}")
    return "\n\n".join(blocks)


def _pairs(rows: Sequence[Row], names: Sequence[str]) -> str:
    head = ["ahead of", *(f"{name}: {what}" for name in names for what in ("sooner", "lower"))]
    lines = []
    for other in dict.fromkeys(row["contestant"] for row in rows):
        cells = (_cells(rows, name, other) for name in names)
        lines.append([other, *itertools.chain.from_iterable(cells)])
    return markdown(head, lines)


def _cells(rows: Sequence[Row], name: str, other: str) -> list[str]:
    return ["–", "–"] if name == other else [percent(rate) for rate in _rates(rows, name, other)]


def _rates(rows: Sequence[Row], name: str, other: str) -> tuple[Interval, Interval]:
    """Return how often `name` is sooner at the target, and lower at the horizon, than `other`."""
    targets = {p: _target([r for r in rows if r["problem"] == p]) for p in _problems(rows)}
    found = []
    for measure in (lambda row: _share(row, targets[row["problem"]]), _final):
        mine, theirs = (_by_seed(rows, each, measure) for each in (name, other))
        found.append(bootstrap_mean(wins(mine, theirs)))
    return found[0], found[1]


def _by_seed(rows: Sequence[Row], name: str, measure: Callable[[Row], float]) -> F:
    """Return a measure of a contestant's runs [problem, seed], NaN where there is none."""
    problems, seeds = _problems(rows), sorted({row["seed"] for row in rows})
    found = np.full((len(problems), len(seeds)), np.nan)
    for row in rows:
        if row["contestant"] == name:
            found[problems.index(row["problem"]), seeds.index(row["seed"])] = measure(row)
    return found


def _problems(rows: Sequence[Row]) -> list[str]:
    return list(dict.fromkeys(row["problem"] for row in rows))


def _target(rows: Sequence[Row]) -> float:
    return statistics.median(_final(row) for row in rows if row["contestant"] == BASELINE)


def _share(row: Row, target: float) -> float:
    """Return the part of the horizon after which a run got there; 1 at most."""
    return min(time_to(_trace(row), target) / row["horizon_s"], 1.0)


def _table(rows: Sequence[Row]) -> str:
    target = _target(rows)
    lines = [
        _line(name, [row for row in rows if row["contestant"] == name], target)
        for name in dict.fromkeys(row["contestant"] for row in rows)
    ]
    lines.sort(key=lambda line: -float(line[1].lstrip("≤").split(" ")[0]))
    head = ["contestant", "speed-up", "got there", "regret at the end", "begun", "whole", "runs"]
    return markdown(head, lines)


def _line(name: str, rows: Sequence[Row], target: float) -> list[str]:
    shares = [_share(row, target) for row in rows]
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
