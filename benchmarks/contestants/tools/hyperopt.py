"""Hyperopt's TPE without `fmin`: `tpe.suggest` suggests, the results go to `Trials`."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from hyperopt import JOB_STATE_DONE, STATUS_OK, Trials, hp, tpe
from hyperopt.base import Domain

from benchmarks.contestants.flat import Choice, Flat, Number, Parameter, Values


class HyperoptTool:
    """Trials in memory."""

    def __init__(self, space: Flat, seed: int) -> None:
        logging.getLogger("hyperopt").setLevel(logging.ERROR)
        self._space = {parameter.name: parameter for parameter in space}
        self._domain = Domain(lambda config: 0.0, nested(space))
        self._trials = Trials()
        self._rng = np.random.default_rng(seed)

    def ask(self) -> Values:
        """Return what `tpe.suggest` suggests, parameters on other branches left out."""
        ids = self._trials.new_trial_ids(1)
        self._trials.refresh()
        seed = int(self._rng.integers(2**31 - 1))  # as `fmin` draws one for each suggestion
        self._trials.insert_trial_docs(
            tpe.suggest(ids, self._domain, self._trials, seed, verbose=False)
        )
        self._trials.refresh()
        drawn = self._trials.trials[-1]["misc"]["vals"]
        return {name: self._value(name, values[0]) for name, values in drawn.items() if values}

    def tell(self, loss: float, failed: bool) -> None:
        """Put the result into the trial; a failed one gets the penalty."""
        trial = self._trials.trials[-1]
        trial["result"] = {"loss": loss, "status": STATUS_OK}
        trial["state"] = JOB_STATE_DONE
        self._trials.refresh()

    def prefill(self, points: Sequence[Values], losses: Sequence[float]) -> None:
        """Take finished trials."""
        ids = self._trials.new_trial_ids(len(points))
        miscs = [self._misc(tid, values) for tid, values in zip(ids, points, strict=True)]
        results = [{"loss": loss, "status": STATUS_OK} for loss in losses]
        docs = self._trials.new_trial_docs(ids, [None] * len(ids), results, miscs)
        for doc in docs:
            doc["state"] = JOB_STATE_DONE
        self._trials.insert_trial_docs(docs)
        self._trials.refresh()

    def _misc(self, tid: int, values: Values) -> dict[str, Any]:
        drawn = {name: [self._drawn(name, value)] for name, value in values.items()}
        places = {name: [tid] for name in drawn}
        return {"tid": tid, "cmd": self._domain.cmd, "idxs": places, "vals": drawn}

    def _drawn(self, name: str, value: float) -> float:
        p = self._space[name]
        on_grid = isinstance(p, Number) and p.step is not None and not p.log
        return round((value - p.low) / p.step) if on_grid else value

    def _value(self, name: str, drawn: float) -> float:
        p = self._space[name]
        if isinstance(p, Choice):
            return min(max(int(drawn), 0), p.count - 1)
        on_grid = p.step is not None and not p.log
        return p.nearest(p.low + drawn * p.step if on_grid else drawn)


def nested(space: Flat) -> dict[str, Any]:
    """Return the space for `hp`: a parameter with one parent, a choice, lies inside that choice.

    Other conditional parameters are drawn always and ignored where they are inactive.
    """
    choices = {p.name for p in space if isinstance(p, Choice)}
    inner = {p.name: p for p in space if len(p.when) == 1 and p.when[0][0] in choices}
    made: dict[str, Any] = {}
    for parameter in reversed(space):  # children before their parents
        children = [p for p in inner.values() if p.when[0][0] == parameter.name]
        made[parameter.name] = _expression(parameter, children, made)
    return {p.name: made[p.name] for p in space if p.name not in inner}


def _expression(p: Parameter, children: list[Parameter], made: dict[str, Any]) -> Any:
    if isinstance(p, Number):
        return _number(p)
    if not children and p.ordered:
        return hp.quniform(p.name, -0.5, p.count - 0.5, 1)
    options = [
        {"": index, **{c.name: made[c.name] for c in children if index in c.when[0][1]}}
        for index in range(p.count)
    ]
    return hp.choice(p.name, options)


def _number(p: Number) -> Any:
    """Return the distribution of a number; that of its index on the grid if it has a step."""
    if p.log and p.integer:
        return hp.qloguniform(p.name, math.log(p.low - 0.5), math.log(p.high + 0.5), 1)
    if p.log:
        return hp.loguniform(p.name, math.log(p.low), math.log(p.high))
    if p.step is None:
        return hp.uniform(p.name, p.low, p.high)
    return hp.quniform(p.name, -0.5, p.count - 0.5, 1)


def make_tpe(space: Flat, seed: int, budget: int) -> HyperoptTool:
    """Return TPE as it is by default."""
    return HyperoptTool(space, seed)
