"""What the way through Optuna costs: `BayesOptSampler` beside the same sampler in a study of ours.

Usage: ``python -m benchmarks.optuna_bridge [--samplers tpe,gp] [--sizes 10,100,1000]``

Both know the same evaluations and take turns in one process, one ask and tell each. Time is the
processor's. "Optuna alone" is the same study of Optuna's with a sampler that does not think: it
answers the middle of every range. The ratio is of medians of asks, with a 95% bootstrap interval
over turns.
"""

from __future__ import annotations

import argparse
import gc
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from optuna.distributions import CategoricalDistribution
from optuna.samplers import BaseSampler
from optuna.search_space import IntersectionSearchSpace

from benchmarks.ask_overhead import SPACES
from benchmarks.contestants.base import Contestant
from benchmarks.contestants.bridge import Bridge
from benchmarks.contestants.ours import Ours

_BOOTSTRAP = 2_000
_WARM = 3
"""Turns that do not count: what is compiled and fitted anew belongs to none of the two."""


class Thoughtless(BaseSampler):
    """The middle of every range, and the first choice."""

    def __init__(self) -> None:
        self._known = IntersectionSearchSpace()

    def infer_relative_search_space(self, study: Any, trial: Any) -> dict[str, Any]:
        return self._known.calculate(study)

    def sample_relative(self, study: Any, trial: Any, search_space: dict[str, Any]) -> Any:
        return {name: _middle(each) for name, each in search_space.items()}

    def sample_independent(self, study: Any, trial: Any, param_name: str, distribution: Any) -> Any:
        return _middle(distribution)


def _middle(distribution: Any) -> Any:
    if isinstance(distribution, CategoricalDistribution):
        return distribution.choices[0]
    middle = (distribution.low + distribution.high) / 2
    return type(distribution.low)(middle)


@dataclass(frozen=True)
class Cell:
    """A sampler on a space, with `n` evaluations known."""

    sampler: str
    kind: str
    d: int
    n: int

    def seats(self) -> dict[str, Contestant]:
        """Return who takes turns, all knowing the same evaluations."""
        space, clock = SPACES[self.kind](self.d), time.process_time
        made = {
            "native": Ours(space, 0, 0, self.sampler),
            "bridge": Bridge(space, 0, 0, self.sampler, clock),
            "alone": Bridge(space, 0, 0, Thoughtless(), clock),
        }
        configs = space.decode(space.sample(self.n, np.random.default_rng(1)))
        losses = [loss_of(config) for config in configs]
        for each in made.values():
            each.prefill(configs, losses)
        return made


def loss_of(config: Mapping[str, object]) -> float:
    """Return a smooth loss of the numbers in a configuration; choices count by their names."""
    parts = [v if isinstance(v, int | float) else len(str(v)) for v in config.values()]
    return float(sum(np.log1p(abs(part)) ** 2 for part in parts))


def turn(contestant: Contestant) -> tuple[float, float]:
    """Return the processor seconds of an ask and of its tell."""
    began = time.process_time()
    config = contestant.ask()
    asked = time.process_time()
    loss = loss_of(config)
    told = time.process_time()
    contestant.tell(config, loss, False)
    ended = time.process_time()
    ask_s = getattr(contestant, "ask_s", asked - began)
    return ask_s, getattr(contestant, "tell_s", ended - told)


def measure(cell: Cell, rounds: int) -> dict[str, np.ndarray]:
    """Return the seconds of each ask and tell, [rounds, 2], by contestant."""
    seats = cell.seats()
    seconds: dict[str, list[tuple[float, float]]] = {name: [] for name in seats}
    gc.collect()
    gc.freeze()  # what is there already is nobody's garbage
    for i in range(_WARM + rounds):
        for name, contestant in seats.items():
            taken = turn(contestant)
            if i >= _WARM:
                seconds[name].append(taken)
    gc.unfreeze()
    return {name: np.array(values) for name, values in seconds.items()}


def ratio(bridge: np.ndarray, native: np.ndarray) -> tuple[float, float, float]:
    """Return the ratio of medians and its 95% interval."""
    rng = np.random.default_rng(0)
    picks = rng.integers(0, len(native), (_BOOTSTRAP, len(native)))
    draws = np.median(bridge[picks], axis=1) / np.median(native[picks], axis=1)
    low, high = np.percentile(draws, [2.5, 97.5])
    return float(np.median(bridge) / np.median(native)), float(low), float(high)


def table(cells: Sequence[Cell], rounds: int) -> Iterator[str]:
    """Yield the lines of the table, as they are measured."""
    yield (
        "| sampler | space | columns | known | native ask | ask in Optuna | ratio | Optuna alone"
        " | native tell | tell in Optuna |"
    )
    yield "|---|---|--:|--:|--:|--:|--:|--:|--:|--:|"
    for cell in cells:
        seconds = measure(cell, rounds)
        asks = {name: values[:, 0] for name, values in seconds.items()}
        native, bridge, alone = (1e3 * np.median(asks[n]) for n in ("native", "bridge", "alone"))
        tells = [1e3 * np.median(seconds[n][:, 1]) for n in ("native", "bridge")]
        middle, low, high = ratio(asks["bridge"], asks["native"])
        yield (
            f"| {cell.sampler} | {cell.kind} | {cell.d} | {cell.n} | {native:.2f} | {bridge:.2f}"
            f" | {middle:.2f} ({low:.2f}–{high:.2f}) | {alone:.2f} | {tells[0]:.2f}"
            f" | {tells[1]:.2f} |"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--samplers", default="tpe,gp")
    add("--kinds", default="numeric,mixed")
    add("--dims", default="6,20")
    add("--sizes", default="10,100,1000")
    add("--rounds", type=int, default=40)
    given = parser.parse_args()
    cells = [
        Cell(sampler, kind, int(d), int(n))
        for sampler in given.samplers.split(",")
        for kind in given.kinds.split(",")
        for d in given.dims.split(",")
        for n in given.sizes.split(",")
    ]
    for line in table(cells, given.rounds):
        print(line, flush=True)


if __name__ == "__main__":
    main()
