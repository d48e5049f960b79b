"""Versions of a space: what changes from one to the next, and parameters that hold both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bayesopt.errors import InvalidConfigError, SpaceChangedError, SpaceError
from bayesopt.space.categorical import Categorical
from bayesopt.space.conditions import When
from bayesopt.space.labels import Choice, Label, LabelKey, label_key
from bayesopt.space.numeric import Float, Int
from bayesopt.space.parameters import Constant, Parameter


@dataclass(frozen=True)
class SpaceChange:
    """The difference between two versions of a space. Falsy if there is none.

    Attributes
    ----------
    added, removed : tuple of str
        Parameters that only one version has.
    widened, narrowed : tuple of str
        Numbers that gained, or lost, part of their range; one may do both.
    rescaled : tuple of str
        Numbers whose scale (log) or step changed.
    choices_added, choices_removed : mapping of str to tuple of labels
    changed : tuple of str
        Parameters with another condition, default, order of choices, or constant value.
    reordered : bool
        Whether the parameters of both are in another order.
    constraints : bool
        Whether the constraints differ.
    """

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    widened: tuple[str, ...] = ()
    narrowed: tuple[str, ...] = ()
    rescaled: tuple[str, ...] = ()
    choices_added: Mapping[str, tuple[Label, ...]] = field(default_factory=dict)
    choices_removed: Mapping[str, tuple[Label, ...]] = field(default_factory=dict)
    changed: tuple[str, ...] = ()
    reordered: bool = False
    constraints: bool = False

    def __bool__(self) -> bool:
        return any(vars(self).values())

    def __str__(self) -> str:
        lists = {key: ("yes",) if value is True else value for key, value in vars(self).items()}
        parts = [
            f"{key.replace('_', ' ')}: {_shown(value)}" for key, value in lists.items() if value
        ]
        return "; ".join(parts) or "no change"


def compare(
    old: Mapping[str, Parameter], new: Mapping[str, Parameter], *, constraints: bool
) -> SpaceChange:
    """Return what changes from `old` to `new`; `constraints` says whether those differ.

    Raises
    ------
    SpaceChangedError
        If a name changes its kind.
    """
    both = [(name, old[name], p) for name, p in new.items() if name in old]
    for name, before, after in both:
        _check_kind(name, before, after)
    numbers = [(n, a, b) for n, a, b in both if _is_number(a)]
    choices = [(n, a, b) for n, a, b in both if isinstance(a, Categorical)]
    return SpaceChange(
        added=tuple(name for name in new if name not in old),
        removed=tuple(name for name in old if name not in new),
        widened=tuple(n for n, a, b in numbers if _reaches_beyond(b, a)),
        narrowed=tuple(n for n, a, b in numbers if _reaches_beyond(a, b)),
        rescaled=tuple(n for n, a, b in numbers if _scale(a) != _scale(b)),
        choices_added=_nonempty({n: _extra_labels(b, a) for n, a, b in choices}),
        choices_removed=_nonempty({n: _extra_labels(a, b) for n, a, b in choices}),
        changed=tuple(n for n, a, b in both if _otherwise(a, b) != _otherwise(b, a)),
        reordered=[name for name in old if name in new] != [name for name, _, _ in both],
        constraints=constraints,
    )


def merged_parameters(
    known: Mapping[str, Parameter], more: Mapping[str, Parameter]
) -> dict[str, Parameter] | None:
    """Return parameters that hold the values of both, or None if `known` does already.

    Raises
    ------
    SpaceChangedError
        If a name has different kinds, scales, steps, conditions or constants.
    """
    merged = dict(known)
    for name, p in more.items():
        if name not in known:
            merged[name] = p
        elif known[name] != p:
            merged[name] = _merged(name, known[name], p)
    grown = len(merged) > len(known) or any(merged[name] is not known[name] for name in known)
    return merged if grown else None


def conditioned(
    known: Mapping[str, Parameter], conditions: Mapping[str, Mapping[str, object]]
) -> dict[str, Parameter] | None:
    """Return parameters under these conditions and no others, or None if they are already."""
    wanted = {name: When.of(conditions.get(name)) for name in known}
    if all(_json(wanted[name]) == _condition(p) for name, p in known.items()):
        return None
    return {name: p.with_condition(wanted[name]) for name, p in known.items()}


def _merged(name: str, a: Parameter, b: Parameter) -> Parameter:
    """Return one parameter that holds the values of both; `a` itself if it does."""
    _check_kind(name, a, b)
    if _condition(a) != _condition(b):
        raise _contradiction(name, f"the condition {a.when!r}", repr(b.when))
    if isinstance(a, Categorical) and isinstance(b, Categorical):
        return _merged_choices(a, b)
    if isinstance(a, Float | Int) and isinstance(b, Float | Int):
        return _merged_range(name, a, b)
    if _label(a) != _label(b):
        raise _contradiction(name, repr(a), repr(b))
    return a


def _merged_choices(a: Categorical, b: Categorical) -> Categorical:
    known = _by_label(a)
    extra = [choice for key, choice in _by_label(b).items() if key not in known]
    if not extra and (b.default is None or a.default is not None):
        return a
    default = b.default if a.default is None else a.default
    return type(a).of_entries((*a.entries, *extra), when=a.when, default=default)


def _merged_range(name: str, a: Float | Int, b: Float | Int) -> Float | Int:
    if _scale(a) != _scale(b):
        raise _contradiction(name, f"log={a.log}, step={a.step}", f"log={b.log}, step={b.step}")
    low, high = min(a.low, b.low), max(a.high, b.high)
    default = b.default if a.default is None else a.default
    if (low, high, default) == (a.low, a.high, a.default):
        return _on_one_grid(name, a, b, a)
    try:
        wide = type(a)(low, high, log=a.log, step=a.step, when=a.when, default=default)  # type: ignore[arg-type]
    except SpaceError as error:
        raise _contradiction(name, repr(a), f"{b!r}: {error}") from None
    return _on_one_grid(name, a, b, wide)


def _on_one_grid(name: str, a: Float | Int, b: Float | Int, wide: Float | Int) -> Float | Int:
    """Return `wide`, once it is sure that all ends lie on its steps."""
    if not all(wide.contains(end) for end in (a.low, a.high, b.low, b.high)):
        raise _contradiction(name, f"steps of {a.step} from {a.low}", f"steps from {b.low}")
    return wide


def _check_kind(name: str, a: Parameter, b: Parameter) -> None:
    if a.kind != b.kind:
        raise _contradiction(name, f"a parameter of kind {a.kind!r}", repr(b.kind))


def _contradiction(name: str, expected: str, got: str) -> SpaceChangedError:
    return SpaceChangedError(
        f"parameter {name!r}",
        expected=f"{expected}, as recorded",
        got=got,
        remedy="Give the new parameter another name",
    )


def _is_number(p: Parameter) -> bool:
    return isinstance(p, Float | Int)


def _reaches_beyond(a: Parameter, b: Parameter) -> bool:
    """Tell whether the range of `a` has parts that the range of `b` lacks."""
    if isinstance(a, Float | Int) and isinstance(b, Float | Int):
        return a.low < b.low or a.high > b.high
    return False


def _scale(p: Parameter) -> object:
    if isinstance(p, Int):
        return p.log, p.step or 1
    return (p.log, p.step) if isinstance(p, Float) else None


def _condition(p: Parameter) -> object:
    return _json(p.condition)


def _json(condition: When | None) -> object:
    return None if condition is None else condition.to_json()


def _by_label(p: Parameter) -> dict[LabelKey, Choice]:
    entries = p.entries if isinstance(p, Categorical) else ()
    return {label_key(choice.label): choice for choice in entries}


def _extra_labels(a: Parameter, b: Parameter) -> tuple[Label, ...]:
    known = _by_label(b)
    return tuple(choice.label for key, choice in _by_label(a).items() if key not in known)


def _otherwise(p: Parameter, other: Parameter) -> list[Any]:
    """Return what `SpaceChange.changed` is about; the order of choices is that of shared ones."""
    shared = [key for key in _by_label(p) if key in _by_label(other)]
    return [_condition(p), _default(p), _label(p), shared]


def _default(p: Parameter) -> object:
    try:
        return None if p.default is None else label_key(p.to_label(p.default))
    except InvalidConfigError:
        return None


def _label(p: Parameter) -> object:
    return label_key(p.label) if isinstance(p, Constant) else None


def _nonempty(groups: dict[str, tuple[Label, ...]]) -> dict[str, tuple[Label, ...]]:
    return {name: labels for name, labels in groups.items() if labels}


def _shown(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} ({', '.join(map(repr, v))})" for name, v in value.items())
    return ", ".join(value) if isinstance(value, tuple) else str(value)
