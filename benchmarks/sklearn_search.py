"""BayesSearchCV beside scikit-learn's searches: score on held-out data, and time, at equal fits.

Usage: ``python -m benchmarks.sklearn_search [--seeds 5] [--out results/sklearn.jsonl]``

Each seed splits the data anew; a third is held out and looked at once, by the refitted best. All
searches get about as many fits: 20 candidates on 5 folds. Successive halving begins with 13 of them
(13 + 5 + 2), and fits most of them on a part of the samples; with ASHA on the folds 45 candidates
begin, of which about a third goes on after the first fold and after the third. Problems are small,
so that all of it takes minutes. The same command again goes on where it stopped, and prints the
table.
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import loguniform, randint, uniform
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestRegressor
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import HalvingRandomSearchCV, KFold, RandomizedSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

import bayesopt as bo
from bayesopt.integrations.sklearn import BayesSearchCV

_N_ITER, _N_FOLDS = 20, 5
_N_HALVING, _N_ASHA = 13, 45  # candidates that begin, for about as many fits
_TEST = 1 / 3
_BOOTSTRAP = 10_000


@dataclass(frozen=True)
class Problem:
    """Data, an estimator and what to search."""

    load: Callable[..., Any]
    n_samples: int
    estimator: Any
    space: dict[str, Any]
    scoring: str


PROBLEMS = {
    "digits, SVC": Problem(
        load_digits,
        450,
        make_pipeline(StandardScaler(), SVC()),
        {"svc__C": loguniform(1e-2, 1e3), "svc__gamma": loguniform(1e-5, 1e1)},
        "accuracy",
    ),
    "breast cancer, boosting": Problem(
        load_breast_cancer,
        450,
        HistGradientBoostingClassifier(early_stopping=False, random_state=0),
        {
            "learning_rate": loguniform(1e-2, 1.0),
            "max_iter": randint(5, 30),
            "max_leaf_nodes": randint(2, 16),
            "min_samples_leaf": randint(1, 50),
            "l2_regularization": loguniform(1e-6, 1e2),
        },
        "neg_log_loss",
    ),
    "diabetes, forest": Problem(
        load_diabetes,
        442,
        RandomForestRegressor(10, random_state=0),
        {
            "max_depth": randint(1, 20),
            "min_samples_leaf": randint(1, 40),
            "max_features": uniform(0.05, 0.95),
            "max_samples": uniform(0.1, 0.9),
        },
        "r2",
    ),
}

Search = Callable[[Problem, int], Any]


def _common(problem: Problem, seed: int) -> dict[str, Any]:
    folds = KFold(_N_FOLDS, shuffle=True, random_state=seed)
    return {"scoring": problem.scoring, "cv": folds, "random_state": seed}


def random_search(problem: Problem, seed: int) -> Any:
    given = _common(problem, seed)
    return RandomizedSearchCV(problem.estimator, problem.space, n_iter=_N_ITER, **given)


def halving_search(problem: Problem, seed: int) -> Any:
    given = _common(problem, seed)
    return HalvingRandomSearchCV(
        problem.estimator,
        problem.space,
        n_candidates=_N_HALVING,
        factor=3,
        **given,
        min_resources="exhaust",
    )


def bayes_search(problem: Problem, seed: int) -> Any:
    given = _common(problem, seed)
    return BayesSearchCV(problem.estimator, problem.space, n_iter=_N_ITER, **given)


def bayes_asha_search(problem: Problem, seed: int) -> Any:
    given = _common(problem, seed)
    return BayesSearchCV(
        problem.estimator, problem.space, n_iter=_N_ASHA, scheduler="asha", **given
    )


SEARCHES: dict[str, Search] = {
    "RandomizedSearchCV": random_search,
    "HalvingRandomSearchCV": halving_search,
    "BayesSearchCV": bayes_search,
    'BayesSearchCV, "asha"': bayes_asha_search,
}


def n_fits(search: Any) -> int:
    results = search.cv_results_
    runs = results.get("n_folds_run")
    return int(len(results["params"]) * search.n_splits_ if runs is None else runs.sum())


def play(name: str, searcher: str, seed: int) -> dict[str, Any]:
    """Run one search; return its scores, fits and processor time."""
    problem = PROBLEMS[name]
    X, y = (part[: problem.n_samples] for part in problem.load(return_X_y=True))
    labels = None if problem.scoring == "r2" else y
    held = bo.HeldOut(X, y, test=_TEST, seed=seed, stratify=labels)
    search = SEARCHES[searcher](problem, seed)
    began = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of halving: folds with few samples of a label
        search.fit(*held.train)
    return {
        "problem": name,
        "search": searcher,
        "seed": seed,
        "validation": float(search.best_score_),
        "test": float(held.evaluate(search.score)),
        "fits": n_fits(search),
        "cpu_s": time.process_time() - began,
    }


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def run(seeds: int, path: Path) -> list[dict[str, Any]]:
    """Play what is missing, seed after seed."""
    rows = read(path)
    done = {(row["problem"], row["search"], row["seed"]) for row in rows}
    path.parent.mkdir(parents=True, exist_ok=True)
    wanted = [(p, s, seed) for seed in range(seeds) for p in PROBLEMS for s in SEARCHES]
    missing = [key for key in wanted if key not in done]
    if missing:
        play(next(iter(PROBLEMS)), "BayesSearchCV", 0)  # compiles, once per machine
    for key in missing:
        rows.append(play(*key))
        with path.open("a") as file:
            file.write(json.dumps(rows[-1]) + "\n")
    return rows


# ---------------------------------------------------------------------------------- table


def column(rows: list[dict[str, Any]], name: str, search: str, what: str) -> np.ndarray:
    """Return a measure by seed."""
    mine = [row for row in rows if row["problem"] == name and row["search"] == search]
    return np.array([row[what] for row in sorted(mine, key=lambda row: row["seed"])])


def interval(differences: np.ndarray) -> str:
    """Return a mean with its 95% bootstrap interval over seeds."""
    rng = np.random.default_rng(0)
    draws = rng.choice(differences, (_BOOTSTRAP, differences.size)).mean(axis=1)
    low, high = np.percentile(draws, [2.5, 97.5])
    return f"{differences.mean():+.4f} ({low:+.4f} to {high:+.4f})"


def table(rows: list[dict[str, Any]]) -> str:
    """Return a table: test score, its difference to random search by seed, fits, time."""
    lines = [
        "| problem | search | test | more than random, test | more than random, validation "
        "| fits | processor s |",
        "|---|---|--:|--:|--:|--:|--:|",
    ]
    measures = ("test", "validation", "fits", "cpu_s")
    for name, problem in PROBLEMS.items():
        base = {w: column(rows, name, "RandomizedSearchCV", w) for w in ("test", "validation")}
        for search in SEARCHES:
            own = {w: column(rows, name, search, w) for w in measures}
            n = min(own["test"].size, base["test"].size)
            if not n:
                continue
            more = [interval(own[w][:n] - base[w][:n]) for w in ("test", "validation")]
            is_base = search == "RandomizedSearchCV"
            is_partial = search.startswith("Halving")  # validated on a part of the samples
            cells = [
                f"{name} ({problem.scoring})",
                search,
                f"{own['test'].mean():.4f}",
                "–" if is_base else more[0],
                "–" if is_base or is_partial else more[1],
                f"{own['fits'].mean():.0f}",
                f"{own['cpu_s'].mean():.1f}",
            ]
            lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--out", type=Path, default=Path("results/sklearn.jsonl"))
    given = parser.parse_args()
    print(table(run(given.seeds, given.out)))


if __name__ == "__main__":
    main()
