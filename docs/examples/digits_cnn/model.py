"""The model: a small convolutional network whose shape is open to tuning."""

from __future__ import annotations

import torch
from torch import nn

ACTIVATIONS = {"relu": nn.ReLU, "gelu": nn.GELU, "silu": nn.SiLU, "tanh": nn.Tanh}
N_DIGITS = 10


def build(depth: int, width: int, dropout: float, activation: str) -> nn.Sequential:
    """Stack `depth` convolutions of `width` channels; the first two halve 8 × 8 pixels to 2 × 2."""
    layers: list[nn.Module] = []
    side, channels = 8, 1
    for level in range(depth):
        layers += [nn.Conv2d(channels, width, kernel_size=3, padding=1), ACTIVATIONS[activation]()]
        if level < 2:
            layers.append(nn.MaxPool2d(2))
            side //= 2
        channels = width
    head = nn.Linear(channels * side**2, N_DIGITS)
    model = nn.Sequential(*layers, nn.Flatten(), nn.Dropout(dropout), head)
    return model.to(memory_format=torch.channels_last)  # a fifth faster on a CPU
