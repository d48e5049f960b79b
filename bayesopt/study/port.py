"""How a running trial reaches its study."""

from __future__ import annotations

from bayesopt.active import Trial
from bayesopt.schedulers.base import Decision, Scheduler, compares_budgets
from bayesopt.study import breeding
from bayesopt.study.context import Judgement, StudyContext
from bayesopt.study.pausing import advice, note_advice
from bayesopt.trial import check_attr_name


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
        if compares_budgets(self._scheduler):
            self._judge(trial)

    def should_prune(self, trial: Trial) -> bool:
        """Let the scheduler decide, from the history alone.

        Where trials are compared at fixed budgets, that was done when they reported.
        """
        known = self._context.judged.get(trial.number)
        if known is not None and known.attempt == trial.attempt:
            self._context.judged[trial.number] = known._replace(is_heard=True)
            decision = known.decision
        else:
            decision = self._decide(trial)
        note_advice(self._context, trial.number, trial.attempt, decision)
        return decision is not Decision.CONTINUE

    def _judge(self, trial: Trial) -> None:
        """Decide at once; a decision to stop or to pause stays until the trial asks.

        So a trial that asks rarely is judged at every rung on its way, by its value there.
        """
        known = self._context.judged.get(trial.number)
        if known is not None and known.attempt == trial.attempt and not known.is_heard:
            return
        decision = self._decide(trial)
        if decision is Decision.CONTINUE:
            self._context.judged.pop(trial.number, None)
        else:
            self._context.judged[trial.number] = Judgement(trial.attempt, decision)

    def _decide(self, trial: Trial) -> Decision:
        with self._context.lock:
            history = self._context.follower.follow()
            breeding.trace(self._context, history)
            return advice(self._context, self._scheduler, history, trial.number, trial.attempt)

    def set_user_attr(self, trial: Trial, name: str, value: object) -> None:
        """Attach an attribute to the trial, while it is this worker's. Raises InvalidValueError."""
        check_attr_name(name)
        self._context.storage.set_user_attr(
            self._context.study_id, trial.number, name, value, attempt=trial.attempt
        )
