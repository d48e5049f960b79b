"""Who breeds: the trials that an evolutionary search goes on with, the fittest first."""

from __future__ import annotations

import itertools
import math

import numpy as np
import numpy.typing as npt

from bayesopt.history import History
from bayesopt.samplers.order import FEASIBLE, order_columns

F = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]


def fittest(
    history: History, size: int, by_reference: bool, among: Numbers | None = None
) -> Numbers:
    """Return the numbers of the `size` best trials (`among` some), the best first.

    Feasible complete ones come first: by value or, of several objectives, front by front (see
    `select_among_fronts`); then pruned ones by how far they got, then those that violate least.
    O(n log n).
    """
    numbers, group, first, second = order_columns(history)
    if among is not None:
        some = np.isin(numbers, among)
        numbers, group, first, second = numbers[some], group[some], first[some], second[some]
    if history.n_objectives == 1:
        return numbers[np.lexsort((numbers, second, first, group))[:size]]
    clean = group == FEASIBLE
    picked = select_among_fronts(history.values[numbers[clean]], size, by_reference)
    best, rest = numbers[clean][picked], np.flatnonzero(~clean)
    order = np.lexsort((numbers[rest], second[rest], first[rest], group[rest]))
    return np.concatenate([best, numbers[rest[order]]])[:size]


def youngest(history: History, size: int) -> Numbers:
    """Return the numbers of the `size` latest trials that can breed, the best first.

    Old age, not a bad value, removes a trial: who was lucky once cannot stay (Real et al., AAAI
    2019).
    """
    numbers, group, first, second = order_columns(history)
    latest = np.sort(numbers)[-size:]
    young = np.isin(numbers, latest)
    numbers, group, first, second = numbers[young], group[young], first[young], second[young]
    if history.n_objectives > 1:
        first = _with_front_numbers(history.values[numbers], group == FEASIBLE, first)
    return numbers[np.lexsort((numbers, second, first, group))]


def _with_front_numbers(Y: F, clean: npt.NDArray[np.bool_], first: F) -> F:
    place = first.copy()
    place[clean] = _front_numbers(Y[clean], len(Y))
    return place


def select_among_fronts(Y: F, size: int, by_reference: bool) -> Numbers:
    """Return up to `size` rows of Y [n, m], all minimised, fronts in order.

    Of the front that does not fit as a whole those stay that are least crowded (NSGA-II; Deb et
    al., 2002) or, `by_reference`, those that are closest to directions which nobody stands for yet
    (NSGA-III; Deb and Jain, 2014). Within a front the least crowded come first.
    """
    front = _front_numbers(Y, size)
    chosen: list[Numbers] = []
    for k in range(int(front[np.isfinite(front)].max(initial=-1)) + 1):
        members = np.flatnonzero(front == k)
        members = members[np.argsort(-crowding(Y[members]), kind="stable")]
        missing = size - sum(map(len, chosen))
        if len(members) > missing and by_reference:
            before = np.concatenate([*chosen, np.empty(0, dtype=np.int64)])
            members = members[niche(Y[before], Y[members], missing)]
        chosen.append(members[:missing])
    return np.concatenate([*chosen, np.empty(0, dtype=np.int64)])


def _front_numbers(Y: F, enough: int) -> F:
    """Return the front of each row of Y [n, m], from 0; inf once `enough` rows have one."""
    from bayesopt._kernels.pareto import non_dominated

    numbers, left = np.full(len(Y), np.inf), np.arange(len(Y))
    for k in itertools.count():
        if not left.size or np.isfinite(numbers).sum() >= enough:
            return numbers
        on_front = non_dominated(np.ascontiguousarray(Y[left]))
        numbers[left[on_front]] = k
        left = left[~on_front]
    raise AssertionError  # count() has no end


def crowding(Y: F) -> F:
    """Return the crowding distance of each row of a front Y [k, m]; inf at the ends."""
    distance = np.zeros(len(Y))
    for values in _unit_scaled(Y).T:
        order = np.argsort(values, kind="stable")
        gaps = np.full(len(Y), np.inf)
        gaps[order[1:-1]] = values[order[2:]] - values[order[:-2]]
        distance += gaps
    return distance


def niche(before: F, front: F, size: int) -> Numbers:
    """Return `size` rows of a front [k, m] that stand for directions left out so far.

    `before` [r, m] are the rows that stay in any case.
    """
    Y = _unit_scaled(np.concatenate([before, front]))
    direction, distance = _nearest(Y, reference_directions(Y.shape[1], len(before) + size))
    n_before = len(before)
    n_stands = np.bincount(direction[:n_before], minlength=direction.max() + 1)
    direction, distance = direction[n_before:], distance[n_before:]
    free, chosen = np.ones(len(front), dtype=np.bool_), []
    for _ in range(size):
        load = np.where(free, n_stands[direction], np.iinfo(np.int64).max)
        best = np.lexsort((distance, load))[0]
        free[best] = False
        n_stands[direction[best]] += 1
        chosen.append(best)
    return np.array(chosen, dtype=np.int64)


def _nearest(Y: F, directions: F) -> tuple[Numbers, F]:
    """Return the direction nearest to each row of Y [n, m], and its perpendicular distance."""
    unit = directions / np.linalg.norm(directions, axis=1, keepdims=True)
    along = Y @ unit.T
    squared = np.maximum((Y**2).sum(axis=1)[:, None] - along**2, 0.0)
    nearest = np.argmin(squared, axis=1)
    return nearest, np.sqrt(squared[np.arange(len(Y)), nearest])


def reference_directions(m: int, n: int) -> F:
    """Return about `n` even directions in m objectives, [k, m], each with the sum 1 (Das, Dennis).

    They are all vectors of multiples of 1/p, with the largest p that gives no more than `n`.
    """
    p = 1
    while math.comb(p + m, m - 1) <= n:
        p += 1
    bars = np.array(list(itertools.combinations(range(p + m - 1), m - 1))).reshape(-1, m - 1)
    edges = np.concatenate(
        [np.full((len(bars), 1), -1), bars, np.full((len(bars), 1), p + m - 1)], axis=1
    )
    return (np.diff(edges, axis=1) - 1) / p


def _unit_scaled(Y: F) -> F:
    """Return Y [n, m] with each column from 0 to 1; infinities become the ends."""
    finite = np.clip(Y, -1e150, 1e150)
    low = finite.min(axis=0, initial=np.inf)
    span = finite.max(axis=0, initial=-np.inf) - low
    return np.asarray((finite - low) / np.where(span > 0, span, 1.0))
