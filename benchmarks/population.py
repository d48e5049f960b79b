"""``python -m benchmarks population``: populations against searches at equal total epochs.

Every contestant trains a small network on scikit-learn's digits until it has spent as many epochs
as a population of so many members does. What counts is the lowest validation loss that was seen at
any epoch of any training, as if the best checkpoint were kept, and what that network makes of the
test set.
"""

from __future__ import annotations

import argparse
import fnmatch
import json
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import bayesopt as bo
from benchmarks.digits_training import SPACE, Scores, Training
from benchmarks.report.tables import markdown

Row = Mapping[str, Any]


class Size(NamedTuple):
    """How much is trained.

    Attributes
    ----------
    members : int
        Of a population; the budget is so many whole trainings.
    epochs : int
        Of a whole training.
    interval : int
        Epochs between two comparisons of a population, and the first rung of ASHA.
    """

    members: int
    epochs: int
    interval: int


def _population(kind: Callable[..., Any]) -> Callable[[Size], dict[str, Any]]:
    def settings(size: Size) -> dict[str, Any]:
        scheduler = kind(max_steps=size.epochs, population=size.members, interval=size.interval)
        return {"sampler": "random", "scheduler": scheduler}

    return settings


def _asha(sampler: str) -> Callable[[Size], dict[str, Any]]:
    def settings(size: Size) -> dict[str, Any]:
        scheduler = bo.ASHAScheduler(max_steps=size.epochs, min_steps=size.interval)
        return {"sampler": sampler, "scheduler": scheduler}

    return settings


CONTESTANTS: dict[str, Callable[[Size], dict[str, Any]]] = {
    "random": lambda size: {"sampler": "random"},
    "random+asha": _asha("random"),
    "tpe+asha": _asha("tpe"),
    "pbt": _population(bo.PBTScheduler),
    "pb2": _population(bo.PB2Scheduler),
}


class Budget:
    """Counts epochs, and remembers the best scores that any brought."""

    def __init__(self, n_epochs: int) -> None:
        self.left = n_epochs
        self.best = Scores(float("inf"), float("inf"), 0.0)
        self.trace: list[tuple[int, float]] = []  # (epochs spent, lowest validation loss)
        self._spent = 0

    def note(self, scores: Scores) -> None:
        """Count an epoch."""
        self.left, self._spent = self.left - 1, self._spent + 1
        if scores.validation < self.best.validation:
            self.best = scores
            self.trace.append((self._spent, scores.validation))


def train(trial: bo.Trial, size: Size, seed: int, budget: Budget) -> float:
    """Train as far as the study and the budget let it; raise TrialPruned where it is to end."""
    training = Training(trial.params, seed=100 * seed + trial.number)
    if trial.resume_from is not None:
        training.load(trial.resume_from)
    validation = float("nan")
    while training.epoch < size.epochs and budget.left:
        scores = training.run_epoch()
        validation = scores.validation
        budget.note(scores)
        if training.epoch % size.interval == 0:
            with trial.save_checkpoint() as folder:
                training.save(folder)
        trial.report(validation, training.epoch)
        if trial.should_prune():
            raise bo.TrialPruned
    return validation


def run(name: str, size: Size, seed: int) -> dict[str, Any]:
    """Return the row of one run."""
    began, budget = time.process_time(), Budget(size.members * size.epochs)
    study = bo.create_study(SPACE, seed=seed, **CONTESTANTS[name](size))
    study.optimize(
        lambda trial: train(trial, size, seed, budget),
        callbacks=[lambda study, _: None if budget.left else study.stop()],
        progress=False,
    )
    row = {
        "contestant": name,
        "seed": seed,
        **size._asdict(),
        "trace": budget.trace,
        "validation": budget.best.validation,
        "test": budget.best.test,
        "test_accuracy": budget.best.test_accuracy,
        "unspent": budget.left,
        "n_begun": len(study.trials),
    }
    if name in ("pbt", "pb2"):
        row["schedule"] = study.schedule().to_data()
        row["replayed"] = replayed(study.schedule(), size, seed)
    study.close()
    return {**row, "process_s": time.process_time() - began}


