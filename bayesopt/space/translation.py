"""From syntax trees to NumPy: the translator behind `expressions`."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any, TypeAlias

import numpy as np

from bayesopt.errors import ExpressionError, short_repr
from bayesopt.space.parameters import Column, Parameter

Values: TypeAlias = Any
"""A column [n], or a scalar that stands for one."""

Lookup: TypeAlias = Callable[[str], Column]
Evaluate: TypeAlias = Callable[[Lookup], tuple[Values, Values]]
"""Gives values and where they are undefined."""

Distance: TypeAlias = Callable[[Lookup, bool], Values]
"""Gives how far from true (or, if negated, from false) each row is."""

MAX_EXPONENT = 100
MAX_NUMBER = 2**53
_DEFINED = np.False_


@dataclass(frozen=True)
class Term:
    """A translated subexpression: its kind (number, bool or any) and its functions."""

    kind: str
    evaluate: Evaluate
    distance: Distance
    literal: object = None
    is_literal: bool = False


def _no_distance(column: Lookup, negated: bool) -> Values:
    return 1.0


class Translator:
    """Translates the nodes of one expression and remembers the names it met."""

    def __init__(self, text: str, parameters: Mapping[str, Parameter]) -> None:
        self.text = text
        self.names: dict[str, None] = {}
        self._parameters = parameters

    def translate(self, node: ast.expr) -> Term:
        """Return the term of a node; ExpressionError if it is not allowed."""
        if isinstance(node, ast.Constant):
            return self._constant(node.value)
        if isinstance(node, ast.Name | ast.Attribute | ast.Subscript):
            return self._parameter(self._dotted(node))
        if isinstance(node, ast.BoolOp):
            return self._connective(node)
        if isinstance(node, ast.UnaryOp):
            return self._unary(node)
        if isinstance(node, ast.BinOp):
            return self._binary(node)
        if isinstance(node, ast.Compare):
            return self._chain(node)
        if isinstance(node, ast.Call):
            return self._call(node)
        raise self._error("numbers, names, arithmetic, comparisons and logic", _describe(node))

    def _error(self, expected: str, got: str, remedy: str = "") -> ExpressionError:
        what = f"constraint {short_repr(self.text)}"
        return ExpressionError(what, expected=expected, got=got, remedy=remedy)

    def _constant(self, value: object) -> Term:
        if type(value) in (int, float):
            if not abs(value) <= (MAX_NUMBER if type(value) is int else 1.7e308):  # type: ignore[arg-type]
                raise self._error("numbers that a double holds exactly", short_repr(value))
            number = np.float64(value)  # type: ignore[arg-type]
            return _literal("number", number, value)
        if type(value) is bool:
            return _literal("bool", np.bool_(value), value)
        if value is None or type(value) is str:
            return _literal("any", value, value)
        raise self._error("numbers, strings, True, False or None", short_repr(value))

    def _dotted(self, node: ast.expr) -> str:
        """Return the parameter that a name, a dotted name or ``p['name']`` means."""
        if isinstance(node, ast.Name):
            return node.id
        if isinstance(node, ast.Attribute):
            return f"{self._dotted(node.value)}.{node.attr}"
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
            is_p = isinstance(node.value, ast.Name) and node.value.id == "p"
            if is_p and isinstance(node.slice.value, str):
                return node.slice.value
        raise self._error("a parameter, as name, dotted.name or p['any name']", _describe(node))

    def _parameter(self, name: str) -> Term:
        if name not in self._parameters:
            known = ", ".join(map(repr, list(self._parameters)[:12]))
            raise self._error(f"a parameter of the space ({known})", repr(name))
        self.names[name] = None
        kind = {"b": "bool", "f": "number"}.get(
            self._parameters[name].column(np.array([0.5])).dtype.kind, "any"
        )

        def evaluate(column: Lookup) -> tuple[Values, Values]:
            return column(name), _DEFINED

        return _truth_term(evaluate) if kind == "bool" else Term(kind, evaluate, _no_distance)

    def _connective(self, node: ast.BoolOp) -> Term:
        parts = [self._bool(value) for value in node.values]
        is_and = isinstance(node.op, ast.And)

        def evaluate(column: Lookup) -> tuple[Values, Values]:
            value, undefined = parts[0].evaluate(column)
            for part in parts[1:]:
                right, missing = part.evaluate(column)
                open_ = value if is_and else ~value  # rows that the left side did not decide
                undefined = undefined | (open_ & missing)
                value = value & right if is_and else value | right
            return value, undefined

        def distance(column: Lookup, negated: bool) -> Values:
            each = [part.distance(column, negated) for part in parts]
            return reduce(operator.add if is_and != negated else np.minimum, each)

        return Term("bool", evaluate, distance)

    def _unary(self, node: ast.UnaryOp) -> Term:
        if isinstance(node.op, ast.Not):
            return _negation(self._bool(node.operand))
        if not isinstance(node.op, ast.USub | ast.UAdd):
            raise self._error("one of + - not", _describe(node.op))
        inner = self._number(node.operand)
        sign = -1.0 if isinstance(node.op, ast.USub) else 1.0
        if inner.is_literal:
            return _literal("number", sign * inner.literal, sign * inner.literal)  # type: ignore[operator]
        return _arithmetic(lambda x: sign * x, [inner])

    def _binary(self, node: ast.BinOp) -> Term:
        function = _OPERATORS.get(type(node.op))
        if function is None:
            raise self._error("one of + - * / // % **", _describe(node.op))
        left, right = self._number(node.left), self._number(node.right)
        is_power = isinstance(node.op, ast.Pow) and right.is_literal
        if is_power and abs(right.literal) > MAX_EXPONENT:  # type: ignore[arg-type]
            raise self._error(f"exponents up to {MAX_EXPONENT}", short_repr(right.literal))
        return _arithmetic(function, [left, right])

    def _call(self, node: ast.Call) -> Term:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name not in _FUNCTIONS or node.keywords:
            raise self._error(f"one of the functions {', '.join(_FUNCTIONS)}", _describe(node))
        function, at_least, at_most = _FUNCTIONS[name]
        if not at_least <= len(node.args) <= at_most:
            raise self._error(f"{at_least} argument(s) or more of {name}", str(len(node.args)))
        return _arithmetic(function, [self._number(argument) for argument in node.args])

    def _chain(self, node: ast.Compare) -> Term:
        """Translate ``a < b < c`` as ``a < b and b < c``."""
        pairs: list[Term] = []
        left = node.left
        for op, right in zip(node.ops, node.comparators, strict=True):
            pairs.append(self._comparison(left, op, right))
            left = right
        return pairs[0] if len(pairs) == 1 else _conjunction(pairs)

    def _comparison(self, left: ast.expr, op: ast.cmpop, right: ast.expr) -> Term:
        if isinstance(op, ast.In | ast.NotIn):
            member = self._membership(left, right)
            return _negation(member) if isinstance(op, ast.NotIn) else member
        if isinstance(op, ast.Eq | ast.NotEq):
            equal = _equality(self.translate(left), self.translate(right))
            return _negation(equal) if isinstance(op, ast.NotEq) else equal
        if type(op) not in _ORDER:
            raise self._error("one of < <= > >= == != in, not in", _describe(op))
        return _order(type(op), self._number(left), self._number(right))

    def _membership(self, left: ast.expr, right: ast.expr) -> Term:
        if not isinstance(right, ast.List | ast.Tuple) or not right.elts:
            raise self._error("a list of values after `in`", _describe(right))
        item = self.translate(left)
        candidates = [self.translate(element) for element in right.elts]
        if not all(candidate.is_literal for candidate in candidates):
            raise self._error("a list of literals after `in`", "something else in it")
        return reduce(_disjunction, [_equality(item, candidate) for candidate in candidates])

    def _bool(self, node: ast.expr) -> Term:
        term = self.translate(node)
        if term.kind == "bool":
            return term
        raise self._error(
            "something true or false beside `and`, `or` and `not`",
            _describe(node),
            "Compare it with something, e.g. `x > 0`",
        )

    def _number(self, node: ast.expr) -> Term:
        term = self.translate(node)
        if term.kind != "any":
            return term
        raise self._error(
            "a number",
            _describe(node),
            "Only numeric parameters can be calculated with or ordered; compare others with ==",
        )


def _literal(kind: str, value: Values, literal: object) -> Term:
    def evaluate(column: Lookup) -> tuple[Values, Values]:
        return value, _DEFINED

    def distance(column: Lookup, negated: bool) -> Values:
        return float(bool(value) == negated)

    return Term(kind, evaluate, distance, literal, True)


def _truth_term(evaluate: Evaluate) -> Term:
    """Return a truth value that is either there or not: its distance is 0 or 1."""

    def distance(column: Lookup, negated: bool) -> Values:
        value, undefined = evaluate(column)
        return np.where((value != negated) & ~undefined, 0.0, 1.0)

    return Term("bool", evaluate, distance)


def _arithmetic(function: Callable[..., Values], terms: list[Term]) -> Term:
    def evaluate(column: Lookup) -> tuple[Values, Values]:
        values, undefined = zip(*(term.evaluate(column) for term in terms), strict=True)
        result = function(*(np.asarray(value, dtype=np.float64) for value in values))
        return result, reduce(operator.or_, undefined) | np.isnan(result)

    return Term("number", evaluate, _no_distance)


def _negation(term: Term) -> Term:
    def evaluate(column: Lookup) -> tuple[Values, Values]:
        value, undefined = term.evaluate(column)
        return ~value, undefined

    return Term("bool", evaluate, lambda column, negated: term.distance(column, not negated))


def _conjunction(terms: list[Term]) -> Term:
    def evaluate(column: Lookup) -> tuple[Values, Values]:
        value, undefined = terms[0].evaluate(column)
        for term in terms[1:]:
            right, missing = term.evaluate(column)
            undefined = undefined | (value & missing)
            value = value & right
        return value, undefined

    def distance(column: Lookup, negated: bool) -> Values:
        each = [term.distance(column, negated) for term in terms]
        return reduce(np.minimum if negated else operator.add, each)

    return Term("bool", evaluate, distance)


def _disjunction(a: Term, b: Term) -> Term:
    return _negation(_conjunction([_negation(a), _negation(b)]))


def _order(op: type[ast.cmpop], left: Term, right: Term) -> Term:
    compare, sign = _ORDER[op]

    def evaluate(column: Lookup) -> tuple[Values, Values]:
        a, b, undefined = _both(left, right, column)
        return compare(a, b), undefined

    def distance(column: Lookup, negated: bool) -> Values:
        a, b, _ = _both(left, right, column)
        return np.maximum((_magnitude(a) - _magnitude(b)) * (-sign if negated else sign), 0.0)

    return Term("bool", evaluate, distance)


def _equality(left: Term, right: Term) -> Term:
    if "any" in (left.kind, right.kind):
        return _truth_term(lambda column: _object_equality(left, right, column))

    def evaluate(column: Lookup) -> tuple[Values, Values]:
        a, b, undefined = _both(left, right, column)
        return a == b, undefined

    def distance(column: Lookup, negated: bool) -> Values:
        a, b, _ = _both(left, right, column)
        return np.where(a == b, 1.0, 0.0) if negated else np.abs(_magnitude(a) - _magnitude(b))

    return Term("bool", evaluate, distance)


def _object_equality(left: Term, right: Term, column: Lookup) -> tuple[Values, Values]:
    a, undefined_a = left.evaluate(column)
    b, undefined_b = right.evaluate(column)
    equal = np.asarray(np.equal(_objects(a), _objects(b)), dtype=bool)
    return equal, undefined_a | undefined_b


def _objects(values: Values) -> Values:
    """Return values as Python objects, so that ``==`` is Python's."""
    if isinstance(values, np.ndarray):
        return values.astype(object)
    boxed = np.empty((), dtype=object)
    boxed[()] = values.item() if isinstance(values, np.generic) else values
    return boxed


