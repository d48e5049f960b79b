"""``python -m benchmarks.fidelity_models``: how well models rank whole trainings after ASHA's.

Random configurations go through ASHA one after the other. Then a model that has seen them as a
scheduler's view shows them ranks other random configurations, and the rank correlation with what
whole trainings of these give is printed, with the mean true rank (0 best, 1 worst) of the eight
that it likes best. No model chooses anything here: what is compared is what they learn.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

import bayesopt as bo
from bayesopt.history import History
from bayesopt.samplers.gp_data import observe
from bayesopt.schedulers import Decision
from bayesopt.trial import TrialState
from benchmarks.fidelity import FIRST_EPOCH, curves
from benchmarks.problems import registry
from benchmarks.problems.base import Problem
from benchmarks.report.tables import markdown
from benchmarks.simulation import Curve

F = NDArray[np.float64]
PROBLEMS = "lcbench/167168,lcbench/126026,rbv2_xgboost/1501,rbv2_rpart/14"
_N_BEST = 8


def history_of(
    problem: Problem, curve_of: Callable[[Any], Curve], scheduler: Any, n: int, seed: int
) -> History:
    """Return the history of n random configurations under a scheduler that stops."""
    rng, space = np.random.default_rng(seed), problem.space
    history = History(space, seed=seed)
    for config in space.decode(space.sample(n, rng)):
        number, curve = history.append(config), curve_of(config)
        for step, loss in zip(curve.steps.tolist(), curve.losses.tolist(), strict=True):
            history.report(number, step, loss)
            if scheduler.decide(history, number, rng) is not Decision.CONTINUE:
                history.tell(number, state=TrialState.PRUNED)
                break
        else:
            history.tell(number, loss)
    return history


def by_gp(view: History, X: F) -> F:
    """Return what the Gaussian process expects at rows."""
    sampler = bo.GPSampler()
    belief = sampler._believe(view.space, view, observe(view))
    return np.asarray(belief.weights @ [member.posterior(X)[0] for member in belief.members])


def by_gp_of_one_value(view: History, X: F) -> F:
    """Return what it expects if it knows of each trial its value in the view alone."""
    belief = bo.GPSampler().believe(view.space, observe(view))
    return np.asarray(belief.weights @ [member.posterior(X)[0] for member in belief.members])


def by_tpe(view: History, X: F) -> F:
    """Return by how much rows are likelier among the other trials than among the good ones."""
    from bayesopt.samplers.order import EVALUATED

    sampler, space = bo.TPESampler(), view.space
    parts, _ = sampler._split(space, view, view.count(*EVALUATED))
    good, others = sampler._densities(space, view, parts, np.empty((0, space.d)))
    return np.asarray(others.log_density(X) - good.log_density(X))


MODELS: dict[str, tuple[str, Callable[[History, F], F]]] = {
    "TPE, highest rung alone": ("level", by_tpe),
    "TPE, all rungs carried": ("all", by_tpe),
    "GP, highest rung alone": ("level", by_gp),
    "GP, all rungs carried": ("all", by_gp_of_one_value),
    "GP over configuration and budget": ("all", by_gp),
}


def scores(problem: Problem, n: int, seed: int, n_test: int) -> dict[str, tuple[float, float]]:
    """Return rank correlation and the mean rank of the best of each model."""
    from scipy.stats import rankdata

    curve_of = curves(problem, every=3)
    first = FIRST_EPOCH if problem.fidelity and problem.fidelity.integer else 1.0
    rng = np.random.default_rng(10_000 + seed)
    rows = problem.space.sample(n_test, rng)
    tested = [curve_of(config) for config in problem.space.decode(rows)]
    truth = rankdata([curve.losses[-1] for curve in tested])
    whole = float(tested[0].steps[-1])
    history = history_of(problem, curve_of, bo.ASHAScheduler(first, whole), n, seed)
    found = {}
    for name, (learn_from, model) in MODELS.items():
        view = bo.ASHAScheduler(first, whole, learn_from=learn_from).view(history)
        expected = rankdata(model(view, problem.space.snap(rows)))
        best = truth[np.argsort(expected)[:_N_BEST]]
        rank = (best.mean() - 1.0) / (n_test - 1)
        found[name] = (float(np.corrcoef(expected, truth)[0, 1]), float(rank))
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a table: means over problems and seeds, for each number of trials."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--problems", default=PROBLEMS)
    parser.add_argument("--trials", default="40,100,200")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--test", type=int, default=250, help="configurations to rank")
    parser.add_argument("--data", help="folder of tables (default: BAYESOPT_BENCH_DATA)")
    args = parser.parse_args(arguments)
    problems = [registry.load(name, args.data) for name in args.problems.split(",")]
    sizes = [int(n) for n in args.trials.split(",")]
    cells: dict[tuple[str, int], list[tuple[float, float]]] = {}
    for problem in problems:
        for seed in range(args.seeds):
            for n in sizes:
                for name, score in scores(problem, n, seed, args.test).items():
                    cells.setdefault((name, n), []).append(score)
    lines = [[name, *(_cell(cells[name, n]) for n in sizes)] for name in MODELS]
    print(markdown(["model", *(f"{n} trials" for n in sizes)], lines))
    return 0


def _cell(found: list[tuple[float, float]]) -> str:
    correlation, rank = np.mean(found, axis=0)
    error = np.std([each[0] for each in found]) / math.sqrt(max(len(found) - 1, 1))
    return f"{correlation:.2f} ± {error:.2f}, {rank:.2f}"


if __name__ == "__main__":
    raise SystemExit(main())
