"""What learning from data raises where its numbers give out."""

from __future__ import annotations

import numpy as np

BROKEN = (ArithmeticError, ValueError, MemoryError, np.linalg.LinAlgError)
