"""Tune a small CNN on handwritten digits, and compare with the textbook, random and grid search.

Run it with `make demo`. Interrupt it when you like: the next run continues.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from compare import N_SEEDS, accuracies_on_test, spread
from data import Digits, load
from search import GRID_SEARCH, RANDOM, TUNED, Objective
from space import TEXTBOOK, describe

import bayesopt as bo

STORAGE = Path(__file__).resolve().parent / "output" / "study.db"
N_TRAININGS = 24
N_MORE = 10


def main() -> None:
    """Search three times, then compare the winners on the test set."""
    options = parse_options()
    options.storage.parent.mkdir(parents=True, exist_ok=True)
    studies = [search.open(options.storage) for search in (TUNED, RANDOM, GRID_SEARCH)]
    n_before = sum(n_finished(study) for study in studies)
    if n_before:
        print(f"Resuming {shown(options.storage)}: {n_before} trainings are in it already.")
    budget = choose_budget(studies, options.trainings, options.more)
    introduce(budget, options.jobs)
    digits = load()
    objective = Objective(digits.train, digits.validation)
    for study in studies:
        run(study, objective, budget, options.jobs)
    compare(*studies, digits, n_jobs=options.jobs)
    path = shown(options.storage)
    print(f"\nThe studies are in {path}; to look at one:")
    print(f"  .venv/bin/bayesopt trials --storage {path} --name {TUNED.name} --sort value")


def parse_options() -> argparse.Namespace:
    """Read the command line; the defaults are what `make demo` uses."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trainings", type=int, default=N_TRAININGS, help="per search")
    parser.add_argument("--more", type=int, default=N_MORE, help="per search, once those are done")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--storage", type=Path, default=STORAGE, help="SQLite file")
    return parser.parse_args()


def choose_budget(studies: list[bo.Study], trainings: int, more: int) -> int:
    """Finish what was begun; if nothing is left of that, add `more` trainings to each search."""
    tuned, random, _ = done = [n_finished(study) for study in studies]
    budget = max(trainings, *done)
    return budget + more if min(tuned, random) >= budget else budget


def introduce(budget: int, n_jobs: int) -> None:
    """Say what comes, so that nobody wonders how long the first bar is all there is."""
    print(f"Three searches for a good CNN on handwritten digits ({n_jobs} processes): with the")
    print(f"default sampler and at random, {budget} trainings each, and on a grid. Then their best")
    print("configurations are tested on digits that no search has seen. That takes some minutes.")
    print("Interrupt it with Ctrl-C when you like: the next run continues.", flush=True)


def run(study: bo.Study, objective: Objective, budget: int, n_jobs: int) -> None:
    """Search until `budget` trainings are finished, those of earlier runs included."""
    print(f"\n{study.name}: {study.sampler.name} sampler, {budget} trainings in all", flush=True)
    start = time.monotonic()
    study.optimize(objective, n_trials=budget, n_jobs=n_jobs, progress=True)
    seconds = time.monotonic() - start
    best = study.best_trial
    print(f"  {seconds:.0f} s; best is trial {best.number}, validation loss {study.best_value:.4f}")


def compare(tuned: bo.Study, random: bo.Study, grid: bo.Study, digits: Digits, n_jobs: int) -> None:
    """Retrain the winners and the textbook on everything but the test set, then test them."""
    textbook = tuned.get_trial(0)
    print(f"\nRetraining the textbook's and the best configurations, {N_SEEDS} seeds each …")
    rows = [
        ("textbook", 1, textbook),
        (f"tuned ({tuned.sampler.name})", n_finished(tuned), tuned.best_trial),
        ("random search", n_finished(random), random.best_trial),
        ("grid search", n_finished(grid), grid.best_trial),
    ]
    tested = accuracies_on_test([trial.params for _, _, trial in rows], digits, n_jobs)
    print(f"\n{'':16}{'trainings':>10}{'validation loss':>17}{'accuracy':>10}{'test accuracy':>20}")
    for (label, n, trial), accuracies in zip(rows, tested, strict=True):
        seen = f"{trial.values[0]:17.4f}{100 * trial.user_attrs['accuracy']:8.2f} %"
        print(f"{label:16}{n:10d}{seen}{spread(accuracies):>20}")
    print("\nBest configuration (textbook in brackets):")
    print(describe(tuned.best_params, TEXTBOOK))


def n_finished(study: bo.Study) -> int:
    """Count the trainings that ended, early or not."""
    return int(study.history.is_finished.sum())


def shown(path: Path) -> str:
    """Return a path as one would type it here."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("\nInterrupted; run it again to go on from here.")
