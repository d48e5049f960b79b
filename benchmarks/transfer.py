"""Earlier studies and guesses: what they save where they are right, and cost where they are wrong.

    python -m benchmarks.transfer run --data FOLDER --out results/transfer.jsonl [--seeds 5]
    python -m benchmarks.transfer table --out results/transfer.jsonl --data FOLDER

Ten data sets of lcbench on which the same network is tuned. Each in turn is new; studies of the
others, made by TPE, are what was tuned before. An arm says what a study of the new one knows. Rows
are appended as runs finish; a run that is there is not repeated.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import bayesopt as bo
from benchmarks.measures.compare import bootstrap_mean, mean_of_means, win_rate
from benchmarks.problems import yahpo
from benchmarks.problems.base import Problem

F = npt.NDArray[np.float64]

N_EARLIER = 40  # trials of each earlier study
CHECKPOINTS = (4, 10, 20, 30, 50)
_KEY = ("arm", "target", "seed", "budget")

Knowledge = Mapping[str, Any]


@cache
def earlier(name: str, seed: int, data: str | None) -> dict[str, Any]:
    """Return a finished study of a data set as a sampler holds it."""
    problem = yahpo.load(name, data)
    study = bo.create_study(
        problem.space, problem.objectives[problem.objective], sampler="tpe", seed=1000 + seed
    )
    study.optimize(
        lambda trial: problem.evaluate(trial.params).values[problem.objective],
        n_trials=N_EARLIER,
    )
    trials = [[dict(trial.params), trial.value] for trial in study.trials]
    return {"name": name, "direction": study.direction, "trials": trials}


def turned(source: Mapping[str, Any]) -> dict[str, Any]:
    """Return a study of the same trials that says the contrary."""
    trials = [[params, -value] for params, value in source["trials"]]
    return {**source, "trials": trials}


def others(target: str, seed: int, data: str | None) -> list[dict[str, Any]]:
    """Return the earlier studies of all data sets but one."""
    return [earlier(name, seed, data) for name in yahpo.names("lcbench") if name != target]


def nothing(target: str, seed: int, data: str | None) -> Knowledge:
    return {}


def nine(target: str, seed: int, data: str | None) -> Knowledge:
    return {"learn_from": others(target, seed, data)}


def one(target: str, seed: int, data: str | None) -> Knowledge:
    return {"learn_from": others(target, seed, data)[seed % 9 : seed % 9 + 1]}


def nine_turned(target: str, seed: int, data: str | None) -> Knowledge:
    return {"learn_from": [turned(source) for source in others(target, seed, data)]}


def eight_turned(target: str, seed: int, data: str | None) -> Knowledge:
    sources = others(target, seed, data)
    right = seed % len(sources)
    return {"learn_from": [s if i == right else turned(s) for i, s in enumerate(sources)]}


def typical(target: str, seed: int, data: str | None, contrary: bool = False) -> Knowledge:
    """Return a guess for each parameter: the median of the others' best, or what is far from it."""
    space = yahpo.load(target, data).space
    best = [
        max(source["trials"], key=lambda trial: trial[1])[0]
        for source in others(target, seed, data)
    ]
    middle = np.median(space.encode(best), axis=0)
    if contrary:
        middle = np.where(middle > 0.5, middle - 0.5, middle + 0.5)
    guess = space.decode(space.snap(middle[None]))[0]
    return {"prior": {name: bo.Near(value) for name, value in guess.items()}}


ARMS: dict[str, Callable[[str, int, str | None], Knowledge]] = {
    "nothing": nothing,
    "nine studies": nine,
    "one study": one,
    "nine misleading": nine_turned,
    "eight misleading and one right": eight_turned,
    "guess": typical,
    "wrong guess": partial(typical, contrary=True),
}


def run(arm: str, target: str, seed: int, budget: int, data: str | None, sampler: str) -> Any:
    """Return one run: the losses in order, and the processor time of asks and tells."""
    problem = yahpo.load(target, data)
    known = ARMS[arm](target, seed, data)
    study = bo.create_study(
        problem.space,
        problem.objectives[problem.objective],
        sampler=sampler,
        seed=seed,
        **known,
    )
    losses, fallbacks, start = [], set(), time.process_time()
    for _ in range(budget):
        trial = study.ask()
        losses.append(problem.loss(trial.params))
        study.tell(trial, problem.sign * losses[-1])
        fallbacks.add(trial.fallback)
    taken = time.process_time() - start
    row = {"arm": arm, "target": target, "seed": seed, "budget": budget, "sampler": sampler}
    return {**row, "losses": losses, "cpu_s": taken, "fallbacks": sorted(fallbacks - {""})}


def median_loss(problem: Problem) -> float:
    """Return the loss of the median random configuration."""
    rows = problem.space.sample(200, np.random.default_rng(0))
    return float(np.median([problem.loss(config) for config in problem.space.decode(rows)]))


