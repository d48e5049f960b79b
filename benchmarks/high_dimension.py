"""Many columns: the default Gaussian process and its options beside others; what asks take.

    python -m benchmarks.high_dimension run [--budget 200] [--seeds 3] [--arms gp,random,...]
    python -m benchmarks.high_dimension table --out results/high_dimension.jsonl
    python -m benchmarks.high_dimension time [--columns 100,500]

Functions of 50 to 200 columns: some of which few matter, some of which all do. "turbo" is a loop in
the manner of BoTorch's tutorial of TuRBO-1: a SingleTaskGP, 5,000 perturbed Sobol candidates in the
region, Thompson sampling, `--turbo-batch` points a round. One JSON line a run, as runs finish.
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import bayesopt as bo
from benchmarks.problems import functions as fn

F = npt.NDArray[np.float64]

CHECKPOINTS = (25, 50, 100, 200, 400)

PROBLEMS: dict[str, Callable[[], fn.Function]] = {
    "hartmann6-in100": lambda: fn.embedded(fn.hartmann(6), 100, seed=1),
    "branin-in200": lambda: fn.embedded(fn.branin(), 200, seed=2),
    "levy10-in100": lambda: fn.embedded(fn.levy(10), 100, seed=3),
    "ackley-d100": partial(fn.ackley, 100),
    "levy-d50": partial(fn.levy, 50),
    "rosenbrock-d50": partial(fn.rosenbrock, 50),
}

GP: dict[str, dict[str, Any]] = {
    "gp": {},
    "gp-sparse": {"model": {"sparsity": 0.1}},
    "gp-moved20": {"search": {"most_moved": 20.0}},
    "gp-regions4": {"n_regions": 4},
    "gp-whole": {"trust_region": "off"},
}
ARMS = (*GP, "random", "tpe", "cmaes", "turbo")


def sampler_of(arm: str) -> Any:
    return bo.GPSampler(**GP[arm]) if arm in GP else arm


def run_ours(arm: str, function: fn.Function, seed: int, budget: int) -> list[float]:
    """Return what a study evaluates, in order."""
    box = zip(function.low.tolist(), function.high.tolist(), strict=True)
    space = bo.Space({f"x{j}": bo.Float(low, high) for j, (low, high) in enumerate(box)})
    study = bo.create_study(space, sampler=sampler_of(arm), seed=seed)
    values = []
    for _ in range(budget):
        trial = study.ask()
        values.append(function.value(np.array(list(trial.params.values()))))
        study.tell(trial, values[-1])
    return values


def run_turbo(function: fn.Function, seed: int, budget: int, batch: int) -> list[float]:
    """Return what a loop in the manner of BoTorch's tutorial evaluates."""
    loop = Turbo(function, seed, batch)
    while len(loop.values) < budget:
        loop.step()
    return loop.values[:budget]


class Turbo:
    """TuRBO-1 on BoTorch: a region that grows with success and shrinks without."""

    def __init__(self, function: fn.Function, seed: int, batch: int) -> None:
        self.function, self.batch = function, batch
        self.rng = np.random.default_rng(seed)
        self.seed = seed
        self.X, self.values = np.empty((0, function.d)), []
        self.patience = int(np.ceil(max(4.0 / batch, function.d / batch)))
        self.length, self.n_good, self.n_bad = 0.8, 0, 0
        self._evaluate(self.rng.random((min(2 * function.d, 20), function.d)))

    def _evaluate(self, U: F) -> None:
        low, high = self.function.low, self.function.high
        self.X = np.concatenate([self.X, U])
        self.values += [self.function.value(low + u * (high - low)) for u in U]

    def step(self) -> None:
        """Propose and evaluate a batch; adapt the region."""
        before = min(self.values)
        self._evaluate(self._propose())
        better = min(self.values) < before - 1e-3 * abs(before)
        self.n_good, self.n_bad = (self.n_good + 1, 0) if better else (0, self.n_bad + 1)
        if self.n_good == 3:
            self.length, self.n_good = min(2.0 * self.length, 1.6), 0
        elif self.n_bad == self.patience:
            self.length, self.n_bad = self.length / 2.0, 0
        if self.length < 2.0**-7:
            self.length, self.n_good, self.n_bad = 0.8, 0, 0

    def _propose(self) -> F:
        import torch
        from botorch.fit import fit_gpytorch_mll
        from botorch.generation import MaxPosteriorSampling
        from botorch.models import SingleTaskGP
        from gpytorch.mlls import ExactMarginalLogLikelihood

        torch.manual_seed(int(self.rng.integers(2**31)))
        X = torch.tensor(self.X)
        y = -torch.tensor(self.values, dtype=torch.float64)[:, None]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = SingleTaskGP(X, (y - y.mean()) / y.std())
            fit_gpytorch_mll(ExactMarginalLogLikelihood(model.likelihood, model))
            pool = torch.tensor(self._candidates(model.covar_module))
            sampling = MaxPosteriorSampling(model=model, replacement=False)
            with torch.no_grad():
                return np.asarray(sampling(pool, num_samples=self.batch).numpy())

    def _candidates(self, kernel: Any) -> F:
        from scipy.stats import qmc

        kernel = getattr(kernel, "base_kernel", kernel)
        weight = kernel.lengthscale.detach().numpy().ravel()
        weight = weight / np.exp(np.mean(np.log(weight)))
        center = self.X[int(np.argmin(self.values))]
        low = np.clip(center - weight * self.length / 2.0, 0.0, 1.0)
        high = np.clip(center + weight * self.length / 2.0, 0.0, 1.0)
        n, d = min(5000, max(2000, 200 * len(center))), len(center)
        rows = low + qmc.Sobol(d, rng=self.rng).random(n) * (high - low)
        moves = self.rng.random((n, d)) <= min(20.0 / d, 1.0)
        moves[np.arange(n), self.rng.integers(d, size=n)] = True
        return np.where(moves, rows, center)


