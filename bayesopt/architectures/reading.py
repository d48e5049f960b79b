"""Parts from JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bayesopt.architectures.blocks import Repeat, Stage
from bayesopt.architectures.cells import Cell, Graph
from bayesopt.architectures.links import Residual, Use
from bayesopt.architectures.parts import Choice, Layer, Part, Sequential
from bayesopt.architectures.settings import setting_from
from bayesopt.errors import SpaceError, short_repr


def part_from(data: Any) -> Part:
    """Return the part that ``Part.to_json`` wrote.

    Raises
    ------
    SpaceError
        If it is none.
    """
    kind = data.get("kind") if isinstance(data, dict) else None
    if not isinstance(kind, str) or kind not in _MAKERS:
        expected = f"a part of kind {', '.join(_MAKERS)}"
        raise SpaceError("part as JSON", expected=expected, got=short_repr(data))
    try:
        return _MAKERS[kind](data)
    except SpaceError:
        raise
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise SpaceError(f"{kind} as JSON", expected="its definition", got=repr(error)) from None


def parts_from(pairs: Any) -> dict[str, Part]:
    """Return parts by name. Raises SpaceError as `part_from` does."""
    return {name: part_from(data) for name, data in pairs}


def _layer(data: Mapping[str, Any]) -> Layer:
    settings = {name: setting_from(value) for name, value in data.get("settings", {}).items()}
    return Layer(data["op"], **settings)


def _repeat(data: Mapping[str, Any]) -> Repeat:
    depth: Any = setting_from(data["depth"])
    return Repeat(part_from(data["part"]), depth, data.get("shared", False))


def _graph(data: Mapping[str, Any]) -> Graph:
    edges = {_edge(name): part for name, part in parts_from(data["edges"]).items()}
    return Graph(data["n_nodes"], edges, data["output"])


def _edge(name: str) -> tuple[int, int]:
    source, _, target = name.partition("-")
    return int(source), int(target)


def _cell(data: Mapping[str, Any]) -> Cell:
    operations = parts_from(data["operations"])
    return Cell(data["n_nodes"], operations, data.get("n_inputs"), data["output"])


def _stage(data: Mapping[str, Any]) -> Stage:
    return Stage(part_from(data["part"]), setting_from(data["widen"]), data["multiple"])


_MAKERS: Mapping[str, Callable[[Mapping[str, Any]], Part]] = {
    Layer.kind: _layer,
    Choice.kind: lambda data: Choice(parts_from(data["options"])),
    Sequential.kind: lambda data: Sequential(parts_from(data["parts"])),
    Repeat.kind: _repeat,
    Stage.kind: _stage,
    Residual.kind: lambda data: Residual(part_from(data["part"])),
    Graph.kind: _graph,
    Cell.kind: _cell,
    Use.kind: lambda data: Use(data["name"]),
}
