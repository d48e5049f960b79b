"""A history kept in step with an Optuna study."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import optuna
from optuna.distributions import BaseDistribution
from optuna.trial import FrozenTrial

from bayesopt.history import History
from bayesopt.integrations.optuna_ranges import Ranges, possible
from bayesopt.integrations.optuna_space import fixed_label, may_be_parent, to_label, to_parameter
from bayesopt.samplers.order import n_evaluated_inside
from bayesopt.space import Constant, Parameter, Space
from bayesopt.space.presence import Presence, Terms
from bayesopt.trial import TrialState

_STATES = {
    optuna.trial.TrialState.RUNNING: TrialState.RUNNING,
    optuna.trial.TrialState.WAITING: TrialState.WAITING,
    optuna.trial.TrialState.COMPLETE: TrialState.COMPLETE,
    optuna.trial.TrialState.PRUNED: TrialState.PRUNED,
    optuna.trial.TrialState.FAIL: TrialState.FAIL,
}

_LEAST_INSIDE = 3  # trials from which more is learned than from those with other values
_MOST_HELD = 4


@dataclass
class News:
    """What changed, in the columns that ``History.apply`` takes."""

    seq: int
    numbers: list[int] = field(default_factory=list)
    states: list[int] = field(default_factory=list)
    params: list[Mapping[str, Any]] = field(default_factory=list)
    values: list[Sequence[float] | None] = field(default_factory=list)
    constraints: list[Mapping[str, float]] = field(default_factory=list)
    costs: list[float | None] = field(default_factory=list)
    variances: Sequence[Sequence[float] | None] = ()  # Optuna's trials have none
    report_numbers: list[int] = field(default_factory=list)
    report_steps: list[float] = field(default_factory=list)
    report_values: list[Sequence[float]] = field(default_factory=list)
    report_attempts: list[int] = field(default_factory=list)

    def add(self, trial: FrozenTrial) -> Mapping[str, Any]:
        """Add the present facts of a trial, its reports once it is finished; return its labels."""
        state = _STATES[trial.state]
        self.numbers.append(trial.number)
        self.states.append(int(state))
        distributions = trial.distributions
        labels = {name: to_label(distributions[name], v) for name, v in trial.params.items()}
        self.params.append(labels)
        self.values.append(trial.values if state is TrialState.COMPLETE else None)
        self.constraints.append(dict(trial.constraints))
        self.costs.append(duration_s(trial))
        if state.is_finished:
            self._add_reports(trial)
        return labels

    def _add_reports(self, trial: FrozenTrial) -> None:
        for step, value in trial.intermediate_values.items():
            self.report_numbers.append(trial.number)
            self.report_steps.append(float(step))
            self.report_values.append((value,))
            self.report_attempts.append(1)


class Mirror:
    """The history of one Optuna study and the distributions that its trials have by now.

    Parameters
    ----------
    directions : sequence of {"minimize", "maximize"}
    seed, noisy
        As for ``History``.
    """

    def __init__(self, directions: Sequence[str], *, seed: int, noisy: bool) -> None:
        self.distributions: dict[str, BaseDistribution] = {}
        self.history = History(
            Space({}),
            len(directions),
            directions=directions,
            seed=seed,
            noisy=noisy,
            define_by_run=True,
        )
        self._seq = 0
        self._n = 0
        self._open: dict[int, object] = {}
        self._ranges = Ranges()
        self._whole: dict[str, BaseDistribution] = {}
        self._parameters: dict[str, Parameter] = {}
        self._held: dict[object, History] = {}
        self._presence = Presence()
        self._conditions: dict[str, Terms] = {}

    def goes_on(self, trials: Sequence[FrozenTrial], n: int) -> bool:
        """Whether all trials that were taken in are still shown; O(n) if there are gaps, else O(1).

        Hyperband's pruner shows all of them as one bracket until it knows how many there are.
        """
        if not _has_gaps(trials, n):
            return True
        return self._ranges.numbers <= {trial.number for trial in trials}

    def follow(self, trials: Sequence[FrozenTrial], n: int) -> None:
        """Take in what happened to the trials before number `n`; O(changes).

        More trials than these may have been taken in before; they stay.
        """
        known = {trial.number: trial for trial in trials} if _has_gaps(trials, n) else trials
        news = News(self._seq + 1)
        for number in [*self._open, *range(self._n, n)]:
            trial = known.get(number) if isinstance(known, dict) else known[number]
            if trial is not None:
                self._note(trial, news)
        self._n = max(self._n, n)
        self._seq += 1
        if news.numbers:
            self._settle()
        for history in (self.history, *self._held.values()):
            history.apply(news)

    def _note(self, trial: FrozenTrial, news: News) -> None:
        """Add a trial to the news unless nothing of it changed."""
        stage = (trial.state, tuple(trial.params))
        if self._open.get(trial.number) == stage:
            return
        self._open[trial.number] = stage
        if trial.state.is_finished():
            del self._open[trial.number]
        self._ranges.add(trial)
        labels = news.add(trial)
        if trial.state.is_finished():
            parents = [name for name, each in trial.distributions.items() if may_be_parent(each)]
            is_complete = trial.state is optuna.trial.TrialState.COMPLETE
            self._presence.add(labels, parents, is_complete=is_complete)

    def learn(self, distributions: Mapping[str, BaseDistribution]) -> None:
        """Make the space hold these parameters too; O(n d) where it grows, else O(d)."""
        if self._ranges.offer(distributions):
            self._settle()

    def _settle(self) -> None:
        """Take the ranges and conditions that trials show by now; O(n d) if they are others.

        Columns are in the order of their names, whichever trial came first.
        """
        whole, now = self._ranges.whole(), self._ranges.now()
        if whole != self._whole:
            self._whole = whole
            self._parameters = {name: to_parameter(each) for name, each in whole.items()}
        found = self._presence.conditions(self._parameters)
        if now == self.distributions and found == self._conditions:
            return
        self.distributions, self._conditions = now, found
        self.history = self.history.in_space(self._space({}))
        self._held.clear()

    def _space(self, fixed: Mapping[str, Any]) -> Space:
        """Return what trials ask for by now, with the labels that some parameters have.

        It lacks what they can ask for no more.
        """
        distributions = self.distributions.items()
        changed = {n: to_parameter(each) for n, each in distributions if each != self._whole[n]}
        changed |= {name: Constant(label) for name, label in fixed.items()}
        if not changed:
            return Space(self._parameters).with_conditions(self._conditions)
        parameters, conditions = possible(self._parameters | changed, self._conditions)
        return Space(parameters).with_conditions(conditions)

    def given(self, fixed: Mapping[str, Any]) -> History:
        """Return the history where some parameters have values of Optuna's; O(n d) if it is new.

        Trials that had others are outside. Where hardly any trial is inside, only choices are held
        fixed: they say which other parameters there are.
        """
        labels = {
            name: label
            for name, value in fixed.items()
            if (label := fixed_label(self.distributions.get(name), value)) is not None
        }
        history = self._holding(labels)
        if not labels or n_evaluated_inside(history) >= _LEAST_INSIDE:
            return history
        choices = {n: v for n, v in labels.items() if may_be_parent(self.distributions[n])}
        return self._holding(choices)

    def _holding(self, labels: Mapping[str, Any]) -> History:
        """Return the history with constants in the place of some parameters."""
        if not labels:
            return self.history
        key = frozenset(labels.items())
        held = self._held.pop(key, None)
        if held is None:
            held = self.history.in_space(self._space(labels))
        self._held[key] = held  # as the latest
        while len(self._held) > _MOST_HELD:
            del self._held[next(iter(self._held))]
        return held


def _has_gaps(trials: Sequence[FrozenTrial], n: int) -> bool:
    """Whether positions are not numbers: Hyperband's pruner shows samplers one bracket only."""
    return len(trials) < n or (bool(trials) and trials[-1].number != len(trials) - 1)


def duration_s(trial: FrozenTrial) -> float | None:
    """Return how long a finished trial took."""
    return None if trial.duration is None else max(trial.duration.total_seconds(), 0.0)