def _both(left: Term, right: Term, column: Lookup) -> tuple[Values, Values, Values]:
    a, undefined_a = left.evaluate(column)
    b, undefined_b = right.evaluate(column)
    a, b = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    return a, b, undefined_a | undefined_b


def _magnitude(x: Values) -> Values:
    """Return a monotone, nearly logarithmic measure: 1e-3 is closer to 1 than 1e-9 is."""
    return np.sign(x) * np.log1p(np.abs(x) * 1e30) / 70.0


def _divide(a: Values, b: Values) -> Values:
    return np.where(b == 0, np.nan, np.true_divide(a, b))


def _floor_divide(a: Values, b: Values) -> Values:
    return np.where(b == 0, np.nan, np.floor_divide(a, b))


def _modulo(a: Values, b: Values) -> Values:
    return np.where(b == 0, np.nan, np.mod(a, b))


def _power(a: Values, b: Values) -> Values:
    result = np.power(a, b)
    return np.where(np.isinf(result) & np.isfinite(a) & np.isfinite(b), np.nan, result)


def _exp(x: Values) -> Values:
    result = np.exp(x)
    return np.where(np.isinf(result) & np.isfinite(x), np.nan, result)


def _log(x: Values) -> Values:
    return np.where(x > 0, np.log(x), np.nan)


def _describe(node: ast.AST) -> str:
    try:
        text = ast.unparse(node)
    except Exception:  # ast.unparse does not accept every lone node
        text = ""
    return repr(text) if text else f"a {type(node).__name__}"


_OPERATORS: dict[type[ast.operator], Callable[..., Values]] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: _divide,
    ast.FloorDiv: _floor_divide,
    ast.Mod: _modulo,
    ast.Pow: _power,
}
_FUNCTIONS: dict[str, tuple[Callable[..., Values], int, float]] = {
    "abs": (np.abs, 1, 1),
    "min": (lambda *xs: reduce(np.minimum, xs), 2, np.inf),
    "max": (lambda *xs: reduce(np.maximum, xs), 2, np.inf),
    "sqrt": (np.sqrt, 1, 1),
    "log": (_log, 1, 1),
    "exp": (_exp, 1, 1),
}
_ORDER: dict[type[ast.cmpop], tuple[Callable[..., Values], float]] = {
    ast.Lt: (np.less, 1.0),
    ast.LtE: (np.less_equal, 1.0),
    ast.Gt: (np.greater, -1.0),
    ast.GtE: (np.greater_equal, -1.0),
}
