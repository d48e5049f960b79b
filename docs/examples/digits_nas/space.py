"""What is searched: a small convolutional network, its cell, and how it is trained."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import bayesopt as bo
from bayesopt.architectures import (
    Cell,
    Choice,
    Layer,
    Network,
    Repeat,
    Residual,
    Sequential,
    Stage,
    scores,
)

MOST_WEIGHTS = 20_000


def block(op: str) -> Residual:
    """Return a residual block around one operation."""
    kernel = bo.Ordinal([3, 5])
    return Residual(Layer(op, kernel=kernel, bias=False, norm="batch", activation="relu"))


CELL = Cell(
    4,
    {
        "none": Layer("zero"),
        "skip": Layer("skip"),
        "conv": Sequential([Layer("activation"), Layer("conv", bias=False), Layer("norm")]),
        "sep": Sequential([Layer("activation"), Layer("sep_conv", bias=False), Layer("norm")]),
        "pool": Layer("avg_pool", kernel=3, stride=1),
    },
)

NETWORK = Network(
    {
        "stem": Layer("conv", width=bo.Ordinal([8, 12, 16]), norm="batch", activation="relu"),
        "blocks": Repeat(Choice({"conv": block("conv"), "sep": block("sep_conv")}), bo.Int(0, 2)),
        "shrink": Choice({"max": Layer("max_pool"), "avg": Layer("avg_pool")}),
        "wide": Stage(Sequential({"cell": CELL}), widen=bo.Ordinal([1, 1.5, 2])),
    },
    input_shape=(1, 8, 8),
    outputs=10,
)


def is_small(params: Mapping[str, Any]) -> bool:
    """Whether a network has few enough weights; it is counted, not built."""
    return scores.parameter_count(NETWORK.read(params)) <= MOST_WEIGHTS


SPACE = bo.Space(
    {
        "net": NETWORK,
        "lr": bo.Float(1e-3, 1e-1, log=True),
        "weight_decay": bo.Float(1e-5, 1e-2, log=True),
        "dropout": bo.Float(0.0, 0.5),
    },
    constraints=[is_small],
)
