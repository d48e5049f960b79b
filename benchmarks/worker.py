"""A process that plays runs: a JSON job a line on stdin, JSON messages on stdout.

Every step is a message, so that what a run found is known even if its process dies. Messages are
``["problem", kind, best, d]``, ``["made", make_s, version]``, then of each evaluation ``["step",
loss, told, ask_s, tell_s, evaluate_s]`` (`loss` without the noise of what was told; both null if it
failed) and, last, ``["end", status, text]``. What tools print goes to stderr.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import json
import math
import os
import signal
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any

from bayesopt.errors import SpaceExhausted
from benchmarks.contestants.base import Config, Contestant, UnsupportedSpace, penalty
from benchmarks.problems.base import Problem
from benchmarks.run_plan import Job, entries, find_entry

Send = Callable[..., None]


def play(job: Job, send: Send) -> tuple[str, str]:
    """Play one run; return its status and a text that explains it.

    "done"; "exhausted": the contestant has nothing left to ask; "timeout"; "crashed": it raised;
    "unsupported": it cannot express the space; "missing contestant", "missing problem": the tool or
    the data is not there.
    """
    registry = importlib.import_module(job.problems)
    try:
        problem = registry.load(job.problem, job.data)
    except (ImportError, registry.MissingData) as error:
        return "missing problem", said(error)
    send("problem", problem.kind, problem.best_loss, problem.space.d)
    try:
        return _contest(job, problem, send)
    except UnsupportedSpace as error:
        return "unsupported", said(error)
    except Exception as error:
        return "crashed", said(error)


def _contest(job: Job, problem: Problem, send: Send) -> tuple[str, str]:
    start = time.perf_counter()
    entry = find_entry(job.contestant, entries(job.contestants))
    try:
        contestant = entry.make(problem.space, job.seed, job.budget)
    except ImportError as error:
        return "missing contestant", said(error)
    send("made", _rounded(time.perf_counter() - start), str(entry.version()))
    errors: list[str] = []
    losses: list[float] = []
    for _ in range(job.budget):
        if time.perf_counter() - start > job.time_limit_s:
            return "timeout", f"after {len(losses)} evaluations"
        try:
            step(problem, contestant, job.seed, losses, errors, send)
        except SpaceExhausted as error:
            return "exhausted", said(error)
    return "done", errors[0] if errors else ""


def step(
    problem: Problem,
    contestant: Contestant,
    seed: int,
    losses: list[float],
    errors: list[str],
    send: Send,
) -> None:
    """Ask, evaluate, tell; adds what is told to `losses` (NaN if it failed), and to `errors`."""
    began = time.perf_counter()
    config = contestant.ask()
    asked = time.perf_counter()
    told, judged = evaluate(problem, config, seed, errors)
    failed = not math.isfinite(told)
    loss = penalty([value for value in losses if value == value]) if failed else told
    evaluated = time.perf_counter()
    contestant.tell(config, loss, failed)
    ended = time.perf_counter()
    losses.append(math.nan if failed else told)
    # A tool behind a pipe knows better how long it took itself.
    ask_s = getattr(contestant, "ask_s", asked - began)
    tell_s = getattr(contestant, "tell_s", ended - evaluated)
    found = (None, None) if failed else (judged, told)
    send("step", *found, *map(_rounded, (ask_s, tell_s, evaluated - asked)))


def evaluate(problem: Problem, config: Config, seed: int, errors: list[str]) -> tuple[float, float]:
    """Return the loss to tell and the one that judges; NaN if the evaluation failed or raised."""
    try:
        told, judged = problem.losses(config, seed=seed)
    except Exception as error:
        errors.append(f"evaluation: {said(error)}")
        return math.nan, math.nan
    return float(told), float(judged)


def said(error: BaseException) -> str:
    """Return an error as one line without this machine's folders."""
    text = " ".join(f"{type(error).__name__}: {error}".split())
    for folder in (os.getcwd(), os.path.expanduser("~"), sys.prefix):
        text = text.replace(folder, "…")
    return text if len(text) <= 500 else f"{text[:100]} … {text[-390:]}"


def _rounded(seconds: float) -> float:
    return round(seconds, 6)


def private_stdout() -> Any:
    """Return stdout for messages, and send whatever else is printed to stderr."""
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return channel


def die_with_parent() -> None:
    """Have Linux end this process when its runner dies, whatever a tool is doing just then."""
    with contextlib.suppress(AttributeError, OSError):  # elsewhere the next message finds it out
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def main() -> None:
    """Play the jobs that come in until there are no more."""
    die_with_parent()
    channel = private_stdout()
    warnings.simplefilter("ignore")

    def send(*message: object) -> None:
        channel.write(json.dumps(message) + "\n")
        channel.flush()

    for line in sys.stdin:
        send("end", *play(Job(**json.loads(line)), send))
        gc.collect()


if __name__ == "__main__":
    main()
