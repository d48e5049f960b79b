"""Under which conditions parameters exist, read off the trials of a study.

Objectives that declare parameters as they go do not say what ``if`` a parameter stands behind.
Their trials do: a parameter that is there beside some values of a choice and never beside the
others exists under that condition. Models learn far more from a branch that they know to be one.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from bayesopt.space.categorical import Categorical
from bayesopt.space.labels import Label, LabelKey, label_key, label_of_key
from bayesopt.space.numeric import Int
from bayesopt.space.parameters import Parameter

Terms: TypeAlias = dict[str, list[Label]]
"""A condition: the labels that each of some other parameters may have."""

Names: TypeAlias = tuple[str, ...]
Keys: TypeAlias = Collection[LabelKey]

MOST_VALUES = 64
"""Values of a parameter that others may depend on."""

_MOST_TERMS = 3


def may_be_parent(parameter: Parameter) -> bool:
    """Whether others may depend on a parameter: it has distinct values, and not too many."""
    return isinstance(parameter, Categorical | Int) and parameter.n_values <= MOST_VALUES


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
        return self.n - self.complete.get(name, 0)


class Presence:
    """Counts of which parameters trials had, beside which values of others.

    The counts are sums over trials, so the conditions do not depend on the order in which trials
    came to be known. They are as many as there are pairs of parameters, however many trials there
    are and however many combinations of parameters these have.
    """

    def __init__(self) -> None:
        self._all = _Beside()
        self._beside: defaultdict[str, dict[LabelKey, _Beside]] = defaultdict(dict)
        self._before: dict[str, tuple[set[str], Names]] = {}
        self._had: set[frozenset[str]] = set()  # by complete trials: two are enough to know
        self._waiting: list[tuple[Mapping[str, Label], Collection[str], bool]] = []
        self._known: tuple[Mapping[str, Parameter], dict[str, Terms]] | None = None

    def add(
        self, labels: Mapping[str, Label], parents: Collection[str], *, is_complete: bool
    ) -> None:
        """Count a trial that ended.

        Parameters
        ----------
        labels : mapping of str to label
            Its parameters in the order in which they were suggested. It is kept, not copied.
        parents : collection of str
            What others may depend on (see `may_be_parent`), whether the trial had it or not.
        is_complete : bool
            Whether it asked for all of its parameters; one that was cut short may not have.
        """
        self._waiting.append((labels, parents, is_complete))
        if is_complete and len(self._had) < 2:
            self._had.add(frozenset(labels))

    def conditions(self, parameters: Mapping[str, Parameter]) -> dict[str, Terms]:
        """Return the condition of each parameter that has one.

        O(d²) per new trial, and O(d² v) in v values once after some.
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
            keys = {name: label_key(labels[name]) for name in names if name in parents}
            self._all.add(names, is_complete)
            for parent, key in keys.items():
                self._beside[parent].setdefault(key, _Beside()).add(names, is_complete)
            self._note_order(names)
        self._known = None if self._waiting else self._known
        self._waiting.clear()

    def _note_order(self, names: Names) -> None:
        """Keep what was before each parameter in all trials, and an order that is the same ever."""
        for i, name in enumerate(names):
            before, order = self._before.get(name, (set(names[:i]), names[:i]))
            self._before[name] = before.intersection(names[:i]), min(order, names[:i])

    def _terms(self, name: str, parameters: Mapping[str, Parameter]) -> Terms:
        """Return the condition of a parameter, as far as one or a few others account for it.

        Of several that account for all, the one that is least likely to do so by chance.
        """
        parents = self._parents(name, parameters)
        exact = self._among([p for p in parents if self._is_exact(p, name)], name, parameters)
        if exact:
            best = max(exact, key=lambda p: self._evidence(p, name))  # of equals, the first
            return {best: exact[best]}
        told = self._among([p for p in parents if self._evidence(p, name) > 0.0], name, parameters)
        return dict(list(told.items())[:_MOST_TERMS])

    def _among(
        self, parents: Sequence[str], name: str, parameters: Mapping[str, Parameter]
    ) -> Terms:
        """Return the values of each parent beside which `name` was there, of those in range."""
        found: Terms = {}
        for parent in parents:
            term = _rest_of(parameters[parent], self._allowed(parent, name), self._beside[parent])
            if term:
                found[parent] = term
        return found

    def _evidence(self, parent: str, name: str) -> float:
        """Return how well a term accounts for which complete trials with its parent lack `name`.

        In bits: what it saves when it is told of each trial whether it lacks the parameter, less
        one for each value that was tried, to tell whether it is allowed. So values that were tried
        once each account for nothing.
        """
        beside = [each for each in self._beside[parent].values() if each.n]
        among = [each for each in beside if name in each.ended]
        return round(_bits(name, beside) - _bits(name, among) - len(beside), 6)

    def _parents(self, name: str, parameters: Mapping[str, Parameter]) -> Names:
        """Return the parameters that every trial with `name` had before it, the first first."""
        before, order = self._before[name]
        return tuple(
            parent
            for parent in order
            if parent in before
            and parent in self._beside
            and parent in parameters
            and may_be_parent(parameters[parent])
        )

    def _is_exact(self, parent: str, name: str) -> bool:
        """Whether no complete trial lacks `name` beside a value beside which it was there."""
        beside = self._beside[parent].values()
        return not any(name in each.ended and each.n_lacking(name) for each in beside)

    def _allowed(self, parent: str, name: str) -> set[LabelKey]:
        """Return the values beside which `name` was there."""
        return {key for key, each in self._beside[parent].items() if name in each.ended}


def _bits(name: str, groups: Collection[_Beside]) -> float:
    """Return the entropy of what lacks a parameter, times the number of trials."""
    n = sum(each.n for each in groups)
    n_lacking = sum(each.n_lacking(name) for each in groups)
    counts = [k for k in (n_lacking, n - n_lacking) if k]
    return -sum(k * math.log2(k / n) for k in counts)


def _rest_of(parameter: Parameter, allowed: Keys, beside: Keys) -> list[Label]:
    """Return the labels of allowed values, in the parameter's order.

    Of integers above (or below) all others, those between are allowed as well: a loop over layers
    has its third parameter with three layers and more, tried or not. Values out of range, which an
    enqueued trial may have, are left out.
    """
    if isinstance(parameter, Categorical):
        labels = [choice.label for choice in parameter.entries]
        return [label for label in labels if label_key(label) in allowed]
    return _rest_of_integers(parameter, _numbers(allowed), _numbers(set(beside) - set(allowed)))


def _rest_of_integers(
    parameter: Parameter, allowed: list[float], others: list[float]
) -> list[Label]:
    if isinstance(parameter, Int) and others and allowed:
        values = range(int(parameter.low), int(parameter.high) + 1, int(parameter.step or 1))
        if min(allowed) > max(others):
            return [value for value in values if value >= min(allowed)]
        if max(allowed) < min(others):
            return [value for value in values if value <= max(allowed)]
    return [value for value in sorted(allowed) if parameter.contains(value)]


def _numbers(keys: Keys) -> list[float]:
    """Return the numbers among labels: a trial that was imported may have anything."""
    labels = map(label_of_key, keys)
    return [x for x in labels if isinstance(x, int | float) and not isinstance(x, bool)]
