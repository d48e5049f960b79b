"""Search long for the best value of problems, and keep what is better than what is stored.

    python -m benchmarks.problems.search_best lcbench iaml_super/40981 --evaluations 50000

A third of the evaluations is random. The rest climbs from the best found so far: a few columns of
one of the leaders are redrawn or shifted, and a row that is better than the worst leader replaces
it. The result goes into best_known.json with its configuration and the command.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from benchmarks.problems import registry
from benchmarks.problems.base import Problem
from benchmarks.problems.best_known import FILE, entries

Floats = NDArray[np.float64]
N_LEADERS = 16
SMALLEST_STEP = 1e-4


def main(arguments: list[str] | None = None) -> None:
    """Search the problems or suites named on the command line."""
    parser = argparse.ArgumentParser(description="Search long for best values.")
    parser.add_argument("names", nargs="+", help="problems, suites or sets")
    parser.add_argument("--evaluations", type=int, default=50_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--data", default=None)
    chosen = parser.parse_args(arguments)
    for name in problems_of(chosen.names):
        problem = registry.load(name, chosen.data)
        row, loss = search(problem, chosen.evaluations, np.random.default_rng(chosen.seed))
        command = f"{name} --evaluations {chosen.evaluations} --seed {chosen.seed}"
        store(problem, row, loss, f"python -m benchmarks.problems.search_best {command}")
        print(name, problem.sign * loss, flush=True)


def problems_of(names: list[str]) -> Iterator[str]:
    """Yield the names of problems, suites and sets spelled out."""
    for name in names:
        if name in registry.SETS:
            yield from registry.SETS[name]
        elif "/" in name:
            yield name
        else:
            yield from registry.problem_names(name)


def search(problem: Problem, n_evaluations: int, rng: np.random.Generator) -> tuple[Floats, float]:
    """Return the best row f64[d] that was found and its loss."""
    rows = problem.space.sample(n_evaluations // 3, rng)
    losses = losses_of(problem, rows)
    order = np.argsort(losses)[:N_LEADERS]
    leaders, losses = rows[order], losses[order]
    for _ in range((n_evaluations - len(rows)) // N_LEADERS):
        moved = neighbours(problem, leaders, rng)
        rows = np.concatenate([leaders, moved])
        losses = np.concatenate([losses, losses_of(problem, moved)])
        order = np.argsort(losses, kind="stable")[:N_LEADERS]
        leaders, losses = rows[order], losses[order]
    return leaders[0], float(losses[0])


def neighbours(problem: Problem, rows: Floats, rng: np.random.Generator) -> Floats:
    """Return one feasible neighbour of each row, or the row where its neighbour is infeasible."""
    n, d = rows.shape
    touched = rng.random((n, d)) < 1.5 / d
    touched[np.arange(n), rng.integers(d, size=n)] = True
    width = SMALLEST_STEP ** rng.random((n, 1))
    shifted = np.clip(rows + width * rng.standard_normal((n, d)), 0.0, 1.0)
    fresh = np.where(rng.random((n, 1)) < 0.3, rng.random((n, d)), shifted)
    moved = problem.space.snap(np.where(touched, fresh, rows))
    return np.where(problem.space.feasible(moved)[:, None], moved, rows)


def losses_of(problem: Problem, rows: Floats) -> Floats:
    """Return the losses f64[n] of rows; infinite where the evaluation failed."""
    losses = np.array([problem.loss(config) for config in problem.space.decode(rows)])
    return np.where(np.isnan(losses), np.inf, losses)


def store(problem: Problem, row: Floats, loss: float, command: str) -> None:
    """Keep a result that is better than the stored one."""
    if problem.best_loss is not None and problem.best_loss <= loss:
        return
    entries.cache_clear()  # another search may have written meanwhile
    stored = dict(entries())
    config = problem.space.decode(row[None])[0]
    stored[problem.name] = {
        "value": problem.sign * loss,
        "direction": problem.objectives[problem.objective],
        "config": config,
        "command": command,
    }
    entries.cache_clear()
    FILE.write_text(json.dumps(dict(sorted(stored.items())), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
