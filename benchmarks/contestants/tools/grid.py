"""Spaces for tools that know less: every step, and every ordinal, becomes an integer index."""

from __future__ import annotations

from benchmarks.contestants.flat import Choice, Flat, Number, Parameter


def is_indexed(p: Parameter) -> bool:
    """Tell whether a tool without steps and ordinals is given the index of the value instead."""
    if isinstance(p, Choice):
        return p.ordered
    on_grid = p.step is not None and not p.log  # on a logarithmic scale values are rounded to steps
    return on_grid and not (p.integer and p.step == 1)


def indexed(space: Flat) -> Flat:
    """Return the space with indices where `is_indexed`, conditions dropped."""
    return tuple(_indexed(p) for p in space)


def from_index(p: Parameter, value: float) -> float:
    """Return the value in the original space of a value in the space of indices."""
    if isinstance(p, Choice):
        return int(value)
    return p.nearest(p.low + value * p.step if is_indexed(p) else value)


def to_index(p: Parameter, value: float) -> float:
    """Return the value in the space of indices of a value in the original space."""
    if isinstance(p, Number) and is_indexed(p):
        return round((value - p.low) / p.step)
    return value


def _indexed(p: Parameter) -> Parameter:
    if is_indexed(p):
        return Number(p.name, 0, int(p.count) - 1, integer=True, step=1)
    if isinstance(p, Choice):
        return Choice(p.name, p.count)
    return Number(p.name, p.low, p.high, p.integer, p.log, p.step)
