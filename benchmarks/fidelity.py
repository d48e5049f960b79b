"""``python -m benchmarks fidelity``: budgets on a simulated clock, a row per finished run.

Problems are learned tables with a budget: networks over epochs, boosted trees over the size of the
training set. Workers train until as much time has passed as random search needs for some number of
whole trainings. A row says when which loss was first seen, at whatever budget.
"""

from __future__ import annotations

import argparse
import fnmatch
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.fidelity_contestants import CONTESTANTS
from benchmarks.fidelity_table import page, pairs
from benchmarks.problems import registry
from benchmarks.problems.base import Fidelity, Problem
from benchmarks.simulation import Curve, simulate

PROBLEMS = ("lcbench/167168", "lcbench/189908", "rbv2_xgboost/1501")
FIRST_EPOCH = 3.0  # of the first rung: what networks of one epoch are worth says nothing here
N_SHARES = 3  # training sets of 1/9, 1/3 and all of the rows
_N_DRAWS = 100  # configurations whose mean cost is the unit of the horizon


def budgets(fidelity: Fidelity, every: int = 1) -> tuple[list[float], list[float]]:
    """Return the budgets of a training's steps, and what it reports as their steps.

    So many epochs are a step (the last one may be shorter), and cost what they add. Of a training
    set every share is one, threefold the one before: a model on more rows is made from nothing, and
    costs its whole time.
    """
    if fidelity.integer:
        last = int(fidelity.high)
        epochs = sorted({*range(int(fidelity.low) - 1 + every, last + 1, every), last})
        return list(map(float, epochs)), list(map(float, epochs))
    steps = [3.0**k for k in range(N_SHARES)]
    return [fidelity.high * step / steps[-1] for step in steps], steps


def curves(problem: Problem, every: int = 1) -> Callable[[Mapping[str, Any]], Curve]:
    """Return the function from configurations to their curves; it remembers some thousand."""
    fidelity, along = problem.fidelity, problem.evaluate_along
    if fidelity is None or along is None:
        raise ValueError(f"{problem.name} has no budgets")
    at, steps = budgets(fidelity, every)

    @lru_cache(maxsize=4096)
    def look_up(key: str) -> Curve:
        outcomes = along(json.loads(key), at)
        losses = np.array([problem.sign * each.values[problem.objective] for each in outcomes])
        spent = np.maximum(1e-3, [float(each.cost or 0.0) for each in outcomes])
        if fidelity.integer:
            spent = np.maximum(1e-3, np.diff(np.maximum.accumulate(spent), prepend=0.0))
        return Curve(np.array(steps), losses, spent)

    return lambda config: look_up(json.dumps(config))


def mean_cost_s(problem: Problem) -> float:
    """Return the mean seconds of a whole training."""
    curve_of = curves(problem)
    configs = problem.space.decode(problem.space.sample(_N_DRAWS, np.random.default_rng(0)))
    return float(np.mean([curve_of(config).seconds.sum() for config in configs]))


def rows(args: argparse.Namespace, done: set[tuple[Any, ...]]) -> Any:
    """Yield a row per run; all contestants meet a seed before the next one."""
    names = [n for n in CONTESTANTS if any(fnmatch.fnmatch(n, p) for p in args.peers.split(","))]
    problems = [registry.load(name, args.data) for name in args.problems.split(",")]
    looked_up = {problem.name: curves(problem, args.every) for problem in problems}
    costs = {problem.name: mean_cost_s(problem) for problem in problems}
    for seed in range(args.first_seed, args.first_seed + args.seeds):
        for problem in problems:
            for n_workers in map(int, args.workers.split(",")):
                for name in names:
                    key = (problem.name, n_workers, name, seed, args.trainings, args.every)
                    if key not in done:
                        horizon = args.trainings * costs[problem.name] / n_workers
                        yield run(problem, looked_up[problem.name], key, horizon)


def run(
    problem: Problem, curve_of: Callable[[Any], Curve], key: tuple[Any, ...], horizon_s: float
) -> dict[str, Any]:
    """Return the row of one run."""
    _, n_workers, name, seed, trainings, every = key
    assert problem.fidelity is not None
    steps = budgets(problem.fidelity, every)[1]
    first = FIRST_EPOCH if problem.fidelity.integer else steps[0]
    contestant = CONTESTANTS[name](problem.space, (first, steps[-1]), seed)
    began = time.process_time()
    trace = simulate(contestant, curve_of, n_workers, horizon_s)
    return {
        "problem": problem.name,
        "workers": n_workers,
        "contestant": name,
        "seed": seed,
        "trainings": trainings,
        "every": every,
        "horizon_s": horizon_s,
        "best": problem.best_loss,
        "seconds": trace.seconds.tolist(),
        "losses": trace.losses.tolist(),
        "n_begun": trace.n_begun,
        "n_whole": trace.n_whole,
        "process_s": time.process_time() - began,
    }


def read(path: Path) -> list[dict[str, Any]]:
    """Return the rows of a file, none if it is not there."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]


def key_of(row: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return what tells a run from others."""
    names = ("problem", "workers", "contestant", "seed", "trainings", "every")
    return tuple(row[name] for name in names)


def main(arguments: Sequence[str]) -> int:
    """Run what is missing in the file of results, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks fidelity", description=__doc__)
    parser.add_argument("--problems", default=",".join(PROBLEMS))
    parser.add_argument("--peers", default="*", help="names or globs, with commas between")
    parser.add_argument("--workers", default="4,16")
    parser.add_argument("--trainings", type=int, default=100, help="the horizon, in whole ones")
    parser.add_argument("--every", type=int, default=1, help="epochs between two reports")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--data", help="folder of tables (default: BAYESOPT_BENCH_DATA)")
    parser.add_argument("--out", type=Path, required=True, help="file of results, one run a line")
    parser.add_argument("--table", action="store_true", help="only print the table of --out")
    parser.add_argument("--pairs", help="print too how often these are ahead (commas between)")
    args = parser.parse_args(list(arguments))
    if not args.table:
        args.out.parent.mkdir(parents=True, exist_ok=True)
        done = {key_of(row) for row in read(args.out)}
        with args.out.open("a", encoding="utf-8") as file:
            for row in rows(args, done):
                file.write(json.dumps(row) + "\n")
                file.flush()
                print(*key_of(row)[:4], f"{row['process_s']:.1f} s", file=sys.stderr)
    print(page(read(args.out)))
    if args.pairs:
        print(f"\n{pairs(read(args.out), args.pairs.split(','))}")
    return 0
