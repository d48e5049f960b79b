"""The data: 1,797 handwritten digits of 8 × 8 pixels, bundled with scikit-learn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

SPLIT_SEED = 0


@dataclass(frozen=True)
class Images:
    """A set of images `x` (n, 1, 8, 8), in [0, 1], with their digits `y` (n)."""

    x: Tensor
    y: Tensor

    def __len__(self) -> int:
        return len(self.y)

    def __add__(self, other: Images) -> Images:
        return Images(torch.cat([self.x, other.x]), torch.cat([self.y, other.y]))


@dataclass(frozen=True)
class Digits:
    """60 % to train on, 20 % to choose by, 20 % that nothing looks at before the very end."""

    train: Images
    validation: Images
    test: Images


@lru_cache(maxsize=1)
def load() -> Digits:
    """Split the digits, always in the same way and with all ten equally frequent in each part."""
    from sklearn.datasets import load_digits  # here: workers are handed images, and save seconds

    pixels, digits = load_digits(return_X_y=True)
    x = torch.tensor(pixels / 16.0, dtype=torch.float32).reshape(-1, 1, 8, 8)
    y = torch.tensor(digits, dtype=torch.int64)
    rest, test = _split(range(len(y)), y, fraction=0.2)
    train, validation = _split(rest, y, fraction=0.25)
    return Digits(*(Images(x[rows], y[rows]) for rows in (train, validation, test)))


def _split(rows: Sequence[int], y: Tensor, fraction: float) -> tuple[list[int], list[int]]:
    from sklearn.model_selection import train_test_split

    rows = list(rows)
    kept, held_out = train_test_split(
        rows, test_size=fraction, stratify=y[rows], random_state=SPLIT_SEED
    )
    return kept, held_out
