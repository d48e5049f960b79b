"""The progress bar of ``Study.optimize``."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Any, Self

from bayesopt.history import History
from bayesopt.study.asking import FINISHED
from bayesopt.study.context import StudyContext


class Progress:
    """A bar over the study's finished trials that shows the best value so far.

    Parameters
    ----------
    context : StudyContext
    n_trials : int or None
        The study's budget.
    show : bool or None
        None: only when standard error is a terminal.
    """

    def __init__(self, context: StudyContext, n_trials: int | None, show: bool | None) -> None:
        self._context, self._n_trials = context, n_trials
        self._show = sys.stderr.isatty() if show is None else show
        self._bar: Any = None

    def __enter__(self) -> Self:
        if self._show:
            from tqdm import tqdm

            n_finished = self._history().count(*FINISHED)
            self._bar = tqdm(total=self._n_trials, initial=n_finished, unit="trial")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.close()

    def update(self) -> None:
        """Count a finished trial."""
        if self._bar is None:
            return
        history = self._history()
        best = history.best() if history.n_objectives == 1 else None
        if best is not None:
            sign = 1.0 if history.directions[0] == "minimize" else -1.0
            self._bar.set_postfix(best=f"{sign * history.values[best, 0]:.6g}", trial=best)
        self._bar.update()

    def _history(self) -> History:
        with self._context.lock:
            return self._context.follower.follow()
