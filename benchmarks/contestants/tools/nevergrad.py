"""Nevergrad's NGOpt, through `ask` and `tell`."""

from __future__ import annotations

import nevergrad as ng
import numpy as np

from benchmarks.contestants.flat import Flat, Number, Parameter, Values
from benchmarks.contestants.tools.grid import is_indexed


class NevergradTool:
    """The optimiser that Nevergrad chooses for the space and the budget."""

    def __init__(self, space: Flat, seed: int, budget: int) -> None:
        self._space = space
        instrumentation = ng.p.Dict(**{f"p{i}": _variable(p) for i, p in enumerate(space)})
        instrumentation.random_state = np.random.RandomState(seed)
        self._optimizer = ng.optimizers.NGOpt(instrumentation, budget=budget, num_workers=1)

    def ask(self) -> Values:
        """Return the next candidate's values."""
        self._candidate = self._optimizer.ask()
        drawn = self._candidate.value
        return {p.name: _value(p, drawn[f"p{i}"]) for i, p in enumerate(self._space)}

    def tell(self, loss: float, failed: bool) -> None:
        """Take the result; of a failed evaluation the penalty."""
        self._optimizer.tell(self._candidate, loss)


def _variable(p: Parameter) -> ng.p.Parameter:
    if not isinstance(p, Number):
        kind = ng.p.TransitionChoice if p.ordered else ng.p.Choice
        return kind(list(range(p.count)))
    if is_indexed(p):
        return ng.p.Scalar(lower=0, upper=int(p.count) - 1).set_integer_casting()
    if p.log:
        scalar = ng.p.Log(lower=p.low, upper=p.high)
    else:
        scalar = ng.p.Scalar(lower=p.low, upper=p.high)
    return scalar.set_integer_casting() if p.integer else scalar


def _value(p: Parameter, drawn: float) -> float:
    if not isinstance(p, Number):
        return int(drawn)
    return p.nearest(p.low + drawn * p.step if is_indexed(p) else drawn)


def make_ngopt(space: Flat, seed: int, budget: int) -> NevergradTool:
    """Return NGOpt."""
    return NevergradTool(space, seed, budget)
