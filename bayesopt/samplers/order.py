"""Which trials are good: the best of a history, kept up to date by what changed."""

from __future__ import annotations

import bisect
import math
import sys
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from bayesopt.history import History
from bayesopt.history.fronts import pareto_order
from bayesopt.trial import TrialState

F = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

EVALUATED = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL, TrialState.PAUSED)
"""States of trials that somebody evaluated, whether to the end or in part."""
_UNDER_WAY = (TrialState.RUNNING, TrialState.LOST)
_MOST_NEWS = 64  # changed trials; more are faster read together
_CUT_SHORT = (int(TrialState.PRUNED), int(TrialState.PAUSED))
_COMPLETE = int(TrialState.COMPLETE)
_COUNTS = np.zeros(len(TrialState) + 1, dtype=np.bool_)  # by state; the last is that of UNHEARD
_COUNTS[[int(state) for state in (*EVALUATED, *_UNDER_WAY)]] = True
_IS_EVALUATED = np.zeros_like(_COUNTS)
_IS_EVALUATED[[int(state) for state in EVALUATED]] = True

# Classes of trials, better ones first: of equal class the smaller (first, second) is better.
FEASIBLE, CUT_SHORT, VIOLATING = 0, 1, 2


class Key(NamedTuple):
    """The place of a trial in the order."""

    group: int
    first: float
    second: float
    number: int


class Split(NamedTuple):
    """The trials that the two densities are made from."""

    numbers: Numbers  # good ones, the best first; then the others, ascending
    n_good: int
    weight: F  # of the good ones; their mean is 1


class Ledger:
    """The best trials of one history, and which ones count at all.

    Complete and feasible ones by value (several objectives: as ``pareto_order`` has it), then
    those cut short (pruned or paused) that got farther, then those that violate least. Failed
    trials are never good, nor are those from outside the space. Of trials that are alike in all
    of that the first `n_alike` are kept.

    A change is taken in at O(log kept), unless one of the best is worse than it was, or leaves
    others that it was alike: then, as at first, all trials are looked through.
    """

    def __init__(self, n_kept: int, n_alike: int | None = None) -> None:
        self._n_kept = n_kept
        self._n_alike = n_kept if n_alike is None else n_alike
        self._keys: list[Key] = []
        self._by_number: dict[int, Key] = {}
        self.counting = np.zeros(0, dtype=np.bool_)
        self._version = -1

    def best(self, history: History) -> list[Key]:
        """Return the keys of the best trials, in order."""
        if history.version != self._version:
            self._update(history)
            self._version = history.version
        return self._keys

    def _update(self, history: History) -> None:
        changed = history.changed_since(self._version)
        if self._version < 0 or changed.size > _MOST_NEWS or history.n_objectives > 1:
            self._rebuild(history)
            return
        if history.n > self.counting.size:
            room = np.zeros(2 * history.n - self.counting.size, dtype=np.bool_)
            self.counting = np.concatenate([self.counting, room])
        for number in changed.tolist():
            state = history.state[number]
            self.counting[number] = _COUNTS[state] and history.inside[number]
            if not self._take(number, key_of(history, number)):
                self._rebuild(history)
                return

    def _take(self, number: int, key: Key | None) -> bool:
        """Enter one trial; False if another that is not kept may have its place now."""
        known = self._by_number.get(number)
        if known is not None and known == key:
            return True
        if known is not None:
            first, end = self._alike(known)
            if key is None or key > known or end - first == self._n_alike:
                return False
            self._keys.remove(known)
            del self._by_number[number]
        if key is None or (len(self._keys) == self._n_kept and key > self._keys[-1]):
            return True
        bisect.insort(self._keys, key)
        self._by_number[number] = key
        self._drop_one_too_many(key)
        return True

    def _drop_one_too_many(self, entered: Key) -> None:
        first, end = self._alike(entered)
        if end - first > self._n_alike:
            del self._by_number[self._keys.pop(end - 1).number]
        elif len(self._keys) > self._n_kept:
            del self._by_number[self._keys.pop().number]

    def _alike(self, key: Key) -> tuple[int, int]:
        """Return where the keys that differ from one by the number alone begin and end."""
        first = bisect.bisect_left(self._keys, key._replace(number=-1))
        return first, bisect.bisect_left(self._keys, key._replace(number=sys.maxsize), lo=first)

    def _rebuild(self, history: History) -> None:
        self.counting = _COUNTS[history.state] & history.inside
        numbers, group, first, second = order_columns(history)
        if history.n_objectives > 1:
            first = _with_fronts(history, numbers, group, first, self._n_kept)
        order = np.lexsort((numbers, second, first, group))
        columns = [column[order] for column in (group, first, second, numbers)]
        best = _thinned(columns[:3], self._n_alike)[: self._n_kept]
        self._keys = [Key(*key) for key in zip(*(c[best].tolist() for c in columns), strict=True)]
        self._by_number = {key.number: key for key in self._keys}


