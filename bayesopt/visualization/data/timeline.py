"""When trials ran, and on which of the parallel tracks."""

from __future__ import annotations

import heapq
import time
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bayesopt.trial import TrialState
from bayesopt.visualization.data.thinning import MOST_BARS, evenly
from bayesopt.visualization.snapshot import Snapshot, StudyLike, no_trials, take

F = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Timeline:
    """The trials by the time at which they ran.

    Attributes
    ----------
    numbers : int64 [k]
    starts, ends : float64 [k]
        Seconds since the epoch; a running trial ends now.
    tracks : int64 [k]
        Trials that overlap are on different tracks, as few as will do.
    states : int8 [k]
    n : int
        Trials with a start, of which those here are drawn.
    """

    numbers: Numbers
    starts: F
    ends: F
    tracks: Numbers
    states: npt.NDArray[np.int8]
    n: int


def timeline(study: StudyLike | Snapshot, now: float | None = None) -> Timeline:
    """Return when each trial ran (its last attempt); O(n log n).

    Raises NoTrialsError if no trial has begun.
    """
    shot = take(study)
    starts = np.array([record.started_at for record in shot.records], dtype=np.float64)
    ends = np.array([record.finished_at for record in shot.records], dtype=np.float64)
    running = shot.states == TrialState.RUNNING
    moment = time.time() if now is None else now
    ends = np.where(running & np.isnan(ends), np.fmax(starts, moment), ends)
    numbers = np.flatnonzero(np.isfinite(starts) & np.isfinite(ends) & (ends >= starts))
    if not numbers.size:
        raise no_trials("timeline", "a trial that has begun", f"{shot.n} trials, none of them")
    tracks = parallel_tracks(starts[numbers], ends[numbers])
    few = evenly(len(numbers), MOST_BARS)
    shown = numbers[few]
    return Timeline(
        shown, starts[shown], ends[shown], tracks[few], shot.states[shown], len(numbers)
    )


def parallel_tracks(starts: F, ends: F) -> Numbers:
    """Return a track [n] for each interval, so that those of one track do not overlap.

    As few tracks as intervals ever run at once (greedy by start; each takes the lowest free one).
    """
    tracks = np.zeros(len(starts), dtype=np.int64)
    busy: list[tuple[float, int]] = []
    free: list[int] = []
    for i in np.lexsort((ends, starts)).tolist():
        while busy and busy[0][0] <= starts[i]:
            heapq.heappush(free, heapq.heappop(busy)[1])
        tracks[i] = heapq.heappop(free) if free else len(busy)
        heapq.heappush(busy, (float(ends[i]), int(tracks[i])))
    return tracks
