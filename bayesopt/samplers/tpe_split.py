"""Which trials are good: the order of trials, and what of it a density is made from."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bayesopt.history import History

F = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]


class Split(NamedTuple):
    """The trials that densities are made from."""

    numbers: Numbers  # good ones, the best first; then bad ones, ascending
    n_good: int
    weight: F  # of the good ones; their mean is 1


class Limits(NamedTuple):
    """How many trials are good, and how many make a density."""

    fraction: float
    most_good: int
    most_bad: int
    weights: str


def split(history: History, limits: Limits) -> Split:
    """Return the good and the bad trials; O(n)."""
    usable = history.inside & (history.is_finished | history.is_pending)
    ranked = _ranked(history, usable)
    n_good = min(limits.most_good, int(np.ceil(limits.fraction * history.is_finished.sum())))
    n_good = min(n_good, ranked.size)
    good = ranked[:n_good]
    usable[good] = False
    bad = _thinned(np.flatnonzero(usable), limits.most_bad)
    weight = _weights(history, ranked, n_good, limits.weights)
    return Split(np.concatenate([good, bad]), n_good, weight)


def _ranked(history: History, usable: npt.NDArray[np.bool_]) -> Numbers:
    """Return the trials that may be good, the best first."""
    complete = usable & history.is_complete & history.feasible
    numbers = np.flatnonzero(complete)
    return numbers[np.argsort(history.values[numbers, 0], kind="stable")]


def _thinned(numbers: Numbers, most: int) -> Numbers:
    """Return at most that many: half of them the latest, the others evenly among the earlier."""
    if numbers.size <= most:
        return numbers
    recent = numbers[numbers.size - most // 2 :]
    earlier = numbers[: numbers.size - most // 2]
    stride = -(-earlier.size // (most - most // 2))
    return np.concatenate([earlier[::stride], recent])


def _weights(history: History, ranked: Numbers, n_good: int, rule: str) -> F:
    if rule == "uniform" or n_good == 0:
        return np.ones(n_good)
    if rule == "rank":
        weight = np.log(n_good + 0.5) - np.log(np.arange(1, n_good + 1))
        return np.asarray(weight / weight.mean())
    return _gains(history.values[ranked[: n_good + 1], 0], n_good)


def _gains(values: F, n_good: int) -> F:
    """Return by how much good values improve on the best other one; their mean is 1."""
    with np.errstate(all="ignore"):
        scaled = values / np.max(np.abs(values))
        gain = (scaled[-1] - scaled)[:n_good]
        weight = gain / gain.mean()
    return weight if np.isfinite(weight).all() else np.ones(n_good)
