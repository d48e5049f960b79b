"""What a user passes to a space, checked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from bayesopt.errors import InvalidConfigError, SpaceError, short_repr
from bayesopt.space.axes import Floats


def checked_rows(u: Any, d: int) -> Floats:
    """Return rows f64[n,d]. Raises SpaceError."""
    try:
        rows: Floats = np.asarray(u).astype(np.float64, casting="same_kind", copy=False)
    except (TypeError, ValueError):  # ragged, complex, text
        raise SpaceError(
            "rows", expected=f"real numbers of shape [n, {d}]", got=short_repr(u)
        ) from None
    if rows.ndim != 2 or rows.shape[1] != d:
        raise SpaceError("rows", expected=f"an array of shape [n, {d}]", got=f"shape {rows.shape}")
    return rows


def checked_draw(n: Any, rng: Any) -> int:
    """Return how many rows to draw from a generator. Raises SpaceError."""
    is_whole = isinstance(n, int | np.integer) and not isinstance(n, bool)
    if not is_whole or n < 0:
        raise SpaceError("number of rows", expected="a whole number >= 0", got=short_repr(n))
    if not isinstance(rng, np.random.Generator):
        raise SpaceError(
            "rng",
            expected="a numpy.random.Generator",
            got=short_repr(rng),
            remedy="numpy.random.default_rng(seed) makes one.",
        )
    return int(n)


def checked_configs(configs: Any) -> list[Mapping[str, Any]]:
    """Return configurations. Raises InvalidConfigError."""
    is_list = isinstance(configs, Iterable) and not isinstance(configs, str | Mapping)
    given: list[Any] = list(configs) if is_list else [None]
    if not all(isinstance(config, Mapping) for config in given):
        raise InvalidConfigError(
            "configurations", expected="a list of mappings", got=short_repr(configs)
        )
    return given
