"""Running objectives: here, on threads, or in worker processes.

The process that owns the study does every ask and every tell; an executor only runs
``objective(trial)`` somewhere and hands back :class:`Outcome` objects. Executors never see a study
or a storage: what a running trial wants of its study goes through a ``TrialPort``.

Worker processes are in :mod:`bayesopt.execution.processes`, which explains their design.
"""

from __future__ import annotations

from bayesopt.active import TrialPort
from bayesopt.errors import ExecutionError
from bayesopt.execution.base import (
    Executor,
    Objective,
    Outcome,
    available_cpus,
    evaluate,
    time_limit,
)

__all__ = [
    "Executor",
    "Objective",
    "Outcome",
    "available_cpus",
    "evaluate",
    "open_executor",
]


def open_executor(
    port: TrialPort,
    n_jobs: int = 1,
    *,
    threads: bool = False,
    trial_timeout_s: float | None = None,
) -> Executor:
    """Return the executor that serves these wishes with the least machinery.

    Parameters
    ----------
    port : TrialPort
        Serves the running trials' calls.
    n_jobs : int
        Trials at once; -1 means one per available core. One job runs in this process, unless it
        has a time limit.
    threads : bool
        Use threads of this process in place of worker processes.
    trial_timeout_s : float or None
        Seconds after which a trial's process is killed; needs processes. None or infinity: never.

    Raises
    ------
    ExecutionError
        If `n_jobs` is neither positive nor -1, or a time limit is asked of threads.
    """
    if type(n_jobs) is not int or not (n_jobs > 0 or n_jobs == -1):
        raise ExecutionError(
            "n_jobs",
            expected="a positive int, or -1 for one per core",
            got=repr(n_jobs),
            remedy="Use n_jobs=1 to run in this process.",
        )
    n_workers = available_cpus() if n_jobs == -1 else n_jobs
    trial_timeout_s = time_limit(trial_timeout_s)
    # Imported here because workers, which import this package too, need none of them.
    if threads:
        from bayesopt.execution.threads import ThreadExecutor

        _refuse_timeout(trial_timeout_s)
        return ThreadExecutor(port, n_workers)
    if n_workers == 1 and trial_timeout_s is None:
        from bayesopt.execution.serial import SerialExecutor

        return SerialExecutor(port)
    from bayesopt.execution.processes import ProcessExecutor

    return ProcessExecutor(port, n_workers, trial_timeout_s=trial_timeout_s)


def _refuse_timeout(trial_timeout_s: float | None) -> None:
    if trial_timeout_s is not None:
        raise ExecutionError(
            "a time limit per trial",
            expected="worker processes, which can be killed",
            got="threads",
            remedy="Leave threads out, or the time limit.",
        )
