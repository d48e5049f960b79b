"""Measures: from rows of runs to best-so-far curves, regrets, ranks, win rates and speed-ups.

Each is an array function on a `Table`; ``docs/benchmarks/README.md`` says what each one means.
"""

from benchmarks.measures.compare import (
    Interval,
    bootstrap_mean,
    critical_difference,
    friedman_p,
    mean_of_means,
    mean_ranks,
    ranks,
    win_rate,
    wins,
)
from benchmarks.measures.effort import Speedup, all_step_times, speedup, step_times
from benchmarks.measures.regret import Anchors, anchors, area, regret
from benchmarks.measures.table import Table, build_table

__all__ = [
    "Anchors",
    "Interval",
    "Speedup",
    "Table",
    "all_step_times",
    "anchors",
    "area",
    "bootstrap_mean",
    "build_table",
    "critical_difference",
    "friedman_p",
    "mean_of_means",
    "mean_ranks",
    "ranks",
    "regret",
    "speedup",
    "step_times",
    "win_rate",
    "wins",
]