def _thinned(columns: list[npt.NDArray[Any]], most: int) -> Numbers:
    """Return which rows of sorted columns [k] are among the first `most` of their equals."""
    place = np.arange(columns[0].size)
    begins = np.ones(place.size, dtype=np.bool_)
    begins[1:] = np.any([column[1:] != column[:-1] for column in columns], axis=0)
    return np.flatnonzero(place - np.maximum.accumulate(np.where(begins, place, 0)) < most)


def key_of(history: History, number: int) -> Key | None:
    """Return the place of one trial, None if it has none (what `order_columns` returns of it)."""
    state = int(history.state[number])
    if state not in (_COMPLETE, *_CUT_SHORT) or not history.inside[number]:
        return None
    if not history.feasible[number]:
        violation = float(_violations(history, np.array([number]))[0])
        return Key(VIOLATING, violation, 0.0, number)
    if state == _COMPLETE:
        return Key(FEASIBLE, float(history.values[number, 0]) + 0.0, 0.0, number)
    step = float(history.last_step[number])
    if math.isnan(step):
        return None
    value = float(history.last_values[number, 0]) + 0.0
    return Key(CUT_SHORT, -step, math.inf if math.isnan(value) else value, number)


def order_columns(history: History) -> tuple[Numbers, Numbers, F, F]:
    """Return numbers, group, first and second of all trials that have a place, [k] each."""
    state, last_step = history.state, history.last_step
    complete, cut_short = state == _COMPLETE, history.is_cut_short
    placed = history.inside & (complete | (cut_short & ~np.isnan(last_step)))
    placed |= history.inside & cut_short & ~history.feasible
    numbers = np.flatnonzero(placed)
    complete, feasible = complete[numbers], history.feasible[numbers]
    group = np.where(feasible, np.where(complete, FEASIBLE, CUT_SHORT), VIOLATING)
    reached = history.last_values[numbers, 0]
    reached = np.where(np.isnan(reached), np.inf, reached)
    first = np.where(complete, history.values[numbers, 0], -last_step[numbers])
    second = np.where(group == CUT_SHORT, reached, 0.0)
    broken = np.flatnonzero(~feasible)
    first[broken] = _violations(history, numbers[broken])
    return numbers, group, first + 0.0, second + 0.0


def _with_fronts(history: History, numbers: Numbers, group: Numbers, first: F, most: int) -> F:
    """Return `first` with the places of the best feasible trials among several objectives."""
    feasible = np.flatnonzero(group == FEASIBLE)
    place = np.full(feasible.size, np.inf)
    best = pareto_order(history.values[numbers[feasible]], most)
    place[best] = np.arange(best.size)
    placed = first.copy()
    placed[feasible] = place
    return placed


def _violations(history: History, numbers: Numbers) -> F:
    """Return by how much trials violate outcome constraints; what was not told counts as inf."""
    told = history.constraints[numbers]
    with np.errstate(over="ignore"):
        shortfall = np.where(np.isnan(told), np.inf, np.maximum(told, 0.0))
        return np.asarray(shortfall.sum(axis=1))


def n_evaluated_inside(history: History) -> int:
    """Return how many evaluated trials belong to the space as it is now."""
    inside = history.inside
    if inside.all():
        return history.count(*EVALUATED)
    return int(np.count_nonzero(inside & _IS_EVALUATED[history.state]))


def split(history: History, ledger: Ledger, n_good: int, most_others: int, gains: bool) -> Split:
    """Return what the densities are made from; `gains` weighs good trials by what they gain.

    Of the others, running ones included, there are about `most_others` at most.
    """
    best, counting = ledger.best(history), ledger.counting
    good = np.array([key.number for key in best[:n_good]], dtype=np.int64)
    weight = _gains(best, good.size) if gains else np.ones(good.size)
    numbers = _spread(history, most_others)
    counting[good] = False
    others = numbers[counting.take(numbers)]
    counting[good] = True
    return Split(np.concatenate([good, others]), good.size, weight)


def _gains(best: list[Key], n_good: int) -> F:
    """Return by how much good trials improve on the best other one; their mean is 1.

    The same for all where that cannot be told.
    """
    if n_good >= len(best) or best[n_good].group != FEASIBLE:
        return np.ones(n_good)
    values = [key.first for key in best[: n_good + 1]]
    largest = max(map(abs, values))
    if not 0.0 < largest < math.inf:
        return np.ones(n_good)
    gain = np.array([values[-1] / largest - value / largest for value in values[:-1]])
    total = float(gain.sum())
    return gain * (n_good / total) if total > 0.0 else np.ones(n_good)


def _spread(history: History, most: int) -> Numbers:
    """Return about `most` trials at most and those under way, ascending.

    Half of them are the latest; the earlier ones are taken at equal distances, a power of two, so
    that nearly the same ones are taken again the next time.
    """
    n_earlier = max(history.n - most // 2, 0)
    stride = 1 << (max(1, -(-2 * n_earlier // most)) - 1).bit_length()
    numbers = np.concatenate([np.arange(0, n_earlier, stride), np.arange(n_earlier, history.n)])
    if stride > 1 and history.count(*_UNDER_WAY):
        numbers = np.union1d(numbers, history.numbers_in(*_UNDER_WAY)[-most:])
    return numbers
