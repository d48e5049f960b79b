"""One training: a configuration in, a loss after every epoch out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from space import SPACE
from torch import Tensor, nn

BATCH = 64


@dataclass(frozen=True)
class Images:
    """Digits of 8 × 8 pixels, f32[n,1,8,8] from 0 to 1, and which they are, i64[n]."""

    x: Tensor
    y: Tensor


@cache
def load() -> tuple[Images, Images, Images]:
    """Return the images to train on, to choose by, and to test with (60, 20 and 20 percent)."""
    digits = load_digits()
    x, y = digits.images[:, None] / 16.0, digits.target
    rest_x, test_x, rest_y, test_y = train_test_split(
        x, y, test_size=0.2, stratify=y, random_state=0
    )
    train_x, val_x, train_y, val_y = train_test_split(
        rest_x, rest_y, test_size=0.25, stratify=rest_y, random_state=0
    )
    parts = ((train_x, train_y), (val_x, val_y), (test_x, test_y))
    train, validation, test = (
        Images(torch.tensor(x, dtype=torch.float32), torch.tensor(y)) for x, y in parts
    )
    return train, validation, test


def make(params: Mapping[str, Any], seed: int = 0) -> nn.Module:
    """Return the untrained network of a configuration."""
    torch.set_num_threads(1)  # trials run side by side; threads inside them would only fight
    torch.manual_seed(seed)
    return SPACE["net"].build(params)


def train(params: Mapping[str, Any], model: nn.Module, n_epochs: int) -> Iterator[int]:
    """Train a network, and hand back the number of every epoch that is done.

    The rate falls linearly to a tenth over the whole training.
    """
    images = load()[0]
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=params["lr"], weight_decay=params["weight_decay"]
    )
    falling = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.1, n_epochs)
    for epoch in range(1, n_epochs + 1):
        model.train()
        for rows in torch.randperm(len(images.y)).split(BATCH):
            x = nn.functional.dropout(images.x[rows], params["dropout"])
            loss = nn.functional.cross_entropy(model(x), images.y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        falling.step()
        yield epoch


@torch.no_grad()
def evaluate(model: nn.Module, images: Images) -> tuple[float, float]:
    """Return the mean cross-entropy and the accuracy on images."""
    model.eval()
    logits = model(images.x)
    accuracy = (logits.argmax(dim=1) == images.y).float().mean()
    return nn.functional.cross_entropy(logits, images.y).item(), accuracy.item()
