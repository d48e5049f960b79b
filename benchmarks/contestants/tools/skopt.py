"""scikit-optimize, through `Optimizer.ask` and `Optimizer.tell`."""

from __future__ import annotations

import skopt
from skopt.space import Categorical, Dimension, Integer, Real

from benchmarks.contestants.flat import Flat, Number, Parameter, Values
from benchmarks.contestants.tools.grid import from_index, indexed


class SkoptTool:
    """A Gaussian process with a portfolio of acquisition functions, all defaults."""

    def __init__(self, space: Flat, seed: int) -> None:
        self._space = space
        dimensions = [_dimension(p) for p in indexed(space)]
        self._optimizer = skopt.Optimizer(dimensions, random_state=seed)

    def ask(self) -> Values:
        """Return the next point."""
        self._point = self._optimizer.ask()
        pairs = zip(self._space, self._point, strict=True)
        return {p.name: from_index(p, value) for p, value in pairs}

    def tell(self, loss: float, failed: bool) -> None:
        """Take the result; of a failed evaluation the penalty."""
        self._optimizer.tell(self._point, loss)


def _dimension(p: Parameter) -> Dimension:
    if not isinstance(p, Number):
        return Categorical(list(range(p.count)), name=p.name)
    prior = "log-uniform" if p.log else "uniform"
    if p.integer:
        return Integer(int(p.low), int(p.high), prior=prior, name=p.name)
    return Real(p.low, p.high, prior=prior, name=p.name)


def make_gp(space: Flat, seed: int, budget: int) -> SkoptTool:
    """Return the optimiser as it is by default."""
    return SkoptTool(space, seed)
