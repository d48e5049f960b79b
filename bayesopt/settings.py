"""Samplers and schedulers as JSON: a short name and settings, looked up only when needed."""

from __future__ import annotations

import dataclasses
import importlib
import json
from collections.abc import Mapping
from typing import Any

from bayesopt.errors import SettingsError, short_repr


class Registry:
    """Short names of classes that are frozen dataclasses of settings.

    Parameters
    ----------
    kind : str
        What the classes are, for messages: "sampler".
    paths : mapping of str to str
        ``"module:Class"`` by short name; a module is imported when its name is first used.
    """

    def __init__(self, kind: str, paths: Mapping[str, str]) -> None:
        self._kind, self._paths = kind, dict(paths)

    def create(self, name: str, settings: Mapping[str, Any] | None = None) -> Any:
        """Return an object of the class called `name`.

        Raises
        ------
        SettingsError
            If the name or a setting is unknown, or the class refuses a setting.
        """
        known = self._class(name)
        given = dict(settings or {})
        unknown = set(given) - {field.name for field in dataclasses.fields(known)}
        if unknown:
            raise SettingsError(
                f"{self._kind} {name!r}",
                expected="settings of this version",
                got=f"also {short_repr(sorted(unknown))}",
                remedy="The study was made by another version; upgrade, or pass a new object.",
            )
        return known(**given)

    def takes(self, name: str, setting: str) -> bool:
        """Whether the class called `name` has this setting. Raises SettingsError."""
        return setting in {field.name for field in dataclasses.fields(self._class(name))}

    def to_spec(self, item: object) -> str:
        """Return an object as JSON; of a class that is not registered only where it is defined.

        Raises
        ------
        SettingsError
            If a setting is nothing that JSON can hold.
        """
        name = getattr(item, "name", None)
        if not isinstance(name, str) or self._paths.get(name) != _path(type(item)):
            return json.dumps({"class": _path(type(item))})
        fields = dataclasses.fields(item)  # type: ignore[arg-type]
        settings = {field.name: getattr(item, field.name) for field in fields if field.init}
        try:
            return json.dumps({"name": name, "settings": settings}, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise SettingsError(
                f"{self._kind} {name!r}",
                expected="settings that JSON can hold",
                got=str(error),
                remedy="Give the labels of choices instead of the objects behind them.",
            ) from None

    def from_spec(self, spec: str) -> Any:
        """Return the object that a spec describes.

        Raises
        ------
        SettingsError
            If it is no spec, names nothing known, or a class that is not registered.
        """
        content = _parsed(spec)
        if "class" in content:
            raise SettingsError(
                f"{self._kind} of the study",
                expected=f"one of {sorted(self._paths)}",
                got=short_repr(content["class"]),
                remedy=f"It is your own class: pass {self._kind}=... when you load the study.",
            )
        name, settings = content.get("name"), content.get("settings", {})
        if not isinstance(name, str) or not isinstance(settings, dict):
            raise SettingsError(
                f"{self._kind} spec", expected="a name and settings", got=short_repr(spec)
            )
        return self.create(name, settings)

    def _class(self, name: str) -> Any:
        if name not in self._paths:
            raise SettingsError(
                self._kind, expected=f"one of {sorted(self._paths)}", got=short_repr(name)
            )
        module, _, class_name = self._paths[name].partition(":")
        return getattr(importlib.import_module(module), class_name)


def _path(known: type) -> str:
    return f"{known.__module__}:{known.__qualname__}"


def _parsed(spec: str) -> dict[str, Any]:
    try:
        content = json.loads(spec)
    except (TypeError, ValueError):
        content = None
    if not isinstance(content, dict):
        raise SettingsError("spec", expected="a JSON object", got=short_repr(spec))
    return content
