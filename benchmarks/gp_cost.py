"""What a suggestion of the Gaussian process takes, beside what the default sampler reckons.

    OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 python -m benchmarks.gp_cost [n ...]

CPU time of one thread. A suggestion between fits, one with each kind of fit, and what that makes of
a suggestion on average: each fit shared out over the trials until the next of its kind. Beyond
the size from which a part is learned from, it is the process of that part.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np

import bayesopt as bo
from bayesopt.history import History
from bayesopt.rng import trial_rng
from bayesopt.samplers.auto import local_points, proposal_s
from bayesopt.samplers.gp import GPSampler
from bayesopt.surrogates.schedule import anchor_size, refit_size
from bayesopt.surrogates.subset import choice_size

SIZES = [100, 300, 600, 1000, 2000, 5000]
COLUMNS = [6, 20]
N_BETWEEN = 5


def objective(X: np.ndarray) -> np.ndarray:
    weight = np.exp(-0.5 * np.arange(X.shape[1]))
    return ((X - 0.3) ** 2) @ weight + 0.3 * np.sin(8.0 * X[:, 0])


class Run:
    """A study that grows, and how long its suggestions take."""

    def __init__(self, d: int, most: int | None) -> None:
        self.space = bo.Space({f"x{j}": bo.Float(0.0, 1.0) for j in range(d)})
        self.history = History(self.space, seed=1)
        self.sampler = GPSampler(max_points=most)
        self.rng = np.random.default_rng(0)

    def grow(self, n: int) -> None:
        """Tell trials until there are n: at random, and every other one near the best place."""
        rows = self.space.sample(n - self.history.n, self.rng)
        rows[::2] = self.space.snap(0.3 + 0.1 * (rows[::2] - 0.5))
        values = objective(rows)
        for config, value in zip(self.space.decode(rows), values, strict=True):
            self.history.tell(self.history.append(config), float(value))

    def ask_s(self, n: int) -> float:
        """Return how long the suggestion after n trials takes."""
        self.grow(n)
        rng = trial_rng(1, n)
        start = time.process_time()
        made = self.sampler.propose(self.space, self.history, 1, rng)
        taken = time.process_time() - start
        assert not made.fallback, made.fallback
        return taken


def next_after(n: int, size_of: Callable[[int], int]) -> int:
    """Return the next size above n at which something is made anew."""
    while size_of(n + 1) != n + 1:
        n += 1
    return n + 1


def measure(n: int, d: int) -> str:
    most = local_points(n)
    run, start = Run(d, most), anchor_size(n)

    def choice_of(size: int) -> int:
        return choice_size(size, most) if most else refit_size(size)

    refit, chosen = next_after(start, refit_size), next_after(start, choice_of)
    times = {size: run.ask_s(size) for size in range(start, start + N_BETWEEN + 1)}
    for size in sorted({refit, chosen} - set(times)):
        times[size] = run.ask_s(size)
    made = {start, refit, chosen}
    between = float(np.median([taken for size, taken in times.items() if size not in made] or [0]))
    cold, warm = times[start] - between, times[refit] - between
    again = times[chosen] - between if chosen != refit else 0.0
    mean = between + cold / (next_after(start, anchor_size) - start) + warm / (refit - start)
    mean += again / (next_after(chosen, choice_of) - chosen)
    reckoned = proposal_s(most or n, d)
    parts = " ".join(f"{1e3 * part:9.1f}" for part in (between, cold, warm, again, mean, reckoned))
    return f"{n:6d} {d:3d} {parts} {reckoned / mean:6.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sizes", nargs="*", type=int)
    given = parser.parse_args()
    Run(2, None).ask_s(30)  # compiles
    print("ms     n   d   between      cold      warm    factor      mean  reckoned  ratio")
    for n in given.sizes or SIZES:
        for d in COLUMNS:
            print(measure(n, d), flush=True)


if __name__ == "__main__":
    main()
