"""The peers' environments: ``python -m benchmarks peers [--only NAME ...]`` makes them.

One folder ``.peers/<name>/`` per file ``benchmarks/peers/<name>.txt``, which pins everything in it.
Nothing of this project is installed there: the adapters run from the repository and need no more
than the standard library and the tool (see `server`).
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.metadata
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PINS = Path(__file__).resolve().parent
MARK = "installed.sha256"
"""Holds the digest of the pins that an environment was made from."""


def home() -> Path:
    """Return the folder of all environments: $BENCHMARK_PEERS, or ``.peers`` in the repository."""
    return Path(os.environ.get("BENCHMARK_PEERS", ROOT / ".peers"))


def names() -> list[str]:
    """Return the names of all environments."""
    return sorted(path.stem for path in PINS.glob("*.txt"))


def server_command(environment: str) -> list[str]:
    """Return the command that starts a server; ImportError where there is no environment."""
    python = home() / environment / "bin" / "python"
    if not python.exists():
        raise ImportError(
            f"no environment {environment!r}: run python -m benchmarks peers --only {environment}"
        )
    return [str(python), "-m", "benchmarks.contestants.server"]


def version(environment: str, distribution: str) -> str:
    """Return the version installed in an environment; ImportError where it is missing."""
    folders = (home() / environment).glob("lib/python*/site-packages")
    found = importlib.metadata.distributions(name=distribution, path=[str(f) for f in folders])
    for installed in found:
        return installed.version
    raise ImportError(f"no {distribution} in the environment {environment!r}")


def is_current(environment: str) -> bool:
    """Tell whether an environment is there and was made from the pins as they are now."""
    mark = home() / environment / MARK
    return mark.exists() and mark.read_text(encoding="utf-8") == _digest(environment)


def make(environment: str) -> None:
    """Make an environment from its pins, from the start."""
    folder = home() / environment
    pins = str(PINS / f"{environment}.txt")
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--disable-pip-version-check"]
    # --no-deps: the pins are complete, and some tools forbid versions that work
    subprocess.run([*pip, "--quiet", "--no-deps", "--requirement", pins], check=True)
    (folder / MARK).write_text(_digest(environment), encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the environments that are missing or old; return the exit status."""
    parser = argparse.ArgumentParser("python -m benchmarks peers", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=names(), metavar="NAME", help="some only")
    chosen = parser.parse_args(arguments).only or names()
    failed = [name for name in chosen if not _make_if_needed(name)]
    return 1 if failed else 0


def _make_if_needed(environment: str) -> bool:
    folder = home() / environment
    if is_current(environment):
        print(f"{environment}: up to date in {folder}")
        return True
    print(f"{environment}: installing {PINS.name}/{environment}.txt into {folder} ...", flush=True)
    try:
        make(environment)
    except subprocess.CalledProcessError as error:
        print(f"{environment}: failed, exit status {error.returncode}")
        return False
    print(f"{environment}: done")
    return True


def _digest(environment: str) -> str:
    return hashlib.sha256((PINS / f"{environment}.txt").read_bytes()).hexdigest()
