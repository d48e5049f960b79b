"""What holds for every test: one thread per process, the kernels' cache folder, hypothesis."""

from __future__ import annotations

import os
import signal
import zlib
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

from hypothesis import HealthCheck, settings  # noqa: E402

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
