"""Under which conditions parameters exist, read off the trials of an Optuna study.

Optuna's objectives declare parameters as they go, so a study does not say what ``if`` a parameter
stands behind. Its trials do: one that is there beside some values of a choice and never beside the
others exists under that condition. Models learn far more from a branch that they know to be one.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from optuna.distributions import BaseDistribution, CategoricalDistribution, IntDistribution

from bayesopt.space import Categorical, Int, Parameter

Value: TypeAlias = float | int
Terms: TypeAlias = dict[str, list[Value]]
Names: TypeAlias = tuple[str, ...]

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
    complete : Counter of str
        How many of them had a parameter.
    ended : set of str
        What any trial with the value had that ended, cut short or not.
    """

    n: int = 0
    complete: Counter[str] = field(default_factory=Counter)
    ended: set[str] = field(default_factory=set)

    def add(self, names: Names, is_complete: bool) -> None:
        """Count a trial that had the parameters `names`."""
        self.ended.update(names)
        if is_complete:
            self.n += 1
            self.complete.update(names)

    def n_lacking(self, name: str) -> int:
        """Return how many complete trials with the value lacked a parameter."""
        return self.n - self.complete[name]


class Presence:
    """Counts of which parameters trials had, beside which values of others.

    The counts are sums over trials, so the conditions do not depend on the order in which trials
    came to be known. They are as many as there are pairs of parameters, however many trials there
    are and however many combinations of parameters these have.
    """

    def __init__(self) -> None:
        self._all = _Beside()
        self._beside: defaultdict[str, dict[Value, _Beside]] = defaultdict(dict)
        self._before: dict[str, tuple[set[str], Names]] = {}
        self._had: set[frozenset[str]] = set()  # by complete trials: two are enough to know
        self._kinds: Counter[tuple[object, ...]] = Counter()
        self._waiting: list[tuple[Mapping[str, Value], frozenset[str], bool]] = []
        self._known: tuple[Mapping[str, Parameter], dict[str, Terms]] | None = None

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
        if is_complete and len(self._had) < 2:
            self._had.add(frozenset(labels))

    def conditions(self, parameters: Mapping[str, Parameter]) -> dict[str, Terms]:
        """Return the condition of each parameter that has one.

        O(d²) per new trial; O(d² v) in v values where a trial was of a new kind.
        """
        if len(self._had) < 2:  # all had the same
            return {}
        self._count_waiting()
        if self._known is None or self._known[0] is not parameters:
            partial = [name for name in parameters if self._is_partial(name)]
            found = ((name, self._terms(name, parameters)) for name in partial)
            self._known = parameters, {name: terms for name, terms in found if terms}
        return self._known[1]

    def _is_partial(self, name: str) -> bool:
        return 0 < self._all.complete[name] < self._all.n

    def _count_waiting(self) -> None:
        """Count what was put off: most studies have no conditions, and need no counts."""
        for labels, parents, is_complete in self._waiting:
            names = tuple(labels)
            self._all.add(names, is_complete)
            for parent in parents:
                self._beside[parent].setdefault(labels[parent], _Beside()).add(names, is_complete)
            self._note_order(names)
            kind = is_complete, *((n, labels[n] if n in parents else None) for n in names)
            self._kinds[kind] += 1
            if self._kinds[kind] <= _CLEAR:  # more of the same kind change no conclusion
                self._known = None
        self._waiting.clear()

    def _note_order(self, names: Names) -> None:
        """Keep what was before each parameter in all trials, and an order that is the same ever."""
        for i, name in enumerate(names):
            before, order = self._before.get(name, (set(names[:i]), names[:i]))
            self._before[name] = before.intersection(names[:i]), min(order, names[:i])

    def _terms(self, name: str, parameters: Mapping[str, Parameter]) -> Terms:
        """Return the condition of a parameter, as far as one or a few others account for it."""
        n_lacking = self._all.n_lacking(name)
        clear: Terms = {}
        for parent in self._parents(name, parameters):
            allowed, wrong = self._allowed(parent, name)
            term = _rest_of(parameters[parent], allowed, self._beside[parent])
            if not term:  # it was there beside values out of range only
                continue
            if not wrong:
                return {parent: term}
            if n_lacking - wrong >= _CLEAR and len(clear) < _MOST_TERMS:
                clear[parent] = term
        return clear

    def _parents(self, name: str, parameters: Mapping[str, Parameter]) -> list[str]:
        """Return the parameters that every trial with `name` had before it, the first first."""
        before, order = self._before[name]
        return [
            parent
            for parent in order
            if parent in before
            and parent in self._beside
            and parent in parameters
            and _is_enumerable(parameters[parent])
        ]

    def _allowed(self, parent: str, name: str) -> tuple[list[Value], int]:
        """Return the values beside which `name` was there, and how many trials lack it there."""
        beside = self._beside[parent]
        allowed = sorted(value for value, each in beside.items() if name in each.ended)
        return allowed, sum(beside[value].n_lacking(name) for value in allowed)


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

    A loop over layers has its third parameter with three layers and more, tried or not. Values out
    of range, which an enqueued trial may have, are left out.
    """
    others = [value for value in beside if value not in allowed]
    if isinstance(parameter, Int) and others:
        values = range(int(parameter.low), int(parameter.high) + 1, int(parameter.step or 1))
        if min(allowed) > max(others):
            return [value for value in values if value >= min(allowed)]
        if max(allowed) < min(others):
            return [value for value in values if value <= max(allowed)]
    return [value for value in allowed if parameter.contains(value)]
