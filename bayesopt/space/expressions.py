"""Constraint expressions: a small, safe part of Python, evaluated on columns of values.

Allowed are numbers, strings, True, False and None; names of parameters (dotted ones too, and
``p['any name']`` for names that are no identifiers); ``+ - * / // % **``; comparisons and their
chains; ``and or not``; ``in`` and ``not in`` with a list or tuple of literals; and the functions
``abs min max sqrt log exp``. Nothing is ever executed as Python: the text is parsed, checked
against this list, and translated into NumPy operations. It means what Python means, except that

- all arithmetic is in doubles, also for integers;
- what Python would raise an exception for (``1 / 0``, ``sqrt(-1)``) makes the row "undefined", and
  the constraint violated there, unless ``and`` or ``or`` had decided before;
- ``and``, ``or`` and ``not`` take truth values only, ``<`` and its kind numbers only.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from bayesopt.errors import ExpressionError, short_repr
from bayesopt.space.axes import Bools, Floats
from bayesopt.space.parameters import Column, Parameter
from bayesopt.space.translation import Term, Translator

MAX_LENGTH = 4096
MAX_NODES = 1000
MAX_DEPTH = 50

Lookup: TypeAlias = Callable[[str], Column]


@dataclass(frozen=True)
class Compiled:
    """An expression ready to be evaluated on columns."""

    text: str
    names: tuple[str, ...]
    term: Term

    def truth(self, column: Lookup, n: int) -> Bools:
        """Return where the expression is true (and defined), bool[n].

        `column` gives the values [n] of a parameter.
        """
        with np.errstate(all="ignore"):
            value, undefined = self.term.evaluate(column)
        return np.array(np.broadcast_to(value & ~undefined, (n,)))

    def distance(self, column: Lookup, n: int) -> Floats:
        """Return a measure of how far from true the expression is, f64[n], 0 to about 20."""
        with np.errstate(all="ignore"):
            distance = self.term.distance(column, False)
        distance = np.where(np.isfinite(distance), distance, 1.0)
        return np.array(np.broadcast_to(distance, (n,)), dtype=np.float64)


def compile_expression(text: str, parameters: Mapping[str, Parameter]) -> Compiled:
    """Return `text` translated for a space with these parameters.

    Raises
    ------
    ExpressionError
        If the text is too long or too deep, is not Python, uses anything outside the whitelist,
        mentions an unknown name, mixes types, or is not a truth value.
    """
    tree = _parse(text)
    translator = Translator(text, parameters)
    term = translator.translate(tree)
    if term.kind != "bool":
        raise ExpressionError(
            f"constraint {short_repr(text)}",
            expected="something true or false",
            got="a value",
            remedy="Compare it with something, e.g. `<= 1`",
        )
    if not translator.names:
        raise ExpressionError(
            f"constraint {short_repr(text)}", expected="at least one parameter", got="none"
        )
    return Compiled(text, tuple(translator.names), term)


def _parse(text: str) -> ast.expr:
    """Return the syntax tree of an expression of bounded size."""
    if len(text) > MAX_LENGTH:
        raise ExpressionError(
            "constraint", expected=f"at most {MAX_LENGTH} characters", got=str(len(text))
        )
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ExpressionError(
            f"constraint {short_repr(text)}",
            expected="an expression like 'batch * depth <= 1024'",
            got=str(error) or type(error).__name__,
            remedy="Write p['name'] for a parameter whose name is no plain identifier",
        ) from None
    _check_size(text, tree)
    return tree


def _check_size(text: str, tree: ast.expr) -> None:
    """Walk level by level, without recursion, and count."""
    level: list[Any] = [tree]
    nodes = depth = 0
    while level:
        nodes, depth = nodes + len(level), depth + 1
        if nodes > MAX_NODES or depth > MAX_DEPTH:
            raise ExpressionError(
                f"constraint {short_repr(text)}",
                expected=f"at most {MAX_NODES} terms, nested at most {MAX_DEPTH} deep",
                got="more",
                remedy="Split it into several constraints, or use a Python function",
            )
        level = [child for node in level for child in ast.iter_child_nodes(node)]
