"""The loop behind ``Study.optimize``: keep the workers busy until a budget is used up.

This process makes every ask and tell; executors only evaluate. Budgets count what the whole study
has, so that several processes and restarts share one budget.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from bayesopt.active import TrialPort
from bayesopt.checks import checked_flag
from bayesopt.errors import (
    BayesOptError,
    ExecutionError,
    NothingToAskError,
    SpaceChangedError,
    SpaceExhausted,
    StaleTrialError,
    TellConflictError,
    short_repr,
)
from bayesopt.execution import Executor, Objective, Outcome, open_executor
from bayesopt.storage.base import Result
from bayesopt.study import asking, attempts, breeding, checks, telling
from bayesopt.study.asking import Strategy
from bayesopt.study.context import StudyContext
from bayesopt.study.patience import Patience
from bayesopt.study.pausing import collect_garbage
from bayesopt.study.progress import Progress
from bayesopt.study.records import get_record
from bayesopt.study.stopping import StopRule
from bayesopt.study.versions import Suggested
from bayesopt.trial import TrialRecord, TrialState

_log = logging.getLogger("bayesopt")

Callback = Callable[[TrialRecord], Any]

MAX_LOSSES = 3  # a configuration that kills its worker again and again must not loop for ever


class Optimization:
    """One call of ``Study.optimize``."""

    def __init__(
        self,
        context: StudyContext,
        strategy: Strategy,
        port: TrialPort,
        objective: Objective,
        *,
        n_trials: int | None,
        timeout: float | None,
        max_cost: float | None,
        n_jobs: int,
        callbacks: Sequence[Callback],
        catch: type[Exception] | tuple[type[Exception], ...],
        progress: bool | None,
        trial_timeout: float | None,
        threads: bool,
        stop: StopRule | None,
    ) -> None:
        self._context, self._strategy, self._port = context, strategy, port
        self._objective = checks.function("objective", objective)
        self._n_trials = checks.count("n_trials", n_trials)
        self._timeout = checks.seconds("timeout", timeout)
        self._max_cost = checks.amount("max_cost", max_cost)
        if self._max_cost is not None:
            self._strategy = asking.with_cost_budget(strategy, self._max_cost)
        self._n_jobs = n_jobs
        self._callbacks = checks.functions("callbacks", callbacks)
        self._catch = checks.exceptions("catch", catch)
        self._show_progress = None if progress is None else checked_flag("progress", progress)
        self._trial_timeout = checks.seconds("trial_timeout", trial_timeout)
        self._threads = checked_flag("threads", threads)
        self._rule = None if stop is None else checks.rule("stop", stop)
        self._judged = -1
        self._attempts: dict[int, int] = {}
        self._stopped = False
        self._is_blocked = False  # what comes next depends on trials that still run

    def stop(self) -> None:
        """Begin no further trial."""
        self._stopped = True

    def run(self) -> None:
        """Evaluate until a budget is used up; put unfinished trials back if anything goes wrong."""
        executor = open_executor(
            self._port,
            n_jobs=self._n_jobs,
            threads=self._threads,
            trial_timeout_s=self._trial_timeout,
        )
        self._deadline = None if self._timeout is None else time.monotonic() + self._timeout
        with Progress(self._context, self._n_trials, self._show_progress) as self._progress:
            try:
                asking.release_gone(self._context)
                collect_garbage(self._context)
                self._loop(executor)
            finally:
                executor.close()
                for number in list(self._attempts):
                    self._put_back(number)

    def _loop(self, executor: Executor) -> None:
        patience = Patience(self._context)
        while True:
            self._fill(executor)
            if executor.running:
                self._finish(executor.wait())
            elif self._over():
                return
            elif not patience.wait(self._n_trials, self._max_cost, is_blocked=self._is_blocked):
                self._fill(executor)  # the last trial to get to its rung lets others go on
                if not executor.running:
                    return

    def _finish(self, ended: list[Outcome]) -> None:
        """Tell all results before anything is raised."""
        settled = [self._record(outcome) for outcome in ended]
        told = [outcome for outcome in settled if outcome is not None]
        for outcome in told:
            self._progress.update()
            self._call_back(outcome.number)
        for outcome in told:
            self._raise_unless_caught(outcome)

    def _fill(self, executor: Executor) -> None:
        """Give every free worker a trial, as far as the budgets go."""
        self._is_blocked = False
        while executor.n_free and not self._over():
            try:
                setup = asking.ask_within(
                    self._context, self._strategy, self._n_trials, self._max_cost
                )
            except SpaceExhausted as exhausted:
                _log.info("the study ends: %s", exhausted)
                self.stop()
                break
            except NothingToAskError:
                self._is_blocked = True
                break
            if setup is None:
                break
            self._attempts[setup.number] = setup.attempt
            self._context.evaluating.add(setup.number)
            executor.submit(self._objective, setup)

    def _over(self) -> bool:
        late = self._deadline is not None and time.monotonic() >= self._deadline
        return self._stopped or late or self._has_enough()

    def _has_enough(self) -> bool:
        """Ask the rule, once for each trial that ended, whether the study has had enough."""
        if self._rule is None:
            return False
        with self._context.lock:
            history = self._context.follower.follow()
            n_ended = history.count(*asking.FINISHED, TrialState.PAUSED)
            reason = "" if n_ended == self._judged else self._rule(history)
            self._judged = n_ended
        if reason:
            _log.info("the study ends: %s", reason)
            self.stop()
        return self._stopped

    def _record(self, outcome: Outcome) -> Outcome | None:
        """Tell how a trial ended; None if it did not end here, or not in time to count."""
        if outcome.status == "lost" and self._runs_again(outcome):
            _log.warning("trial %d runs again: %s", outcome.number, outcome.error)
            attempts.note(self._context, outcome.number, outcome.attempt, outcome.duration_s)
            self._put_back(outcome.number)
            return None
        try:
            return self._tell(outcome)
        except (StaleTrialError, TellConflictError) as error:
            _log.warning("a result came too late and is not counted: %s", error)
            self._context.drop(outcome.number, outcome.attempt)
            return None
        finally:
            self._forget(outcome.number)

    def _runs_again(self, outcome: Outcome) -> bool:
        """Whether a trial that lost its worker gets another; attempts that were paused are none."""
        n_lost = attempts.note_loss(self._context, outcome.number, outcome.attempt)
        return n_lost < MAX_LOSSES

    def _call_back(self, number: int) -> None:
        if self._callbacks:
            record = get_record(self._context, number)
            for callback in self._callbacks:
                callback(record)

    def _tell(self, outcome: Outcome) -> Outcome:
        """Record an outcome, as an invalid one if its parameters contradict earlier trials'."""
        suggested = outcome.suggested if self._context.define_by_run else None
        try:
            self._record_result(outcome, suggested)
        except SpaceChangedError as error:
            outcome = replace(outcome, status="invalid", error=str(error), exception=error)
            self._record_result(outcome, None)
        breeding.note_silent(self._context, self._strategy.scheduler, outcome.number)
        return outcome

    def _record_result(self, outcome: Outcome, suggested: Suggested | None) -> None:
        result = self._result_of(outcome)
        telling.tell(self._context, outcome.number, outcome.attempt, result, suggested)

    def _result_of(self, outcome: Outcome) -> Result:
        n_objectives = len(self._context.spec.directions)
        state = _STATE_OF.get(outcome.status, TrialState.FAIL)
        return telling.make_result(
            n_objectives,
            outcome.values,
            state,
            constraints=outcome.constraints,
            cost=outcome.duration_s if outcome.cost is None else outcome.cost,
            error=outcome.error,
            variance=outcome.variances,
            what=f"trial {outcome.number}",
        )

    def _raise_unless_caught(self, outcome: Outcome) -> None:
        """Programming errors end the call; crashes and time-outs of workers do not."""
        if outcome.status not in ("error", "invalid"):
            return
        error = outcome.exception
        if error is None:
            error = ExecutionError(f"trial {outcome.number} failed:\n{outcome.error}")
        if not isinstance(error, self._catch):
            raise error
        _log.warning("trial %d failed: %s", outcome.number, short_repr(error))

    def _put_back(self, number: int) -> None:
        """Queue a trial that this call leaves unfinished, for whoever goes on."""
        attempt = self._attempts[number]
        self._forget(number)
        self._context.drop(number, attempt)
        try:
            self._context.storage.release(self._context.study_id, number, attempt)
        except BayesOptError as error:  # its lease runs out instead
            _log.warning("trial %d could not be put back: %s", number, error)

    def _forget(self, number: int) -> None:
        self._attempts.pop(number, None)
        self._context.evaluating.discard(number)


_STATE_OF = {"value": TrialState.COMPLETE, "pruned": TrialState.PRUNED}
