"""What crosses the pipe between a study's process and its workers, as bytes.

Both ends run the same code of the same user at the same time, so pickle is the right tool here
(nothing of it is ever stored). Functions and classes that a fresh interpreter cannot import travel
by value: those of ``__main__`` and of notebooks, lambdas and closures, and modules that were loaded
from somewhere off ``sys.path``.
"""

from __future__ import annotations

import io
import os
import pickle
import sys
from importlib.machinery import ModuleSpec
from types import FunctionType, ModuleType
from typing import Any

import cloudpickle


def dumps(obj: object) -> bytes:
    """Return `obj` as bytes that a worker can load. Raises whatever pickling it raises."""
    with io.BytesIO() as file:
        pickler = _Pickler(file)
        try:
            pickler.dump(obj)
        finally:
            pickler.forget()
        return file.getvalue()


def loads(data: bytes) -> Any:
    """Return what was packed by :func:`dumps` on the other end."""
    return pickle.loads(data)  # noqa: S301 - written by this program, over its own pipe


class _Pickler(cloudpickle.Pickler):  # type: ignore[misc]
    """cloudpickle, taught which modules a worker could not import."""

    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file)
        self._checked: set[str] = set()
        self._registered: list[ModuleType] = []

    def reducer_override(self, obj: Any) -> Any:
        if isinstance(obj, ModuleType):
            self._check(obj.__name__)
        elif isinstance(obj, type | FunctionType):
            self._check(obj.__module__)
        return super().reducer_override(obj)

    def _check(self, name: str | None) -> None:
        if not isinstance(name, str) or name in self._checked or name == "__main__":
            return
        self._checked.add(name)
        module = sys.modules.get(name)
        if module is None or name in cloudpickle.list_registry_pickle_by_value():
            return
        if not _is_importable(module, name):
            cloudpickle.register_pickle_by_value(module)
            self._registered.append(module)

    def forget(self) -> None:
        for module in self._registered:
            cloudpickle.unregister_pickle_by_value(module)


def _is_importable(module: ModuleType, name: str) -> bool:
    """Whether a fresh interpreter with this ``sys.path`` would import this very module.

    Modules that do not come from a file of their own (built-in, frozen, made up by their package)
    get the benefit of the doubt.
    """
    file = getattr(module, "__file__", None)
    if not isinstance(file, str) or not os.path.isabs(file):
        return True
    spec = _fresh_spec(name)
    if spec is None:
        return False
    if not spec.has_location:  # frozen parts of the standard library have a __file__ all the same
        return True
    return os.path.realpath(str(spec.origin)) == os.path.realpath(file)


def _fresh_spec(name: str) -> ModuleSpec | None:
    """Return what importing `name` afresh would load, None if there is nothing."""
    path: Any = None
    spec: ModuleSpec | None = None
    parts = name.split(".")
    for depth in range(1, len(parts) + 1):
        spec = _find_spec(".".join(parts[:depth]), path)
        if spec is None:
            return None
        path = spec.submodule_search_locations
    return spec


def _find_spec(name: str, path: Any) -> ModuleSpec | None:
    for finder in sys.meta_path:
        spec = finder.find_spec(name, path)
        if spec is not None:
            return spec
    return None
