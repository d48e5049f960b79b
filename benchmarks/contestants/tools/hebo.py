"""HEBO, through `suggest` and `observe`."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from hebo.design_space.design_space import DesignSpace
from hebo.optimizers.hebo import HEBO

from benchmarks.contestants.flat import Flat, Number, Parameter, Values
from benchmarks.contestants.tools.grid import from_index, indexed


class HeboTool:
    """The optimiser with its defaults."""

    def __init__(self, space: Flat, seed: int) -> None:
        torch.set_num_threads(1)
        torch.manual_seed(seed)
        self._space = space
        design = DesignSpace().parse([_definition(p) for p in indexed(space)])
        self._optimizer = HEBO(design, scramble_seed=seed)

    def ask(self) -> Values:
        """Return the next point."""
        self._table = self._optimizer.suggest(n_suggestions=1)
        row = self._table.iloc[0]
        return {p.name: from_index(p, row[p.name]) for p in self._space}

    def tell(self, loss: float, failed: bool) -> None:
        """Take the result; of a failed evaluation the penalty."""
        self._optimizer.observe(self._table, np.array([[loss]]))


def _definition(p: Parameter) -> dict[str, Any]:
    if not isinstance(p, Number):
        return {"name": p.name, "type": "cat", "categories": list(range(p.count))}
    kind = ("pow_int" if p.log else "int") if p.integer else ("pow" if p.log else "num")
    return {"name": p.name, "type": kind, "lb": p.low, "ub": p.high}


def make_default(space: Flat, seed: int, budget: int) -> HeboTool:
    """Return the optimiser as it is by default."""
    return HeboTool(space, seed)
