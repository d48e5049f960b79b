"""Which range each parameter of an Optuna study has by now, read off its trials.

A search that is narrowed, or moved, in mid-study asks for other ranges from then on. A model of all
ranges that trials ever had would be coarse where the search goes on, and would mostly propose what
is out of range. Ranges that differ from trial to trial (``k <= n``) are another matter: what trials
ask for next may be any of them.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import KeysView, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from optuna.distributions import BaseDistribution
from optuna.trial import FrozenTrial

from bayesopt.integrations.optuna_space import union
from bayesopt.space import Parameter
from bayesopt.space.presence import Terms

_LEAST_AGREEING = 3
_AGREEING_PER_CHANGE = 2
_ENOUGH_AGREEING = 10
_ABSENT = object()

Values: TypeAlias = Mapping[str, Any]


@dataclass
class _Course:
    """The ranges of one parameter, in the order of the numbers of trials.

    Attributes
    ----------
    name : str
    whole : BaseDistribution
        What holds all of them.
    numbers : list of int
        Of the trials that had the parameter, ascending.
    ranges : list of BaseDistribution
    begins : list of bool
        Whether a range is another one than that before it.
    n_changes : int
        How many are.
    """

    name: str
    whole: BaseDistribution
    numbers: list[int] = field(default_factory=list)
    ranges: list[BaseDistribution] = field(default_factory=list)
    begins: list[bool] = field(default_factory=list)
    n_changes: int = 0

    def add(self, number: int, given: BaseDistribution) -> None:
        """Take in a trial; O(1), or O(n) where later ones are known already."""
        i = len(self.numbers)
        if i and number <= self.numbers[-1]:
            i = bisect_left(self.numbers, number)
            if self.numbers[i] == number:
                return
        self.numbers.insert(i, number)
        self.ranges.insert(i, given)
        self.begins.insert(i, False)
        self._compare(i)
        if i + 1 < len(self.numbers):
            self._compare(i + 1)
        if self.begins[i] or not i:
            self.whole = union(self.whole, given)

    def _compare(self, i: int) -> None:
        """Say whether a range is another one than that before it."""
        is_other = i > 0 and self.ranges[i] != self.ranges[i - 1]
        self.n_changes += is_other - self.begins[i]
        self.begins[i] = is_other

    def now(self, values: Mapping[int, Values]) -> BaseDistribution:
        """Return the latest range if it is here to stay, else what holds all of them.

        It is if twice as many trials in a row agree on it as there were changes (where each trial
        has its own range, some that agree by chance are none), unless those few trials have it
        because of a value that they share.

        Parameters
        ----------
        values : mapping of int to mapping of str to object
            The parameters of trials, by number.
        """
        least = max(_LEAST_AGREEING, _AGREEING_PER_CHANGE * self.n_changes)
        if self.n_changes == 0 or not self._agree(least):
            return self.whole
        if self._agree(max(least, _ENOUGH_AGREEING)) or not self._came_along(values):
            return self.ranges[-1]
        return self.whole

    def _agree(self, n: int) -> bool:
        """Whether the last `n` trials have the same range."""
        return len(self.begins) >= n and not any(self.begins[1 - n :])

    def _came_along(self, values: Mapping[int, Values]) -> bool:
        """Whether another parameter took a value with the latest range and has kept it since."""
        first = len(self.begins) - 1 - self.begins[::-1].index(True)
        before, *since = (values[number] for number in self.numbers[first - 1 :])
        return any(
            value != before.get(name, _ABSENT)
            and all(name in each and each[name] == value for each in since)
            for name, value in since[0].items()
            if name != self.name
        )


class Ranges:
    """What ranges parameters had, and which they have by now.

    Both are functions of the trials taken in, not of the order in which they came to be known.
    """

    def __init__(self) -> None:
        self._courses: dict[str, _Course] = {}
        self._values: dict[int, Values] = {}
        self._offered: dict[str, BaseDistribution] = {}
        self._names: list[str] = []

    @property
    def numbers(self) -> KeysView[int]:
        """Of the trials taken in."""
        return self._values.keys()

    def add(self, trial: FrozenTrial) -> None:
        """Take in what a trial had so far; more of it may follow. O(d)."""
        self._values[trial.number] = trial.params
        for name, given in trial.distributions.items():
            course = self._courses.get(name)
            if course is None:
                course = self._courses[name] = _Course(name, given)
                self._offered.pop(name, None)
                self._names = sorted({*self._names, name})
            course.add(trial.number, given)

    def offer(self, distributions: Mapping[str, BaseDistribution]) -> bool:
        """Take in what is to be proposed, if no trial had it; return whether there is any. O(d)."""
        new = {name: each for name, each in distributions.items() if name not in self._courses}
        for name, given in new.items():
            self._offered[name] = union(self._offered.get(name, given), given)
        self._names = sorted({*self._names, *new}) if new else self._names
        return bool(new)

    def whole(self) -> dict[str, BaseDistribution]:
        """Return what holds all ranges of each parameter, in the order of names; O(d)."""
        courses, offered = self._courses, self._offered
        return {n: courses[n].whole if n in courses else offered[n] for n in self._names}

    def now(self) -> dict[str, BaseDistribution]:
        """Return the range of each parameter by now, in the order of names; O(d)."""
        found = self.whole()
        for name, course in self._courses.items():
            if course.n_changes:
                found[name] = course.now(self._values)
        return found


def possible(
    parameters: Mapping[str, Parameter], conditions: Mapping[str, Terms]
) -> tuple[dict[str, Parameter], dict[str, Terms]]:
    """Return parameters and conditions without the values that others have no more.

    What depends on such values alone is left out: the fourth layer of at most three.
    """
    left = {name: _in_range(terms, parameters) for name, terms in conditions.items()}
    gone = {name for name, terms in left.items() if not all(terms.values())}
    while more := {name for name, terms in left.items() if gone & terms.keys()} - gone:
        gone |= more
    return (
        {name: each for name, each in parameters.items() if name not in gone},
        {name: terms for name, terms in left.items() if name not in gone},
    )


def _in_range(terms: Terms, parameters: Mapping[str, Parameter]) -> Terms:
    return {
        parent: [label for label in labels if parameters[parent].contains(label)]
        for parent, labels in terms.items()
    }
