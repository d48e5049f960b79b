"""A real training that can be stopped, saved and gone on with: digits and a small network.

In NumPy: for so small a network a step takes a tenth of the time that a framework needs.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import bayesopt as bo

F = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

SPACE = bo.Space(
    {
        "lr": bo.Float(1e-4, 1.0, log=True),
        "momentum": bo.Float(0.0, 0.99),
        "weight_decay": bo.Float(1e-6, 1e-1, log=True),
        "dropout": bo.Float(0.0, 0.7),
        "batch": bo.Ordinal([32, 64, 128]),
    }
)
"""What may change while a network is trained: no part of its shape."""

_SIZES = (64, 64, 10)
_SPLIT_SEED = 0


class Images(NamedTuple):
    """Images `x` [n, 64], in [0, 1], with their digits `y` [n]."""

    x: F
    y: Ints


class Digits(NamedTuple):
    """60 % to train on, 20 % to choose by, 20 % that nothing is chosen by."""

    train: Images
    validation: Images
    test: Images


@lru_cache(maxsize=1)
def load() -> Digits:
    """Return the digits of scikit-learn, always split in the same way."""
    pixels, digits = load_digits(return_X_y=True)
    x, y = pixels / 16.0, digits.astype(np.int64)
    rest, test = _split(np.arange(len(y)), y, 0.2)
    train, validation = _split(rest, y, 0.25)
    return Digits(*(Images(x[rows], y[rows]) for rows in (train, validation, test)))


def _split(rows: Ints, y: Ints, share: float) -> tuple[Ints, Ints]:
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
    """A network of one hidden layer, its momentum, and how many epochs it has behind it."""

    def __init__(self, config: Mapping[str, Any], seed: int) -> None:
        self.config, self.seed, self.epoch = config, seed, 0
        rng, (n_in, n_hidden, n_out) = np.random.default_rng(seed), _SIZES
        self.weights = [
            rng.standard_normal((n_in, n_hidden)) * np.sqrt(2.0 / n_in),
            np.zeros(n_hidden),
            rng.standard_normal((n_hidden, n_out)) * np.sqrt(1.0 / n_hidden),
            np.zeros(n_out),
        ]
        self.moments = [np.zeros_like(each) for each in self.weights]

    def run_epoch(self) -> Scores:
        """Train for an epoch; its order of images is keyed by (seed, epoch)."""
        self.epoch += 1
        rng = np.random.default_rng([self.seed, self.epoch])
        images, size = load().train, int(self.config["batch"])
        order = rng.permutation(len(images.y))
        with np.errstate(all="ignore"):  # a rate that is too large ends in NaN, which is reported
            for start in range(0, len(order), size):
                rows = order[start : start + size]
                self._step(images.x[rows], images.y[rows], rng)
            validation, _ = self._evaluate(load().validation)
            return Scores(validation, *self._evaluate(load().test))

    def _step(self, x: F, y: Ints, rng: np.random.Generator) -> None:
        """Take one step down the cross-entropy of a batch."""
        config, kept = self.config, 1.0 - self.config["dropout"]
        before = x @ self.weights[0] + self.weights[1]
        mask = (before > 0.0) * (rng.random(before.shape) < kept) / kept
        hidden = before * mask
        error = _softmax(hidden @ self.weights[2] + self.weights[3])
        error[np.arange(len(y)), y] -= 1.0
        error /= len(y)
        back = (error @ self.weights[2].T) * mask
        gradients = [x.T @ back, back.sum(axis=0), hidden.T @ error, error.sum(axis=0)]
        for weight, moment, gradient in zip(self.weights, self.moments, gradients, strict=True):
            moment *= config["momentum"]
            moment += gradient + config["weight_decay"] * weight
            weight -= config["lr"] * moment

    def _evaluate(self, images: Images) -> tuple[float, float]:
        hidden = np.maximum(images.x @ self.weights[0] + self.weights[1], 0.0)
        share = _softmax(hidden @ self.weights[2] + self.weights[3])
        right = share[np.arange(len(images.y)), images.y]
        loss = float(-np.log(np.maximum(right, 1e-12)).mean())
        return loss, float((share.argmax(axis=1) == images.y).mean())

    def save(self, folder: Path) -> None:
        """Write all that is needed to go on."""
        arrays = {f"w{i}": each for i, each in enumerate(self.weights)}
        moments = {f"m{i}": each for i, each in enumerate(self.moments)}
        np.savez(folder / "training.npz", at=[self.epoch, self.seed], **arrays, **moments)

    def load(self, folder: Path) -> None:
        """Go on from there, with the configuration of now; weights and momentum are as saved."""
        with np.load(folder / "training.npz") as saved:
            self.epoch, self.seed = (int(each) for each in saved["at"])
            self.weights = [saved[f"w{i}"] for i in range(4)]
            self.moments = [saved[f"m{i}"] for i in range(4)]


def _softmax(logits: F) -> F:
    """Return shares [n, k] that sum to one."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))
