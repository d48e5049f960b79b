"""Under which conditions parameters exist, read off the trials of an Optuna study.

Optuna's objectives declare parameters as they go, so a study does not say what ``if`` a parameter
stands behind. Its trials do: one that is there beside some values of a choice and never beside the
others exists under that condition. Models learn far more from a branch that they know to be one.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import TypeAlias

from optuna.distributions import BaseDistribution, CategoricalDistribution, IntDistribution

from bayesopt.space import Categorical, Int, Parameter

Value: TypeAlias = float | int
Terms: TypeAlias = dict[str, list[Value]]

_MOST_VALUES = 64  # of a parameter that others may depend on
_MOST_TERMS = 3
_CLEAR = 2  # trials that a term must account for, where no single one accounts for all


@dataclass
class _Beside:
    """What was there beside one value of a parameter.

    Attributes
    ----------
    n : int
        Complete trials with the value.
    complete, ended : Counter of str
        How many of them had a parameter; the same of all trials that ended, cut short or not.
    """

    n: int = 0
    complete: Counter[str] = field(default_factory=Counter)
    ended: Counter[str] = field(default_factory=Counter)


class Presence:
    """Counts of which parameters trials had, beside which values of others.

    The counts are sums over trials, so the conditions do not depend on the order in which trials
    came to be known.
    """

    def __init__(self) -> None:
        self._n = 0
        self._had: Counter[str] = Counter()  # in complete trials
        self._ended: Counter[str] = Counter()
        self._before: Counter[tuple[str, str]] = Counter()
        self._beside: defaultdict[str, dict[Value, _Beside]] = defaultdict(dict)
        self._waiting: list[tuple[Mapping[str, Value], frozenset[str], bool]] = []

    def add(
        self,
        labels: Mapping[str, Value],
        distributions: Mapping[str, BaseDistribution],
        *,
        is_complete: bool,
    ) -> None:
        """Count a trial that ended: its labels in the order in which they were suggested.

        One that is not complete may have ended before it asked for all of its parameters.
        """
        parents = frozenset(name for name in labels if _may_be_parent(distributions[name]))
        self._waiting.append((labels, parents, is_complete))
        if is_complete:
            self._n += 1
            self._had.update(labels.keys())

    def conditions(self, parameters: Mapping[str, Parameter]) -> dict[str, Terms]:
        """Return the condition of each parameter that has one; O(d²), and O(d²) per new trial."""
        partial = [name for name in parameters if 0 < self._had[name] < self._n]
        if not partial:
            return {}
        self._count_waiting()
        found = ((name, self._terms(name, parameters)) for name in partial)
        return {name: terms for name, terms in found if terms}

    def _count_waiting(self) -> None:
        """Count what was put off: most studies have no conditions, and need no counts."""
        for labels, parents, is_complete in self._waiting:
            self._ended.update(labels.keys())
            self._before.update(pair for pair in combinations(labels, 2) if pair[0] in parents)
            for name in parents:
                beside = self._beside[name].setdefault(labels[name], _Beside())
                beside.ended.update(labels.keys())
                if is_complete:
                    beside.n += 1
                    beside.complete.update(labels.keys())
        self._waiting.clear()

    def _terms(self, name: str, parameters: Mapping[str, Parameter]) -> Terms:
        """Return the condition of a parameter, as far as one or a few others account for it."""
        n_lacking = self._n - self._had[name]
        candidates = sorted(
            (wrong, parent, allowed)
            for parent in self._parents(name, parameters)
            for allowed, wrong in [self._allowed(parent, name)]
            if wrong < n_lacking
        )
        if not candidates or candidates[0][0] == 0:
            return self._first_exact(candidates, parameters)
        clear = [each for each in candidates if n_lacking - each[0] >= _CLEAR]
        return {
            parent: _rest_of(parameters[parent], allowed, self._beside[parent])
            for _, parent, allowed in clear[:_MOST_TERMS]
        }

    def _first_exact(
        self,
        candidates: Sequence[tuple[int, str, list[Value]]],
        parameters: Mapping[str, Parameter],
    ) -> Terms:
        """Return the term that accounts for every trial; of several the one suggested first."""
        exact = [each for each in candidates if each[0] == 0]
        if not exact:
            return {}
        _, parent, allowed = min(exact, key=lambda each: (self._rank(each[1], exact), each[1]))
        return {parent: _rest_of(parameters[parent], allowed, self._beside[parent])}

    def _rank(self, parent: str, others: Iterable[tuple[int, str, list[Value]]]) -> int:
        """Return how many of the others are suggested before a parameter."""
        return sum(self._before[other, parent] > 0 for _, other, _ in others)

    def _parents(self, name: str, parameters: Mapping[str, Parameter]) -> Iterator[str]:
        """Yield the parameters that every trial with `name` had before it."""
        for parent in self._beside:
            is_few = parent in parameters and _is_enumerable(parameters[parent])
            if is_few and self._before[parent, name] == self._ended[name]:
                yield parent

    def _allowed(self, parent: str, name: str) -> tuple[list[Value], int]:
        """Return the values beside which `name` was there, and how many trials lack it there."""
        beside = self._beside[parent]
        allowed = sorted(value for value, each in beside.items() if each.ended[name])
        return allowed, sum(beside[value].n - beside[value].complete[name] for value in allowed)


def _may_be_parent(distribution: BaseDistribution) -> bool:
    if isinstance(distribution, CategoricalDistribution):
        return len(distribution.choices) <= _MOST_VALUES
    if not isinstance(distribution, IntDistribution):
        return False
    return (distribution.high - distribution.low) // distribution.step < _MOST_VALUES


def _is_enumerable(parameter: Parameter) -> bool:
    return isinstance(parameter, Categorical | Int) and parameter.n_values <= _MOST_VALUES


def _rest_of(
    parameter: Parameter, allowed: list[Value], beside: Mapping[Value, _Beside]
) -> list[Value]:
    """Return the allowed values; of integers above (or below) all others, those between as well.

    A loop over layers has its third parameter with three layers and more, tried or not.
    """
    others = [value for value in beside if value not in allowed]
    if not isinstance(parameter, Int) or not others:
        return allowed
    values = range(int(parameter.low), int(parameter.high) + 1, int(parameter.step or 1))
    if min(allowed) > max(others):
        return [value for value in values if value >= min(allowed)]
    if max(allowed) < min(others):
        return [value for value in values if value <= max(allowed)]
    return allowed
