"""The results of a search in scikit-learn's form, with folds that were not run."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

Outcome = dict[str, Any]

_TIMES = ("fit_time", "score_time")


def blank_like(outcome: Outcome) -> Outcome:
    """Return the outcome of a fit that was not run: NaN in the place of numbers."""
    blank: Outcome = {"fit_error": None, "n_test_samples": 0, "fit_time": math.nan}
    blank["score_time"] = math.nan
    for kind in ("test_scores", "train_scores"):
        if kind in outcome:
            scores = outcome[kind]
            blank[kind] = dict.fromkeys(scores, math.nan) if isinstance(scores, dict) else math.nan
    return blank


def format_results(
    formatted: Callable[..., dict[str, Any]],
    params: Sequence[dict[str, Any]],
    table: Sequence[Sequence[Outcome]],
    blank: Outcome,
    *,
    by_folds: bool,
) -> dict[str, Any]:
    """Return ``cv_results_``.

    Parameters
    ----------
    formatted : callable
        scikit-learn's ``_format_results``.
    params : sequence of n dict
    table : n sequences of one outcome per fold
        Where a fold was not run, `blank`.
    by_folds : bool
        Whether folds may be missing: then a column says how many were run, and mean times are of
        these.
    """
    flat = [outcome for row in table for outcome in row]
    if not by_folds:
        return formatted(list(params), len(table[0]), flat)
    with warnings.catch_warnings():
        # NaN is meant; of scores that are not finite on folds that were run, failures tell.
        warnings.filterwarnings("ignore", message="One or more of the", category=UserWarning)
        results = formatted(list(params), len(table[0]), flat)
    for name in _TIMES:
        times = np.array([[outcome[name] for outcome in row] for row in table], dtype=np.float64)
        results[f"mean_{name}"] = np.nanmean(times, axis=1)
        results[f"std_{name}"] = np.nanstd(times, axis=1)
    results["n_folds_run"] = np.array([sum(o is not blank for o in row) for row in table])
    return results
