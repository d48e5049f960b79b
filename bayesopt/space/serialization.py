"""Spaces as JSON, and back."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from bayesopt.errors import SpaceError, short_repr
from bayesopt.space.categorical import Categorical, Ordinal
from bayesopt.space.constraints import CallableConstraint, Constraint, MissingFunction, Predicate
from bayesopt.space.groups import Definition
from bayesopt.space.labels import LabelKey, canonical_json, label_key
from bayesopt.space.numeric import Float, Int
from bayesopt.space.parameters import Constant, Parameter

FORMAT = 1


def space_to_json(
    parameters: Mapping[str, Parameter],
    groups: Mapping[str, Definition],
    constraints: tuple[Constraint, ...],
) -> str:
    """Return the canonical JSON text of a space; order of parameters kept."""
    data: dict[str, Any] = {
        "format": FORMAT,
        "parameters": [{"name": name, **p.to_dict()} for name, p in parameters.items()],
        "constraints": [constraint.to_json() for constraint in constraints],
    }
    if groups:
        data["groups"] = dict(groups)
    return canonical_json(data)


def parse_space(text: str) -> dict[str, Any]:
    """Return the JSON data of a space.

    Raises
    ------
    SpaceError
        If the text is no space that this version can read.
    """
    try:
        data = json.loads(text)
    except (TypeError, ValueError, RecursionError) as error:
        raise SpaceError("space as JSON", expected="JSON text", got=str(error)) from None
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise SpaceError(
            "space as JSON", expected=f'an object with "format": {FORMAT}', got=short_repr(text)
        )
    return data


def parameters_from(data: Mapping[str, Any], like: Mapping[str, Parameter]) -> dict[str, Parameter]:
    """Return the parameters of parsed JSON; `like` supplies objects that JSON cannot hold."""
    made: dict[str, Parameter] = {}
    try:
        for entry in data["parameters"]:
            name = entry["name"]
            if not isinstance(name, str) or name in made:
                raise KeyError(name)
            made[name] = parameter_from(entry, _known_objects(like.get(name)))
    except SpaceError:
        raise
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise SpaceError(
            "space as JSON", expected="complete definitions of parameters", got=repr(error)
        ) from None
    return made


def constraints_from(
    data: Mapping[str, Any], like: tuple[Constraint, ...]
) -> list[str | Predicate]:
    """Return the constraints of parsed JSON; callables come from `like`, by name.

    A callable that `like` does not supply becomes a `MissingFunction`.

    Raises
    ------
    SpaceError
        If an entry is neither an expression nor the name of a callable.
    """
    known = {c.label: c.function for c in like if isinstance(c, CallableConstraint)}
    sources: list[str | Predicate] = []
    for entry in data.get("constraints", []):
        if isinstance(entry, str):
            sources.append(entry)
            continue
        label = entry.get("callable") if isinstance(entry, dict) else None
        if not isinstance(label, str):
            raise SpaceError(
                "space as JSON",
                expected="constraints that are expressions or names of functions",
                got=short_repr(entry),
            )
        sources.append(known.get(label, MissingFunction(label)))
    return sources


def parameter_from(data: Mapping[str, Any], objects: Mapping[LabelKey, object]) -> Parameter:
    """Return the parameter that `to_dict` wrote; `objects` are those JSON cannot hold, by label.

    Raises
    ------
    SpaceError, LookupError, TypeError, ValueError, AttributeError
        If it is none.
    """
    kind = data["kind"]
    if kind in _WITH_OBJECTS:
        return _WITH_OBJECTS[kind](data, objects)
    if kind not in _NUMERIC:
        raise SpaceError("space as JSON", expected="a known kind of parameter", got=repr(kind))
    keys = ("low", "high", "log", "step", "when", "default")
    return _NUMERIC[kind](**{key: data[key] for key in keys if key in data})


def _known_objects(p: Parameter | None) -> dict[LabelKey, object]:
    """Return the objects of a parameter by label."""
    if isinstance(p, Categorical):
        return {label_key(choice.label): choice.value for choice in p.entries}
    return {label_key(p.label): p.value} if isinstance(p, Constant) else {}


_NUMERIC: dict[str, Callable[..., Parameter]] = {"float": Float, "int": Int}
_WITH_OBJECTS: dict[str, Callable[..., Parameter]] = {
    "categorical": Categorical.from_dict,
    "ordinal": Ordinal.from_dict,
    "constant": Constant.from_dict,
}
