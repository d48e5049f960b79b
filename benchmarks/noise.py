"""``python -m benchmarks.noise``: studies whose values are noisy, judged without the noise.

Normal noise of 5% and 20% of what lies between the least value and the median of random
configurations (``benchmarks.problems.classic.with_noise``). A contestant is judged by what it would
recommend: of the configurations that it evaluated the one that a Gaussian process believes to be
the best, the same process for all; beside it the one whose told value was the best, and the best
there was. The regret is that of the value without noise, in units of the median's. "gp-plain" is
expected improvement with the noise prior of studies that are not said to be noisy.
"""

from __future__ import annotations

import argparse
import fnmatch
import json
import sys
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import bayesopt as bo
from bayesopt.samplers.gp_data import observe
from benchmarks.problems import classic, registry
from benchmarks.problems.base import Problem

PROBLEMS = (
    "classic/branin",
    "classic/six_hump_camel",
    "classic/hartmann3",
    "classic/hartmann6",
    "classic/levy-d5",
    "classic/ackley-d5",
    "classic/rosenbrock-d5",
    "classic/styblinski_tang-d5",
    "bbob/f8-i6-d3",
    "bbob/f15-i6-d5",
    "bbob/f21-i6-d5",
    "bbob/f22-i6-d2",
)
SHARES = (0.05, 0.2)
BUDGETS = (20, 40, 60, 100)
CONTESTANTS: dict[str, Any] = {
    "random": bo.RandomSampler,
    "tpe": bo.TPESampler,
    "gp": bo.GPSampler,
    "gp-plain": partial(bo.GPSampler, model={"noise": (1.1, 30.0)}),
}
JUDGES = True  # whether a model is asked what to recommend
JUDGE = bo.GPSampler(model={"noise": (1.1, 3.0)})


def run(problem: Problem, share: float, name: str, seed: int, budget: int) -> dict[str, Any]:
    """Return the row of one run: regrets of what is recommended at each budget."""
    noisy = classic.with_noise(problem, share)
    best = float(problem.best or 0.0)
    unit = classic._median(problem) - best
    study = bo.create_study(noisy.space, sampler=CONTESTANTS[name](), seed=seed, noisy=True)
    means: list[float] = []
    row: dict[str, Any] = {"problem": problem.name, "share": share, "contestant": name}
    row |= {"seed": seed, "believed": {}, "told": {}, "seen": {}, "y": []}
    began, judged = time.process_time(), 0.0
    for i in range(budget):
        trial = study.ask()
        values = noisy.evaluate(trial.params, seed=1000 * seed + i).values
        study.tell(trial, values[noisy.objective])
        means.append((values["mean"] - best) / unit)
        row["y"].append(values[noisy.objective])
        if i + 1 in BUDGETS:
            before = time.process_time()
            history = study.history
            if JUDGES:
                row["believed"][i + 1] = means[believed_best(history, noisy.space)]
            row["told"][i + 1] = means[int(history.best() or 0)]
            row["seen"][i + 1] = min(means)
            judged += time.process_time() - before
    rows = study.history.X[: study.history.n]
    row["n_distinct"] = len(np.unique(rows, axis=0))
    row["X"], row["means"] = np.round(rows, 6).tolist(), means
    row["process_s"] = time.process_time() - began - judged
    return row


def believed_best(history: bo.History, space: bo.Space) -> int:
    """Return the trial at the row that is believed to be the best."""
    row = JUDGE.believe(space, observe(history)).incumbent_row
    return int(np.flatnonzero((row == history.X).all(axis=1))[0])


def rows(args: argparse.Namespace, done: set[tuple[Any, ...]]) -> Iterator[dict[str, Any]]:
    """Yield a row per run; all contestants meet a problem before the next one."""
    names = [n for n in CONTESTANTS if any(fnmatch.fnmatch(n, p) for p in args.peers.split(","))]
    for seed in range(args.first_seed, args.first_seed + args.seeds):
        for problem_name in args.problems.split(","):
            for share in map(float, args.shares.split(",")):
                for name in names:
                    if (problem_name, share, name, seed) not in done:
                        problem = registry.load(problem_name, args.data)
                        yield run(problem, share, name, seed, args.budget)


def read(path: Path) -> list[dict[str, Any]]:
    """Return the rows of a file, none if it is not there."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]


def table(found: Sequence[dict[str, Any]], base: str, by: str) -> str:
    """Return as Markdown mean regrets, and the share of runs that were better than those of `base`.

    In brackets the mean of log₁₀ of the ratio of both regrets, each of .001 at least, with its
    standard error.
    """
    index = {(r["problem"], r["share"], r["contestant"], r["seed"]): r for r in found}
    lines = []
    for share in sorted({row["share"] for row in found}):
        for name in dict.fromkeys(row["contestant"] for row in found):
            pairs = [
                (row, index[problem, noise, base, seed])
                for (problem, noise, who, seed), row in index.items()
                if (noise, who) == (share, name) and (problem, noise, base, seed) in index
            ]
            if pairs and pairs[0][0][by]:
                lines.append(_line(share, name, pairs, by))
    budgets = [str(budget) for budget in found[0][by]] if found else []
    head = f"| noise | {by} | runs | " + " | ".join(budgets) + " |"
    return "\n".join([head, "|---|---|--:|" + "---|" * len(budgets), *lines])


def _line(share: float, name: str, pairs: Sequence[tuple[Any, Any]], by: str) -> str:
    cells = [f"{share:.0%}", name, str(len(pairs))]
    for budget in pairs[0][0][by]:
        mine, theirs = (np.array([pair[k][by][budget] for pair in pairs]) for k in (0, 1))
        wins = (mine < theirs) + 0.5 * (mine == theirs)
        ratio = np.log10(np.maximum(mine, 1e-3) / np.maximum(theirs, 1e-3))
        error = float(np.std(ratio)) / len(ratio) ** 0.5
        won = f"{100 * wins.mean():.0f}%"
        cells.append(f"{mine.mean():.3f}, {won} ({ratio.mean():+.2f} ± {error:.2f})")
    return "| " + " | ".join(cells) + " |"


def main(argv: Sequence[str] | None = None) -> int:
    """Run what is missing in a file, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.noise", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("results/noise.jsonl"))
    parser.add_argument("--problems", default=",".join(PROBLEMS))
    parser.add_argument("--shares", default=",".join(map(str, SHARES)))
    parser.add_argument("--peers", default="*")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--budget", type=int, default=60)
    parser.add_argument("--base", default="gp")
    parser.add_argument("--data", default=None)
    args = parser.parse_args(argv)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    done = {(r["problem"], r["share"], r["contestant"], r["seed"]) for r in read(args.out)}
    with args.out.open("a", encoding="utf-8") as stream:
        for row in rows(args, done):
            stream.write(json.dumps(row) + "\n")
            stream.flush()
    for by in ("believed", "told", "seen"):
        print(f"\n{by}:\n{table(read(args.out), args.base, by)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
