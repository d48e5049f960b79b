"""Ax, through `Client.get_next_trials` and `Client.complete_trial`."""

from __future__ import annotations

import logging

import torch
from ax.api.client import Client
from ax.api.configs import ChoiceParameterConfig, RangeParameterConfig

from benchmarks.contestants.flat import Flat, Number, Parameter, Values
from benchmarks.contestants.tools.grid import from_index, indexed


class AxTool:
    """The strategy that Ax takes by default."""

    def __init__(self, space: Flat, seed: int) -> None:
        logging.getLogger("ax").setLevel(logging.ERROR)
        torch.set_num_threads(1)
        torch.manual_seed(seed)
        self._names = {f"p{i}": p for i, p in enumerate(space)}
        self._client = Client(random_seed=seed)
        parameters = map(_parameter, self._names, indexed(space))
        self._client.configure_experiment(parameters=list(parameters))
        self._client.configure_optimization(objective="-loss")

    def ask(self) -> Values:
        """Return the next trial's parameters."""
        [(self._index, drawn)] = self._client.get_next_trials(max_trials=1).items()
        return {p.name: from_index(p, drawn[name]) for name, p in self._names.items()}

    def tell(self, loss: float, failed: bool) -> None:
        """Complete the trial; a failed one with the penalty."""
        self._client.complete_trial(self._index, raw_data={"loss": loss})


def _parameter(name: str, p: Parameter) -> RangeParameterConfig | ChoiceParameterConfig:
    if not isinstance(p, Number):
        choices = list(range(p.count))
        return ChoiceParameterConfig(
            name=name, values=choices, parameter_type="int", is_ordered=False
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
