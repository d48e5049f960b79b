"""A search over candidates that are evaluated fold by fold; it knows no estimator."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from bayesopt.errors import SpaceExhausted
from bayesopt.history import History
from bayesopt.host import Decision, Sampler, Scheduler, decide, make_scheduler, propose, settle
from bayesopt.integrations.sklearn_space import SearchSpace
from bayesopt.trial import TrialState

Fit = tuple[int, int]
"""The number of a candidate and of a fold."""
Scores = Mapping[str, float]
"""By metric, all to be maximised."""
Evaluate = Callable[[Sequence[Fit]], Sequence[Scores | None]]
"""Returns the scores of fits, None for one that failed; it may run them side by side."""


class FoldSearch:
    """Proposes candidates, has them evaluated, and learns.

    Without a scheduler all folds of a candidate are evaluated at once. With one, a candidate
    reports the mean of its scores after each fold, and the scheduler says whether it goes on.
    What happens depends on the scores alone, not on how long a fit takes.

    Parameters
    ----------
    space : SearchSpace
    sampler : Sampler
    scheduler : Scheduler, optional
        Its steps are folds: 1, 2, …, `n_folds`.
    n_folds : int
    metric : str, optional
        What to maximise. If it is not among the scores, all of them are objectives.
    seed : int
    evaluate : callable
        See ``Evaluate``; the candidates are found in ``params`` by their numbers.

    Attributes
    ----------
    params : list of dict
        The candidates, by number.
    proposed_by : list of str
        Who proposed each, and why if that was not the sampler asked for.
    history : History
    """

    def __init__(
        self,
        space: SearchSpace,
        sampler: Sampler,
        scheduler: Scheduler | None,
        *,
        n_folds: int,
        metric: str | None,
        seed: int,
        evaluate: Evaluate,
    ) -> None:
        self.space, self.sampler = space, sampler
        self.scheduler, self._by_folds = make_scheduler(scheduler), scheduler is not None
        self.n_folds, self.metric, self.seed = n_folds, metric, seed
        self.params: list[dict[str, Any]] = []
        self.proposed_by: list[str] = []
        self.history = self._empty_history(1)
        self._evaluate = evaluate
        self._configs: list[dict[str, Any]] = []
        self._scores: list[list[Scores | None]] = []
        self._is_exhausted = False

    def run(self, n_iter: int, batch_size: int) -> None:
        """Evaluate up to `n_iter` candidates, `batch_size` at a time; fewer if no more are left."""
        while batch := self._next(n_iter, batch_size):
            self._train(batch)
        if not any(self._is_usable(number) for number in range(len(self.params))):
            self._finish_one()

    def is_whole(self, number: int) -> bool:
        """Whether a candidate was evaluated on all folds."""
        return len(self._scores[number]) == self.n_folds

    def _is_usable(self, number: int) -> bool:
        return self.is_whole(number) and not self._has_failed(number)

    # -- who is next --------------------------------------------------------------------------
    def _next(self, n_iter: int, batch_size: int) -> list[int]:
        n_left = 0 if self._is_exhausted else n_iter - len(self.params)
        batch = self._due(no_more=n_left <= 0)[:batch_size]
        if batch or n_left <= 0:
            return batch
        batch = self._begin(min(batch_size, n_left))
        return batch or self._next(n_iter, batch_size)  # exhausted: those who wait, wait for nobody

    def _due(self, *, no_more: bool) -> list[int]:
        """Return paused candidates that go on; those that never will are told as pruned."""
        settled = settle(self.scheduler, self.history, no_more=no_more)
        for number in settled.stop.tolist():
            self.history.tell(number, state=TrialState.PRUNED)
        return [int(number) for number in settled.resume]

    def _begin(self, n: int) -> list[int]:
        try:
            made = propose(self.sampler, self.history, n, scheduler=self.scheduler)
        except SpaceExhausted:
            made = []
        new = [each for each in made if each.is_new]
        self._is_exhausted = len(new) < n
        for each in new:
            self._configs.append(each.config)
            self.params.append(self.space.params(each.config))
            self.proposed_by.append(each.sampler + (f" ({each.fallback})" if each.fallback else ""))
            self._scores.append([])
        return [self.history.append(each.config) for each in new]

    # -- training -----------------------------------------------------------------------------
    def _train(self, batch: list[int]) -> None:
        for number in batch:
            self.history.resume(number)
        while batch:
            self._run([(number, fold) for number in batch for fold in self._folds(number)])
            for number in batch:
                self._report(number)
            batch = [number for number in batch if self._goes_on(number)]

    def _folds(self, number: int) -> range:
        """Return the folds that a candidate is evaluated on before anybody looks at it."""
        done = len(self._scores[number])
        return range(done, done + 1 if self._by_folds else self.n_folds)

    def _run(self, fits: Sequence[Fit]) -> None:
        for (number, _), scores in zip(fits, self._evaluate(fits), strict=True):
            self._scores[number].append(scores)
        self._expect_objectives(len(self._objectives()))

    def _report(self, number: int) -> None:
        if self._by_folds and not self._has_failed(number):
            self.history.report(number, len(self._scores[number]), self._mean(number))

    def _goes_on(self, number: int) -> bool:
        """Say how a candidate stands; whether it goes on to the next fold."""
        if self._has_failed(number):
            self.history.tell(number, state=TrialState.FAIL)
        elif self.is_whole(number):
            self.history.tell(number, self._mean(number))
        else:
            return self._is_let_on(number)
        return False

    def _is_let_on(self, number: int) -> bool:
        decision = decide(self.scheduler, self.history, number)
        if decision is Decision.STOP:
            self.history.tell(number, state=TrialState.PRUNED)
        elif decision is Decision.PAUSE:
            self.history.pause(number)
        return decision is Decision.CONTINUE

    def _finish_one(self) -> None:
        """Evaluate the most promising candidates to the end, until one gets there."""
        begun = [n for n in range(len(self.params)) if not self._has_failed(n)]
        for number in sorted(begun, key=self._promise, reverse=True):
            while not (self.is_whole(number) or self._has_failed(number)):
                self._run([(number, len(self._scores[number]))])
            if self.is_whole(number):
                return

    def _promise(self, number: int) -> tuple[int, float]:
        """Return how many folds a candidate has, and its mean over objectives."""
        return len(self._scores[number]), float(np.mean(self._mean(number)))

    # -- scores -------------------------------------------------------------------------------
    def _objectives(self) -> list[str]:
        known = next((s for scores in self._scores for s in scores if s is not None), {})
        names = list(known)
        return [name for name in names if name == self.metric] or names

    def _mean(self, number: int) -> list[float]:
        """Return the mean over the folds so far, by objective."""
        scores = [each for each in self._scores[number] if each is not None]
        return [float(np.mean([each[name] for each in scores])) for name in self._objectives()]

    def _has_failed(self, number: int) -> bool:
        """Whether a fit failed, or a score is no finite number."""
        names = self._objectives()
        return any(
            scores is None or not all(math.isfinite(scores[name]) for name in names)
            for scores in self._scores[number]
        )

    def _expect_objectives(self, n: int) -> None:
        """Begin the history anew once it is known how many objectives there are.

        Until then all who came to an end have failed.
        """
        if n in (0, self.history.n_objectives):
            return
        failed = self.history.is_failed
        self.history = self._empty_history(n)
        for config, has_failed in zip(self._configs, failed, strict=True):
            number = self.history.append(config)
            if has_failed:
                self.history.tell(number, state=TrialState.FAIL)

    def _empty_history(self, n_objectives: int) -> History:
        directions = ["maximize"] * n_objectives
        return History(self.space.space, n_objectives, directions=directions, seed=self.seed)
