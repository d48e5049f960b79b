"""Rustuna, through `Study.ask` and `Study.tell`."""

from __future__ import annotations

from collections.abc import Sequence

import rustuna

from benchmarks.contestants.flat import Flat, Values
from benchmarks.contestants.tools.suggesting import finished, suggest


class RustunaTool:
    """A study in memory."""

    def __init__(self, space: Flat, seed: int) -> None:
        self._space = space
        self._study = rustuna.create_study(sampler=rustuna.samplers.TPESampler(seed=seed))

    def ask(self) -> Values:
        """Return the suggestions of a new trial."""
        trial = self._study.ask()
        self._number = trial.number
        return suggest(trial, self._space)

    def tell(self, loss: float, failed: bool) -> None:
        """Finish the trial; a failed one with the penalty."""
        self._study.tell(self._number, loss)

    def prefill(self, points: Sequence[Values], losses: Sequence[float]) -> None:
        """Take finished trials."""
        for values, loss in zip(points, losses, strict=True):
            self._study.add_trial(finished(rustuna, self._space, values, loss))


def make_tpe(space: Flat, seed: int, budget: int) -> RustunaTool:
    """Return TPE as it is by default."""
    return RustunaTool(space, seed)
