"""Where trials succeed: a learned probability, once one has failed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

F = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class SuccessModel:
    """log P(success)."""
