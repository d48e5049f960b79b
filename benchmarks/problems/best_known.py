"""Best values that long searches found, where no table or formula tells the optimum."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_suffix(".json")


def best_known(name: str) -> float | None:
    """Return the best value known of a problem, in its own direction; None if nobody searched."""
    found = entries().get(name)
    return None if found is None else float(found["value"])


def best_loss(name: str) -> float | None:
    """Return the best loss known of a problem, without loading it; None if nobody searched."""
    found = entries().get(name)
    if found is None:
        return None
    return float(found["value"]) * (-1.0 if found["direction"] == "maximize" else 1.0)


@cache
def entries() -> dict[str, dict[str, Any]]:
    """Return by problem: the value, its direction, the configuration, the command."""
    stored: dict[str, dict[str, Any]] = json.loads(FILE.read_text(encoding="utf-8"))
    return stored
