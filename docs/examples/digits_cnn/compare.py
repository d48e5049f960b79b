"""The comparison: the only place that looks at the test set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from statistics import mean, stdev
from typing import Any

from data import Digits
from train import evaluate, train

Config = Mapping[str, Any]
N_SEEDS = 5


def accuracies_on_test(configs: Sequence[Config], digits: Digits, n_jobs: int) -> list[list[float]]:
    """Retrain each configuration with every seed; return a list of accuracies for each."""
    tasks = [(config, seed) for config in configs for seed in range(N_SEEDS)]
    with ProcessPoolExecutor(n_jobs, mp_context=get_context("spawn")) as pool:
        accuracies = list(pool.map(partial(retrain, digits), tasks))
    return [accuracies[i : i + N_SEEDS] for i in range(0, len(tasks), N_SEEDS)]


def retrain(digits: Digits, task: tuple[Config, int]) -> float:
    """Train on all that is not the test set; return the accuracy on the test set."""
    config, seed = task
    model = train(config, digits.train + digits.validation, seed)
    return evaluate(model, digits.test)[1]


def spread(accuracies: Sequence[float]) -> str:
    """Format a mean and a standard deviation over seeds in percent."""
    return f"{100 * mean(accuracies):.2f} ± {100 * stdev(accuracies):.2f} %"
