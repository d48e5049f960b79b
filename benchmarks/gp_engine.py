"""What the Gaussian process costs: fits, tells, posteriors, and how far that is above the floor.

    OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 python benchmarks/gp_engine.py [n ...]

Times are CPU time of one thread, so that what runs beside does not count; the least of several.
The floor is the arithmetic that cannot be left out, at the rate at which this machine multiplies
matrices in the same run:

    an evaluation of the evidence and its gradient   n³ (factor n³/3, inverse 2n³/3)
                                                     + n²/2 (7 d + 40) (distances, contraction)
    posterior and gradient at a point                2 n² (substitutions) + n (9 d + 40)
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import numpy as np

import bayesopt as bo
from bayesopt.surrogates.fit import Evidence
from bayesopt.surrogates.hyper import default_theta
from bayesopt.surrogates.model import FitCache, GPSettings, build_belief
from bayesopt.surrogates.schedule import anchor_size, refit_size
from bayesopt.surrogates.training import new_task

SIZES = [50, 100, 300, 1000]
COLUMNS = [6, 20]
N_POINTS = 10
N_TELLS = 6


def cpu_ms(work: Callable[[], object], seconds: float = 0.4) -> float:
    """Return the least CPU time of a call, in ms."""
    work()
    best, until = np.inf, time.process_time() + seconds
    while time.process_time() < until or not np.isfinite(best):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return 1e3 * best


def flops_per_ms() -> float:
    A = np.random.default_rng(0).random((800, 800))
    return 2.0 * 800**3 / cpu_ms(lambda: A @ A)


def objective(X: np.ndarray) -> np.ndarray:
    weight = np.exp(-0.5 * np.arange(X.shape[1]))
    return ((X - 0.3) ** 2) @ weight + 0.3 * np.sin(8.0 * X[:, 0])


def measure(n: int, d: int, rate: float) -> str:
    space = bo.Space({f"x{j}": bo.Float(0.0, 1.0) for j in range(d)})
    X = space.sample(n + N_TELLS, np.random.default_rng(1))
    y, failed, settings = objective(X), np.zeros(n + N_TELLS, dtype=bool), GPSettings()
    cache = FitCache()

    def believe(size: int):
        return build_belief(space.domain, X[:size], y[:size], failed[:size], settings, cache)

    start = time.process_time()
    belief = believe(n)
    cold = 1e3 * (time.process_time() - start)
    tells = []
    for size in range(n + 1, n + N_TELLS):
        start = time.process_time()
        believe(size)
        tells.append(1e3 * (time.process_time() - start))
    task = new_task(space.domain, X[:n], settings, cache)
    evidence, theta = Evidence(task.inputs, belief.y, task.frame), default_theta(task.frame)
    evaluation = cpu_ms(lambda: evidence.negative_log_posterior(theta))
    fit_floor = (n**3 + n * n / 2 * (7 * d + 40)) / rate
    Q, member = space.sample(N_POINTS, np.random.default_rng(2)), belief.members[0]
    point = cpu_ms(lambda: member.posterior_grad(Q)) / N_POINTS
    point_floor = (2 * n * n + n * (9 * d + 40)) / rate
    return (
        f"{n:5d} {d:3d} {cold:9.1f} {np.median(tells):9.2f} {np.max(tells):9.2f} "
        f"{evaluation:9.3f} {evaluation / fit_floor:7.1f}x {1e3 * point:9.1f} "
        f"{point / point_floor:7.1f}x"
    )


def main() -> None:
    rate = flops_per_ms()
    print(f"matrix product: {rate / 1e6:.1f} Gflop/s; {N_POINTS} points at a time")
    print("    n   d   cold ms   tell ms       max   eval ms   floor  grad us/p   floor")
    for n in [int(size) for size in sys.argv[1:]] or SIZES:
        for d in COLUMNS:
            print(measure(n, d, rate), flush=True)
            if refit_size(n) != n:
                print(f"      (hyperparameters of {refit_size(n)}, from {anchor_size(n)})")


if __name__ == "__main__":
    main()
