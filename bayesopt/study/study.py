"""The study: ask for configurations, tell what they gave, and never lose either."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, overload

from bayesopt.active import Trial, TrialSetup
from bayesopt.errors import StudyError
from bayesopt.execution import Objective
from bayesopt.history import History
from bayesopt.samplers.base import Sampler
from bayesopt.schedulers.base import Scheduler
from bayesopt.space import Space
from bayesopt.storage.base import Storage, StudyRecord
from bayesopt.study import asking, breeding, checks, pausing, telling
from bayesopt.study.context import connect
from bayesopt.study.identity import user_name
from bayesopt.study.optimize import Optimization
from bayesopt.study.port import StudyPort
from bayesopt.study.records import get_record, proposal_of, with_user_params
from bayesopt.study.stopping import StopRule
from bayesopt.study.telling import StateLike
from bayesopt.study.versions import change_space, required_space
from bayesopt.study.views import Views
from bayesopt.trial import TrialRecord, TrialState


class Study(Views):
    """An optimization in progress.

    Made by :func:`create_study` or :func:`load_study`. Several ``Study`` objects, in one process
    or many, may work on the same stored study; each keeps its own view up to date.

    Attributes
    ----------
    sampler : Sampler
        Makes the suggestions.
    scheduler : Scheduler
        Advises running trials to stop.
    """

    def __init__(
        self,
        storage: Storage,
        record: StudyRecord,
        *,
        sampler: Sampler,
        scheduler: Scheduler,
        like: Space | None = None,
        lease_s: float | None = 60.0,
    ) -> None:
        self.sampler = sampler
        self.scheduler = scheduler
        self._context = connect(storage, record, like, lease_s)
        self._optimization: Optimization | None = None

    def __repr__(self) -> str:
        return f"Study(name={self.name!r}, directions={self.directions}, space={self.space!r})"

    # -- what the study is --------------------------------------------------------------------
    @property
    def name(self) -> str:
        """The study's name in its storage."""
        return self._context.spec.name

    @property
    def directions(self) -> tuple[str, ...]:
        """``"minimize"`` or ``"maximize"``, one per objective."""
        return self._context.spec.directions

    @property
    def direction(self) -> str:
        """The direction of a single-objective study. Raises StudyError with several."""
        what = f"direction of study {self.name!r}"
        checks.one_objective(len(self.directions), what, "directions")
        return self.directions[0]

    @property
    def seed(self) -> int:
        """The seed that all suggestions derive from."""
        return self._context.spec.seed

    @property
    def noisy(self) -> bool:
        """Whether a configuration may give another value next time, so that repeats make sense."""
        return self._context.spec.noisy

    @property
    def storage(self) -> Storage:
        """Where the study lives."""
        return self._context.storage

    @property
    def history(self) -> History:
        """The columns of this study, up to date; read them, do not change them."""
        with self._context.lock:
            return self._context.follower.follow()

    @property
    def space(self) -> Space:
        """The newest version of the search space.

        Define-by-run, it is what was seen, under the conditions that the trials show.
        """
        with self._context.lock:
            self._context.follower.follow()
            return self._context.follower.space

    @space.setter
    def space(self, space: Space | Mapping[str, Any]) -> None:
        """Change the space; old trials stay usable. Raises SpaceChangedError, SpaceError."""
        change_space(self._context, required_space(space))

    @property
    def user_attrs(self) -> dict[str, Any]:
        """Attributes of the study."""
        return dict(self.storage.find_study(self.name).attrs)

    def set_user_attr(self, name: str, value: object) -> None:
        """Attach a JSON-able attribute to the study. Raises InvalidValueError."""
        self.storage.set_study_attr(self._context.study_id, name, value)

    # -- ask and tell -------------------------------------------------------------------------
    @overload
    def ask(self, n: None = None, *, key: str | None = None) -> Trial: ...
    @overload
    def ask(self, n: int, *, key: str | None = None) -> list[Trial]: ...
    def ask(self, n: int | None = None, *, key: str | None = None) -> Trial | list[Trial]:
        """Return the next trial to evaluate, or a batch of `n` that knows about itself.

        Enqueued trials and those whose worker vanished come first, then paused ones that are to go
        on (``trial.resume_from`` is where they stand), then the sampler's proposals.

        Parameters
        ----------
        n : int, optional
            How many; then a list is returned, shorter only if no more are left.
        key : str, optional
            Makes the call idempotent: the same key gives the same trials again.

        Raises
        ------
        SpaceExhausted
            If the sampler has nothing new left to propose (a finished grid, a population that is
            trained).
        NothingToAskError
            If what comes next depends on running trials: tell one of them first.
        InfeasibleSpaceError
            If no configuration satisfies the space's constraints.
        """
        setups = asking.ask(
            self._context,
            self._strategy,
            1 if n is None else checks.integer("number of trials to ask for", n, at_least=1),
            None if key is None else checks.text("key", key),
        )
        trials = [self._trial(setup) for setup in setups]
        return trials[0] if n is None else trials

    def tell(
        self,
        trial: Trial | int,
        values: object = None,
        *,
        state: StateLike | None = None,
        constraints: object = None,
        cost: object = None,
        variance: object = None,
    ) -> None:
        """Record the result of a trial, durably and once.

        Telling the same again is fine, so a caller that got no answer may simply repeat the call.

        Parameters
        ----------
        trial : Trial or int
            What ``ask`` returned, or its number. A number is accepted from whoever tells first; a
            ``Trial`` is refused when its trial was handed to another worker meanwhile.
        values : float or sequence of float, optional
            One value per objective. NaN and infinities are recorded as a failure.
        state : {"complete", "pruned", "fail", "paused"}, optional
            "complete" by default. A pruned trial without a value is worth its last report; one that
            ``should_prune`` advised to pause is paused: it waits until it is to go on.
        constraints : mapping of str to float, or sequence of float, optional
            Outcome constraints, feasible at <= 0.
        cost : float, optional
            What the evaluation cost, seconds unless you mean something else. Of a trial that is
            paused, and of one that was, that of this attempt: the trial's is that of all attempts.
        variance : float or sequence of float, optional
            How noisy the value is: the square of its standard error, e.g. the variance over k
            repetitions divided by k where the value is their mean. One per objective.

        Raises
        ------
        InvalidValueError
            If a value is not a number; the trial stays as it was.
        TellConflictError
            If the trial has another result.
        StaleTrialError
            If another worker evaluates the trial now.
        TrialNotFoundError
            If there is no such trial.
        """
        number = self._number(trial)
        handle = trial if isinstance(trial, Trial) else None
        attempt = None if handle is None else handle.attempt
        if telling.is_pause(state):
            told = values, constraints, variance
            pausing.pause_by_hand(self._context, number, attempt, told, cost)
            return
        result = telling.make_result(
            len(self.directions),
            values,
            state,
            constraints,
            cost,
            variance=variance,
            what=f"trial {number}",
        )
        if result.state is TrialState.PRUNED:
            pausing.advise_anew(self._context, self.scheduler, number)
        suggested = handle.suggested if handle and handle.setup.define_by_run else None
        telling.tell(self._context, number, attempt, result, suggested)

    def enqueue(
        self, params: Mapping[str, Any], *, user_attrs: Mapping[str, Any] | None = None
    ) -> int:
        """Queue a configuration to be asked before the sampler's; return its number.

        Parameters that are left out are filled in when the trial is asked.

        Raises
        ------
        InvalidConfigError
            If a given value does not belong to the space, or no completion satisfies it.
        """
        proposal = proposal_of(self._context, params, user_attrs, partial=True)
        return self.storage.enqueue(self._context.study_id, [proposal])[0]

    def add_trial(
        self,
        params: Mapping[str, Any],
        values: object = None,
        *,
        state: StateLike | None = None,
        constraints: object = None,
        cost: object = None,
        reports: Mapping[Any, Any] | None = None,
        user_attrs: Mapping[str, Any] | None = None,
        variance: object = None,
    ) -> int:
        """Record a trial that was evaluated elsewhere (a warm start); return its number.

        Takes what :meth:`tell` takes, and intermediate values by step as `reports`.

        Raises
        ------
        InvalidConfigError, InvalidValueError
            If the configuration or the result is not usable; nothing is recorded then.
        """
        result = telling.make_result(
            len(self.directions),
            values,
            state,
            constraints,
            cost,
            reports=reports,
            variance=variance,
        )
        proposal = proposal_of(self._context, params, user_attrs, partial=False)
        return self.storage.add_finished(self._context.study_id, [proposal], [result])[0]

    def invalidate(self, trial: Trial | int, reason: str) -> None:
        """Strike a finished trial out: it counts for nothing, and the audit log says why.

        Raises
        ------
        TrialNotFoundError, StudyError
            If there is no such trial, or it is not finished.
        """
        number = self._number(trial)
        reason = checks.text("reason", reason)
        self.storage.invalidate(self._context.study_id, number, reason, user_name())

    @property
    def audit_log(self) -> list[Mapping[str, Any]]:
        """Who struck out which trial, when and why."""
        return self.storage.audit_log(self._context.study_id)

    # -- optimize -----------------------------------------------------------------------------
    def optimize(
        self,
        objective: Objective,
        n_trials: int | None = None,
        timeout: float | None = None,
        n_jobs: int = 1,
        *,
        max_cost: float | None = None,
        callbacks: Sequence[Callable[[Study, TrialRecord], Any]] = (),
        catch: type[Exception] | tuple[type[Exception], ...] = (),
        progress: bool | None = None,
        trial_timeout: float | None = None,
        threads: bool = False,
        stop: StopRule | None = None,
    ) -> None:
        """Evaluate `objective` on trial after trial until a budget is used up.

        Parameters
        ----------
        objective : callable
            Takes a :class:`Trial`, returns its value (or one per objective). It may raise
            :class:`TrialPruned`. With `n_jobs` > 1 it is sent to worker processes, so lambdas and
            closures work, and no ``if __name__ == "__main__"`` is needed.
        n_trials : int, optional
            The budget of the *study*: stop when so many trials are finished, earlier runs and other
            workers included. A study that has them already does nothing. When only trials of other
            workers are left, wait for them as long as one of them gives a sign of life within
            ``lease_s``, and run those again whose worker vanished. Trials that wait for others
            under a scheduler are decided without them then; end a call by `timeout` or `stop` to
            leave them waiting.
        timeout : float, optional
            Seconds after which this call begins no further trial.
        max_cost : float, optional
            What the trials of the *study* may cost in all, in the unit that costs are told in
            (seconds, where they are measured): no trial begins once that is spent, earlier runs,
            paused trials and other workers included. One that is being evaluated counts as a
            typical one, so the last trials may exceed it by what they cost more. A ``GPSampler``
            and the default sampler look for gains per cost then, see ``GPSampler.cost``.
        n_jobs : int
            How many trials at once; processes, or threads with ``threads=True``.
            -1: as many as there are processor cores.
        callbacks : sequence of callable
            Called with (study, record) after each trial; ``study.stop()`` ends the call.
        catch : exception type or tuple of them
            Exceptions of the objective that fail the trial without ending the call.
        progress : bool, optional
            Show a progress bar; by default only on a terminal.
        trial_timeout : float, optional
            Seconds that one trial may take. It runs in a process of its own then, which is killed.
        threads : bool
            Use threads instead of processes; a time limit per trial is not possible then.
        stop : callable, optional
            Takes the history before each new trial and returns why none is worth its cost any
            more, or "" : :class:`bayesopt.StopWhenIdle`, or a function of your own.

        Raises
        ------
        Exception
            Whatever the objective raised and `catch` does not name, after the trial is recorded
            as failed. Ctrl-C puts running trials back in the queue first.
        """
        self._optimization = Optimization(
            self._context,
            self._strategy,
            StudyPort(self._context, self.scheduler),
            objective,
            n_trials=n_trials,
            timeout=timeout,
            max_cost=max_cost,
            n_jobs=n_jobs,
            callbacks=[
                partial(callback, self) for callback in checks.functions("callbacks", callbacks)
            ],
            catch=catch,
            progress=progress,
            trial_timeout=trial_timeout,
            threads=threads,
            stop=stop,
        )
        self._optimization.run()

    def stop(self) -> None:
        """End the running ``optimize`` after the trials that are under way (from a callback)."""
        if self._optimization is None:
            raise StudyError(
                "stop", expected="a running optimize()", remedy="Call it in a callback."
            )
        self._optimization.stop()

    # -- results ------------------------------------------------------------------------------
    @property
    def trials(self) -> list[TrialRecord]:
        """All trials in the order of their numbers, O(trials)."""
        return self.get_trials()

    def get_trials(self, states: Iterable[TrialState] | None = None) -> list[TrialRecord]:
        """Return the trials in one of `states` (all by default), in order.

        Raises InvalidValueError for something that is no state.
        """
        records = self.storage.trials(self._context.study_id)
        wanted = frozenset(TrialState) if states is None else checks.states(states)
        kept = [record for record in records if record.state in wanted]
        return with_user_params(self.space, kept)

    def get_trial(self, number: int) -> TrialRecord:
        """Return one trial. Raises TrialNotFoundError."""
        return get_record(self._context, self._number(number))

    @property
    def best_trial(self) -> TrialRecord:
        """The complete and feasible trial of the best value; see :meth:`best` where that is noisy.

        Raises NoTrialsError, StudyError.
        """
        what = f"best_trial of study {self.name!r}"
        checks.one_objective(len(self.directions), what, "best_trials")
        return self.get_trial(checks.found_best(self.history, what))

    @property
    def best_trials(self) -> list[TrialRecord]:
        """The Pareto front: feasible trials that no other beats in every objective."""
        front = self.history.pareto()
        records = self.storage.trials(self._context.study_id, front.tolist())
        return with_user_params(self.space, records)

    def close(self) -> None:
        """Stop renewing leases and release the storage's files; calling again is fine."""
        if self._context.leases is not None:
            self._context.leases.close()
        self.storage.close()

    @property
    def _strategy(self) -> asking.Strategy:
        breeding.watch(self._context, self.scheduler)
        return asking.Strategy(self.sampler, self.scheduler)

    def _trial(self, setup: TrialSetup) -> Trial:
        return Trial(setup, StudyPort(self._context, self.scheduler))

    def _number(self, trial: object) -> int:
        """Return the number of a trial of this study. Raises InvalidValueError, StudyError."""
        if isinstance(trial, TrialRecord):
            return trial.number
        if not isinstance(trial, Trial):
            return checks.integer("trial: a Trial or its number", trial, at_least=-math.inf)
        if trial.setup.study_key != self._context.key:
            raise StudyError(
                f"trial {trial.number}",
                expected=f"a trial of study {self.name!r}",
                got="one of another study",
                remedy="Tell it to the study that it was asked from.",
            )
        return trial.number
