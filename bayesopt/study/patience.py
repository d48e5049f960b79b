"""Waiting for trials that other processes hold, when they are all that is left of a budget."""

from __future__ import annotations

import logging
import time

from bayesopt.history.spending import spent
from bayesopt.study import asking, attempts
from bayesopt.study.context import StudyContext
from bayesopt.trial import TrialState

_log = logging.getLogger("bayesopt")

_POLL_S = 0.2


class Patience:
    """Decides how long a worker without work stays.

    A worker that vanished is noticed when its lease runs out, and then somebody must be there to
    run its trial again. So a worker stays until the budget is *finished*, or until nothing has
    happened for as long as a lease lasts: then the others are alive, and busy with long trials.
    """

    def __init__(self, context: StudyContext) -> None:
        self._context = context
        self._seen: tuple[int, ...] = ()
        self._since = time.monotonic()

    def wait(
        self, n_trials: int | None, max_cost: float | None = None, *, is_blocked: bool = False
    ) -> bool:
        """Wait a moment; False when there is nothing to wait for any more.

        One that is blocked waits for running trials even if there is no budget to be finished.
        """
        lease_s, has_budget = self._context.lease_s, (n_trials, max_cost) != (None, None)
        if lease_s is None or not (has_budget or is_blocked):
            return False
        history = asking.refresh(self._context)
        n_finished = history.count(*asking.FINISHED, TrialState.PAUSED)
        if n_trials is not None and n_finished >= n_trials:
            return False
        if max_cost is not None:
            attempts.trace(self._context, history)
            if spent(history) >= max_cost:
                return False
        if self._is_new((history.n, n_finished, history.count(TrialState.RUNNING))):
            self._since = time.monotonic()
        if time.monotonic() - self._since > lease_s + 1.0:
            running = history.numbers_in(TrialState.RUNNING).tolist()
            _log.warning("%d trials are finished; still running elsewhere: %s",
                         n_finished, running)  # fmt: skip
            return False
        time.sleep(min(_POLL_S, lease_s / 4))
        return asking.release_gone(self._context) >= 0

    def _is_new(self, state: tuple[int, ...]) -> bool:
        changed, self._seen = state != self._seen, state
        return changed