def read(path: Path) -> list[dict[str, Any]]:
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def run_all(given: argparse.Namespace) -> None:
    done = {tuple(row[key] for key in _KEY) for row in read(given.out)}
    given.out.parent.mkdir(parents=True, exist_ok=True)
    arms = given.arms.split(",") if given.arms else list(ARMS)
    targets = yahpo.names("lcbench")[: given.targets]
    for seed in range(given.seeds):
        for target in targets:
            for arm in arms:
                if (arm, target, seed, given.budget) not in done:
                    row = run(arm, target, seed, given.budget, given.data, given.sampler)
                    with given.out.open("a", encoding="utf-8") as stream:
                        stream.write(json.dumps(row) + "\n")


def needed(losses: F, goal: float) -> int:
    """Return after how many evaluations a loss is reached; one more than there are if never."""
    there = np.flatnonzero(losses <= goal)
    return int(there[0]) + 1 if there.size else len(losses) + 1


class Results:
    """Finished runs, as arrays by target and seed; NaN where there is none.

    Attributes
    ----------
    targets : list of str
    goals : mapping of str to float
        What a study that knows nothing reaches in the end, its median over seeds.
    """

    def __init__(self, rows: list[dict[str, Any]], data: str | None) -> None:
        self.rows = rows
        self.targets = sorted({row["target"] for row in rows})
        self.n_seeds = 1 + max(row["seed"] for row in rows)
        plain = [row for row in rows if row["arm"] == "nothing"]
        self.goals = {
            target: float(np.median([min(r["losses"]) for r in plain if r["target"] == target]))
            for target in self.targets
        }
        self.scales = {target: self._scale(target, data) for target in self.targets}

    def _scale(self, target: str, data: str | None) -> tuple[float, float]:
        """Return the best known loss, and how far above it the median random one is."""
        problem = yahpo.load(target, data)
        least = min(min(row["losses"]) for row in self.rows if row["target"] == target)
        best = least if problem.best_loss is None else min(least, problem.best_loss)
        return best, median_loss(problem) - best

    def of(self, arm: str, measure: Callable[[str, F], float]) -> F:
        """Return a measure of the best losses so far, of each run of an arm, [targets, seeds]."""
        found = np.full((len(self.targets), self.n_seeds), np.nan)
        for row in self.rows:
            if row["arm"] == arm:
                best = np.minimum.accumulate(row["losses"])
                at = self.targets.index(row["target"]), row["seed"]
                found[at] = measure(row["target"], best)
        return found

    def regret(self, arm: str, n: int) -> F:
        """Return how far the best loss after n evaluations is from the best known one."""

        def measured(target: str, best: F) -> float:
            low, span = self.scales[target]
            return float(best[n - 1] - low) / span

        return self.of(arm, measured)

    def needed(self, arm: str) -> F:
        """Return after how many evaluations the goal is reached."""
        return self.of(arm, lambda target, best: needed(best, self.goals[target]))


def table(given: argparse.Namespace) -> None:
    rows = read(given.out)
    results = Results(rows, given.data)
    budget = min(row["budget"] for row in rows)
    points = [n for n in CHECKPOINTS if n <= budget]
    columns = [f"after {n}" for n in points] + [f"ahead after {n}" for n in (10, budget)]
    columns += ["to the goal", "saved", "CPU, s"]
    print(f"| a study that knows | runs | {' | '.join(columns)} |")
    print("|---" * (len(columns) + 2) + "|")
    for arm in dict.fromkeys(row["arm"] for row in rows):
        regrets = [mean_of_means(results.regret(arm, n)) for n in points]
        wins = [
            win_rate(results.regret(arm, n), results.regret("nothing", n)) for n in (10, budget)
        ]
        ahead = [f"{100 * w.mean:.0f}% ({100 * w.low:.0f}–{100 * w.high:.0f})" for w in wins]
        saved = bootstrap_mean(results.needed("nothing") - results.needed(arm))
        cpu = [row["cpu_s"] for row in rows if row["arm"] == arm]
        print(
            f"| {arm} | {len(cpu)} | {' | '.join(f'{value:.3f}' for value in regrets)} "
            f"| {' | '.join(ahead)} | {np.nanmedian(results.needed(arm)):.0f} "
            f"| {saved.mean:+.1f} ({saved.low:+.1f} to {saved.high:+.1f}) | {np.mean(cpu):.1f} |"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("action", choices=("run", "table"))
    parser.add_argument("--out", type=Path, default=Path("results/transfer.jsonl"))
    parser.add_argument("--data", help="folder of benchmark data")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--targets", type=int, default=10)
    parser.add_argument("--budget", type=int, default=50)
    parser.add_argument("--arms", help=", ".join(ARMS))
    parser.add_argument("--sampler", default="gp")
    given = parser.parse_args()
    (run_all if given.action == "run" else table)(given)


if __name__ == "__main__":
    main()