def replayed(schedule: bo.HyperparameterSchedule, size: Size, seed: int) -> float:
    """Return the lowest validation loss of one more training, other weights, by a schedule."""
    training = Training(schedule.at(1), seed=100 * seed + 99)
    losses = []
    for epoch in range(1, size.epochs + 1):
        training.config = schedule.at(epoch)
        losses.append(training.run_epoch().validation)
    return min(losses)


def table(rows: Sequence[Row]) -> str:
    """Return medians and quartiles over seeds, for each size."""
    blocks = []
    for size in dict.fromkeys(tuple(row[field] for field in Size._fields) for row in rows):
        part = [r for r in rows if tuple(r[field] for field in Size._fields) == size]
        lines = [_line(name, part) for name in dict.fromkeys(r["contestant"] for r in part)]
        lines.sort(key=lambda line: line[1])
        title = f"## {size[0]} × {size[1]} epochs, compared every {size[2]}"
        head = [
            "contestant", "validation loss", "after half", "test loss", "test errors %",
            "schedule replayed", "begun", "runs",
        ]  # fmt: skip
        blocks.append(f"{title}\n\n{markdown(head, lines)}")
    return "\n\n".join(blocks)


def _line(name: str, rows: Sequence[Row]) -> list[str]:
    own = [row for row in rows if row["contestant"] == name]
    half = [_after(row, row["members"] * row["epochs"] // 2) for row in own]
    again = [row["replayed"] for row in own if "replayed" in row]
    return [
        name,
        _band([row["validation"] for row in own]),
        _band(half),
        _band([row["test"] for row in own]),
        _band([100.0 * (1.0 - row["test_accuracy"]) for row in own], digits=2),
        _band(again) if again else "–",
        f"{np.median([row['n_begun'] for row in own]):.0f}",
        f"{len(own)}",
    ]


def _after(row: Row, spent: int) -> float:
    return min((loss for at, loss in row["trace"] if at <= spent), default=float("nan"))


def _band(values: Sequence[float], digits: int = 4) -> str:
    low, middle, high = np.quantile(values, [0.25, 0.5, 0.75])
    return f"{middle:.{digits}f} ({low:.{digits}f}–{high:.{digits}f})"


def read(path: Path) -> list[dict[str, Any]]:
    """Return the rows of a file, none if it is not there."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]


def _key(row: Row) -> tuple[Any, ...]:
    return tuple(row[name] for name in ("contestant", "seed", *Size._fields))


def main(arguments: Sequence[str]) -> int:
    """Run what is missing in the file of results, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks population", description=__doc__)
    parser.add_argument("--contestants", default="*", help="names or globs, with commas between")
    parser.add_argument("--members", type=int, default=8)
    parser.add_argument("--epochs", type=int, default=18)
    parser.add_argument("--interval", type=int, default=2)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--out", type=Path, required=True, help="file of results, one run a line")
    parser.add_argument("--table", action="store_true", help="only print the table of --out")
    args = parser.parse_args(list(arguments))
    size = Size(args.members, args.epochs, args.interval)
    patterns = args.contestants.split(",")
    names = [n for n in CONTESTANTS if any(fnmatch.fnmatch(n, p) for p in patterns)]
    args.out.parent.mkdir(parents=True, exist_ok=True)
    done = {_key(row) for row in read(args.out)}
    for seed in range(args.seeds):
        for name in [] if args.table else names:
            if (name, seed, *size) in done:
                continue
            row = run(name, size, seed)
            with args.out.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")
            print(
                f"{name} seed {seed}: {row['validation']:.4f}, {row['process_s']:.0f} s", flush=True
            )
    print(table(read(args.out)))
    return 0
