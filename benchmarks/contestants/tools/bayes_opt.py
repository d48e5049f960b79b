"""bayes_opt, through `suggest` and `register`; it maximises."""

from __future__ import annotations

import math
from typing import Any

from bayes_opt import BayesianOptimization

from benchmarks.contestants.flat import Flat, Number, Parameter, Values
from benchmarks.contestants.tools.grid import from_index, indexed

N_START = 5
"""Random points first, as many as `maximize` takes by default."""


class BayesOptTool:
    """A Gaussian process with an upper confidence bound, all defaults."""

    def __init__(self, space: Flat, seed: int) -> None:
        self._space = space
        self._bounds = {p.name: _bounds(p) for p in indexed(space)}
        self._optimizer = BayesianOptimization(
            None, self._bounds, random_state=seed, verbose=0, allow_duplicate_points=True
        )
        self._start = self._optimizer.random_sample(N_START)

    def ask(self) -> Values:
        """Return the next point, logarithms undone."""
        self._point = self._start.pop(0) if self._start else self._optimizer.suggest()
        return {p.name: _value(p, self._point[p.name]) for p in self._space}

    def tell(self, loss: float, failed: bool) -> None:
        """Take the result; of a failed evaluation the penalty."""
        self._optimizer.register(self._point, -loss)


def _bounds(p: Parameter) -> tuple[Any, ...]:
    """Return what the tool takes; it has no logarithmic scale, so it is given logarithms."""
    if not isinstance(p, Number):
        return tuple(map(str, range(p.count)))  # numbers would be read as bounds
    if p.log:
        half = 0.5 if p.integer else 0.0
        return (math.log(p.low - half), math.log(p.high + half))
    return (p.low, p.high, int) if p.integer else (p.low, p.high)


def _value(p: Parameter, drawn: Any) -> float:
    if isinstance(p, Number) and p.log:
        return p.nearest(math.exp(drawn))
    return from_index(p, drawn)


def make_gp(space: Flat, seed: int, budget: int) -> BayesOptTool:
    """Return the optimiser as it is by default."""
    return BayesOptTool(space, seed)
