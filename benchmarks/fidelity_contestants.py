"""Who plays on the simulated clock: our schedulers with our samplers, Optuna's, Syne Tune's."""

from __future__ import annotations

import datetime as dt
import weakref
from collections.abc import Callable
from typing import Any

import bayesopt as bo
from benchmarks.contestants.flat import Number, Parameter, to_json
from benchmarks.contestants.remote import POOL
from benchmarks.contestants.tools.suggesting import suggest
from benchmarks.contestants.translate import config_of, describe
from benchmarks.peers import environments
from benchmarks.simulation import Contestant, Job

_ROUNDING = 1e-9
_N_TOLD = 100  # trials that a tool is told of which plans its start by their number

Make = Callable[[bo.Space, tuple[float, float], int], Contestant]
"""(space, (step of the first rung, step of a whole training), seed)"""


class Ours:
    """A study by ask, report and tell; a paused training goes on where it stood."""

    def __init__(self, space: bo.Space, sampler: Any, scheduler: Any, seed: int) -> None:
        self._study = bo.create_study(space, sampler=sampler, scheduler=scheduler, seed=seed)
        self._done: dict[int, int] = {}

    def begin(self) -> Job:
        """Ask for a trial."""
        trial = self._study.ask()
        return Job(trial.number, trial.params, self._done.get(trial.number, 0), trial)

    def goes_on(self, job: Job, loss: float, step: float) -> bool:
        """Report, and end the trial as advised."""
        trial = job.trial
        trial.report(loss, step)
        if not trial.should_prune():
            return True
        self._done[job.key] = job.n_done
        self._study.tell(trial, state="pruned")
        return False

    def finish(self, job: Job, loss: float) -> None:
        """Tell the loss."""
        self._study.tell(job.trial, loss)


class Optuna:
    """A study of Optuna's by ask, report and tell."""

    def __init__(self, space: bo.Space, sampler: Any, pruner: Any) -> None:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self._pruned = optuna.trial.TrialState.PRUNED
        self._space, self._flat = space, describe(space)
        self._study = optuna.create_study(sampler=sampler, pruner=pruner)

    def begin(self) -> Job:
        """Ask for a trial."""
        trial = self._study.ask()
        return Job(trial.number, config_of(self._space, suggest(trial, self._flat))[0], 0, trial)

    def goes_on(self, job: Job, loss: float, step: float) -> bool:
        """Report, and end the trial as advised."""
        trial = job.trial
        trial.report(loss, int(step))
        if not trial.should_prune():
            return True
        self._study.tell(trial, state=self._pruned)
        return False

    def finish(self, job: Job, loss: float) -> None:
        """Tell the loss."""
        self._study.tell(job.trial, loss)


class SyneTune:
    """A scheduler of Syne Tune's: it suggests, hears of every step, and says whether to go on.

    Conditions are unknown to it: it sets all parameters, and those that do not exist are left out.
    """

    def __init__(self, space: bo.Space, scheduler: str, steps: tuple[float, float], seed: int):
        from syne_tune.optimizer import baselines

        self._space, self._whole, self._n = space, steps[1], 0
        self._scheduler = getattr(baselines, scheduler)(
            {parameter.name: _syne_tune_domain(parameter) for parameter in describe(space)},
            metric="loss",
            time_attr="step",
            max_t=int(steps[1]),
            grace_period=int(steps[0]),
            random_seed=seed,
        )

    def begin(self) -> Job:
        """Take a suggestion."""
        from syne_tune.backend.trial_status import Trial

        values = self._scheduler.suggest().config
        trial = Trial(self._n, values, dt.datetime.now())
        self._n += 1
        self._scheduler.on_trial_add(trial)
        return Job(trial.trial_id, config_of(self._space, values)[0], 0, trial)

    def goes_on(self, job: Job, loss: float, step: float) -> bool:
        """Report; the end of a whole training is told by `finish`."""
        if step >= self._whole:
            return True
        told = {"loss": loss, "step": int(step)}
        return bool(self._scheduler.on_trial_result(job.trial, told) == "CONTINUE")

    def finish(self, job: Job, loss: float) -> None:
        """Tell the loss."""
        self._scheduler.on_trial_complete(job.trial, {"loss": loss, "step": int(self._whole)})


class Remote:
    """A tool in its own environment that says which configuration is trained up to which step.

    A configuration that it asks for again, with a higher step, goes on where it stood.
    """

    def __init__(
        self, space: bo.Space, tool: str, environment: str, steps: tuple[float, float], seed: int
    ) -> None:
        self._space, self._whole = space, steps[1]
        self._done: dict[int, int] = {}
        self._link = POOL.take(tuple(environments.server_command(environment)))
        weakref.finalize(self, POOL.give_back, self._link)
        told = {"tool": tool, "space": to_json(describe(space)), "seed": seed, "budget": _N_TOLD}
        self._link.call(do="start", steps=steps, **told)

    def begin(self) -> Job:
        """Take an order; the job's trial is the step up to which it is trained."""
        order = self._link.call(do="begin")
        config = config_of(self._space, order["values"])[0]
        return Job(order["key"], config, self._done.get(order["key"], 0), order["step"])

    def goes_on(self, job: Job, loss: float, step: float) -> bool:
        """Train up to the step of the order; the end of a whole training is told by `finish`."""
        if step < min(job.trial, self._whole) * (1.0 - _ROUNDING) or step >= self._whole:
            return True
        self._done[job.key] = job.n_done
        self.finish(job, loss)
        return False

    def finish(self, job: Job, loss: float) -> None:
        """Tell the loss."""
        self._link.call(do="end", key=job.key, loss=loss)


