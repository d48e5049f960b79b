"""When more trials no longer help: how many trials stopping rules save, and what they cost.

``play`` runs our samplers on problems and records every evaluation; ``judge`` replays the records,
asks rules after each trial whether to stop, and prints what they would have saved and lost.

    python -m benchmarks.stopping play --data DATA --out results/stopping.jsonl
    python -m benchmarks.stopping judge results/stopping.jsonl --data DATA
"""

from __future__ import annotations

import argparse
import math
import sys
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

import bayesopt as bo
from bayesopt.acquisition.ground import Ground, whole_cube
from bayesopt.acquisition.maximize import maximize
from bayesopt.history.gains import gains
from bayesopt.rng import named_rng
from bayesopt.samplers.gp_data import observe
from bayesopt.samplers.gp_search import Plan, best_rows, lengthscales, search_settings, utility_of
from bayesopt.samplers.outlook import ENOUGH, model_gain
from bayesopt.surrogates.blas import one_blas_thread
from bayesopt.surrogates.diagnostics import averaged
from benchmarks.problems.base import Problem
from benchmarks.problems.registry import SETS, MissingData, load
from benchmarks.run_rows import Row, RowFile, read_rows

_SLOW = "sklearn/"  # trainings take longer than what is judged here
_EVERY = 5  # trials, after which rules are asked
_BETA = 2.0  # standard deviations of the regret bound
_WIDE = 20  # columns, from which a process takes minutes for a run


def main(arguments: Sequence[str]) -> int:
    """Play or judge."""
    options = _parsed(arguments)
    play(options)
    return 0


def play(options: argparse.Namespace) -> None:
    """Play what is missing in the file, one seed after the other."""
    path = Path(options.out)
    known = {(row["problem"], row["sampler"], row["seed"]) for row in read_rows(path)}
    with RowFile(path) as rows:
        for seed in range(options.seeds):
            for problem in _problems(options.data):
                if (problem.name, options.sampler, seed) not in known:
                    rows.add(played(problem, options.sampler, seed, options.budget))
                    print(problem.name, options.sampler, seed, flush=True)


def _problems(data: str | None) -> Iterator[Problem]:
    for name in SETS["main"]:
        if not name.startswith(_SLOW):
            try:
                problem = load(name, data)
            except MissingData as error:
                print(f"left out: {error}", file=sys.stderr)
                continue
            if problem.space.d <= _WIDE:
                yield problem


def played(problem: Problem, sampler: str, seed: int, budget: int) -> Row:
    """Return the record of one run: told losses and those without noise, and the views on the way."""
    study = bo.create_study(problem.space, sampler=sampler, seed=seed)
    told, true, views = [], [], []
    process = bo.GPSampler() if not isinstance(study.sampler, bo.GPSampler) else study.sampler
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for number in range(budget):
            try:
                trial = study.ask()
            except bo.SpaceExhausted:
                break
            losses = problem.losses(trial.params, seed=1000 * seed + number)
            if math.isfinite(losses[0]):
                study.tell(trial, losses[0])
            else:
                study.tell(trial, state="fail")
            told.append(losses[0])
            true.append(losses[1])
            if number + 1 >= ENOUGH and (number + 1) % _EVERY == 0:
                views.append(_view(study.history, process))
    return {
        "problem": problem.name,
        "sampler": sampler,
        "seed": seed,
        "views": views,
        "told": [loss if math.isfinite(loss) else None for loss in told],
        "true": [loss if math.isfinite(loss) else None for loss in true],
    }


def _view(history: bo.History, process: bo.GPSampler) -> dict[str, float | int | None]:
    """Return what rules go by, at this point of a run."""
    past = gains(history)
    return {
        "n": history.n,
        "model": model_gain(process, history) if past.n >= ENOUGH else None,
        "bound": regret_bound(process, history) if past.n >= ENOUGH else None,
        "record": past.expected,
        "progress": past.progress,
    }


@one_blas_thread()
def regret_bound(process: bo.GPSampler, history: bo.History) -> float:
    """Return how far the best may be from the optimum (Makarova et al., 2022), in user's units.

    The lowest upper bound among the trials less the lowest lower bound in the space, at _BETA
    standard deviations.
    """
    with np.errstate(all="ignore"):
        belief = process.believe(history.space, observe(history))
        plan = Plan("ucb", 0.0, _BETA, has_region=False, n_design=0, search={})
        ground = Ground(
            history.space, lambda rows: np.zeros(len(rows), bool), whole_cube(history.space.d)
        )
        found = maximize(
            utility_of(plan, belief, "calm"),
            ground,
            best_rows(belief),
            lengthscales(belief),
            named_rng(0, history.n, "bound"),
            search_settings(plan, len(belief.X)),
            plan.searcher.climb,
        )
        mean, var = averaged(belief, belief.X)
        upper = np.array([(mean + _BETA * np.sqrt(var)).min(), belief.incumbent]).min()
        lower = -found.values[:1]
        high, low = belief.to_outcome(np.array([upper])), belief.to_outcome(lower)
        return float((high - low).max(initial=0.0))


def _parsed(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m benchmarks.stopping", description=__doc__)
    parser.add_argument("--sampler", default="tpe")
    parser.add_argument("--budget", type=int, default=100, help="evaluations of a run")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--data", help="folder of tables, else BAYESOPT_BENCH_DATA")
    parser.add_argument("--out", default="results/stopping.jsonl")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
