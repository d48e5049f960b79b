"""Settings of parts: plain values, or parameters that are still open."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from bayesopt.errors import InvalidConfigError, SpaceError, short_repr
from bayesopt.space import Categorical, Constant, Float, Int, Parameter
from bayesopt.space.labels import is_native, plain
from bayesopt.space.serialization import parameter_from

Plain: TypeAlias = str | int | float | bool | None
Setting: TypeAlias = Plain | Parameter


def is_open(setting: object) -> bool:
    """Whether a setting is a parameter."""
    return isinstance(setting, Parameter)


def checked_setting(what: str, given: object) -> Setting:
    """Return a setting; a `Constant` becomes its value.

    Raises
    ------
    SpaceError
        If it is neither plain nor a parameter all of whose values are plain: JSON has to hold it.
    """
    given = plain(given.value if isinstance(given, Constant) else given)
    if is_native(given) or isinstance(given, Float | Int):
        return given  # type: ignore[return-value]
    if isinstance(given, Categorical) and all(is_native(entry.value) for entry in given.entries):
        return given
    raise SpaceError(
        f"setting {what!r}",
        expected="a number, a text, a bool, or a parameter with such values",
        got=short_repr(given),
        remedy="Name your own objects, and give them to `build` under their names",
    )


def fixed(setting: Setting, name: str, params: Mapping[str, Any]) -> Plain:
    """Return the plain value of a setting; an open one has that of parameter `name`.

    Raises
    ------
    InvalidConfigError
        If there is no such parameter, or the setting has no such value.
    """
    if not isinstance(setting, Parameter):
        return setting
    if name not in params:
        raise missing(name)
    value: Any = setting.from_label(setting.to_label(params[name]))
    return value  # type: ignore[no-any-return]


def chosen(name: str, params: Mapping[str, Any], labels: Iterable[str]) -> str:
    """Return the label that parameter `name` has. Raises InvalidConfigError as `fixed` does."""
    if name not in params:
        raise missing(name)
    label = params[name]
    if label not in labels:
        expected = f"one of {', '.join(labels)}"
        raise InvalidConfigError(f"parameter {name!r}", expected=expected, got=short_repr(label))
    return str(label)


def parameter(open_setting: Parameter, when: Mapping[str, object]) -> Parameter:
    """Return a parameter under a condition besides its own."""
    both = {**(open_setting.when or {}), **when}
    return open_setting.with_condition(both) if both else open_setting


def join(flat: dict[str, Parameter], more: Mapping[str, Parameter]) -> None:
    """Add parameters to others. Raises SpaceError if a name comes twice."""
    for name, each in more.items():
        if name in flat:
            raise SpaceError(f"parameter {name!r}", expected="one definition", got="two")
        flat[name] = each


def setting_json(setting: Setting) -> object:
    """Return a setting as JSON data."""
    return {"open": setting.to_dict()} if isinstance(setting, Parameter) else setting


def setting_from(data: object) -> Setting:
    """Return the setting that `setting_json` wrote."""
    if isinstance(data, dict):
        return parameter_from(data["open"], {})
    return data  # type: ignore[return-value]


def missing(name: str) -> InvalidConfigError:
    """Return the error for a parameter that a configuration lacks."""
    return InvalidConfigError(
        "architecture", expected=f"a value of {name}", got="none in the configuration"
    )


def mismatch(name: str, expected: str, made: object) -> InvalidConfigError:
    """Return the error for an architecture that is none of a part's."""
    return InvalidConfigError(f"architecture at {name!r}", expected=expected, got=short_repr(made))


def named(what: str, given: object) -> str:
    """Return a name. Raises SpaceError if it is no non-empty text."""
    if isinstance(given, str) and given:
        return given
    raise SpaceError(f"name of an {what}", expected="a non-empty text", got=short_repr(given))
