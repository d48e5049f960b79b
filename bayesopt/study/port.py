"""How a running trial reaches its study."""

from __future__ import annotations

from bayesopt.active import Trial
from bayesopt.schedulers.base import Decision, Scheduler
from bayesopt.study import breeding
from bayesopt.study.context import StudyContext
from bayesopt.study.pausing import advice, note_advice


class StudyPort:
    """Serves the calls of running trials (see ``bayesopt.active.TrialPort``)."""

    def __init__(self, context: StudyContext, scheduler: Scheduler) -> None:
        self._context, self._scheduler = context, scheduler
        breeding.watch(context, scheduler)

    def report(self, trial: Trial, step: float, values: tuple[float, ...]) -> None:
        """Record intermediate values; this renews the lease."""
        context = self._context
        context.storage.report(
            context.study_id, trial.number, trial.attempt, step, values, context.lease_s
        )

    def should_prune(self, trial: Trial) -> bool:
        """Let the scheduler decide, from the history alone."""
        with self._context.lock:
            history = self._context.follower.follow()
            breeding.trace(self._context, history)
            decision = advice(self._context, self._scheduler, history, trial.number, trial.attempt)
        note_advice(self._context, trial.number, trial.attempt, decision)
        return decision is not Decision.CONTINUE

    def set_user_attr(self, trial: Trial, name: str, value: object) -> None:
        """Attach an attribute to the trial, while it is this worker's."""
        self._context.storage.set_user_attr(
            self._context.study_id, trial.number, name, value, attempt=trial.attempt
        )
