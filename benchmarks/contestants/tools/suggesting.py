"""Define-by-run tools: a trial is asked for one parameter after another (Optuna and Rustuna)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benchmarks.contestants.flat import Flat, Number, Parameter, Values, is_active


def suggest(trial: Any, space: Flat) -> Values:
    """Return what a trial suggests for the parameters that exist, parents first."""
    values: Values = {}
    for parameter in space:
        if is_active(parameter, values):
            values[parameter.name] = _suggest_one(trial, parameter)
    return values


def finished(tool: Any, space: Flat, values: Mapping[str, float], loss: float) -> Any:
    """Return a finished trial for ``study.add_trial``; `tool` is Optuna's module or Rustuna's."""
    there = [parameter for parameter in space if parameter.name in values]
    return tool.create_trial(
        params={parameter.name: values[parameter.name] for parameter in there},
        distributions={p.name: _distribution(tool.distributions, p) for p in there},
        value=loss,
    )


def _distribution(of: Any, p: Parameter) -> Any:
    """Return what `_suggest_one` makes of a parameter."""
    if not isinstance(p, Number):
        if p.ordered:
            return of.IntDistribution(0, p.count - 1)
        return of.CategoricalDistribution(list(range(p.count)))
    step = {} if p.log or p.step is None else {"step": p.step}
    if p.integer:
        return of.IntDistribution(int(p.low), int(p.high), log=p.log, **_whole(step))
    return of.FloatDistribution(p.low, p.high, log=p.log, **step)


def _suggest_one(trial: Any, p: Parameter) -> float:
    """Return one value; an ordinal is an integer, its index, so that its order counts."""
    if not isinstance(p, Number):
        if p.ordered:
            return trial.suggest_int(p.name, 0, p.count - 1)
        return trial.suggest_categorical(p.name, list(range(p.count)))
    # neither tool takes a step on a logarithmic scale: `flat` values are rounded to it afterwards
    step = {} if p.log or p.step is None else {"step": p.step}
    if p.integer:
        return trial.suggest_int(p.name, int(p.low), int(p.high), log=p.log, **_whole(step))
    return trial.suggest_float(p.name, p.low, p.high, log=p.log, **step)


def _whole(step: dict[str, float]) -> dict[str, int]:
    return {key: int(value) for key, value in step.items()}
