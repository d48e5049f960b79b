"""Workers on a simulated clock: trainings that are looked up take the time that they took.

A training is a curve: after each step there is a loss, and the step took some seconds. A contestant
hands out trainings and says after every step whether one goes on. Nothing waits for real, so a day
of sixteen workers takes seconds; what a contestant itself takes to think is not counted.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

F = NDArray[np.float64]


class Curve(NamedTuple):
    """What training a configuration gives: after step k, reported as `steps[k]`, [n] each."""

    steps: F
    losses: F
    seconds: F  # that the step took


@dataclass
class Job:
    """A training under way: how many of its steps are done, and the contestant's own handle."""

    key: Any
    config: Mapping[str, Any]
    n_done: int = 0
    trial: Any = None


class Contestant(Protocol):
    """Decides what is trained, and how long."""

    def begin(self) -> Job:
        """Return a training to begin, or one to go on with."""

    def goes_on(self, job: Job, loss: float, step: float) -> bool:
        """Take the loss after a step; say whether the training goes on."""

    def finish(self, job: Job, loss: float) -> None:
        """Take the end of a whole training."""


class Trace(NamedTuple):
    """When a loss was seen that was better than all before, [k] each, and what was spent."""

    seconds: F
    losses: F
    n_begun: int
    n_whole: int


def simulate(
    contestant: Contestant,
    curve_of: Callable[[Mapping[str, Any]], Curve],
    n_workers: int,
    horizon_s: float,
) -> Trace:
    """Let workers train until `horizon_s`; the incumbent is the best loss reported at any step."""
    order = itertools.count()  # decides between events of one moment
    events = [(0.0, next(order), None) for _ in range(n_workers)]
    seconds: list[float] = []
    losses = [float("inf")]
    keys: set[Any] = set()
    n_whole = 0
    while events:
        now, _, job = heapq.heappop(events)
        if now > horizon_s:
            break
        if job is not None:
            curve = curve_of(job.config)
            loss, step = float(curve.losses[job.n_done]), float(curve.steps[job.n_done])
            job.n_done += 1
            if loss < losses[-1]:
                seconds.append(now)
                losses.append(loss)
            goes_on = contestant.goes_on(job, loss, step)
            if goes_on and job.n_done == len(curve.steps):
                contestant.finish(job, loss)
                n_whole += 1
                goes_on = False
            job = job if goes_on else None
        if job is None:
            job = contestant.begin()
            keys.add(job.key)
        heapq.heappush(
            events, (now + float(curve_of(job.config).seconds[job.n_done]), next(order), job)
        )
    return Trace(np.array(seconds), np.array(losses[1:]), len(keys), n_whole)


def time_to(trace: Trace, loss: float) -> float:
    """Return when a loss was reached, infinity if never."""
    there = np.flatnonzero(trace.losses <= loss)
    return float(trace.seconds[there[0]]) if there.size else float("inf")
