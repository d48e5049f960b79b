"""A real training that can be stopped, saved and gone on with: digits and a small network."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import Tensor, nn

import bayesopt as bo

SPACE = bo.Space(
    {
        "lr": bo.Float(1e-4, 0.5, log=True),
        "momentum": bo.Float(0.0, 0.99),
        "weight_decay": bo.Float(1e-6, 1e-1, log=True),
        "dropout": bo.Float(0.0, 0.7),
        "batch": bo.Ordinal([32, 64, 128]),
    }
)
"""What may change while a network is trained: no part of its shape."""

_WIDTH, _N_DIGITS = 64, 10
_SPLIT_SEED = 0


class Images(NamedTuple):
    """Images `x` [n, 64], in [0, 1], with their digits `y` [n]."""

    x: Tensor
    y: Tensor


class Digits(NamedTuple):
    """60 % to train on, 20 % to choose by, 20 % that nothing is chosen by."""

    train: Images
    validation: Images
    test: Images


@lru_cache(maxsize=1)
def load() -> Digits:
    """Return the digits of scikit-learn, always split in the same way."""
    pixels, digits = load_digits(return_X_y=True)
    x = torch.tensor(pixels / 16.0, dtype=torch.float32)
    y = torch.tensor(digits, dtype=torch.int64)
    rest, test = _split(list(range(len(y))), y, 0.2)
    train, validation = _split(rest, y, 0.25)
    return Digits(*(Images(x[rows], y[rows]) for rows in (train, validation, test)))


def _split(rows: list[int], y: Tensor, share: float) -> tuple[list[int], list[int]]:
    kept, held_out = train_test_split(
        rows, test_size=share, stratify=y[rows], random_state=_SPLIT_SEED
    )
    return kept, held_out


class Scores(NamedTuple):
    """How good a network is after an epoch: cross-entropies, and the share of right digits."""

    validation: float
    test: float
    test_accuracy: float


class Training:
    """A network, its optimiser, and how many epochs it has behind it."""

    def __init__(self, config: Mapping[str, Any], seed: int) -> None:
        torch.manual_seed(seed)
        self.seed, self.epoch = seed, 0
        self.dropout = nn.Dropout(0.0)
        self.model = nn.Sequential(
            nn.Linear(64, _WIDTH), nn.ReLU(), self.dropout,
            nn.Linear(_WIDTH, _WIDTH), nn.ReLU(), nn.Linear(_WIDTH, _N_DIGITS),
        )  # fmt: skip
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=0.1, momentum=0.5)
        self.configure(config)

    def configure(self, config: Mapping[str, Any]) -> None:
        """Train with this configuration from now on; the weights and their momentum stay."""
        self.batch, self.dropout.p = config["batch"], config["dropout"]
        for group in self.optimizer.param_groups:
            group.update({name: config[name] for name in ("lr", "momentum", "weight_decay")})

    def run_epoch(self) -> Scores:
        """Train for an epoch; its order of images is keyed by (seed, epoch)."""
        self.epoch += 1
        torch.manual_seed(1000 * self.seed + self.epoch)
        images = load().train
        self.model.train()
        for rows in torch.randperm(len(images.y)).split(self.batch):
            self.optimizer.zero_grad()
            nn.functional.cross_entropy(self.model(images.x[rows]), images.y[rows]).backward()
            self.optimizer.step()
        validation, _ = self._evaluate(load().validation)
        return Scores(validation, *self._evaluate(load().test))

    @torch.no_grad()
    def _evaluate(self, images: Images) -> tuple[float, float]:
        self.model.eval()
        logits = self.model(images.x)
        loss = nn.functional.cross_entropy(logits, images.y).item()
        return loss, (logits.argmax(dim=1) == images.y).float().mean().item()

    def save(self, folder: Path) -> None:
        """Write all that is needed to go on."""
        state = self.epoch, self.seed, self.model.state_dict(), self.optimizer.state_dict()
        torch.save(state, folder / "training.pt")

    def load(self, folder: Path, config: Mapping[str, Any]) -> None:
        """Go on from there, with this configuration."""
        state = torch.load(folder / "training.pt", weights_only=True)
        self.epoch, self.seed, weights, moments = state
        self.model.load_state_dict(weights)
        self.optimizer.load_state_dict(moments)
        self.configure(config)
