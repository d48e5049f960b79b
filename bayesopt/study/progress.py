"""The progress bar of ``Study.optimize``."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import TYPE_CHECKING, Any

from bayesopt.trial import TrialRecord

if TYPE_CHECKING:
    from bayesopt.study.study import Study


class Progress:
    """A bar over the study's finished trials that shows the best value so far.

    Parameters
    ----------
    study : Study
    n_trials : int or None
        The study's budget.
    show : bool or None
        None: only when standard error is a terminal.
    """

    def __init__(self, study: Study, n_trials: int | None, show: bool | None) -> None:
        self._study, self._n_trials = study, n_trials
        self._show = sys.stderr.isatty() if show is None else show
        self._bar: Any = None

    def __enter__(self) -> Progress:
        if self._show:
            from tqdm import tqdm

            history = self._study.history
            n_finished = int(history.is_finished.sum())
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

    def update(self, record: TrialRecord) -> None:
        """Count a finished trial."""
        if self._bar is None:
            return
        best = self._study.history.best() if len(self._study.directions) == 1 else None
        if best is not None:
            value = self._study.history.values[best, 0]
            sign = 1.0 if self._study.direction == "minimize" else -1.0
            self._bar.set_postfix(best=f"{sign * value:.6g}", trial=best)
        self._bar.update()
