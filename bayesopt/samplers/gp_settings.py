"""What the Gaussian-process sampler requires of its settings."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from bayesopt.acquisition.settings import SearchSettings
from bayesopt.errors import SettingsError, short_repr
from bayesopt.surrogates.settings import GPSettings


def plain_reference(reference: object) -> tuple[float, ...] | None:
    """Return a reference as plain numbers. Raises SettingsError unless they are finite."""
    if not _is_reference(reference):
        got = short_repr(reference)
        raise SettingsError("reference", expected="finite numbers, or None", got=got)
    return None if reference is None else tuple(np.asarray(reference, dtype=np.float64).tolist())


def _is_reference(value: object) -> bool:
    try:
        given = np.zeros(1) if value is None else np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        return False
    return given.ndim == 1 and bool(np.isfinite(given).all())


def check_reference(reference: Sequence[float] | None, n_objectives: int) -> None:
    """Raise SettingsError unless a reference has a number for each objective."""
    if reference is not None and len(reference) != n_objectives:
        raise SettingsError(
            "reference",
            expected=f"a number for each of {n_objectives} objectives",
            got=short_repr(reference),
        )


def check_values(kind: type[GPSettings | SearchSettings], given: object) -> None:
    """Raise SettingsError unless `given` is a mapping, or None, of settings that `kind` takes."""
    known = {field.name for field in dataclasses.fields(kind)}
    if given is not None and not (isinstance(given, dict) and set(given) <= known):
        raise SettingsError(
            kind.__name__, expected=f"a mapping of {sorted(known)}", got=short_repr(given)
        )
    try:
        kind(**(given or {}))
    except TypeError as error:
        raise SettingsError(
            kind.__name__, expected="values of the right kind", got=f"{short_repr(given)} ({error})"
        ) from error
