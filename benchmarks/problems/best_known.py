"""Best values that long searches found, where no table or formula tells the optimum."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

FILE = Path(__file__).with_suffix(".json")


def best_known(name: str) -> float | None:
    """Return the stored value of a problem in its own direction; None if there is none."""
    return _stored().get(name)


@cache
def _stored() -> dict[str, float]:
    values: dict[str, float] = json.loads(FILE.read_text(encoding="utf-8"))["best"]
    return values
