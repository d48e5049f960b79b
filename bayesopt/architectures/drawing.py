"""Networks as text: a tree with a line per layer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from bayesopt.architectures.blocks import Repeat, Stage
from bayesopt.architectures.cells import Cell, Graph
from bayesopt.architectures.links import Residual, Use
from bayesopt.architectures.operations import Shape
from bayesopt.architectures.parts import Choice, Layer, Part, Sequential


class Entry(NamedTuple):
    """A line, and what stands below it: name, part and path each."""

    text: str
    below: list[tuple[str, Part, str]]


def drawn(body: Part, shared: Mapping[str, Part], shapes: Mapping[str, Shape]) -> str:
    """Return the tree of a network; `shapes` are those after layers, by path."""
    whole = _entry(body, "", shapes)
    lines = list(_lines(whole, "", shapes)) or [whole.text]
    for name, part in shared.items():
        entry = _entry(part, name, {})
        lines += [f"{name}: {entry.text}", *_lines(entry, "", {})]
    return "\n".join(lines)


def _lines(entry: Entry, margin: str, shapes: Mapping[str, Shape]) -> Iterator[str]:
    """Yield the lines below an entry."""
    for k, (name, part, path) in enumerate(entry.below):
        is_last = k == len(entry.below) - 1
        inner = _entry(part, path, shapes)
        yield f"{margin}{'└─' if is_last else '├─'} {name}: {inner.text}"
        if inner.below:
            yield from _lines(inner, margin + ("   " if is_last else "│  "), shapes)


def _entry(part: Part, path: str, shapes: Mapping[str, Shape]) -> Entry:
    if isinstance(part, Layer):
        return Entry(_layer(part) + _shape(path, shapes), [])
    if isinstance(part, Choice) and len(part.inner) == 1:
        return _chosen(part, path, shapes)
    if isinstance(part, Residual):
        return _around("residual", part.inner["part"], path, shapes)
    if isinstance(part, Stage):
        return _around(f"stage × {part.widen}", part.inner["part"], path, shapes)
    below = [(name, each, _join(path, name)) for name, each in part.inner.items()]
    if isinstance(part, Repeat):
        below = below[:1]
    return Entry(_title(part), below)


def _chosen(part: Choice, path: str, shapes: Mapping[str, Shape]) -> Entry:
    inner = part.inner[part.label]
    entry = _entry(inner, _join(path, part.label), shapes)
    if isinstance(inner, Layer) and inner.op == part.label:
        return entry
    return Entry(f"{part.label} = {entry.text}", entry.below)


def _around(title: str, inner: Part, path: str, shapes: Mapping[str, Shape]) -> Entry:
    entry = _entry(inner, path, shapes)
    return Entry(f"{title}, {entry.text}", entry.below)


def _title(part: Part) -> str:
    if isinstance(part, Sequential):
        return "in sequence"
    if isinstance(part, Graph):
        return f"graph of {part.n_nodes} nodes, output {part.output}"
    if isinstance(part, Cell):
        inputs = "all" if part.n_inputs is None else part.n_inputs
        return f"cell of {part.n_nodes} nodes, inputs {inputs}, output {part.output}"
    if isinstance(part, Repeat):
        return f"repeat, depth={part.depth}" + (", all of one kind" if part.shared else "")
    return f"use {part.name}" if isinstance(part, Use) else "one of"


def _layer(part: Layer) -> str:
    return " ".join([part.op, *(f"{name}={value}" for name, value in part.settings.items())])


def _shape(path: str, shapes: Mapping[str, Shape]) -> str:
    return f" → {' × '.join(map(str, shapes[path]))}" if path in shapes else ""


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
