"""Parts of networks, with or without something left to choose.

A part whose settings, options and depths are open is a space; one in which nothing is open is an
architecture. Both are the same classes, and have the same JSON.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeAlias

from bayesopt.architectures.settings import (
    Setting,
    checked_setting,
    chosen,
    fixed,
    is_open,
    join,
    mismatch,
    named,
    parameter,
    setting_json,
)
from bayesopt.errors import SpaceError, short_repr
from bayesopt.space import Categorical, Parameter

Condition: TypeAlias = Mapping[str, object]
Params: TypeAlias = Mapping[str, Any]


class Part(ABC):
    """A part of a network. Immutable."""

    kind: ClassVar[str]

    @abstractmethod
    def expand(self, name: str, when: Condition) -> dict[str, Parameter]:
        """Return what is open as parameters with dotted names, under a condition."""

    @abstractmethod
    def fix(self, name: str, params: Params) -> Part:
        """Return the part that a configuration chooses; nothing is open in it.

        Raises
        ------
        InvalidConfigError
            If a parameter is missing, or has a value that is none of its own.
        """

    @abstractmethod
    def choices(self, name: str, made: Part) -> dict[str, Any]:
        """Return the configuration that `fix` makes `made` of; the inverse of `fix`.

        Raises
        ------
        InvalidConfigError
            If `made` is none of this part's.
        """

    @abstractmethod
    def to_json(self) -> dict[str, Any]:
        """Return the definition as JSON data."""

    @property
    def inner(self) -> Mapping[str, Part]:
        """The parts within, by name."""
        return {}

    def walk(self) -> Iterator[Part]:
        """Yield the part and all within it."""
        yield self
        for part in self.inner.values():
            yield from part.walk()


@dataclass(frozen=True, init=False)
class Layer(Part):
    """An operation: a convolution, a pooling, an activation.

    Parameters
    ----------
    op : str
        The name of an operation (see ``bayesopt.architectures.operations``), or of one of your own,
        which is then given to ``build``.
    **settings : number, str, bool or Parameter
        What the operation is set to; a parameter is open.

    Raises
    ------
    SpaceError
        If a setting is neither plain nor a parameter with plain values.
    """

    op: str
    settings: Mapping[str, Setting] = field(hash=False)

    kind: ClassVar[str] = "layer"

    def __init__(self, op: str, /, **settings: Any) -> None:
        object.__setattr__(self, "op", named("operation", op))
        checked = {key: checked_setting(key, value) for key, value in settings.items()}
        object.__setattr__(self, "settings", checked)

    def expand(self, name: str, when: Condition) -> dict[str, Parameter]:
        """Return the open settings."""
        opened = {k: v for k, v in self.settings.items() if isinstance(v, Parameter)}
        return {f"{name}.{key}": parameter(value, when) for key, value in opened.items()}

    def fix(self, name: str, params: Params) -> Layer:
        """Return the layer with its settings chosen."""
        return Layer(self.op, **{k: fixed(v, f"{name}.{k}", params) for k, v in self._items()})

    def choices(self, name: str, made: Part) -> dict[str, Any]:
        """Return the values of open settings."""
        settings = made.settings if isinstance(made, Layer) and made.op == self.op else None
        if settings is None or set(settings) != set(self.settings):
            raise mismatch(name, f"a layer {self.op!r} with its settings", made)
        return {f"{name}.{k}": settings[k] for k, v in self._items() if is_open(v)}

    def to_json(self) -> dict[str, Any]:
        """Return the definition as JSON data."""
        settings = {key: setting_json(value) for key, value in self._items()}
        return {"kind": self.kind, "op": self.op, **({"settings": settings} if settings else {})}

    def _items(self) -> Iterator[tuple[str, Setting]]:
        yield from self.settings.items()

    def __repr__(self) -> str:
        settings = [f"{key}={value!r}" for key, value in self._items()]
        return f"Layer({', '.join([repr(self.op), *settings])})"


@dataclass(frozen=True)
class Choice(Part):
    """One of several parts. With one option nothing is open.

    Parameters
    ----------
    options : sequence of str or Layer, or mapping of str to Part or str
        By label; a layer's label is its operation, and a text stands for that operation.

    Raises
    ------
    SpaceError
        If there is no option, or a label comes twice or is none.
    """

    options: Mapping[str, Part | str] | Sequence[Layer | str] = field(hash=False)

    kind: ClassVar[str] = "choice"

    def __post_init__(self) -> None:
        object.__setattr__(self, "options", labelled_parts("options of a Choice", self.options))

    @property
    def inner(self) -> Mapping[str, Part]:
        """The options by label."""
        return self.options  # type: ignore[return-value]

    @property
    def label(self) -> str:
        """The label of the first option; where there is only one, of what was chosen."""
        return next(iter(self.inner))

    def expand(self, name: str, when: Condition) -> dict[str, Parameter]:
        """Return which option, and what is open in each, should it be chosen."""
        if len(self.inner) == 1:
            return self.inner[self.label].expand(f"{name}.{self.label}", when)
        flat: dict[str, Parameter] = {name: parameter(Categorical(list(self.inner)), when)}
        for label, option in self.inner.items():
            join(flat, option.expand(f"{name}.{label}", {name: [label]}))
        return flat

    def fix(self, name: str, params: Params) -> Choice:
        """Return the choice with the option that was chosen."""
        label = self.label if len(self.inner) == 1 else chosen(name, params, self.inner)
        return Choice({label: self.inner[label].fix(f"{name}.{label}", params)})

    def choices(self, name: str, made: Part) -> dict[str, Any]:
        """Return the label of the option, and what was chosen within."""
        if not isinstance(made, Choice) or len(made.inner) != 1 or made.label not in self.inner:
            raise mismatch(name, f"a choice of one of {', '.join(self.inner)}", made)
        mine = {} if len(self.inner) == 1 else {name: made.label}
        option = self.inner[made.label]
        return {**mine, **option.choices(f"{name}.{made.label}", made.inner[made.label])}

    def to_json(self) -> dict[str, Any]:
        """Return the definition as JSON data."""
        return {"kind": self.kind, "options": parts_json(self.inner)}


@dataclass(frozen=True)
class Sequential(Part):
    """Parts one after another.

    Parameters
    ----------
    parts : sequence of Part or str, or mapping of str to Part or str
        By name; in a sequence the names are 0, 1, ... A text stands for that operation.

    Raises
    ------
    SpaceError
        If a part is none, or a name is no text.
    """

    parts: Mapping[str, Part | str] | Sequence[Part | str] = field(hash=False)

    kind: ClassVar[str] = "sequential"

    def __post_init__(self) -> None:
        object.__setattr__(self, "parts", numbered_parts("parts of a Sequential", self.parts))

    @property
    def inner(self) -> Mapping[str, Part]:
        """The parts by name."""
        return self.parts  # type: ignore[return-value]

    def expand(self, name: str, when: Condition) -> dict[str, Parameter]:
        """Return what is open in the parts."""
        flat: dict[str, Parameter] = {}
        for key, part in self.inner.items():
            join(flat, part.expand(f"{name}.{key}", when))
        return flat

    def fix(self, name: str, params: Params) -> Sequential:
        """Return the chosen parts."""
        return Sequential({k: part.fix(f"{name}.{k}", params) for k, part in self.inner.items()})

    def choices(self, name: str, made: Part) -> dict[str, Any]:
        """Return what was chosen in the parts."""
        if not isinstance(made, Sequential) or list(made.inner) != list(self.inner):
            raise mismatch(name, f"a sequence of {', '.join(self.inner)}", made)
        found: dict[str, Any] = {}
        for key, part in self.inner.items():
            found.update(part.choices(f"{name}.{key}", made.inner[key]))
        return found

    def to_json(self) -> dict[str, Any]:
        """Return the definition as JSON data."""
        return {"kind": self.kind, "parts": parts_json(self.inner)}


def part_of(what: str, given: object) -> Part:
    """Return a part; a text stands for the operation of that name.

    Raises
    ------
    SpaceError
        If it is neither.
    """
    if isinstance(given, str):
        return Layer(given)
    if isinstance(given, Part):
        return given
    raise SpaceError(
        what, expected="a part of a network, or an operation's name", got=short_repr(given)
    )


def labelled_parts(what: str, given: object) -> dict[str, Part]:
    """Return options by label; the label of a layer in a sequence is its operation.

    Raises
    ------
    SpaceError
        If there is none, one is no part, or a label is missing or comes twice.
    """
    if isinstance(given, Mapping):
        found = {named("option", label): part_of(what, each) for label, each in given.items()}
    else:
        layers = [part_of(what, each) for each in _sequence(what, given)]
        found = {layer.op: layer for layer in layers if isinstance(layer, Layer)}
        if len(found) < len(layers):
            raise SpaceError(
                what,
                expected="layers of different operations",
                got=short_repr(given),
                remedy="Give a mapping of label to part",
            )
    if not found:
        raise SpaceError(what, expected="at least one", got="none")
    return found


def numbered_parts(what: str, given: object) -> dict[str, Part]:
    """Return parts by name; in a sequence 0, 1, ... Raises SpaceError as `labelled_parts` does."""
    if isinstance(given, Mapping):
        return {named("part", name): part_of(what, each) for name, each in given.items()}
    return {str(k): part_of(what, each) for k, each in enumerate(_sequence(what, given))}


def parts_json(parts: Mapping[str, Part]) -> list[list[Any]]:
    """Return parts by name as JSON data that keeps their order."""
    return [[name, part.to_json()] for name, part in parts.items()]


def _sequence(what: str, given: object) -> Sequence[Any]:
    if isinstance(given, list | tuple):
        return given
    raise SpaceError(what, expected="a list or a mapping", got=short_repr(given))
