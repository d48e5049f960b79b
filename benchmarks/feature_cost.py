"""``python -m benchmarks.feature_cost``: what asks of the Gaussian process take, by feature.

Each feature in a process of its own: a study with so many random trials (``--sizes``), then five
times ask and tell. The median processor time of ask and tell, that of the first one (which fits
from nothing; compiled code is loaded before, in a study of twelve trials), and by how much the
process's peak memory grew beyond what it held after that small study.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import bayesopt as bo

N_ASKS = 5
_WARM = 12


@dataclass(frozen=True)
class Feature:
    """How a study is made and told.

    Attributes
    ----------
    d, n_objectives, n_constraints : int
    options : mapping
        Of ``create_study``.
    settings : mapping
        Of the sampler.
    tell : mapping
        Beside the values, with each trial.
    """

    d: int = 6
    n_objectives: int = 1
    n_constraints: int = 0
    options: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    tell: dict[str, Any] = field(default_factory=dict)
    n_sources: int = 0


FEATURES = {
    "one objective": Feature(),
    "two objectives": Feature(n_objectives=2),
    "three objectives": Feature(n_objectives=3),
    "four objectives": Feature(n_objectives=4),
    "three constraints": Feature(n_constraints=3),
    "noise, variances told": Feature(options={"noisy": True}, tell={"variance": 0.01}),
    "noise, knowledge gradient": Feature(
        options={"noisy": True}, settings={"acquisition": "kg"}, tell={"variance": 0.01}
    ),
    "a budget of cost": Feature(settings={"cost_budget": 1e6}, tell={"cost": 1.0}),
    "a guess": Feature(options={"prior": {"x0": 0.3, "x1": 0.6}}),
    "three earlier studies of 50": Feature(n_sources=3),
    "100 columns": Feature(d=100),
}


def space_of(feature: Feature) -> bo.Space:
    """Return columns between 0 and 1."""
    return bo.Space({f"x{j}": bo.Float(0.0, 1.0) for j in range(feature.d)})


def outcome(feature: Feature, row: np.ndarray[Any, Any]) -> dict[str, Any]:
    """Return what is told of a row: bowls with bottoms of their own."""
    values = [float(((row - 0.2 - 0.15 * k) ** 2).sum()) for k in range(feature.n_objectives)]
    told = {f"g{k}": float(row[k] - 0.9) for k in range(feature.n_constraints)}
    cost = {"cost": float(0.1 + row[0])} if "cost" in feature.tell else {}
    return {"value": values if len(values) > 1 else values[0], "constraints": told or None} | cost


def study_of(feature: Feature, n: int) -> bo.Study:
    """Return a study with n random trials."""
    rng = np.random.default_rng(0)
    options = dict(feature.options)
    if feature.n_sources:
        plain = Feature(d=feature.d)
        options["learn_from"] = [study_of(plain, 50) for _ in range(feature.n_sources)]
    study = bo.create_study(
        space_of(feature),
        directions=["minimize"] * feature.n_objectives,
        sampler=bo.GPSampler(**feature.settings),
        seed=0,
        **options,
    )
    for row in rng.random((n, feature.d)):
        study.enqueue({f"x{j}": float(x) for j, x in enumerate(row)})
        tell(study, feature, study.ask())
    return study


def tell(study: bo.Study, feature: Feature, trial: bo.Trial) -> None:
    """Evaluate a trial and tell it."""
    told = outcome(feature, np.array(list(trial.params.values())))
    study.tell(trial, told.pop("value"), **{**feature.tell, **told})


def measured(feature: Feature, n: int) -> dict[str, float]:
    """Return milliseconds of processor time, and megabytes, of one feature."""
    small = study_of(feature, _WARM)
    tell(small, feature, small.ask())
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    study, times = study_of(feature, n), []
    for _ in range(N_ASKS):
        start = time.process_time()
        tell(study, feature, study.ask())
        times.append(1e3 * (time.process_time() - start))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    median = float(np.median(times[1:]))
    return {
        "first": times[0],
        "median": median,
        "mb": (peak - before) / 1024,
        "held": before / 1024,
    }


def in_process(name: str, n: int) -> dict[str, float]:
    """Return what is measured in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.feature_cost", "--one", name, "--sizes", str(n)]
    found = subprocess.run(command, check=True, capture_output=True, text=True)
    return dict(json.loads(found.stdout))


def table(sizes: Sequence[int], measure: Callable[[str, int], dict[str, float]]) -> list[str]:
    """Return lines of Markdown."""
    lines = [
        "| | trials | first ask | ask and tell | memory beside | held by the process |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    for name in FEATURES:
        for n in sizes:
            found = measure(name, n)
            lines.append(
                f"| {name} | {n} | {found['first']:.0f} ms | {found['median']:.0f} ms "
                f"| {found['mb']:.0f} MB | {found['held']:.0f} MB |"
            )
    return lines


def main(argv: Sequence[str] | None = None) -> int:
    """Measure all features and print the table, or one and print its numbers."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.feature_cost", description=__doc__)
    parser.add_argument("--sizes", default="100", help="trials, separated by commas")
    parser.add_argument("--one", choices=sorted(FEATURES), help="this one only, in this process")
    args = parser.parse_args(argv)
    sizes = [int(size) for size in args.sizes.split(",")]
    if args.one:
        print(json.dumps(measured(FEATURES[args.one], sizes[0])))
    else:
        print("\n".join(table(sizes, in_process)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
