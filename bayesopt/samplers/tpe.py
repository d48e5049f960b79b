"""Tree-structured Parzen estimator: what good trials have that bad ones lack."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from bayesopt.history import History
from bayesopt.rng import named_rng
from bayesopt.samplers.base import Suggestion
from bayesopt.samplers.fresh import Batch, fill_up, may_repeat
from bayesopt.space import Space

F = npt.NDArray[np.float64]
_RULES = {"scott": 0, "spread": 1, "gap": 2}


@dataclass(frozen=True)
class TPESampler:
    """Tree-structured Parzen estimator."""

    n_startup: int = 10
    n_candidates: int = 24
    good_fraction: float = 0.15
    most_good: int = 25
    most_bad: int = 500
    weights: str = "ei"
    good_rule: str = "spread"
    good_factor: float = 1.0
    good_floor: float = 0.03
    bad_rule: str = "spread"
    bad_factor: float = 1.0
    bad_floor: float = 0.03
    cell_floor: float = 0.5
    prior_weight: float = 1.0
    choice_weight: float = 1.0

    name: ClassVar[str] = "tpe"

    def propose(
        self, space: Space, history: History, n: int, rng: np.random.Generator
    ) -> Suggestion:
        """Return `n` configurations (see ``Sampler.propose``)."""
        batch = Batch(n, space.d, copies=may_repeat(history))
        if space.domain.varies.any():
            n_finished = int(np.count_nonzero(history.is_finished))
            if n_finished < self.n_startup:
                self._offer(batch, space, history, self._start(space, history, n))
            else:
                self._model(batch, space, history, rng)
        missing = batch.missing
        rows, note, n_fresh = fill_up(batch, space, history, rng)
        return Suggestion(rows, self.name, note, n_fresh if note else n - missing)

    def _start(self, space: Space, history: History, n: int) -> F:
        rng = named_rng(history.seed, 0, "tpe.start")
        strata = rng.permuted(np.tile(np.arange(self.n_startup), (space.d, 1)), axis=1).T
        design = (strata + rng.random(strata.shape)) / self.n_startup
        return space.snap(design[history.n : history.n + n])

    def _offer(self, batch: Batch, space: Space, history: History, rows: F) -> None:
        if not len(rows):
            return
        if not may_repeat(history):
            rows = rows[~history.contains(rows)]
        if space.constraints:
            rows = rows[space.feasible(rows)]
        batch.offer(rows)

    def _model(
        self, batch: Batch, space: Space, history: History, rng: np.random.Generator
    ) -> None:
        from bayesopt._kernels.parzen import Smoothing
        from bayesopt._kernels.tpe import suggest
        from bayesopt.samplers.tpe_split import Limits, split
        from bayesopt.surrogates.parzen import form_of

        form = form_of(space.domain)
        limits = Limits(self.good_fraction, self.most_good, self.most_bad, self.weights)
        numbers, n_good, weight = split(history, limits)
        good, bad = (
            Smoothing(
                _RULES[rule], factor, floor, self.cell_floor, self.prior_weight, self.choice_weight
            )
            for rule, factor, floor in (
                (self.good_rule, self.good_factor, self.good_floor),
                (self.bad_rule, self.bad_factor, self.bad_floor),
            )
        )
        while batch.missing:
            picked = batch.rows()
            uniforms = rng.random((self.n_candidates, 1 + space.d))
            rows, score = suggest(
                history.X,
                history.active,
                numbers,
                n_good,
                weight,
                picked,
                space.active(picked),
                uniforms,
                form,
                space.domain.arrays,
                good,
                bad,
            )
            before = batch.missing
            one = Batch(1, space.d)
            self._offer(one, space, history, rows[np.argsort(-score, kind="stable")])
            batch.offer(one.rows())
            if batch.missing == before:
                return
