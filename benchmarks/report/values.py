"""What every contestant had found on every problem, as a table for other programs."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

import numpy as np

from benchmarks.measures import Table
from benchmarks.report.names import in_order
from benchmarks.report.tables import checkpoints

HEAD = ("problem", "kind", "contestant", "evaluations", "runs", "median", "lowest", "highest")


def best_so_far(table: Table) -> str:
    """Return CSV: the best losses of the runs that were as long, by problem and contestant.

    Losses are minimised: of a value to maximise the negative. ``inf``: every evaluation failed.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEAD)
    writer.writerows(_lines(table))
    return text.getvalue()


def _lines(table: Table) -> Iterator[tuple[object, ...]]:
    for p, problem in enumerate(table.problems):
        for name in in_order(table.contestants):
            for n in checkpoints(table):
                found = table.at(n)[p, table.of(name)]
                found = found[~np.isnan(found)]
                if found.size:
                    median = np.quantile(found, 0.5, method="higher")
                    values = (f"{v:.9g}" for v in (median, found.min(), found.max()))
                    yield problem, table.kinds[p], name, n, found.size, *values