def read(path: Path) -> list[dict[str, Any]]:
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [json.loads(line) for line in lines]


def run_all(given: argparse.Namespace) -> None:
    done = {(r["arm"], r["problem"], r["seed"], r["budget"]) for r in read(given.out)}
    given.out.parent.mkdir(parents=True, exist_ok=True)
    for seed in range(given.seeds):
        for problem in given.problems.split(",") if given.problems else PROBLEMS:
            for arm in given.arms.split(",") if given.arms else ARMS:
                key = arm, problem, seed, given.budget
                if key in done:
                    continue
                function, start = PROBLEMS[problem](), time.process_time()
                values = (
                    run_turbo(function, seed, given.budget, given.turbo_batch)
                    if arm == "turbo"
                    else run_ours(arm, function, seed, given.budget)
                )
                row = dict(zip(("arm", "problem", "seed", "budget"), key, strict=True))
                row |= {"values": values, "cpu_s": time.process_time() - start}
                with given.out.open("a", encoding="utf-8") as stream:
                    stream.write(json.dumps(row) + "\n")


def table(given: argparse.Namespace) -> None:
    """Print the mean best value of each arm on each problem after so many evaluations."""
    rows = read(given.out)
    points = [n for n in CHECKPOINTS if n <= max(row["budget"] for row in rows)]
    for problem in dict.fromkeys(row["problem"] for row in rows):
        print(f"\n{problem} (least {PROBLEMS[problem]().best:.3g})\n")
        print("| | runs | " + " | ".join(f"after {n}" for n in points) + " | CPU, s |")
        print("|---" * (len(points) + 3) + "|")
        for arm in dict.fromkeys(row["arm"] for row in rows):
            runs = [r for r in rows if r["arm"] == arm and r["problem"] == problem]
            if runs:
                print(f"| {arm} | {len(runs)} | {_shown(runs, points)} |")


def _shown(runs: list[Mapping[str, Any]], points: list[int]) -> str:
    best = [np.minimum.accumulate(row["values"]) for row in runs]
    means = [
        f"{np.mean([b[n - 1] for b in best]):.4g}" if n <= min(map(len, best)) else ""
        for n in points
    ]
    return " | ".join([*means, f"{np.mean([row['cpu_s'] for row in runs]):.0f}"])


def measure_time(given: argparse.Namespace) -> None:
    """Print what suggestions take: the median of those between fits, and one with a fit."""
    from bayesopt.history import History
    from bayesopt.rng import trial_rng
    from bayesopt.surrogates.schedule import anchor_size

    print("| columns | trials | suggestion, ms | with a fit from nothing, ms |\n|--:|--:|--:|--:|")
    for d in map(int, given.columns.split(",")):
        space = bo.Space({f"x{j}": bo.Float(0.0, 1.0) for j in range(d)})
        for n in map(int, given.sizes.split(",")):
            history, sampler = History(space, seed=1), bo.GPSampler()
            rows = space.sample(anchor_size(n) + 4, np.random.default_rng(0))
            taken = []
            for i, config in enumerate(space.decode(rows)):
                if i >= anchor_size(n):
                    start = time.process_time()
                    sampler.propose(space, history, 1, trial_rng(1, i))
                    taken.append(1e3 * (time.process_time() - start))
                value = float(((rows[i, :6] - 0.4) ** 2).sum())
                history.tell(history.append(config), value)
            print(f"| {d} | {anchor_size(n)} | {np.median(taken[1:]):.0f} | {taken[0]:.0f} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("action", choices=("run", "table", "time"))
    parser.add_argument("--out", type=Path, default=Path("results/high_dimension.jsonl"))
    parser.add_argument("--budget", type=int, default=200)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--problems", help=", ".join(PROBLEMS))
    parser.add_argument("--arms", help=", ".join(ARMS))
    parser.add_argument("--turbo-batch", type=int, default=10)
    parser.add_argument("--columns", default="100,500")
    parser.add_argument("--sizes", default="100,200,400")
    given = parser.parse_args()
    actions = {"run": run_all, "table": table, "time": measure_time}
    actions[given.action](given)


if __name__ == "__main__":
    main()
