"""``python -m benchmarks COMMAND``: run, report, speed, fidelity, quick, pareto, ..."""

from __future__ import annotations

import importlib
import os
import sys

# One BLAS thread in this process too; numpy reads these when it is first imported.
for _name in ("OMP", "OPENBLAS", "MKL", "NUMEXPR"):
    os.environ.setdefault(f"{_name}_NUM_THREADS", "1")

COMMANDS = {
    "run": ("benchmarks.run", "run contestants on problems, a row per finished run"),
    "report": ("benchmarks.report.page", "make tables and plots of results"),
    "speed": ("benchmarks.speed", "measure the time per ask and tell, start-up and memory"),
    "fidelity": ("benchmarks.fidelity", "budgets on a simulated clock, a row per finished run"),
    "population": ("benchmarks.population", "populations against searches on a real training"),
    "quick": ("benchmarks.quick", "ours against stored results, in minutes"),
    "architectures": ("benchmarks.architectures", "architecture search on NAS-Bench-201"),
    "pareto": ("benchmarks.pareto.run", "contests of several objectives, or with constraints"),
    "peers": ("benchmarks.peers", "make the environments of peers"),
}


def main(arguments: list[str]) -> int:
    """Run one command; its module's ``main(arguments)`` returns the exit status."""
    if not arguments or arguments[0] not in COMMANDS:
        print("usage: python -m benchmarks COMMAND [--help]\n")
        for name, (_, line) in COMMANDS.items():
            print(f"  {name:<13} {line}")
        return 0 if arguments in (["-h"], ["--help"]) else 2
    try:
        module = importlib.import_module(COMMANDS[arguments[0]][0])
    except ModuleNotFoundError as error:
        print(f"benchmarks {arguments[0]} needs {error.name}: pip install -e '.[bench]'")
        return 2
    return int(module.main(arguments[1:]) or 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
