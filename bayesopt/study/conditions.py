"""Conditions of a study whose objective declares the parameters: read off its trials."""

from __future__ import annotations

from collections.abc import Mapping

from bayesopt.space import Space
from bayesopt.space.presence import Presence, Terms, may_be_parent
from bayesopt.storage.base import Changes, Labels
from bayesopt.trial import TrialState

_COMPLETE, _PRUNED = int(TrialState.COMPLETE), int(TrialState.PRUNED)


class ConditionReader:
    """The conditions that a study's trials show, as far as it was told of them.

    They are a function of which trials are complete or pruned, with which labels, and of the space
    seen so far: neither of the order in which this process heard of them, nor of how often. What
    failed says nothing: where a worker vanished, the labels are what was offered, asked for or not.
    """

    def __init__(self) -> None:
        self._ended: dict[int, tuple[Labels, bool]] = {}
        self._new: list[int] = []
        self._presence = Presence()
        self._parents: frozenset[str] = frozenset()
        self._known: tuple[Space, Mapping[str, Terms], Space] | None = None

    def note(self, changes: Changes) -> None:
        """Take in what happened; O(changes), and O(trials) where one was struck out."""
        for number, state, labels in zip(
            changes.numbers, changes.states, changes.params, strict=True
        ):
            if state in (_COMPLETE, _PRUNED):
                self._add(number, (labels, state == _COMPLETE))
            elif self._ended.pop(number, None) is not None:
                self._start_over()

    def _add(self, number: int, ended: tuple[Labels, bool]) -> None:
        """Take in a trial that ended; hearing of it again changes nothing."""
        if number not in self._ended:
            self._ended[number] = ended
            self._new.append(number)

    def _start_over(self) -> None:
        self._presence, self._new = Presence(), list(self._ended)

    def applied_to(self, seen: Space) -> Space:
        """Return the space that was seen under the conditions that trials show, and no others.

        The same object as long as nothing changed. O(d²) per new trial.
        """
        if self._known is None or self._known[0] is not seen:
            self._suppose(frozenset(n for n, p in seen.parameters.items() if may_be_parent(p)))
        self._count()
        terms = self._presence.conditions(seen.parameters)
        if self._known is None or self._known[0] is not seen or self._known[1] != terms:
            self._known = seen, terms, seen.with_conditions(terms)
        return self._known[2]

    def _suppose(self, parents: frozenset[str]) -> None:
        """Go by these parameters that others may depend on, in all trials."""
        if parents != self._parents:
            self._parents = parents
            self._start_over()

    def _count(self) -> None:
        for number in self._new:
            labels, is_complete = self._ended[number]
            self._presence.add(labels, self._parents, is_complete=is_complete)
        self._new.clear()
