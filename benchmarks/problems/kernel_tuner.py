"""Suite "kernel_tuner": run times of one GPU convolution, brute-forced on six devices.

Some configurations are forbidden by rules that the space states, others fail to compile or to run
and only the evaluation shows it.

Source: the benchmark hub of Kernel Tuner (Torring, van Werkhoven et al. 2023), MIT.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

import bayesopt as bo
from benchmarks.problems.base import MIXED, Outcome, Problem
from benchmarks.problems.data import data_file
from benchmarks.problems.tables import Axes, Config, best_of

DEVICES = ("A100", "A4000", "A6000", "MI250X", "W6600", "W7800")
MEASURED = 1  # the table's mark of a cell that compiled and ran

# A block has at most 1,024 threads; padding is for shared memory, and of no use to blocks of whole
# warps; a tile and its border (a filter of 15 by 15) fit into 12 Ki words of shared memory.
CONSTRAINTS = (
    "block_size_x * block_size_y <= 1024",
    "use_padding == 0 or block_size_x % 32 != 0",
    "use_padding == 0 or use_shmem == 1",
    "use_shmem == 0 or "
    "(block_size_x * tile_size_x + 14) * (block_size_y * tile_size_y + 14) < 12288",
)


def names(suite: str) -> list[str]:
    """Return the names of all problems."""
    return [f"{suite}/{device}" for device in DEVICES]


def load(name: str, data: str | Path | None = None) -> Problem:
    """Return one problem."""
    if name not in names("kernel_tuner"):
        raise KeyError(f"no problem {name!r}; there are {', '.join(names('kernel_tuner'))}")
    key = "convolution_milo__" + name.split("/")[1]
    with np.load(data_file(name, "kernel_tuner_hub/kernel_tuner_hub.npz", data)) as stored:
        times, status = stored[f"{key}_t"].astype(np.float64), stored[f"{key}_s"]
        axes = Axes(json.loads(str(stored["meta"]))[key]["params"])

    def evaluate(config: Config, seed: int = 0, fidelity: float | None = None) -> Outcome:
        cell = axes.cell(config)
        return Outcome({"time_ms": float(times[cell])} if status[cell] == MEASURED else {})

    return Problem(
        name=name,
        kind=MIXED,
        space=bo.Space(axes.parameters, constraints=CONSTRAINTS),
        evaluate=evaluate,
        objectives={"time_ms": "minimize"},
        objective="time_ms",
        best=best_of(times[status == MEASURED], "minimize"),
        source="Kernel Tuner benchmark hub, MIT",
    )
