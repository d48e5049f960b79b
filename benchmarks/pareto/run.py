"""``python -m benchmarks pareto``: play cases of several objectives or constraints, print tables.

A finished run is a row in the file; the same command again plays what is missing. Tables are of the
first evaluations of all runs that have as many as the budget.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Sequence
from fnmatch import fnmatch
from pathlib import Path

import numpy as np

from benchmarks.pareto import cases, tables
from benchmarks.pareto.contestants import PLAYERS
from benchmarks.run_rows import Row, RowFile, read_rows


def main(arguments: Sequence[str]) -> int:
    """Play what is missing, then print the tables of all rows."""
    options = _parsed(arguments)
    path = Path(options.out)
    known = {_key(row) for row in read_rows(path)}
    with RowFile(path) as rows:
        for seed in range(options.seeds):
            for name in _names(options):
                for player in _players(options.peers):
                    if (name, player, seed, options.budget) not in known:
                        rows.add(played(name, player, seed, options.budget, options.data))
                        print(f"{name} {player} {seed}", flush=True)
    found = [cut(row, options.budget) for row in read_rows(path) if reaches(row, options.budget)]
    sizes = [options.budget // 2, options.budget]
    table = tables.constrained_table if options.set == "constrained" else tables.volume_table
    print("\n".join(table(found, sizes, "ours-gp")))
    return 0


def played(name: str, player: str, seed: int, budget: int, data: str | None) -> Row:
    """Return the row of one run; the seconds are processor time of ask and tell."""
    case = cases.load(name, data)
    values, violations, seconds = [], [], 0.0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = PLAYERS[player](case, seed)
        for _ in range(budget):
            start = time.process_time()
            config = made.ask()
            seconds += time.process_time() - start
            told, constraints = case.outcome(config)
            start = time.process_time()
            made.tell(told, constraints)
            seconds += time.process_time() - start
            values.append(told.tolist())
            violations.append(float(np.maximum(constraints, 0.0).sum()))
    return {
        "case": name,
        "player": player,
        "seed": seed,
        "values": values,
        "violations": violations,
        "seconds": round(seconds, 3),
    }


def reaches(row: Row, budget: int) -> bool:
    """Tell whether a run has so many evaluations or more."""
    return len(row["values"]) >= budget


def cut(row: Row, budget: int) -> Row:
    """Return the row of a run as if it had ended there; time is shared out evenly."""
    share = budget / len(row["values"])
    first = {key: row[key][:budget] for key in ("values", "violations")}
    return {**row, **first, "seconds": share * row["seconds"]}


def _key(row: Row) -> tuple[str, str, int, int]:
    return row["case"], row["player"], row["seed"], len(row["values"])


def _names(options: argparse.Namespace) -> list[str]:
    patterns = options.cases.split(",")
    return [n for n in cases.SETS[options.set] if any(fnmatch(n, each) for each in patterns)]


def _players(text: str) -> list[str]:
    patterns = text.split(",")
    return [name for name in PLAYERS if any(fnmatch(name, each) for each in patterns)]


def _parsed(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m benchmarks pareto", description=__doc__)
    parser.add_argument("--set", choices=sorted(cases.SETS), default="pareto")
    parser.add_argument("--cases", default="*", help="globs of names within the set")
    parser.add_argument("--peers", default="*", help=f"globs among {', '.join(PLAYERS)}")
    parser.add_argument("--budget", type=int, default=100, help="evaluations of a run")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--data", help="folder of tables, else BAYESOPT_BENCH_DATA")
    parser.add_argument("--out", default="results/pareto.jsonl")
    return parser.parse_args(arguments)
