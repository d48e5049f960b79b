"""What a benchmark problem is: a space, a function of a configuration, and what is known of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import bayesopt as bo

NUMERIC, MIXED, CONDITIONAL = "numeric", "mixed", "conditional"
"""Kinds: all columns continuous; integers or choices among them; parameters that come and go."""

MEAN = "mean"
"""Noisy problems measure their objective without noise under this name; `best` is a value of it."""


@dataclass(frozen=True)
class Outcome:
    """One evaluation.

    Attributes
    ----------
    values : mapping of str to float
        Every objective that the problem measures, in its own direction; empty if it failed.
    cost : float or None
        In `Problem.cost_unit`.
    constraints : mapping of str to float
        Outcome constraints, met at <= 0.
    """

    values: Mapping[str, float]
    cost: float | None = None
    constraints: Mapping[str, float] = field(default_factory=dict)

    @property
    def failed(self) -> bool:
        """Whether nothing could be measured."""
        return not self.values


@dataclass(frozen=True)
class Fidelity:
    """The budget of an evaluation: epochs, share of the training set."""

    name: str
    low: float
    high: float
    integer: bool = False


@dataclass(frozen=True, eq=False)
class Problem:
    """One problem.

    Attributes
    ----------
    name : str
        Unique: "bbob/f15-i3-d5", "lcbench/7593".
    suite : str
        The part of the name before the slash.
    kind : str
        NUMERIC, MIXED or CONDITIONAL.
    space : bayesopt.Space
    evaluate : callable
        ``evaluate(config, seed=0, fidelity=None) -> Outcome``; `config` is a dict in the user's
        units, inactive parameters left out. `seed` chooses among repetitions of a noisy problem,
        `fidelity` defaults to the highest. Deterministic in its arguments.
    evaluate_along : callable or None
        ``evaluate_along(config, fidelities) -> outcomes``: several budgets at once, where there are
        budgets.
    objectives : mapping of str to str
        Direction, "minimize" or "maximize", of each measured objective.
    objective : str
        The one that single-objective contests look at.
    best : float or None
        Best known value of `objective`, in its direction; None where nobody knows.
    noisy : bool
        Whether `seed` matters.
    expensive : bool
        Whether an evaluation takes more than some 50 ms.
    """

    name: str
    kind: str
    space: bo.Space
    evaluate: Callable[..., Outcome]
    objectives: Mapping[str, str]
    objective: str
    best: float | None = None
    fidelity: Fidelity | None = None
    evaluate_along: Callable[[Mapping[str, Any], Sequence[float]], list[Outcome]] | None = None
    cost_unit: str = ""
    noisy: bool = False
    expensive: bool = False
    source: str = ""

    @property
    def suite(self) -> str:
        """The suite that the problem belongs to."""
        return self.name.split("/", 1)[0]

    @property
    def sign(self) -> float:
        """1.0 where `objective` is minimised, -1.0 where it is maximised."""
        return -1.0 if self.objectives[self.objective] == "maximize" else 1.0

    def loss(self, config: Mapping[str, Any], seed: int = 0) -> float:
        """Return the value of `objective`, minimised; NaN if the evaluation failed."""
        outcome = self.evaluate(config, seed=seed)
        return float("nan") if outcome.failed else self.sign * outcome.values[self.objective]

    def losses(self, config: Mapping[str, Any], seed: int = 0) -> tuple[float, float]:
        """Return the loss that a contestant is told and the one, without noise, that judges it.

        They differ where the problem is noisy; both are NaN if the evaluation failed.
        """
        values = self.evaluate(config, seed=seed).values
        if not values:
            return float("nan"), float("nan")
        told = values[self.objective]
        return self.sign * told, self.sign * values.get(MEAN, told)

    @property
    def best_loss(self) -> float | None:
        """Best known loss."""
        return None if self.best is None else self.sign * self.best


def kind_of(space: bo.Space) -> str:
    """Return NUMERIC, MIXED or CONDITIONAL, by the parameters of a space."""
    parameters = space.parameters.values()
    if any(parameter.when is not None for parameter in parameters):
        return CONDITIONAL
    return NUMERIC if all(isinstance(p, bo.Float) for p in parameters) else MIXED


def from_formula(
    name: str,
    space: bo.Space,
    value: Callable[[Mapping[str, Any]], float],
    best: float | None = None,
) -> Problem:
    """Return the problem of minimising a function of a configuration, its least value `best`."""

    def evaluate(
        config: Mapping[str, Any], seed: int = 0, fidelity: float | None = None
    ) -> Outcome:
        return Outcome({"value": float(value(config))})

    return Problem(
        name=name,
        kind=kind_of(space),
        space=space,
        evaluate=evaluate,
        objectives={"value": "minimize"},
        objective="value",
        best=best,
        source="formula",
    )
