"""What is tuned, where the search starts, and the grid that a person might try instead."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from model import ACTIVATIONS

import bayesopt as bo

SPACE = bo.Space(
    {
        "schedule": bo.LearningRateSchedule(
            lr=bo.Float(1e-4, 0.5, log=True), warmup=bo.Float(0.0, 0.2)
        ),
        "optimizer": bo.Categorical(["sgd", "adamw"]),
        "momentum": bo.Float(0.0, 0.99, when={"optimizer": "sgd"}),
        "weight_decay": bo.Float(1e-6, 1e-1, log=True),
        "batch": bo.Ordinal([16, 32, 64, 128]),
        "depth": bo.Int(1, 4),
        "width": bo.Int(8, 48, log=True),
        "dropout": bo.Float(0.0, 0.7),
        "activation": bo.Categorical(list(ACTIVATIONS)),
    }
)

TEXTBOOK = {
    "schedule.kind": "constant",
    "schedule.lr": 0.01,
    "schedule.warmup": 0.0,
    "optimizer": "sgd",
    "momentum": 0.9,
    "weight_decay": 1e-4,
    "batch": 32,
    "depth": 2,
    "width": 16,
    "dropout": 0.5,
    "activation": "relu",
}

# 3 · 2 · 2 · 2 = 24 cells; everything else as in the textbook.
GRID = bo.Space(
    {
        "schedule": bo.LearningRateSchedule(kinds=["constant"], lr=bo.Ordinal([0.001, 0.01, 0.1])),
        "optimizer": bo.Categorical(["sgd", "adamw"]),
        "momentum": bo.Constant(0.9, when={"optimizer": "sgd"}),
        "weight_decay": bo.Constant(1e-4),
        "batch": bo.Ordinal([32, 128]),
        "depth": bo.Constant(2),
        "width": bo.Constant(16),
        "dropout": bo.Ordinal([0.0, 0.5]),
        "activation": bo.Constant("relu"),
    }
)


def describe(config: Mapping[str, Any], other: Mapping[str, Any]) -> str:
    """List a configuration line by line, with another one's values in brackets."""
    names = dict.fromkeys([*config, *other])
    return "\n".join(
        f"  {name:16}{_shown(config.get(name)):>12}  [{_shown(other.get(name))}]" for name in names
    )


def _shown(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:.3g}" if isinstance(value, float) else str(value)
