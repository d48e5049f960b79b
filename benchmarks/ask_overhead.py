"""What an ask and a tell cost around the sampler, in memory, by trials and dimensions.

Usage: ``python -m benchmarks.ask_overhead [--trials 10 1000 10000 100000] [--repeat 300]``

The sampler "rows" returns rows that were computed before: what is left is the engine's own cost.
Figures are medians over single calls, in microseconds, of one thread. "mixed" spaces have floats,
integers, choices and parameters that exist under one choice only.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

import bayesopt as bo
from bayesopt.history import History
from bayesopt.samplers import Sampler, Suggestion
from bayesopt.space import Space
from bayesopt.storage.base import Proposal, Result
from bayesopt.trial import TrialState


@dataclass(frozen=True)
class PrecomputedSampler:
    """Hand out given rows in turn."""

    rows: Any

    name: ClassVar[str] = "rows"

    def propose(
        self, space: Space, history: History, n: int, rng: np.random.Generator
    ) -> Suggestion:
        """Return the next `n` rows."""
        start = history.n % (len(self.rows) - n)
        return Suggestion(self.rows[start : start + n], self.name)


def numeric_space(d: int) -> Space:
    return Space({f"x{i}": bo.Float(1e-5, 1.0, log=i % 2 == 1) for i in range(d)})


def mixed_space(d: int) -> Space:
    kinds = [
        lambda: bo.Float(0.0, 1.0),
        lambda: bo.Int(16, 512, log=True),
        lambda: bo.Categorical(["a", "b", "c"]),
        lambda: bo.Float(1e-5, 1e-1, log=True, when={"x2": "a"}),
        lambda: bo.Int(1, 8),
        lambda: bo.Ordinal([1, 2, 4, 8], when={"x2": ["a", "b"]}),
    ]
    return Space({f"x{i}": kinds[i % len(kinds)]() for i in range(d)})


SPACES = {"numeric": numeric_space, "mixed": mixed_space}


def study_of(space: Space, sampler: Sampler | str, n: int) -> bo.Study:
    """Return a study in memory that has `n` finished trials."""
    study = bo.create_study(space, sampler="random", seed=0)
    study.sampler = bo.samplers.resolve(sampler)
    labels = space.decode_labels(space.sample(n, np.random.default_rng(1)))
    proposals = [Proposal(each, sampler="random") for each in labels]
    results = [Result(TrialState.COMPLETE, (float(i % 97),)) for i in range(n)]
    study.storage.add_finished(1, proposals, results)
    study.history.contains(study.history.X[:1])  # builds the index, as any ask of a sampler does
    return study


def asks_and_tells(study: bo.Study, repeat: int) -> Iterator[tuple[float, float]]:
    """Yield the seconds of an ask and of the tell after it."""
    for i in range(repeat):
        start = time.perf_counter()
        trial = study.ask()
        asked = time.perf_counter()
        study.tell(trial, float(i % 89))
        yield asked - start, time.perf_counter() - asked


def measure(space: Space, sampler: Sampler | str, n: int, repeat: int) -> tuple[float, float]:
    """Return the median microseconds of an ask and of a tell."""
    study = study_of(space, sampler, n)
    list(asks_and_tells(study, 20))  # imports, caches
    asks, tells = zip(*asks_and_tells(study, repeat), strict=True)
    return 1e6 * statistics.median(asks), 1e6 * statistics.median(tells)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, nargs="+", default=[10, 1_000, 10_000, 100_000])
    parser.add_argument("--dimensions", type=int, nargs="+", default=[6, 20])
    parser.add_argument("--samplers", nargs="+", default=["rows", "random", "qmc"])
    parser.add_argument("--repeat", type=int, default=300)
    args = parser.parse_args()
    print(f"{'space':8} {'d':>3} {'sampler':8} {'n':>7} {'ask us':>8} {'tell us':>8} {'sum us':>8}")
    for kind, d in [(kind, d) for kind in SPACES for d in args.dimensions]:
        space = SPACES[kind](d)
        given = PrecomputedSampler(space.sample(4_096, np.random.default_rng(2)))
        for name in args.samplers:
            for n in args.trials:
                ask, tell = measure(space, given if name == "rows" else name, n, args.repeat)
                print(
                    f"{kind:8} {d:3} {name:8} {n:7} {ask:8.1f} {tell:8.1f} {ask + tell:8.1f}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
