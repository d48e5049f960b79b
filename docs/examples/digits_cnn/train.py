"""One training: a configuration in, a trained network out."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import torch
from data import Images
from model import build
from space import SPACE
from torch import Tensor, nn

N_EPOCHS = 20


def train(
    config: Mapping[str, Any],
    images: Images,
    seed: int,
    after_epoch: Callable[[int, nn.Module], None] = lambda epoch, model: None,
) -> nn.Module:
    """Train the network that `config` describes on `images`; the same seed gives the same one."""
    torch.set_num_threads(1)  # trials run side by side; threads inside them would only fight
    torch.manual_seed(seed)
    model = build(config["depth"], config["width"], config["dropout"], config["activation"])
    optimizer = make_optimizer(config, model)
    n_batches = math.ceil(len(images) / config["batch"])
    scheduler = SPACE["schedule"].build(config, N_EPOCHS * n_batches).torch(optimizer)
    for epoch in range(N_EPOCHS):
        model.train()
        for rows in torch.randperm(len(images)).split(config["batch"]):
            step(model, optimizer, images.x[rows], images.y[rows])
            scheduler.step()
        after_epoch(epoch, model)
    return model


def make_optimizer(config: Mapping[str, Any], model: nn.Module) -> torch.optim.Optimizer:
    """Build the optimiser; only SGD has a momentum. The schedule sets its learning rate."""
    shared = {"weight_decay": config["weight_decay"], "fused": True}  # one call for all parameters
    if config["optimizer"] == "adamw":
        return torch.optim.AdamW(model.parameters(), **shared)
    return torch.optim.SGD(model.parameters(), momentum=config["momentum"], **shared)


def step(model: nn.Module, optimizer: torch.optim.Optimizer, x: Tensor, y: Tensor) -> None:
    """Take one step down the cross-entropy of a batch."""
    optimizer.zero_grad()
    nn.functional.cross_entropy(model(x), y).backward()
    optimizer.step()


@torch.no_grad()
def evaluate(model: nn.Module, images: Images) -> tuple[float, float]:
    """Return the mean cross-entropy and the accuracy on `images`."""
    model.eval()
    logits = model(images.x)
    loss = nn.functional.cross_entropy(logits, images.y).item()
    return loss, (logits.argmax(dim=1) == images.y).float().mean().item()
