"""``python -m benchmarks.cost``: what is found for a budget of seconds, where costs span decades.

Learned tables whose trainings take times of their own, YAHPO's networks and boosted trees, at the
full budget; and textbook functions whose cost grows, or falls, a hundredfold along the first column
(``priced/branin-rising``). A study may spend as much as some number of random configurations on
average (``--trainings``). Contestants are the Gaussian process that does not look at costs and
those that do, in several ways. A row of the file is one run: what was spent, and the least loss
by then.
"""

from __future__ import annotations

import argparse
import fnmatch
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import bayesopt as bo
from bayesopt.samplers.base import Sampler
from benchmarks.problems import registry
from benchmarks.problems.base import Outcome, Problem

PROBLEMS = (
    "lcbench/7593",
    "lcbench/126026",
    "lcbench/167168",
    "lcbench/189908",
    "rbv2_xgboost/14",
    "rbv2_xgboost/40981",
    "iaml_xgboost/40981",
    "iaml_super/40981",
    "priced/branin-rising",
    "priced/branin-falling",
    "priced/hartmann6-rising",
    "priced/hartmann6-falling",
    "priced/levy-d5-rising",
    "priced/levy-d5-falling",
)
CONTESTANTS: dict[str, Callable[[float], Sampler]] = {
    "blind": lambda budget: bo.GPSampler(cost="off"),
    "cooled": lambda budget: bo.GPSampler(cost_budget=budget),
    "half": lambda budget: bo.GPSampler(cost=0.5),
    "per cost": lambda budget: bo.GPSampler(cost=1.0),
    "tpe": lambda budget: bo.TPESampler(),
    "random": lambda budget: bo.RandomSampler(),
}
SHARES = (0.25, 0.5, 1.0)
MOST_TRIALS = 150
N_DRAWS = 100  # configurations whose mean cost is the unit of the budget


def load(name: str, data: str | Path | None = None) -> Problem:
    """Return one problem. Raises KeyError."""
    suite, _, short = name.partition("/")
    if suite != "priced":
        return registry.load(name, data)
    function, _, trend = short.rpartition("-")
    problem = registry.load(f"classic/{function}", data)
    sign = {"rising": 1.0, "falling": -1.0}[trend]

    def evaluate(
        config: Mapping[str, Any], seed: int = 0, fidelity: float | None = None
    ) -> Outcome:
        place = float(problem.space.encode([config])[0, 0])
        cost = 10.0 ** (2.0 * sign * (place - 0.5))
        return replace(problem.evaluate(config), cost=cost)

    return replace(problem, name=name, evaluate=evaluate)


def mean_cost(problem: Problem) -> float:
    """Return the mean cost of random configurations."""
    rows = problem.space.sample(N_DRAWS, np.random.default_rng(0))
    costs = [problem.evaluate(config).cost for config in problem.space.decode(rows)]
    return float(np.mean([cost or 0.0 for cost in costs]))


def run(problem: Problem, name: str, seed: int, trainings: float) -> dict[str, Any]:
    """Return the row of one run."""
    budget = trainings * mean_cost(problem)
    study = bo.create_study(problem.space, sampler=CONTESTANTS[name](budget), seed=seed)
    began, spent, best = time.process_time(), 0.0, float("inf")
    row: dict[str, Any] = {"problem": problem.name, "contestant": name, "seed": seed}
    row |= {"trainings": trainings, "best": problem.best_loss, "spent": [], "loss": []}
    while spent < budget and len(row["spent"]) < MOST_TRIALS:
        trial = study.ask()
        outcome = problem.evaluate(trial.params)
        loss = problem.sign * outcome.values[problem.objective]
        study.tell(trial, loss, cost=outcome.cost)
        spent += outcome.cost or 0.0
        if spent <= budget:  # what ends too late is not known in time
            best = min(best, loss)
        row["spent"].append(spent / budget)
        row["loss"].append(best)
    row["process_s"] = time.process_time() - began
    return row


def rows(args: argparse.Namespace, done: set[tuple[Any, ...]]) -> Iterator[dict[str, Any]]:
    """Yield a row per run; all contestants meet a problem before the next one."""
    names = [n for n in CONTESTANTS if any(fnmatch.fnmatch(n, p) for p in args.peers.split(","))]
    for seed in range(args.first_seed, args.first_seed + args.seeds):
        for problem_name in args.problems.split(","):
            for name in names:
                if (problem_name, name, seed) not in done:
                    problem = load(problem_name, args.data)
                    yield run(problem, name, seed, args.trainings)


