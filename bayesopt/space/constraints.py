"""Constraints between parameters: expressions, or Python callables."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from bayesopt.errors import SpaceError, short_repr
from bayesopt.space.axes import Bools, Floats
from bayesopt.space.encoding import Rows
from bayesopt.space.expressions import Compiled, compile_expression
from bayesopt.space.parameters import Parameter

Predicate = Callable[[Mapping[str, Any]], object]


class Constraint(Protocol):
    """What must hold between the parameters of a row."""

    @property
    def source(self) -> str | Predicate:
        """What the user gave."""
        ...

    def holds(self, rows: Rows) -> Bools:
        """Return bool[n]; true where the constraint does not apply."""
        ...

    def violation(self, rows: Rows) -> Floats:
        """Return how far each row is from satisfying it, f64[n]; 0 where it holds."""
        ...

    def to_json(self) -> object:
        """Return the JSON form."""
        ...


@dataclass(frozen=True)
class ExpressionConstraint:
    """A constraint written as an expression, such as ``"batch * depth <= 1024"``.

    It does not apply to rows where one of the parameters it mentions is inactive. Where it has
    no value (a division by zero, the logarithm of a negative number) it counts as violated.
    """

    compiled: Compiled

    @property
    def source(self) -> str:
        """The expression."""
        return self.compiled.text

    def holds(self, rows: Rows) -> Bools:
        """Return bool[n] (see `Constraint`)."""
        return self.compiled.truth(rows.column, len(rows)) | ~rows.all_active(self.compiled.names)

    def violation(self, rows: Rows) -> Floats:
        """Return f64[n] (see `Constraint`)."""
        distance = self.compiled.distance(rows.column, len(rows))
        return np.where(self.holds(rows), 0.0, np.maximum(distance, 1e-9))

    def to_json(self) -> object:
        """Return the expression."""
        return self.source


@dataclass(frozen=True)
class MissingFunction:
    """Stands for a function that a stored space names and nobody has supplied yet.

    A space holds it like the function: with the same name it is written, compared and hashed the
    same, and whatever checks no constraint works. Only a check fails.
    """

    name: str

    def __call__(self, config: Mapping[str, Any]) -> bool:
        """Raise SpaceError: whether `config` is allowed cannot be told."""
        raise SpaceError(
            f"constraint {self.name}",
            expected="the Python function it was defined with",
            got="only its name, which is all that a stored space holds",
            remedy="Give the space with that function: load_study(..., space=space)",
        )


@dataclass(frozen=True)
class CallableConstraint:
    """A constraint computed by a function of the configuration.

    It does not apply where it looks up a parameter that is inactive (a KeyError of that name).
    """

    function: Predicate
    names: frozenset[str]

    @property
    def source(self) -> Predicate:
        """The function."""
        return self.function

    @property
    def label(self) -> str:
        """The function's qualified name."""
        if isinstance(self.function, MissingFunction):
            return self.function.name
        name = getattr(self.function, "__qualname__", type(self.function).__qualname__)
        return str(name)

    def holds(self, rows: Rows) -> Bools:
        """Return bool[n] (see `Constraint`). One Python call per row."""
        return np.array([self._check(config) for config in rows.configs], dtype=bool)

    def violation(self, rows: Rows) -> Floats:
        """Return f64[n]: 1 where violated."""
        return np.where(self.holds(rows), 0.0, 1.0)

    def to_json(self) -> object:
        """Return the name; the function itself must be supplied again."""
        return {"callable": self.label}

    def _check(self, config: Mapping[str, Any]) -> bool:
        try:
            return bool(self.function(dict(config)))
        except KeyError as error:
            if error.args and error.args[0] in self.names and error.args[0] not in config:
                return True
            raise self._failure(config) from error
        except Exception as error:
            if isinstance(self.function, MissingFunction):
                raise
            raise self._failure(config) from error

    def _failure(self, config: Mapping[str, Any]) -> SpaceError:
        return SpaceError(
            f"constraint {self.label}",
            expected="a function that returns whether a configuration is allowed",
            got=f"an exception for {short_repr(dict(config))}",
        )


def build_constraints(
    sources: object, parameters: Mapping[str, Parameter]
) -> tuple[Constraint, ...]:
    """Return the constraints of a space.

    Raises
    ------
    SpaceError
        If one is neither a string nor a callable, or two callables have the same name: only
        names are stored, so they could not be told apart in a reloaded space.
    ExpressionError
        If an expression is not acceptable (see `expressions`).
    """
    if isinstance(sources, str) or callable(sources):
        sources = (sources,)
    if not isinstance(sources, Sequence):
        raise SpaceError("constraints", expected="a list", got=short_repr(sources))
    built = tuple(_build(source, parameters) for source in sources)
    _refuse_namesakes([c.label for c in built if isinstance(c, CallableConstraint)])
    return built


def _refuse_namesakes(labels: Sequence[str]) -> None:
    for i, label in enumerate(labels):
        if label in labels[:i]:
            raise SpaceError(
                "constraints",
                expected="functions of different names",
                got=f"two named {label}",
                remedy="Define each with `def` under a name of its own",
            )


def _build(source: object, parameters: Mapping[str, Parameter]) -> Constraint:
    if isinstance(source, str):
        return ExpressionConstraint(compile_expression(source, parameters))
    if callable(source):
        return CallableConstraint(source, frozenset(parameters))
    raise SpaceError(
        "constraint", expected="an expression (str) or a callable", got=short_repr(source)
    )
