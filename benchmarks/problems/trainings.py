"""Suite "sklearn": real trainings of scikit-learn models on the data sets that it brings along.

Cross-validated on three fixed folds, one thread, fixed seeds: equal configurations give equal
values, on one machine and one version of scikit-learn. A training that diverges is a failed
evaluation. Budgets are epochs for networks and the share of the training rows for all else.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

import bayesopt as bo
from benchmarks.problems.base import Fidelity, Outcome, Problem, kind_of
from benchmarks.problems.best_known import best_known

if TYPE_CHECKING:
    from benchmarks.problems.learners import Learner

N_FOLDS = 3
N_ROWS = 600  # at most, of a data set: an evaluation is to take 10 to 200 ms
LOW_SHARE = 0.25

_PROBLEMS = (
    "svm_rbf-digits",
    "svm_rbf-breast_cancer",
    "svr_rbf-diabetes",
    "sgd-breast_cancer",
    "adam-digits",
    "adam-diabetes",
    "svm-digits",
    "svm-wine",
    "forest-digits",
    "forest-diabetes",
    "boosting-breast_cancer",
    "boosting-diabetes",
    "mlp-digits",
    "mlp-breast_cancer",
    "knn-digits",
    "knn-diabetes",
    "logistic-breast_cancer",
    "logistic-wine",
    "cash4-digits",
    "cash-breast_cancer",
    "cash_regression-diabetes",
)
_EXPENSIVE = {"adam", "cash", "cash_regression", "forest", "mlp"}


def names(suite: str) -> list[str]:
    """Return the names of all problems: the model and the data set."""
    return [f"{suite}/{name}" for name in _PROBLEMS]


def load(name: str, data: str | Path | None = None) -> Problem:
    """Return one problem; ModuleNotFoundError without scikit-learn."""
    if name not in names("sklearn"):
        raise KeyError(f"no problem {name!r}; there are {', '.join(names('sklearn'))}")
    from benchmarks.problems.learners import LEARNERS, N_EPOCHS

    model, data_set = name.removeprefix("sklearn/").split("-")
    learner, task = LEARNERS[model], task_of(data_set)
    by_epochs = model in {"mlp", "adam"}
    score = learner.score if task.classify else "rmse"

    def evaluate(
        config: Mapping[str, Any], seed: int = 0, fidelity: float | None = None
    ) -> Outcome:
        share = 1.0 if fidelity is None or by_epochs else fidelity
        n_epochs = N_EPOCHS if fidelity is None or not by_epochs else round(fidelity)
        value = validate(learner, task, config, score, share, n_epochs)
        return Outcome({} if value is None else {score: value})

    space = bo.Space(learner.space)
    return Problem(
        name=name,
        kind=kind_of(space),
        space=space,
        evaluate=evaluate,
        objectives={score: "minimize"},
        objective=score,
        best=best_known(name),
        fidelity=Fidelity("epochs", 1, N_EPOCHS, integer=True)
        if by_epochs
        else Fidelity("train_share", LOW_SHARE, 1.0),
        expensive=model in _EXPENSIVE,
        source="scikit-learn's bundled data sets, BSD-3-Clause",
    )


@dataclass(frozen=True, eq=False)
class Task:
    """A data set with its folds: X f64[n,d], y [n], and (training rows, test rows) per fold."""

    X: NDArray[np.float64]
    y: NDArray[Any]
    classify: bool
    folds: tuple[tuple[NDArray[np.intp], NDArray[np.intp]], ...]


@cache
def task_of(data_set: str) -> Task:
    """Return a bundled data set, at most `N_ROWS` rows of it, in shuffled folds.

    What a regression predicts is in units of its standard deviation.
    """
    from sklearn import datasets
    from sklearn.model_selection import KFold, StratifiedKFold, train_test_split

    X, y = getattr(datasets, f"load_{data_set}")(return_X_y=True)
    classify = data_set != "diabetes"
    if not classify:
        y = (y - y.mean()) / y.std()
    if len(X) > N_ROWS:
        X, _, y, _ = train_test_split(X, y, train_size=N_ROWS, stratify=y, random_state=0)
    splitter = (StratifiedKFold if classify else KFold)(N_FOLDS, shuffle=True, random_state=0)
    rng = np.random.default_rng(0)
    folds = tuple((rng.permutation(train), test) for train, test in splitter.split(X, y))
    return Task(np.ascontiguousarray(X, dtype=np.float64), y, classify, folds)


def validate(
    learner: Learner,
    task: Task,
    config: Mapping[str, Any],
    score: str,
    share: float,
    n_epochs: int,
) -> float | None:
    """Return the mean score over the folds; None if a training diverged."""
    from sklearn.exceptions import ConvergenceWarning

    scores = []
    with warnings.catch_warnings(), _threads().limit(limits=1):
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.simplefilter("ignore", RuntimeWarning)  # overflow in a training that diverges
        for train, test in task.folds:
            kept = train[: round(share * len(train))]
            estimator = learner.build(config, task.classify, n_epochs)
            try:
                estimator.fit(task.X[kept], task.y[kept])
                scores.append(_score(score, estimator, task.X[test], task.y[test]))
            except ValueError as error:
                if not _diverged(error):
                    raise
                return None
    return float(np.mean(scores))


@cache
def _threads() -> Any:
    """Return what limits threads; made once all libraries are loaded, it takes milliseconds."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def _diverged(error: ValueError) -> bool:
    """Tell scikit-learn's complaint about numbers out of range from a wrong argument."""
    text = str(error).lower()
    return any(word in text for word in ("non-finite", "overflow", "infinity", "nan"))


def _score(score: str, estimator: Any, X: NDArray[np.float64], y: NDArray[Any]) -> float:
    """Return the share of errors, the mean negative log likelihood, or the root mean square."""
    if score == "log_loss":
        p = estimator.predict_proba(X)[np.arange(len(y)), np.searchsorted(estimator.classes_, y)]
        return float(-np.log(np.clip(p, 1e-15, 1.0)).mean())
    predicted = estimator.predict(X)
    if score == "error":
        return float(np.mean(predicted != y))
    if not np.isfinite(predicted).all():
        raise ValueError("non-finite predictions")
    return float(np.sqrt(np.mean((predicted - y) ** 2)))
