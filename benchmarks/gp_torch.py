"""The GPyTorch engine beside the compiled one and BoTorch: fit, ask, and a batch, at large n.

    python -m benchmarks.gp_torch --device cuda
    python -m benchmarks.gp_torch --device cpu --sizes 100,300 --batch 4

Seconds of wall-clock time: of a fit from nothing, of an ask when hyperparameters and factor are
there, and of a batch that is asked for at once. "compiled" learns from all of up to `--cpu-most`
trials; "compiled, 800" is what the default sampler takes beyond, on the 800 best and nearest.
BoTorch is the loop of its tutorial on the same device: SingleTaskGP, fit_gpytorch_mll, and LogEI
or, for a batch, qLogEI one by one, by optimize_acqf from 10 of 512 places.
"""

from __future__ import annotations

import argparse
import gc
import time
import warnings
from collections.abc import Callable, Iterator

import numpy as np
import torch

import bayesopt as bo
from bayesopt.history import History
from bayesopt.rng import trial_rng
from bayesopt.samplers.gp import GPSampler

LOCAL = 800
N_RESTARTS, N_RAW = 10, 512


def objective(X: np.ndarray) -> np.ndarray:
    weight = np.exp(-0.2 * np.arange(X.shape[1]))
    return ((X - 0.3) ** 2) @ weight + 0.3 * np.sin(8.0 * X[:, 0])


def history_of(n: int, d: int) -> History:
    """Return trials at random, every other one near the best place."""
    space = bo.Space({f"x{j}": bo.Float(0.0, 1.0) for j in range(d)})
    rows = space.sample(n, np.random.default_rng(0))
    rows[::2] = space.snap(0.3 + 0.1 * (rows[::2] - 0.5))
    history = History(space, seed=1)
    for config, value in zip(space.decode(rows), objective(rows), strict=True):
        history.tell(history.append(config), float(value))
    return history


class Ours:
    """A sampler of ours."""

    def __init__(self, history: History, **settings: object) -> None:
        self.history, self.sampler = history, GPSampler(**settings)

    def fit(self) -> None:
        self.ask(1)

    def ask(self, q: int) -> None:
        history = self.history
        made = self.sampler.propose(history.space, history, q, trial_rng(1, history.n))
        assert not made.fallback, made.fallback


class BoTorch:
    """The loop of BoTorch's tutorial."""

    def __init__(self, history: History, device: str) -> None:
        self.X = torch.tensor(history.X, device=device)
        self.Y = -torch.tensor(history.values, device=device)

    def fit(self) -> None:
        from botorch.fit import fit_gpytorch_mll
        from botorch.models import SingleTaskGP
        from gpytorch.mlls import ExactMarginalLogLikelihood

        self.model = SingleTaskGP(self.X, self.Y)
        fit_gpytorch_mll(ExactMarginalLogLikelihood(self.model.likelihood, self.model))

    def ask(self, q: int) -> None:
        from botorch.acquisition import LogExpectedImprovement, qLogExpectedImprovement
        from botorch.optim import optimize_acqf

        kind = LogExpectedImprovement if q == 1 else qLogExpectedImprovement
        bounds = torch.zeros_like(self.X[:2])
        bounds[1] = 1.0
        optimize_acqf(
            kind(self.model, self.Y.max()),
            bounds,
            q=q,
            num_restarts=N_RESTARTS,
            raw_samples=N_RAW,
            sequential=q > 1,
        )


def seconds(work: Callable[[], None]) -> float:
    start = time.perf_counter()
    work()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter() - start


def contestants(
    history: History, device: str, cpu_most: int, skip: list[str]
) -> Iterator[tuple[str, Callable[[], Ours | BoTorch]]]:
    """Yield names and makers of those that take part."""
    found: dict[str, Callable[[], Ours | BoTorch]] = {
        "gpytorch": lambda: Ours(history, device=device),
        "compiled": lambda: Ours(history),
        "compiled, 800": lambda: Ours(history, max_points=LOCAL),
        "botorch": lambda: BoTorch(history, device),
    }
    for name, make in found.items():
        is_out = name == "compiled" and history.n > cpu_most
        is_out |= name == "compiled, 800" and history.n <= LOCAL
        if not is_out and name not in skip:
            yield name, make


def measure(make: Callable[[], Ours | BoTorch], batch: int) -> str:
    """Return a row of the table."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
    each = make()
    first = seconds(each.fit)
    ask = float(np.median([seconds(lambda: each.ask(1)) for _ in range(3)]))
    fit = first - ask if isinstance(each, Ours) else first  # ours fits when it is asked
    together = seconds(lambda: each.ask(batch))
    peak = torch.cuda.max_memory_allocated() / 2**30 if torch.cuda.is_available() else float("nan")
    return f"{fit:9.2f} {ask:9.3f} {together:9.2f} {peak:9.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--sizes", default="1000,5000,20000")
    parser.add_argument("--dims", default="20")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--cpu-most", type=int, default=2000)
    parser.add_argument("--skip", default="", help="contestants left out; by commas")
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    Ours(history_of(40, 3), device=given.device).ask(2)  # compiles, and wakes the device
    Ours(history_of(40, 3)).ask(2)
    where = torch.cuda.get_device_name() if given.device.startswith("cuda") else "CPU"
    print(f"{where}, torch {torch.__version__}, {torch.get_num_threads()} threads; seconds, GiB")
    print(f"     n   d                     fit       ask  batch {given.batch:2d}      peak")
    for n in map(int, given.sizes.split(",")):
        for d in map(int, given.dims.split(",")):
            history = history_of(n, d)
            for name, make in contestants(
                history, given.device, given.cpu_most, given.skip.split(",")
            ):
                print(f"{n:6d} {d:3d} {name:14s} {measure(make, given.batch)}", flush=True)


if __name__ == "__main__":
    main()
