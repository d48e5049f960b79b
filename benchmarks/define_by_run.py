"""What a study without a declared space gains by reading conditions off its trials.

Each problem is played three times: with its space declared, by an objective that suggests its
parameters as it goes, and by the same while the study takes absent parameters as present.

    python -m benchmarks.define_by_run --problems classic/layers-d9 --samplers gp --seeds 12
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import numpy as np

import bayesopt as bo
from bayesopt.space import Parameter, Space
from bayesopt.study.conditions import ConditionReader
from benchmarks.problems.base import Problem
from benchmarks.problems.registry import load

WAYS = ("without", "read", "declared")


def main(arguments: Sequence[str]) -> int:
    """Print the median best value of each way over the seeds, with a bootstrap interval."""
    options = _parsed(arguments)
    for name in options.problems:
        problem = load(name)
        for sampler in options.samplers:
            for way in WAYS:
                seeds = range(options.seeds)
                best = [play(problem, sampler, seed, way, options.trials) for seed in seeds]
                low, high = interval(best)
                median = f"{np.median(best):.4f} ({low:.4f} to {high:.4f})"
                print(f"{name:24}{sampler:8}{way:10}{median}", flush=True)
    return 0


def play(problem: Problem, sampler: str, seed: int, way: str, n_trials: int) -> float:
    """Return the best value of one run."""
    space = problem.space if way == "declared" else None
    with _conditions(is_read=way != "without"):
        study = bo.create_study(space, sampler=sampler, seed=seed)
        for _ in range(n_trials):
            trial = study.ask()
            config = suggested(trial, problem.space) if space is None else trial.params
            (value,) = problem.evaluate(config).values.values()
            study.tell(trial, value)
        return study.best_value


def suggested(trial: bo.Trial, space: Space) -> dict[str, Any]:
    """Return what an objective suggests that has the conditions of a space in its code."""
    config: dict[str, Any] = {}
    for name, parameter in space.parameters.items():
        terms = (parameter.condition or {}).items()
        if all(config.get(parent, terms) in allowed for parent, allowed in terms):
            config[name] = _suggested(trial, name, parameter)
    return config


def _suggested(trial: bo.Trial, name: str, parameter: Parameter) -> Any:
    if isinstance(parameter, bo.Categorical):
        return trial.suggest_categorical(name, list(parameter.choices))
    if isinstance(parameter, bo.Int):
        return trial.suggest_int(
            name, parameter.low, parameter.high, log=parameter.log, step=parameter.step
        )
    assert isinstance(parameter, bo.Float)
    return trial.suggest_float(
        name, parameter.low, parameter.high, log=parameter.log, step=parameter.step
    )


@contextmanager
def _conditions(*, is_read: bool) -> Iterator[None]:
    """Have conditions read off trials, or leave them unread."""
    if is_read:
        yield
        return
    with patch.object(ConditionReader, "applied_to", lambda reader, seen: seen):
        yield


def interval(best: Sequence[float]) -> tuple[float, float]:
    """Return the 95 % bootstrap interval of a median."""
    draws = np.random.default_rng(0).choice(best, (2000, len(best)))
    low, high = np.percentile(np.median(draws, axis=1), [2.5, 97.5])
    return float(low), float(high)


def _parsed(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.define_by_run")
    problems = ["classic/branches-d12", "classic/layers-d9"]
    parser.add_argument("--problems", nargs="+", default=problems)
    parser.add_argument("--samplers", nargs="+", default=["gp", "tpe"])
    parser.add_argument("--seeds", type=int, default=12)
    parser.add_argument("--trials", type=int, default=80)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
