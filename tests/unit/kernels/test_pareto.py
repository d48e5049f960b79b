"""The Pareto kernel against brute force, compiled and not."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayesopt._kernels.pareto import non_dominated

_SCRIPT = """
import numpy as np
from bayesopt._kernels.pareto import non_dominated
for m in (1, 2, 3, 5):
    Y = np.random.default_rng(m).integers(0, 5, size=(200, m)).astype(float)
    print(np.flatnonzero(non_dominated(Y)).tolist())
"""


def brute_force(Y: np.ndarray) -> np.ndarray:
    no_worse = (Y[:, None, :] <= Y[None, :, :]).all(axis=2)
    better = (Y[:, None, :] < Y[None, :, :]).any(axis=2)
    return ~(no_worse & better).any(axis=0)


@given(
    n=st.integers(0, 40),
    m=st.integers(1, 5),
    levels=st.integers(1, 6),
    seed=st.integers(0, 10_000),
)
def test_it_equals_brute_force(n: int, m: int, levels: int, seed: int) -> None:
    Y = np.random.default_rng(seed).integers(0, levels, size=(n, m)).astype(float)
    Y[Y == 5] = np.inf
    Y[Y == 4] = -np.inf
    assert non_dominated(Y).tolist() == brute_force(Y).tolist()


@pytest.mark.parametrize("m", [2, 3])
def test_a_large_front(m: int) -> None:
    Y = np.random.default_rng(0).random((2000, m))
    Y /= np.linalg.norm(Y, axis=1, keepdims=True) + 0.1 * (np.arange(2000) % 3)[:, None]
    assert non_dominated(Y).tolist() == brute_force(Y).tolist()


def test_without_compilation_it_is_the_same() -> None:
    outputs = [
        subprocess.run(
            [sys.executable, "-c", _SCRIPT],
            env={**os.environ, "NUMBA_DISABLE_JIT": flag},
            capture_output=True,
            text=True,
            check=True,
            timeout=100,
        ).stdout
        for flag in ("0", "1")
    ]
    assert outputs[0] == outputs[1]
    assert outputs[0].count("\n") == 4
