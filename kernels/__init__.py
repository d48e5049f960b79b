"""Compiled kernels: arrays and scalars in, arrays or filled outputs back, numba and numpy only."""

from __future__ import annotations

if __name__ != "bayesopt._kernels":
    raise ImportError(
        f"this folder is the package bayesopt._kernels, got an import as {__name__!r}; "
        "install the project (`pip install -e .`) and import bayesopt._kernels"
    )
