"""Print problems as rows of a Markdown table, with what an evaluation costs here.

    python -m benchmarks.problems.catalogue main --evaluations 20

Milliseconds are processor time, so that other work on the machine counts little. A problem that
needs data or a package that is not there is listed with what it needs.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from benchmarks.problems import registry
from benchmarks.problems.base import Problem
from benchmarks.problems.search_best import problems_of

HEAD = (
    "| problem | kind | d | objective | best known | budget | ms |\n|---|---|--:|---|--:|---|--:|"
)


def main(arguments: list[str] | None = None) -> None:
    """Print the problems, suites or sets named on the command line."""
    parser = argparse.ArgumentParser(description="List benchmark problems.")
    parser.add_argument("names", nargs="+", help="problems, suites or sets")
    parser.add_argument("--evaluations", type=int, default=20)
    parser.add_argument("--data", default=None)
    chosen = parser.parse_args(arguments)
    print(HEAD)
    total = 0.0
    for name in problems_of(chosen.names):
        try:
            problem = registry.load(name, chosen.data)
        except (ImportError, registry.MissingData) as error:
            print(f"| {name} | {error} | | | | | |")
            continue
        ms = milliseconds(problem, chosen.evaluations)
        total += ms
        print(row_of(problem, ms), flush=True)
    print(f"\n100 evaluations of each: {total / 10:.0f} s")


def milliseconds(problem: Problem, n: int) -> float:
    """Return the mean processor time of an evaluation of random configurations."""
    configs = problem.space.decode(problem.space.sample(n + 1, np.random.default_rng(0)))
    problem.evaluate(configs[0])  # what is loaded on first use is no cost of an evaluation
    start = time.process_time()
    for config in configs[1:]:
        problem.evaluate(config)
    return 1e3 * (time.process_time() - start) / n


def row_of(problem: Problem, ms: float) -> str:
    """Return a problem as a row of the table."""
    direction = {"minimize": "↓", "maximize": "↑"}[problem.objectives[problem.objective]]
    noise = ", noisy" if problem.noisy else ""
    cells = [
        problem.name,
        problem.kind,
        str(problem.space.d),
        f"{problem.objective} {direction}{noise}",
        "" if problem.best is None else f"{problem.best:.6g}",
        "" if problem.fidelity is None else problem.fidelity.name,
        f"{ms:.3f}" if ms < 1 else f"{ms:.0f}",
    ]
    return "| " + " | ".join(cells) + " |"


if __name__ == "__main__":
    main()
