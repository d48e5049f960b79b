"""Between `bayesopt.Space` and plain data: see `flat`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

import bayesopt as bo
from benchmarks.contestants.base import Config
from benchmarks.contestants.flat import Choice, Condition, Flat, Number, Parameter, Values


def describe(space: bo.Space) -> Flat:
    """Return the parameters that have something to choose, parents first."""
    waiting = {name: p for name, p in space.parameters.items() if p.n_values > 1}
    described: dict[str, Parameter] = {}
    while waiting:
        for name in list(waiting):
            when = _condition(space, name)
            if all(parent in described for parent, _ in when):
                when = _without_implied(when, described)
                described[name] = _described(name, waiting.pop(name), when)
    return tuple(described.values())


def config_of(space: bo.Space, values: Mapping[str, float]) -> tuple[Config, bool]:
    """Return the nearest configuration, inactive parameters left out, and whether it is feasible.

    Parameters that `values` lacks and that are active take the middle of their range.
    """
    row = [_unit(space.parameters[name], values.get(name)) for name in space.names]
    u = space.snap(np.array([row], dtype=np.float64))
    return space.decode(u)[0], bool(space.feasible(u)[0])


def values_of(space: bo.Space, config: Config) -> Values:
    """Return the plain values of a configuration."""
    return {
        name: _plain(space.parameters[name], value)
        for name, value in config.items()
        if space.parameters[name].n_values > 1
    }


def _described(name: str, p: object, when: Condition) -> Parameter:
    if isinstance(p, bo.Categorical):
        return Choice(name, len(p.entries), p.is_ordered, when)
    integer = isinstance(p, bo.Int)
    step = p.step if p.step is not None or not integer else 1
    return Number(name, p.low, p.high, integer, p.log, step, when)


def _condition(space: bo.Space, name: str) -> Condition:
    """Return the condition of a parameter, that of a parent with one value put in its place."""
    terms: list[tuple[str, tuple[float, ...]]] = []
    for parent, allowed in (space.parameters[name].condition or {}).items():
        p = space.parameters[parent]
        if p.n_values > 1:
            terms.append((parent, tuple(_plain(p, label) for label in allowed)))
        else:
            terms.extend(_condition(space, parent))
    return tuple(terms)


def _without_implied(when: Condition, known: Mapping[str, Parameter]) -> Condition:
    """Return a condition without the terms that another term's parent already implies.

    So a tree of choices reads as a tree, one term each, whoever wrote out the whole path.
    """
    implied: dict[str, list[tuple[float, ...]]] = {}
    for parent, _ in when:
        for grandparent, allowed in _ancestors(parent, known):
            implied.setdefault(grandparent, []).append(allowed)
    return tuple(
        (parent, allowed)
        for parent, allowed in when
        if not any(set(narrow) <= set(allowed) for narrow in implied.get(parent, []))
    )


def _ancestors(
    name: str, known: Mapping[str, Parameter]
) -> Iterator[tuple[str, tuple[float, ...]]]:
    """Yield the terms that hold wherever a parameter exists."""
    for term in known[name].when:
        yield term
        yield from _ancestors(term[0], known)


def _plain(p: object, value: object) -> float:
    """Return the plain value of a value or a label."""
    if isinstance(p, bo.Categorical):
        return int(p.positions([p.to_label(value)])[0][0])
    return p.to_label(value)


def _unit(p: object, value: float | None) -> float:
    if value is None:
        return 0.5
    position = float(value) if isinstance(p, bo.Categorical) else p.positions([value])[0][0]
    return float(p.axis.to_units(np.array([position]))[0])
