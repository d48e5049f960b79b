"""What holds for every test: one thread per process, the kernels' cache folder, hypothesis."""

from __future__ import annotations

import os
import signal
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path

# Before anything imports numpy or numba: both read these once.
for _name in ("OMP", "OPENBLAS", "MKL", "NUMEXPR"):
    os.environ.setdefault(f"{_name}_NUM_THREADS", "1")


def _kernels_cache_dir() -> str:
    """Name a folder after the text of all kernels; numba misses changes across files."""
    root = Path(__file__).resolve().parents[1]
    text = b"".join(path.read_bytes() for path in sorted((root / "kernels").glob("*.py")))
    return str(root / ".numba_cache" / f"pytest-{zlib.crc32(text):08x}-{len(text)}")


os.environ.setdefault("NUMBA_CACHE_DIR", _kernels_cache_dir())

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell that runs this in the background has its children ignore Ctrl-C, and theirs.
    signal.signal(signal.SIGINT, signal.default_int_handler)

import pytest  # noqa: E402
from hypothesis import HealthCheck, settings  # noqa: E402


@pytest.fixture(scope="session", autouse=True)
def _one_signature_per_kernel() -> Iterator[None]:
    """Hold kernels to one signature each, so that processes may compile at the same time.

    numba names the files of its cache by a number per signature: of two processes that compile the
    same function for different ones, each may take the other's machine code for its own.
    """
    yield
    kernels = {
        f"{module.__name__}.{name}": kernel.signatures
        for module in list(sys.modules.values())
        if getattr(module, "__name__", "").startswith("bayesopt._kernels.")
        for name, kernel in vars(module).items()
        if getattr(getattr(kernel, "_cache", None), "cache_path", None)  # not an inner one
    }
    several = {name: each for name, each in kernels.items() if len(each) > 1}
    assert not several, f"pass arrays of one dtype and layout: {several}"


settings.register_profile(
    "default",
    derandomize=True,  # the same examples on every run, here and in CI
    deadline=None,  # no timed assertions on a shared machine
    database=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile(
    "search", settings.get_profile("default"), derandomize=False, max_examples=2000
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))
