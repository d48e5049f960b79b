"""Ax, through `Client.get_next_trials` and `Client.complete_trial`."""

from __future__ import annotations

import logging
from collections.abc import Mapping

import torch
from ax.api.client import Client
from ax.api.configs import ChoiceParameterConfig, RangeParameterConfig

from benchmarks.contestants.flat import Choice, Flat, Number, Parameter, Values
from benchmarks.contestants.tools.grid import from_index, indexed


class AxTool:
    """The strategy that Ax takes by default.

    Ax knows trees: a parameter that exists for one value of one choice depends on it. Other
    conditional parameters are drawn always and ignored where they are inactive.
    """

    def __init__(self, space: Flat, seed: int) -> None:
        logging.getLogger("ax").setLevel(logging.ERROR)
        torch.set_num_threads(1)
        torch.manual_seed(seed)
        self._names = {f"p{i}": p for i, p in enumerate(space)}
        self._client = Client(random_seed=seed)
        children = dependents(self._names)
        parameters = [
            _parameter(name, p, children.get(name))
            for name, p in zip(self._names, indexed(space), strict=True)
        ]
        self._client.configure_experiment(parameters=parameters)
        self._client.configure_optimization(objective="-loss")

    def ask(self) -> Values:
        """Return the next trial's parameters."""
        [(self._index, drawn)] = self._client.get_next_trials(max_trials=1).items()
        present = ((p, drawn[name]) for name, p in self._names.items() if name in drawn)
        return {p.name: from_index(p, value) for p, value in present}

    def tell(self, loss: float, failed: bool) -> None:
        """Complete the trial; a failed one with the penalty."""
        self._client.complete_trial(self._index, raw_data={"loss": loss})


def dependents(names: Mapping[str, Parameter]) -> dict[str, dict[int, list[str]]]:
    """Return what depends on which choice, by Ax's names: ``{parent: {value: [child, ...]}}``."""
    choices = {p.name: name for name, p in names.items() if isinstance(p, Choice) and not p.ordered}
    children: dict[str, dict[int, list[str]]] = {}
    for name, p in names.items():
        if len(p.when) == 1 and p.when[0][0] in choices and len(p.when[0][1]) == 1:
            [(parent, [value])] = p.when
            children.setdefault(choices[parent], {}).setdefault(int(value), []).append(name)
    return children


def _parameter(
    name: str, p: Parameter, children: dict[int, list[str]] | None
) -> RangeParameterConfig | ChoiceParameterConfig:
    if not isinstance(p, Number):
        return ChoiceParameterConfig(
            name=name,
            values=list(range(p.count)),
            parameter_type="int",
            is_ordered=False,
            dependent_parameters=children,
        )
    kind, whole = ("int", int) if p.integer else ("float", float)
    return RangeParameterConfig(
        name=name,
        bounds=(whole(p.low), whole(p.high)),
        parameter_type=kind,
        scaling="log" if p.log else "linear",
    )


def make_default(space: Flat, seed: int, budget: int) -> AxTool:
    """Return a client that chooses its strategy itself."""
    return AxTool(space, seed)
