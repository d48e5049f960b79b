"""What every problem must do, whatever it is."""

from __future__ import annotations

import numpy as np

from benchmarks.problems.base import MEAN, Problem, kind_of


def configs_of(problem: Problem, n: int, seed: int = 0) -> list[dict]:
    return problem.space.decode(problem.space.sample(n, np.random.default_rng(seed)))


def check_promises(problem: Problem, name: str, n: int) -> None:
    assert problem.name == name
    assert problem.kind == kind_of(problem.space)
    assert problem.objective in problem.objectives
    assert set(problem.objectives.values()) <= {"minimize", "maximize"}
    configs = configs_of(problem, n)
    outcomes = [problem.evaluate(config, seed=3) for config in configs]
    for outcome in outcomes:
        if not outcome.failed:
            assert set(outcome.values) == set(problem.objectives)
            assert np.isfinite(list(outcome.values.values())).all()
    assert not all(outcome.failed for outcome in outcomes)
    again = problem.evaluate(configs[0], seed=3)
    assert again.values == outcomes[0].values
    assert len({tuple(outcome.values.values()) for outcome in outcomes}) > 1
    assert problem.noisy == (MEAN in problem.objectives)
    if problem.best is not None:
        judged = [problem.losses(config)[1] for config in configs]
        assert np.nanmin(judged) >= problem.best_loss - 1e-9 * abs(problem.best_loss)
