"""What an executor is, and what comes out of one evaluation."""

from __future__ import annotations

import math
import os
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from bayesopt.active import Trial, TrialSetup
from bayesopt.errors import ExecutionError, InvalidValueError, TrialPruned, short_repr
from bayesopt.results import coerce_values
from bayesopt.space import Parameter

Objective = Callable[[Trial], Any]
Status = Literal["value", "pruned", "invalid", "error", "timeout", "lost"]

LONGEST_WAIT_S = 1.0
"""Per call of the system; longer waits are repeated. A signal that comes just before such a call
does not end it: Ctrl-C is heeded when Python is back."""

_MAX_ERROR_CHARS = 20_000


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one evaluation ended.

    Attributes
    ----------
    number, attempt : int
        Which trial, and which attempt at it.
    status : str
        ``"value"`` (`values` holds one float per objective, NaN and infinities included),
        ``"pruned"`` (the objective raised TrialPruned), ``"invalid"`` (it returned something that
        is no value), ``"error"`` (it raised), ``"timeout"`` (its process was killed at the time
        limit) or ``"lost"`` (its process died by itself or was killed by somebody else).
    constraints, cost, variances
        What the objective set on its trial.
    suggested : mapping
        Define-by-run: name → (distribution, value), in the order suggested.
    error : str
        For people: a traceback, or what went wrong; empty for values.
    exception : BaseException or None
        What the objective raised, or what stands for it; None where it could not be carried
        over from a worker process (`error` always can).
    duration_s : float
        Seconds from the start of the objective to its end (to its death, if it was killed).
    """

    number: int
    attempt: int
    status: Status
    values: tuple[float, ...] | None = None
    constraints: Mapping[str, float] = field(default_factory=dict)
    cost: float | None = None
    suggested: Mapping[str, tuple[Parameter, Any]] = field(default_factory=dict)
    error: str = ""
    exception: BaseException | None = None
    duration_s: float = 0.0
    variances: tuple[float, ...] | None = None


class Executor(Protocol):
    """Evaluates objectives; made with a ``TrialPort`` that serves the running trials' calls.

    All methods belong to one thread, the one that also asks and tells: calls of running trials
    (``report``, ``should_prune``, ``set_user_attr``) are served on it, inside :meth:`wait`
    (the serial executor: straight from the objective, which runs inside :meth:`wait`).
    """

    @property
    def n_workers(self) -> int:
        """How many trials may run at once."""

    @property
    def n_free(self) -> int:
        """How many more trials may be submitted now."""

    @property
    def running(self) -> list[int]:
        """Numbers of the trials submitted and not yet returned by :meth:`wait`."""

    def submit(self, fn: Objective, setup: TrialSetup) -> None:
        """Start evaluating ``fn(trial)``; returns at once.

        Raises
        ------
        ExecutionError
            If nothing is free, the executor is closed, or the objective cannot be sent to a
            worker process.
        """

    def wait(self, timeout_s: float | None = None) -> list[Outcome]:
        """Serve running trials until at least one ended, and return those that did.

        Returns an empty list when nothing is running, or when `timeout_s` passed first.
        """

    def close(self) -> list[int]:
        """Stop everything now; return the numbers of the trials that were still running.

        Calling again is fine and returns an empty list.
        """


def evaluate(
    fn: Objective, trial: Trial, lets_through: tuple[type[BaseException], ...] = ()
) -> Outcome:
    """Run the objective and describe how it ended; raises only what `lets_through` names.

    SystemExit and its like count as errors: a training script that calls ``sys.exit`` ends its
    trial, not the study.
    """
    start = time.perf_counter()
    try:
        returned = fn(trial)
    except lets_through:
        raise
    except TrialPruned as pruned:
        return _ended(trial, start, "pruned", error=str(pruned), exception=pruned)
    except BaseException as error:
        text = traceback_text(error)
        return _ended(trial, start, "error", error=text, exception=_tamed(error, trial))
    try:
        values = coerce_values(
            returned, trial.setup.n_objectives, what="what the objective returned"
        )
    except InvalidValueError as error:
        return _ended(trial, start, "invalid", error=str(error), exception=error)
    return _ended(trial, start, "value", values=values)


def _tamed(error: BaseException, trial: Trial) -> Exception:
    """Return an exception that a study may raise without ending the program by accident."""
    if isinstance(error, Exception):
        return error
    tamed = ExecutionError(
        f"the objective of trial {trial.number}",
        expected="a value or an exception",
        got=short_repr(error),
        remedy="Return from the objective where it calls sys.exit().",
    )
    tamed.__cause__ = error
    return tamed


def _ended(trial: Trial, start: float, status: Status, **facts: Any) -> Outcome:
    return Outcome(
        trial.number,
        trial.attempt,
        status,
        constraints=trial.constraints,
        cost=trial.cost,
        variances=trial.variances,
        suggested=dict(trial.suggested),
        duration_s=time.perf_counter() - start,
        **facts,
    )


def traceback_text(error: BaseException) -> str:
    """Return the traceback below the calling frame, cut in the middle when it is very long."""
    inner = error.__traceback__.tb_next if error.__traceback__ else None
    text = "".join(traceback.format_exception(type(error), error, inner))
    if len(text) <= _MAX_ERROR_CHARS:
        return text
    half = _MAX_ERROR_CHARS // 2
    return f"{text[:half]}\n… {len(text) - 2 * half} characters left out …\n{text[-half:]}"


def time_limit(limit_s: float | None) -> float | None:
    """Return a time limit with an infinite one as None."""
    return None if limit_s == math.inf else limit_s


def available_cpus() -> int:
    """Return how many CPU cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
