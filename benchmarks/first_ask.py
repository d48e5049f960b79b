"""What the first suggestions of a fresh process cost: processor seconds, cache empty and warm.

Usage: ``python -m benchmarks.first_ask [--samplers tpe,gp] [--d 10] [--repeat 3]``

A study in memory of `d` mixed columns is asked and told until well past the design, so that every
kernel a suggestion takes is compiled, or read from numba's cache, once. Imports are told apart;
modules are read as bytecode, as an installed package is, whatever PYTHONDONTWRITEBYTECODE says.
Least of the repeats: what else the machine does only adds.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[1]
_N_TRIALS = 30


def first_asks(sampler: str, d: int) -> None:
    """Print the processor seconds of imports and of the first asks and tells."""
    start = time.process_time()
    import numba  # noqa: F401
    import scipy.linalg
    import scipy.special  # noqa: F401

    import bayesopt as bo
    from benchmarks.speed_worker import make_space

    imported = time.process_time()
    study = bo.create_study(make_space("mixed", d), sampler=sampler, seed=0)
    for number in range(_N_TRIALS):
        study.tell(study.ask(), float(number * 7 % 11))
    print(imported - start, time.process_time() - imported)


def measured(sampler: str, d: int, cache: str) -> tuple[float, float]:
    """Return what `first_asks` prints in a fresh process."""
    command = [sys.executable, "-m", "benchmarks.first_ask", "--inside", sampler, "--d", str(d)]
    environment = {**os.environ, "NUMBA_CACHE_DIR": cache}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    done = subprocess.run(
        command, cwd=_ROOT, env=environment, capture_output=True, text=True, check=True
    )
    imports, asks = map(float, done.stdout.split())
    return imports, asks


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samplers", default="tpe,gp", help="by commas")
    parser.add_argument("--d", type=int, default=10, help="columns")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--inside", default="", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inside:
        first_asks(options.inside, options.d)
        return
    for sampler in options.samplers.split(","):
        empty, warm = [], []
        for _ in range(options.repeat):
            with tempfile.TemporaryDirectory() as cache:
                empty.append(measured(sampler, options.d, cache))
                warm.append(measured(sampler, options.d, cache))
        imports = min(imports for imports, _ in empty + warm)
        cold, again = min(asks for _, asks in empty), min(asks for _, asks in warm)
        print(f"{sampler}: {cold:.1f} s, warm {again:.2f} s, above {imports:.2f} s of imports")


if __name__ == "__main__":
    main()