def read(path: Path) -> list[dict[str, Any]]:
    """Return the rows of a file, none if it is not there."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]


def key_of(row: dict[str, Any]) -> tuple[Any, ...]:
    """Return what tells a run from others."""
    return row["problem"], row["contestant"], row["seed"]


def loss_at(row: dict[str, Any], share: float) -> float:
    """Return the least loss that was known when a share of the budget was spent."""
    known = np.flatnonzero(np.array(row["spent"]) <= share)
    return float(row["loss"][known[-1]]) if known.size else float("inf")


def share_until(row: dict[str, Any], target: float) -> float:
    """Return the share of the budget until a loss was reached; 1 where it was not."""
    reached = np.flatnonzero(np.array(row["loss"]) <= target)
    return min(1.0, float(row["spent"][reached[0]])) if reached.size else 1.0


def table(found: Sequence[dict[str, Any]], base: str = "blind") -> str:
    """Return as Markdown how each contestant did against `base`, in the same runs."""
    index = {key_of(row): row for row in found}
    target = {
        problem: float(np.median([loss_at(r, 1.0) for r in found if r["problem"] == problem]))
        for problem in {row["problem"] for row in found}
    }
    lines = [
        "| | runs | trials | "
        + " | ".join(f"better at {share:.0%}" for share in SHARES)
        + " | cost to target | reached it |",
        "|---|--:|--:|" + "--:|" * (len(SHARES) + 2),
    ]
    for name in dict.fromkeys(row["contestant"] for row in found):
        pairs = [
            (row, index[row["problem"], base, row["seed"]])
            for row in found
            if row["contestant"] == name and (row["problem"], base, row["seed"]) in index
        ]
        if pairs:
            lines.append(_line(name, pairs, target))
    return "\n".join(lines)


def _line(name: str, pairs: Sequence[tuple[Any, Any]], target: dict[str, float]) -> str:
    problems = [row["problem"] for row, _ in pairs]
    cells = [f"{_wins(pairs, problems, share)}" for share in SHARES]
    mine = np.array([share_until(row, target[row["problem"]]) for row, _ in pairs])
    theirs = np.array([share_until(row, target[row["problem"]]) for _, row in pairs])
    reached = np.mean([loss_at(row, 1.0) <= target[row["problem"]] for row, _ in pairs])
    ratio = _mean_by(np.log(mine / theirs), problems)
    trials = np.mean([len(row["spent"]) for row, _ in pairs])
    cells += [f"{np.exp(ratio[0]):.2f} (×/÷ {np.exp(ratio[1]):.2f})", f"{reached:.0%}"]
    return f"| {name} | {len(pairs)} | {trials:.0f} | " + " | ".join(cells) + " |"


def _wins(pairs: Sequence[tuple[Any, Any]], problems: list[str], share: float) -> str:
    mine = np.array([loss_at(row, share) for row, _ in pairs])
    theirs = np.array([loss_at(row, share) for _, row in pairs])
    mean, error = _mean_by((mine < theirs) + 0.5 * (mine == theirs), problems)
    return f"{100 * mean:.0f} ± {100 * error:.0f}"


def _mean_by(values: npt.NDArray[Any], problems: list[str]) -> tuple[float, float]:
    """Return the mean over problems, and its standard error."""
    each = [float(values[[p == name for p in problems]].mean()) for name in dict.fromkeys(problems)]
    return float(np.mean(each)), float(np.std(each, ddof=min(1, len(each) - 1)) / len(each) ** 0.5)


def main(argv: Sequence[str] | None = None) -> int:
    """Run what is missing in a file, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cost", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("results/cost.jsonl"))
    parser.add_argument("--problems", default=",".join(PROBLEMS))
    parser.add_argument("--peers", default="*")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--trainings", type=float, default=20.0)
    parser.add_argument("--data", default=None)
    args = parser.parse_args(argv)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    done = {key_of(row) for row in read(args.out)}
    with args.out.open("a", encoding="utf-8") as stream:
        for row in rows(args, done):
            stream.write(json.dumps(row) + "\n")
            stream.flush()
    print(table(read(args.out)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