def _syne_tune_domain(parameter: Parameter) -> Any:
    from syne_tune import config_space as of

    if isinstance(parameter, Number):
        low, high = parameter.low, parameter.high
        if parameter.integer:
            return (of.lograndint if parameter.log else of.randint)(int(low), int(high))
        return (of.loguniform if parameter.log else of.uniform)(low, high)
    choices = list(range(parameter.count))
    return of.ordinal(choices, kind="equal") if parameter.ordered else of.choice(choices)


def _syne_tune(scheduler: str) -> Make:
    return lambda space, steps, seed: SyneTune(space, scheduler, steps, seed)


def _ours(sampler: Any, scheduler: Callable[[float, float], Any]) -> Make:
    return lambda space, steps, seed: Ours(space, sampler, scheduler(*steps), seed)


def _optuna(sampler: str, pruner: Callable[[Any, int, int], Any]) -> Make:
    def make(space: bo.Space, steps: tuple[float, float], seed: int) -> Optuna:
        import optuna

        made = getattr(optuna.samplers, sampler)(seed=seed)
        return Optuna(space, made, pruner(optuna.pruners, int(steps[0]), int(steps[1])))

    return make


def _none(first: float, whole: float) -> None:
    return None


def _median(first: float, whole: float) -> Any:
    return bo.MedianScheduler(n_warmup_steps=first)


def _asha(first: float, whole: float) -> Any:
    return bo.ASHAScheduler(first, whole)


def _asha_pause(first: float, whole: float) -> Any:
    return bo.ASHAScheduler(first, whole, mode="pause")


def _asha_level(first: float, whole: float) -> Any:
    return bo.ASHAScheduler(first, whole, learn_from="level")


def _asha_last(first: float, whole: float) -> Any:
    return bo.ASHAScheduler(first, whole, learn_from="last")


def _pasha(first: float, whole: float) -> Any:
    return bo.ASHAScheduler(first, whole, mode="pause", growing=True)


def _halving(first: float, whole: float) -> Any:
    return bo.SuccessiveHalvingScheduler(whole, min_steps=first)


def _hyperband(first: float, whole: float) -> Any:
    return bo.HyperbandScheduler(whole, min_steps=first)


def _hyperband_level(first: float, whole: float) -> Any:
    return bo.HyperbandScheduler(whole, min_steps=first, learn_from="level")


def _hyperband_pruner(of: Any, first: int, whole: int) -> Any:
    return of.HyperbandPruner(min_resource=first, max_resource=whole, reduction_factor=3)


def _median_pruner(of: Any, first: int, whole: int) -> Any:
    return of.MedianPruner(n_warmup_steps=first)


def _no_pruner(of: Any, first: int, whole: int) -> Any:
    return of.NopPruner()


CONTESTANTS: dict[str, Make] = {
    "random": _ours("random", _none),
    "random+median": _ours("random", _median),
    "random+asha": _ours("random", _asha),
    "random+asha-pause": _ours("random", _asha_pause),
    "random+pasha": _ours("random", _pasha),
    "random+halving": _ours("random", _halving),
    "random+hyperband": _ours("random", _hyperband),
    "tpe": _ours("tpe", _none),
    "tpe+median": _ours("tpe", _median),
    "tpe+asha": _ours("tpe", _asha),
    "tpe+asha-pause": _ours("tpe", _asha_pause),
    "tpe+asha-level": _ours("tpe", _asha_level),
    "tpe+asha-last": _ours("tpe", _asha_last),
    "tpe+pasha": _ours("tpe", _pasha),
    "tpe+hyperband": _ours("tpe", _hyperband),
    "tpe+hyperband-level": _ours("tpe", _hyperband_level),
    "gp": _ours("gp", _none),
    "gp+asha": _ours("gp", _asha),
    "gp+asha-pause": _ours("gp", _asha_pause),
    "gp+asha-level": _ours("gp", _asha_level),
    "gp+asha-last": _ours("gp", _asha_last),
    "gp+hyperband": _ours("gp", _hyperband),
    "smac-mf": lambda space, steps, seed: Remote(space, "smac-mf", "smac", steps, seed),
    "syne-asha": _syne_tune("ASHA"),
    "syne-bohb": _syne_tune("BOHB"),
    "syne-bore+asha": _syne_tune("ASHABORE"),
    "syne-cqr+asha": _syne_tune("ASHACQR"),
    "optuna-random+hyperband": _optuna("RandomSampler", _hyperband_pruner),
    "optuna-tpe": _optuna("TPESampler", _no_pruner),
    "optuna-tpe+median": _optuna("TPESampler", _median_pruner),
    "optuna-tpe+hyperband": _optuna("TPESampler", _hyperband_pruner),
}
"""By name: sampler+scheduler. "asha" stops, "asha-pause" promotes; "level": models learn at
the highest rung alone, "last": of last values."""
