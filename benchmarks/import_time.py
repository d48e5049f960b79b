"""How long `import bayesopt` takes, as a multiple of `import numpy`.

Fresh processes, one package after the other in turn, so that a busy moment hits both; medians.
Each process reports the time its import statement took, without the interpreter's own start.

Run: python benchmarks/import_time.py [rounds]
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile

PACKAGES = ("numpy", "bayesopt")
CODE = "import time; start = time.perf_counter(); import {}; print(time.perf_counter() - start)"


def import_s(package: str, cwd: str) -> float:
    """Return the seconds one fresh process needs to import `package`."""
    command = [sys.executable, "-c", CODE.format(package)]
    return float(subprocess.run(command, cwd=cwd, capture_output=True, check=True).stdout)


def main(rounds: int) -> None:
    """Print the median of each package and their ratio."""
    times: dict[str, list[float]] = {package: [] for package in PACKAGES}
    with tempfile.TemporaryDirectory() as elsewhere:
        for _ in range(rounds + 1):
            for package in PACKAGES:
                times[package].append(import_s(package, elsewhere))
    medians = {name: statistics.median(seen[1:]) for name, seen in times.items()}  # first: cold
    for name, seconds in medians.items():
        print(f"import {name:<9} {1e3 * seconds:7.1f} ms  (median of {rounds})")
    print(f"ratio            {medians['bayesopt'] / medians['numpy']:7.2f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 21)
